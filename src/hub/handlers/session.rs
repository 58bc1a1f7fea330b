//! Sessions come, say whose they are, and go.

use actix::{Context, Handler};

use crate::domain::clock::Timestamp;
use crate::domain::close::CloseReason;
use crate::domain::event::Topic;
use crate::domain::id::UserId;
use crate::domain::principal::{Identity, Principal, Voucher};
use crate::hub::messages::{Arrival, Arrive, Closed, DrainAll, Ended, Forget, Identify, Open};
use crate::hub::sessions::Entry;
use crate::hub::{ChatServer, Drain};
use crate::wire::Variant;

impl Handler<Open> for ChatServer {
    type Result = ();

    fn handle(&mut self, mut open: Open, _: &mut Context<Self>) {
        if self.drain.is_some() {
            return open.handle.evict(CloseReason::Restart { retry_after_ms: 1_000 });
        }
        let timeout = self.keep_alive(open.handle.variant).identify_timeout;
        let identify_by = self.parts.clock.steady().saturating_add(timeout);
        self.sessions.insert(open.session, open.handle, identify_by.into());
        self.schedule(open.session);
        self.count();
    }
}

impl Handler<Identify> for ChatServer {
    type Result = ();

    fn handle(&mut self, identify: Identify, _: &mut Context<Self>) {
        let Identify { session, identity, variant } = identify;
        // Between the check and this moment it may have been revoked, and nobody would look again.
        if self.is_revoked(&identity) {
            self.evict(session, CloseReason::TokenRevoked);
            return self.tell_transitions();
        }
        let principal = identity.principal;
        let Some(entry) = self.sessions.get_mut(session) else { return };
        let known = entry.identity.replace(identity).map(|identity| identity.principal);
        let before = std::mem::replace(&mut entry.handle.variant, variant);
        if let Some(other) = known.filter(|other| *other != principal) {
            self.leave(session, (other, before));
        }
        self.join(session, (principal, variant));
        let entry = self.sessions.get(session);
        if entry.is_some_and(|entry| self.ends_at(entry) < entry.check_at) {
            self.schedule(session);
        }
        if let Some(user) = principal.user() {
            self.replace_oldest(user);
        }
        self.tell_transitions();
        self.count();
    }
}

impl Handler<Arrive> for ChatServer {
    type Result = ();

    fn handle(&mut self, arrive: Arrive, _: &mut Context<Self>) {
        let Arrive { session, friends, found } = arrive;
        let Some(who) = self.sessions.get(session).and_then(Entry::who) else { return };
        let at = self.parts.clock.now();
        self.arrive(session, who, friends, at);
        if found.send(self.arrival(who, at)).is_err() {
            log::debug!("session {session} has gone while it came");
        }
        self.replace(session, who);
        self.tell_transitions();
    }
}

impl Handler<Forget> for ChatServer {
    type Result = ();

    fn handle(&mut self, forget: Forget, _: &mut Context<Self>) {
        let Some(entry) = self.sessions.get_mut(forget.session) else { return };
        let who = entry.who();
        entry.identity = None;
        if let Some(who) = who {
            self.leave(forget.session, who);
        }
        self.tell_transitions();
        self.count();
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
    /// Whether what lets a session in has ended before the session came.
    fn is_revoked(&self, identity: &Identity) -> bool {
        match &identity.voucher {
            Voucher::None => false,
            Voucher::Login(claims) => self.parts.revoked.cover(claims),
            Voucher::App(token) => self.ended_tokens.has(token),
        }
    }

    /// What a session finds when it comes.
    fn arrival(&self, (principal, variant): (Principal, Variant), at: Timestamp) -> Arrival {
        let Some(user) = principal.user() else {
            return Arrival { online: Vec::new(), at, presence: Vec::new() };
        };
        let online = self.presence.friends_online(user);
        let dialect = self.parts.dialects.get(variant);
        let wanted = dialect.subscribes(Topic::Presence, variant.options());
        let friends = if wanted { self.presence.friends(user) } else { &[] };
        let presence = friends.iter().map(|friend| self.presence_of(*friend)).collect();
        Arrival { online, at, presence }
    }

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
