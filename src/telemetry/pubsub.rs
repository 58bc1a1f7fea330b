//! What is counted of Pub/Sub.

use prometheus::{IntCounter, IntGauge, Registry};

use super::metrics::kept;

/// Messages on their way through topics and subscriptions.
#[derive(Clone, Debug)]
pub struct PubsubMetrics {
    published: IntCounter,
    delivered: IntCounter,
    acknowledged: IntCounter,
    dead_letters: IntCounter,
    backlog: IntGauge,
    oldest_seconds: IntGauge,
}

impl PubsubMetrics {
    pub(super) fn register(registry: &Registry) -> prometheus::Result<Self> {
        let counter = |name, help| kept(registry, IntCounter::new(name, help)?);
        let gauge = |name, help| kept(registry, IntGauge::new(name, help)?);
        Ok(Self {
            backlog: gauge(
                "tradewind_pubsub_backlog",
                "Messages not acknowledged, counted for each subscription up to a million",
            )?,
            oldest_seconds: gauge(
                "tradewind_pubsub_oldest_unacked_seconds",
                "Age of the oldest message that is not acknowledged",
            )?,
            published: counter("tradewind_pubsub_published_total", "Messages published")?,
            delivered: counter(
                "tradewind_pubsub_delivered_total",
                "Messages delivered, counted for each delivery",
            )?,
            acknowledged: counter(
                "tradewind_pubsub_acknowledged_total",
                "Messages acknowledged, counted for each subscription",
            )?,
            dead_letters: counter(
                "tradewind_pubsub_dead_letters_total",
                "Messages moved to a topic for dead letters",
            )?,
        })
    }

    /// So many messages wait, the oldest for so long.
    pub fn backlog(&self, count: i64, oldest_seconds: i64) {
        self.backlog.set(count);
        self.oldest_seconds.set(oldest_seconds);
    }

    /// So many messages were published.
    pub fn published(&self, count: usize) {
        add(&self.published, count);
    }

    /// So many messages were delivered.
    pub fn delivered(&self, count: usize) {
        add(&self.delivered, count);
    }

    /// So many messages were acknowledged.
    pub fn acknowledged(&self, count: usize) {
        add(&self.acknowledged, count);
    }

    /// So many messages were moved to a topic for dead letters.
    pub fn dead_letters(&self, count: usize) {
        add(&self.dead_letters, count);
    }
}

fn add(counter: &IntCounter, count: usize) {
    counter.inc_by(u64::try_from(count).unwrap_or(u64::MAX));
}
