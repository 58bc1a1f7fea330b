//! The way to one session, bounded in messages and in bytes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use actix::Recipient;
use actix::dev::SendError;

use super::delivery::{Deliver, Delivery};
use crate::dialect::Kind;
use crate::domain::close::CloseReason;

/// With more on its way to it a session is behind.
const CONGESTED_BYTES: usize = 64 * 1024;

/// What a session and the hub both look at without sending messages.
#[derive(Debug)]
pub struct Gauge {
    queued_bytes: AtomicUsize,
    last_beat_ms: AtomicU64,
    congested: AtomicBool,
}

impl Gauge {
    /// A session opened at this steady time, with nothing queued.
    pub fn new(opened_at: Duration) -> Self {
        let gauge = Self {
            queued_bytes: AtomicUsize::new(0),
            last_beat_ms: AtomicU64::new(0),
            congested: AtomicBool::new(false),
        };
        gauge.beat(opened_at);
        gauge
    }

    /// A heartbeat came at this steady time.
    pub fn beat(&self, at: Duration) {
        let at_ms = u64::try_from(at.as_millis()).unwrap_or(u64::MAX);
        self.last_beat_ms.store(at_ms, Ordering::Relaxed);
    }

    /// Whether more waits for the peer to read than should.
    pub fn congest(&self, congested: bool) {
        self.congested.store(congested, Ordering::Relaxed);
    }

    /// Frames of so many bytes have reached the session.
    pub fn sub(&self, bytes: usize) {
        self.queued_bytes.fetch_sub(bytes, Ordering::Relaxed);
    }
}

/// A session as the hub sees it.
#[derive(Clone)]
pub struct Outlet {
    /// How it wants events written.
    pub kind: Kind,
    recipient: Recipient<Deliver>,
    gauge: Arc<Gauge>,
}

/// The session reads more slowly than it is written to.
#[derive(Debug)]
pub struct Congested;

impl Outlet {
    /// The way to a session.
    pub fn new(kind: Kind, recipient: Recipient<Deliver>, gauge: Arc<Gauge>) -> Self {
        Self { kind, recipient, gauge }
    }

    /// The steady time of the last heartbeat, or of the opening.
    pub fn last_beat(&self) -> Duration {
        Duration::from_millis(self.gauge.last_beat_ms.load(Ordering::Relaxed))
    }

    /// The session has shown a sign of life at this steady time.
    pub fn beat(&self, at: Duration) {
        self.gauge.beat(at);
    }

    /// Whether the peer reads so slowly that it is not told what will soon be old.
    pub fn is_congested(&self) -> bool {
        self.gauge.congested.load(Ordering::Relaxed)
            || self.gauge.queued_bytes.load(Ordering::Relaxed) > CONGESTED_BYTES
    }

    /// Hands over deliveries, unless more than `bytes_max` would then wait for the session. What
    /// comes when nothing waits is taken whatever its size.
    ///
    /// # Errors
    /// [`Congested`]: nothing was handed over.
    pub fn deliver(&self, deliver: Deliver, bytes_max: usize) -> Result<(), Congested> {
        let bytes = deliver.bytes();
        let queued = self.gauge.queued_bytes.fetch_add(bytes, Ordering::Relaxed);
        if queued > 0 && queued.saturating_add(bytes) > bytes_max {
            self.gauge.sub(bytes);
            return Err(Congested);
        }
        match self.recipient.try_send(deliver) {
            Ok(()) => Ok(()),
            Err(SendError::Full(_)) => {
                self.gauge.sub(bytes);
                Err(Congested)
            }
            // The session is gone; its goodbye is on the way.
            Err(SendError::Closed(_)) => Ok(()),
        }
    }

    /// Tells the session to end. One that cannot hear it ends with its socket.
    pub fn evict(&self, reason: CloseReason) {
        // Past the bound on purpose: it comes once a session, and most of all to one whose mailbox
        // is full. Untold it would live on, unknown to the hub, without deadline or answers.
        self.recipient.do_send(Deliver::own(vec![Delivery::Evict(reason)]));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use actix::{Actor, Context, Handler};

    use super::*;
    use crate::dialect::Frame;
    use crate::dialect::rewind::Mode;
    use crate::hub::delivery::Items;

    struct Listener(Arc<Mutex<Vec<Items>>>);

    impl Actor for Listener {
        type Context = Context<Self>;
    }

    impl Handler<Deliver> for Listener {
        type Result = ();

        fn handle(&mut self, deliver: Deliver, _: &mut Context<Self>) {
            self.0.lock().unwrap().push(deliver.into_items());
        }
    }

    #[actix_web::test]
    async fn a_session_with_a_full_mailbox_is_told_to_end() {
        let heard = Arc::new(Mutex::new(Vec::new()));
        let listener = Listener(Arc::clone(&heard)).start();
        let gauge = Arc::new(Gauge::new(Duration::ZERO));
        let kind = Kind::Rewind(Mode::Readme.into());
        let outlet = Outlet::new(kind, listener.recipient(), gauge);
        let push = || Deliver::shared([Frame::text("news")].into());
        // The listener is not polled before this task waits for the first time.
        let mut queued = 0;
        while outlet.deliver(push(), usize::MAX).is_ok() {
            queued += 1;
        }
        outlet.evict(CloseReason::SlowConsumer);
        while heard.lock().unwrap().len() <= queued {
            actix_web::rt::task::yield_now().await;
        }
        let heard = heard.lock().unwrap();
        let Some(Items::Own(last)) = heard.last() else { panic!("{heard:?}") };
        assert!(matches!(last[..], [Delivery::Evict(CloseReason::SlowConsumer)]));
    }
}
