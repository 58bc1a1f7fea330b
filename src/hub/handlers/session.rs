//! Sessions come, say whose they are, and go.

use actix::{Context, Handler};

use crate::domain::close::CloseReason;
use crate::domain::event::Topic;
use crate::domain::id::{SessionId, UserId};
use crate::hub::deadlines::SteadyMoment;
use crate::hub::messages::{
    Arrival, Arrive, Closed, DrainAll, Ended, Forget, Identify, Open, Revoke,
};
use crate::hub::{ChatServer, Drain};
use crate::wire::Upkeep;

impl Handler<Open> for ChatServer {
    type Result = ();

    fn handle(&mut self, mut open: Open, _: &mut Context<Self>) {
        if self.drain.is_some() {
            return open.handle.evict(CloseReason::Restart { retry_after_ms: 1_000 });
        }
        let timeout = self.settings.identify_timeout(open.handle.kind.upkeep());
        let identify_by = self.parts.clock.steady().saturating_add(timeout);
        self.sessions.insert(open.session, open.handle, identify_by.into());
        self.schedule(open.session);
        self.count();
    }
}

impl Handler<Identify> for ChatServer {
    type Result = ();

    fn handle(&mut self, identify: Identify, _: &mut Context<Self>) {
        let Identify { session, claims, kind } = identify;
        // Between the check and this moment it may have been revoked, and nobody would look again.
        if self.parts.revoked.cover(&claims) {
            self.evict(session, CloseReason::TokenRevoked);
            return self.tell_transitions();
        }
        let (user, expires_at) = (claims.user, self.parts.clock.moment_of(claims.expires_at));
        let Some(entry) = self.sessions.get_mut(session) else { return };
        let known = entry.claims.replace(claims).map(|claims| claims.user);
        entry.expires_at = match entry.handle.kind.upkeep() {
            Upkeep::Heartbeats | Upkeep::HeartbeatsOrPongs => expires_at,
            Upkeep::Pings => SteadyMoment::NEVER,
        };
        let sooner = entry.expires_at < entry.check_at;
        entry.handle.kind = kind;
        if let Some(other) = known.filter(|other| *other != user) {
            self.leave(other, session);
        }
        self.presence.join(user, session, kind);
        if sooner {
            self.schedule(session);
        }
        self.replace_oldest(user);
        self.tell_transitions();
        self.count();
    }
}

impl Handler<Arrive> for ChatServer {
    type Result = ();

    fn handle(&mut self, arrive: Arrive, _: &mut Context<Self>) {
        let Some((user, kind)) = self
            .sessions
            .get(arrive.session)
            .and_then(|entry| entry.user().map(|user| (user, entry.handle.kind)))
        else {
            return;
        };
        let at = self.parts.clock.now();
        self.arrive(user, arrive.session, arrive.friends, at);
        let online = self.presence.friends_online(user);
        let wanted = kind.hears(Topic::Presence);
        let friends = if wanted { self.presence.friends(user) } else { &[] };
        let presence = friends.iter().map(|friend| self.presence_of(*friend)).collect();
        if arrive.found.send(Arrival { online, at, presence }).is_err() {
            log::debug!("session {} has gone while it came", arrive.session);
        }
    }
}

impl Handler<Forget> for ChatServer {
    type Result = ();

    fn handle(&mut self, forget: Forget, _: &mut Context<Self>) {
        let Some(entry) = self.sessions.get_mut(forget.session) else { return };
        entry.expires_at = SteadyMoment::NEVER;
        if let Some(claims) = entry.claims.take() {
            self.leave(claims.user, forget.session);
        }
        self.tell_transitions();
        self.count();
    }
}

impl Handler<Revoke> for ChatServer {
    type Result = ();

    fn handle(&mut self, revoke: Revoke, _: &mut Context<Self>) {
        let is_void = |session: &SessionId| {
            let claims = self.sessions.get(*session).and_then(|entry| entry.claims.as_ref());
            claims.is_some_and(|claims| self.parts.revoked.cover(claims))
        };
        let sessions = self.presence.sessions(revoke.user).map(|(session, _)| session);
        let void: Vec<SessionId> = sessions.filter(is_void).collect();
        for session in void {
            self.evict(session, CloseReason::TokenRevoked);
        }
        self.tell_transitions();
    }
}

impl Handler<Ended> for ChatServer {
    type Result = ();

    fn handle(&mut self, ended: Ended, _: &mut Context<Self>) {
        self.drop_session(ended.session, ended.reason);
        self.tell_transitions();
        self.advance_drain();
    }
}

impl Handler<Closed> for ChatServer {
    type Result = ();

    fn handle(&mut self, closed: Closed, _: &mut Context<Self>) {
        self.remove(closed.session);
        self.tell_transitions();
        self.advance_drain();
    }
}

impl Handler<DrainAll> for ChatServer {
    type Result = ();

    fn handle(&mut self, drain: DrainAll, _: &mut Context<Self>) {
        self.drain
            .get_or_insert_with(|| Drain { told: false, done: Vec::new() })
            .done
            .push(drain.done);
        self.advance_drain();
    }
}

impl ChatServer {
    /// Ends the oldest sessions of a user who has more than one may have.
    fn replace_oldest(&mut self, user: UserId) {
        let Some(max) = self.settings.sessions_per_user_max else { return };
        let excess = self.presence.sessions(user).count().saturating_sub(max);
        let oldest = self.presence.sessions(user).take(excess);
        for session in oldest.map(|(session, _)| session).collect::<Vec<_>>() {
            self.evict(session, CloseReason::Replaced);
        }
    }
}
