//! Who comes and who goes, and how their friends hear of it.
//!
//! A user who goes can take others along, because telling of it may find sessions that do not keep
//! up; so transitions are gathered, and told one after another by whoever is done with what he did.

use super::ChatServer;
use super::deadlines::SteadyMoment;
use super::presence::Turn;
use super::statuses::Left;
use crate::delivery::Fanout;
use crate::domain::chat::event::{ChatEvent, Status};
use crate::domain::clock::Timestamp;
use crate::domain::event::Viewer;
use crate::domain::id::{SessionId, UserId};
use crate::domain::principal::Principal;
use crate::wire::{Signs, Variant};

/// A user whose status has changed, and the friends who are to be told.
pub struct PresenceTransition {
    user: UserId,
    friends: Vec<UserId>,
    status: Status,
    at: Timestamp,
}

impl ChatServer {
    /// A session belongs to a principal from now on, or speaks another variant.
    pub(super) fn join(&mut self, session: SessionId, (principal, variant): (Principal, Variant)) {
        self.mailboxes.join(principal.mailbox(), session, variant);
        if let Some(user) = principal.user() {
            self.presence.join(user, session, variant);
        }
    }

    /// A session is there from now on, with these friends of its user, if it has one.
    pub(super) fn arrive(
        &mut self,
        session: SessionId,
        (principal, variant): (Principal, Variant),
        friends: Vec<UserId>,
        at: Timestamp,
    ) {
        let signs = self.keep_alive(variant).signs;
        if let Some(entry) = self.sessions.get_mut(session) {
            entry.identify_by = SteadyMoment::NEVER;
            entry.last_call = SteadyMoment::NEVER;
            if signs == Signs::Anything {
                // They are waited for from now on.
                entry.handle.beat(self.parts.clock.steady());
            }
        }
        self.start_pings(session);
        self.schedule(session);
        self.join_class(session);
        let Some(user) = principal.user() else { return };
        // Of several sessions it may be the only one at which somebody sits.
        self.statuses.changed(user);
        if let Turn::Changed(friends) = self.presence.arrive(user, session, friends) {
            self.statuses.came(user);
            self.transitions.push_back(PresenceTransition {
                user,
                friends,
                status: Status::Online,
                at,
            });
        }
        self.tell_transitions();
        self.count();
    }

    /// A session is not its principal's any more. To be followed by [`ChatServer::tell_transitions`].
    pub(super) fn leave(&mut self, session: SessionId, who: (Principal, Variant)) {
        let (principal, _) = who;
        self.release(session, who);
        self.leave_class(session);
        self.mailboxes.leave(principal.mailbox(), session);
        let Some(user) = principal.user() else { return };
        // Of several sessions the one at which somebody sat may have gone.
        self.statuses.changed(user);
        if let Turn::Changed(friends) = self.presence.leave(user, session) {
            self.invites.forget(user);
            let (status, at) = (Status::Offline, self.parts.clock.now());
            let grace = self.settings.presence.offline_grace();
            let until = self.parts.clock.steady().saturating_add(grace);
            self.statuses.left(user, Left { until, at, friends: friends.clone() });
            self.transitions.push_back(PresenceTransition { user, friends, status, at });
        }
    }

    /// Tells the friends of all who have come or gone.
    pub(super) fn tell_transitions(&mut self) {
        while let Some(transition) = self.transitions.pop_front() {
            // When the hub stops, everybody goes.
            if self.drain.is_none() {
                let mut fanout = Fanout::default();
                self.add_transition(&transition, &mut fanout);
                self.hand_over(fanout);
            }
        }
    }

    fn add_transition(&self, transition: &PresenceTransition, fanout: &mut Fanout) {
        let PresenceTransition { user, status, at, .. } = *transition;
        for to in transition.friends.iter().copied() {
            let event = fanout.event(ChatEvent::StatusChanged { user, to, status, at });
            if self.presence.is_settled(to) {
                fanout.push(event, (to, Viewer::Peer), None);
                continue;
            }
            // Those on their way are welcomed with all who are online then.
            for session in self.presence.arrived(to) {
                fanout.push_to(event, (to, Viewer::Peer), session);
            }
        }
    }
}
