//! What is told and not stored: invitations, and notes to oneself.

use crate::delivery::Fanout;
use crate::domain::chat::command::Signal;
use crate::domain::chat::event::ChatEvent;
use crate::domain::chat::invite::{InviteId, InviteStep};
use crate::domain::event::{Topic, Viewer};
use crate::domain::id::UserId;
use crate::hub::invites::Invite;
use crate::hub::{ChatServer, PendingWrite};
use crate::wire::Variant;

impl ChatServer {
    /// Whether a user has a session that can be told of a topic.
    pub(in crate::hub) fn has_subscriber(&self, user: UserId, topic: Topic) -> bool {
        let hears = |session| {
            let entry = self.sessions.get(session);
            entry.is_some_and(|entry| self.subscribes(entry.handle.variant, topic))
        };
        self.presence.arrived(user).any(hears)
    }

    /// Whether sessions of a variant subscribe to a topic.
    pub(in crate::hub) fn subscribes(&self, variant: Variant, topic: Topic) -> bool {
        self.parts.dialects.get(variant).subscribes(topic, variant.options())
    }

    /// A signal may be given: it is told to whom it is for, unless it is hidden from him, and answers the one
    /// who gave it.
    pub(super) fn give(
        &mut self,
        asked: &PendingWrite,
        (to, signal): (UserId, Signal),
        mut hidden: bool,
        fanout: &mut Fanout,
    ) {
        let (from, at) = (asked.user, self.parts.clock.now());
        let event = match signal {
            Signal::Note(content) => {
                ChatEvent::Noted { user: from, text: content.into_string(), at }
            }
            Signal::Invite(step) => {
                let invite = self.invite((from, to), step, hidden);
                // What was not told of is not taken back either, though the block be gone.
                hidden |= invite.is_some_and(|invite| invite.hidden);
                ChatEvent::Invited { from, to, step, id: invite.map(|invite| invite.id), at }
            }
        };
        let event = fanout.event(event);
        if !hidden {
            fanout.push(event, (to, Viewer::Peer), asked.asker.session());
        }
        if let Some(request) = asked.asker.request() {
            fanout.answer_event(event, from, request);
        }
    }

    /// The invitation that is made or taken back.
    fn invite(
        &mut self,
        (from, to): (UserId, UserId),
        step: InviteStep,
        hidden: bool,
    ) -> Option<Invite> {
        let now = self.parts.clock.steady();
        match step {
            InviteStep::Cancel => self.invites.cancel((from, to), now),
            InviteStep::Open => {
                let mut bytes = [0; 16];
                if let Err(error) = getrandom::fill(&mut bytes) {
                    log::error!("no random bytes can be had: {error}");
                    return None;
                }
                let invite = Invite { id: InviteId::from_random(bytes), hidden };
                // One who has gone meanwhile would never be forgotten.
                if self.presence.is_online(from) {
                    self.invites.open((from, to), invite, now);
                }
                Some(invite)
            }
        }
    }
}
