//! What is counted of bridges of Pub/Sub.

use prometheus::{IntCounter, IntCounterVec, IntGauge, Opts, Registry};

use super::metrics::kept;

/// Messages that bridges carry, and what keeps them from it.
#[derive(Clone, Debug)]
pub struct BridgeMetrics {
    /// Bridges there are.
    pub bridges: IntGauge,
    /// Those that wait until something is set right.
    pub paused: IntGauge,
    /// Rooms in which there may be something to publish.
    pub rooms_behind: IntGauge,
    /// Changes of messages that were published.
    pub published: IntCounter,
    /// Published messages that were shown to consoles, or sent to devices.
    pub delivered: IntCounter,
    /// What could not be published, shown or sent; the one label is the reason.
    pub failures: IntCounterVec,
}

impl BridgeMetrics {
    pub(super) fn register(registry: &Registry) -> prometheus::Result<Self> {
        let counter = |name, help| kept(registry, IntCounter::new(name, help)?);
        let gauge = |name, help| kept(registry, IntGauge::new(name, help)?);
        let failures = Opts::new(
            "tradewind_pubsub_bridge_failures_total",
            "Times a bridge could not publish, show or send",
        );
        Ok(Self {
            bridges: gauge("tradewind_pubsub_bridges", "Bridges of Pub/Sub")?,
            paused: gauge(
                "tradewind_pubsub_bridges_paused",
                "Bridges that wait until something is set right",
            )?,
            rooms_behind: gauge(
                "tradewind_pubsub_bridge_rooms_behind",
                "Rooms in which a bridge may have something to publish",
            )?,
            published: counter(
                "tradewind_pubsub_bridge_published_total",
                "Changes of messages of chat published by bridges",
            )?,
            delivered: counter(
                "tradewind_pubsub_bridge_delivered_total",
                "Published messages shown to consoles or sent to devices by bridges",
            )?,
            failures: kept(registry, IntCounterVec::new(failures, &["reason"])?)?,
        })
    }
}
