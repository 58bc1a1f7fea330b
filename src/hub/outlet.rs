//! The way to one session, bounded in messages and in bytes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use actix::Recipient;
use actix::dev::SendError;

use super::messages::{Deliver, Delivery};
use crate::dialect::Kind;
use crate::domain::close::CloseReason;

/// What a session and the hub both look at without sending messages.
#[derive(Debug)]
pub struct Gauge {
    queued_bytes: AtomicUsize,
    last_beat_ms: AtomicU64,
}

impl Gauge {
    /// A session opened at this steady time, with nothing queued.
    pub fn new(opened_at: Duration) -> Self {
        let gauge = Self { queued_bytes: AtomicUsize::new(0), last_beat_ms: AtomicU64::new(0) };
        gauge.beat(opened_at);
        gauge
    }

    /// A heartbeat came at this steady time.
    pub fn beat(&self, at: Duration) {
        let at_ms = u64::try_from(at.as_millis()).unwrap_or(u64::MAX);
        self.last_beat_ms.store(at_ms, Ordering::Relaxed);
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

    /// Hands over deliveries, unless more than `bytes_max` would then wait for the session. What
    /// comes when nothing waits is taken whatever its size.
    ///
    /// # Errors
    /// [`Congested`]: nothing was handed over.
    pub fn deliver(&self, items: Vec<Delivery>, bytes_max: usize) -> Result<(), Congested> {
        let deliver = Deliver::new(items);
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
        let evict = Deliver::new(vec![Delivery::Evict(reason)]);
        if let Err(error) = self.recipient.try_send(evict) {
            log::debug!("an evicted session could not be told: {error}");
        }
    }
}
