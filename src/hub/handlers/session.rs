//! Sessions come, say whose they are, and go.

use std::time::Duration;

use actix::{Context, Handler};

use crate::domain::clock::Timestamp;
use crate::domain::close::CloseReason;
use crate::hub::messages::{Closed, DrainAll, Ended, Forget, Identify, Open};
use crate::hub::{ChatServer, Drain};

impl Handler<Open> for ChatServer {
    type Result = ();

    fn handle(&mut self, open: Open, _: &mut Context<Self>) {
        if self.drain.is_some() {
            return open.outlet.evict(CloseReason::Restart { retry_after_ms: 1_000 });
        }
        self.sessions.insert(open.session, open.outlet);
        self.schedule(open.session);
        self.count();
    }
}

impl Handler<Identify> for ChatServer {
    type Result = ();

    fn handle(&mut self, identify: Identify, _: &mut Context<Self>) {
        let expires_at = self.steady_time_of(identify.expires_at);
        let Some(entry) = self.sessions.get_mut(identify.session) else { return };
        entry.expires_at = expires_at;
        let kind = entry.outlet.kind;
        let sooner = expires_at < entry.check_at;
        if let Some(other) = entry.user.replace(identify.user).filter(|user| *user != identify.user)
        {
            self.presence.leave(other, identify.session);
        }
        self.presence.join(identify.user, identify.session, kind);
        if sooner {
            self.schedule(identify.session);
        }
        self.count();
    }
}

impl Handler<Forget> for ChatServer {
    type Result = ();

    fn handle(&mut self, forget: Forget, _: &mut Context<Self>) {
        let Some(entry) = self.sessions.get_mut(forget.session) else { return };
        entry.expires_at = Duration::MAX;
        if let Some(user) = entry.user.take() {
            self.presence.leave(user, forget.session);
        }
        self.count();
    }
}

impl Handler<Ended> for ChatServer {
    type Result = ();

    fn handle(&mut self, ended: Ended, _: &mut Context<Self>) {
        self.put_out(ended.session, ended.reason);
        self.advance_drain();
    }
}

impl Handler<Closed> for ChatServer {
    type Result = ();

    fn handle(&mut self, closed: Closed, _: &mut Context<Self>) {
        self.remove(closed.session);
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
    /// A moment of the wall clock on the steady one; the past is now.
    fn steady_time_of(&self, moment: Timestamp) -> Duration {
        let clock = &self.parts.clock;
        let left = moment.micros().saturating_sub(clock.now().micros());
        clock.steady().saturating_add(Duration::from_micros(u64::try_from(left).unwrap_or(0)))
    }
}
