//! Whether the peer is there: what counts as a sign of life, and the last call to one that is silent.

use std::time::Duration;

use actix::AsyncContext as _;

use super::{Adapter, Endpoint as _, Input, Session};
use crate::domain::close::CloseReason;
use crate::wire::Signs;

/// How long a silent peer's socket is read once more.
const LAST_CALL: Duration = Duration::from_millis(200);

impl<A: Adapter> Session<A> {
    /// A frame came, which may be a sign of life whatever is in it.
    pub(super) fn heard(&mut self) {
        if self.signs().include_frames() {
            self.beat();
        }
    }

    pub(super) fn signs(&self) -> Signs {
        self.shared.common.dialects.keep_alive(self.machine.variant()).signs
    }

    pub(super) fn beat(&self) {
        self.backlog.beat(self.shared.common.clock.steady());
    }

    /// The hub has not heard of the peer for too long. What it has sent may wait in the socket: that is
    /// read first, and if it may answer pings, it is asked once more.
    pub(super) fn last_call(&mut self, reason: CloseReason, ctx: &mut A::Context) {
        if self.signs().include_pongs() {
            self.adapter.ping(ctx);
        }
        let heard_at = self.backlog.last_beat();
        ctx.run_later(LAST_CALL, move |session, ctx| {
            let was_heard = match reason {
                CloseReason::NotIdentified => session.is_ready(),
                _ => session.backlog.last_beat() > heard_at,
            };
            if was_heard {
            } else if session.brake.input() == Input::Hold {
                // It is not read, because it waits for us.
                session.beat();
            } else {
                session.end(reason, ctx);
                session.adapter.wake();
            }
        });
    }
}
