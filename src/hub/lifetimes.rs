//! How long sessions live: they show whose they are in time, their peers are there, their tokens are good.
//!
//! The hub looks, but does not judge silence by itself: what shows that a peer is there may wait in the
//! socket, unread. So a session that has been silent for too long is called first, and ends itself if
//! there is nothing.

use std::time::Duration;

use actix::Context;

use super::ChatServer;
use super::deadlines::SteadyMoment;
use super::sessions::Entry;
use crate::delivery::{Batches, Deliver, Delivery};
use crate::domain::clock::Timestamp;
use crate::domain::close::CloseReason;
use crate::domain::id::SessionId;
use crate::domain::principal::Voucher;
use crate::wire::{KeepAlive, Signs, Variant};

/// How often passed deadlines are looked for; a session is called at most so much late.
pub(super) const SWEEP_INTERVAL: Duration = Duration::from_millis(200);
/// A session that has not answered the last call by then cannot: its thread is stuck, or it is not
/// polled because its peer does not read.
const LAST_CALL_TIMEOUT: Duration = Duration::from_secs(30);

/// How often a session is looked at that was called.
const CALLED_INTERVAL: Duration = Duration::from_secs(1);

impl ChatServer {
    /// What keeps sessions of a variant alive.
    pub(super) fn keep_alive(&self, variant: Variant) -> &KeepAlive {
        self.parts.dialects.keep_alive(variant)
    }

    /// Looks at every session whose deadline has passed.
    pub(super) fn sweep(&mut self, ctx: &mut Context<Self>) {
        if self.is_resting() {
            return;
        }
        let steady = self.parts.clock.steady();
        let now = SteadyMoment::from(steady);
        let mut batches = Batches::default();
        for (at, session) in self.deadlines.due(now) {
            let Some(entry) = self.sessions.get(session).filter(|entry| entry.check_at == at)
            else {
                continue;
            };
            let overdue = self.overdue(entry, steady);
            let has_expired = self.expires_at(entry).is_some_and(|at| at <= self.parts.clock.now());
            // What lives on is pinged as well: nobody would look at it again.
            if has_expired && !self.keep_token(session) {
                self.evict(session, CloseReason::TokenExpired);
            } else if let Some(reason) = overdue {
                self.call(session, (reason, steady), &mut batches);
            } else {
                self.ping(session, steady, &mut batches);
            }
            self.schedule(session);
        }
        batches.send();
        self.tell_transitions();
        self.tell_statuses(steady);
        self.tell_classes(steady, ctx);
        self.end_typing(steady);
    }

    /// Why a session should end, as far as the hub knows.
    fn overdue(&self, entry: &Entry, now: Duration) -> Option<CloseReason> {
        if entry.identify_by <= now.into() {
            return Some(CloseReason::NotIdentified);
        }
        (self.silent_at(entry, now) <= now.into()).then_some(CloseReason::HeartbeatMissing)
    }

    /// Calls a session that is overdue for the last time; puts it out if it has not heard that.
    fn call(
        &mut self,
        session: SessionId,
        (reason, now): (CloseReason, Duration),
        batches: &mut Batches,
    ) {
        let Some(entry) = self.sessions.get_mut(session) else { return };
        let was_called = entry.last_call != SteadyMoment::NEVER;
        if was_called && entry.last_call > now.into() {
            return;
        }
        // One that cannot read now, because it waits for the hub, has shown itself since.
        let called_at = now.saturating_sub(LAST_CALL_TIMEOUT);
        if was_called && entry.handle.last_beat() < called_at {
            return self.evict(session, reason);
        }
        entry.last_call = now.saturating_add(LAST_CALL_TIMEOUT).into();
        self.hand(session, Delivery::LastCall(reason), batches);
    }

    /// Pings the peer of a session, if it is time.
    fn ping(&mut self, session: SessionId, now: Duration, batches: &mut Batches) {
        let Some(entry) = self.sessions.get_mut(session) else { return };
        entry.last_call = SteadyMoment::NEVER;
        if entry.ping_at > now.into() {
            return;
        }
        let interval = self.parts.dialects.keep_alive(entry.handle.variant).ping_interval;
        entry.ping_at =
            interval.map_or(SteadyMoment::NEVER, |interval| now.saturating_add(interval).into());
        self.hand(session, Delivery::Ping, batches);
    }

    /// Hands one thing to a session.
    pub(super) fn hand(&mut self, session: SessionId, delivery: Delivery, batches: &mut Batches) {
        let Some(entry) = self.sessions.get_mut(session) else { return };
        let deliver = Deliver::Own(vec![delivery]);
        if entry.handle.deliver(deliver, self.settings.outbox_bytes_max, batches).is_err() {
            self.evict(session, CloseReason::SlowConsumer);
        }
    }

    /// The peer of a session is pinged from now on, if it is to be. Not all who have come together at
    /// once.
    pub(super) fn start_pings(&mut self, session: SessionId) {
        let now = self.parts.clock.steady();
        let Some(entry) = self.sessions.get_mut(session) else { return };
        let keep_alive = self.parts.dialects.keep_alive(entry.handle.variant);
        entry.ping_at = match keep_alive.ping_interval {
            None => SteadyMoment::NEVER,
            Some(_) if entry.ping_at != SteadyMoment::NEVER => entry.ping_at,
            Some(interval) => {
                let half = interval / 2;
                let share = u32::try_from(session.0 % 64).unwrap_or_default();
                now.saturating_add(half).saturating_add(half / 64 * share).into()
            }
        };
    }

    /// Sets when a session is looked at next.
    pub(super) fn schedule(&mut self, session: SessionId) {
        let now = self.parts.clock.steady();
        let Some(entry) = self.sessions.get(session) else { return };
        let at = match entry.last_call {
            SteadyMoment::NEVER => {
                entry.ping_at.min(entry.identify_by).min(self.silent_at(entry, now))
            }
            _ => now.saturating_add(CALLED_INTERVAL).into(),
        };
        let at = at.min(self.ends_at(entry));
        if let Some(entry) = self.sessions.get_mut(session).filter(|entry| entry.check_at != at) {
            entry.check_at = at;
            self.deadlines.set(session, at);
        }
    }

    /// When a session ends with its token, as the clocks stand now; never, if it does not.
    pub(super) fn ends_at(&self, entry: &Entry) -> SteadyMoment {
        let ends_at = self.expires_at(entry).map(|at| self.parts.clock.moment_of(at));
        ends_at.unwrap_or(SteadyMoment::NEVER)
    }

    /// When a session's token expires, if the session ends with it, or has to be renewed. By the wall clock,
    /// which may be set.
    fn expires_at(&self, entry: &Entry) -> Option<Timestamp> {
        match &entry.identity.as_ref()?.voucher {
            Voucher::None => None,
            Voucher::Login(claims) => {
                let ends_with_token = self.keep_alive(entry.handle.variant).ends_with_token;
                ends_with_token.then_some(claims.expires_at)
            }
            Voucher::App(token) => Some(token.looked_at()),
        }
    }

    /// When a session's silence becomes too long.
    fn silent_at(&self, entry: &Entry, now: Duration) -> SteadyMoment {
        let keep_alive = self.keep_alive(entry.handle.variant);
        // Before it is known who the peer is, `identify_by` counts.
        if keep_alive.signs == Signs::Anything && entry.identify_by != SteadyMoment::NEVER {
            return SteadyMoment::NEVER;
        }
        // A sign of life that was noted before a pause was seems to come from the future.
        let last_beat = entry.handle.last_beat().min(now);
        last_beat.saturating_add(keep_alive.silence_max).into()
    }
}
