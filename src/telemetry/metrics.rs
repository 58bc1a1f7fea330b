//! Everything that is counted, in one struct with a registry of its own.

use prometheus::core::Collector;
use prometheus::{
    Histogram, HistogramOpts, IntCounter, IntCounterVec, IntGauge, Opts, Registry, TextEncoder,
};

use super::TelemetryError;
use super::bridges::BridgeMetrics;
use super::pubsub::PubsubMetrics;

/// From half a millisecond (a commit on a fast disk) to half a minute, in seconds.
const SECONDS_BUCKETS: &[f64] = &[
    0.0005, 0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.125, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0,
    30.0,
];

const BATCH_BUCKETS: &[f64] = &[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0];

/// The metrics of one server. A clone counts into the same ones.
#[derive(Clone, Debug)]
pub struct Metrics {
    registry: Registry,
    pub sessions: IntGauge,
    /// Users with at least one session.
    pub users_online: IntGauge,
    pub frames_in: IntCounter,
    pub frames_out: IntCounter,
    pub commit_batch_ops: Histogram,
    pub commit_seconds: Histogram,
    /// Time from a command's arrival at the hub to its answer after the commit, in seconds.
    pub submit_seconds: Histogram,
    pub store_pending_ops: IntGauge,
    /// Reads that wait for the database.
    pub store_pending_reads: IntGauge,
    /// 1 while the store can write, else 0.
    pub store_ready: IntGauge,
    /// How often the store could not write any more; the one label is the reason.
    pub store_faults: IntCounterVec,
    pub mail_queue: IntGauge,
    /// Connections of servers of apps.
    pub owl_connections: IntGauge,
    /// Messages that were laid ready for devices, each counted for each device.
    pub device_deliveries: IntCounter,
    /// Pushes of Pub/Sub that the endpoint has not taken; the one label is the reason.
    pub push_failures: IntCounterVec,
    /// Sessions ended by the hub; the one label is the reason.
    pub evictions: IntCounterVec,
    /// Commands and requests refused by a limit; the one label is the reason.
    pub refusals: IntCounterVec,
    pub pubsub: PubsubMetrics,
    pub bridges: BridgeMetrics,
    /// How often the process was seen to have stood still.
    pub pauses: IntCounter,
    /// How often the clock was seen to step back.
    pub clock_steps_back: IntCounter,
}

impl Metrics {
    /// Metrics that all start at zero.
    ///
    /// # Errors
    /// [`TelemetryError::Metrics`] if a name is malformed or there twice.
    pub fn new() -> Result<Self, TelemetryError> {
        Self::register(Registry::new()).map_err(TelemetryError::Metrics)
    }

    fn register(registry: Registry) -> prometheus::Result<Self> {
        let gauge = |name, help| kept(&registry, IntGauge::new(name, help)?);
        let counter = |name, help| kept(&registry, IntCounter::new(name, help)?);
        let by_reason =
            |name, help| kept(&registry, IntCounterVec::new(Opts::new(name, help), &["reason"])?);
        let histogram = |name, help, buckets: &[f64]| {
            let opts = HistogramOpts::new(name, help).buckets(buckets.to_vec());
            kept(&registry, Histogram::with_opts(opts)?)
        };
        Ok(Self {
            sessions: gauge("tradewind_sessions", "Open sessions")?,
            users_online: gauge("tradewind_users_online", "Users with an open session")?,
            frames_in: counter("tradewind_frames_in_total", "Frames received")?,
            frames_out: counter("tradewind_frames_out_total", "Frames sent")?,
            commit_batch_ops: histogram(
                "tradewind_commit_batch_ops",
                "Writes per commit",
                BATCH_BUCKETS,
            )?,
            commit_seconds: histogram(
                "tradewind_commit_seconds",
                "Time of a commit",
                SECONDS_BUCKETS,
            )?,
            submit_seconds: histogram(
                "tradewind_submit_seconds",
                "Time from a command's arrival at the hub to its answer",
                SECONDS_BUCKETS,
            )?,
            store_pending_ops: gauge("tradewind_store_pending_ops", "Writes that wait")?,
            store_pending_reads: gauge("tradewind_store_pending_reads", "Reads that wait")?,
            store_ready: gauge("tradewind_store_ready", "1 while the store can write, else 0")?,
            store_faults: by_reason(
                "tradewind_store_faults_total",
                "Times the store could not write any more",
            )?,
            mail_queue: gauge("tradewind_mail_queue", "Mails that wait")?,
            owl_connections: gauge(
                "tradewind_owl_connections",
                "Open connections of servers of apps",
            )?,
            device_deliveries: counter(
                "tradewind_device_deliveries_total",
                "Messages laid ready for devices, counted for each device",
            )?,
            push_failures: by_reason(
                "tradewind_push_failures_total",
                "Pushes that were not taken by their endpoint",
            )?,
            evictions: by_reason("tradewind_evictions_total", "Sessions ended by the hub")?,
            refusals: by_reason("tradewind_refusals_total", "Refusals by a limit")?,
            pubsub: PubsubMetrics::register(&registry)?,
            bridges: BridgeMetrics::register(&registry)?,
            pauses: counter("tradewind_pauses_total", "Times the process stood still")?,
            clock_steps_back: counter(
                "tradewind_clock_steps_back_total",
                "Times the clock was seen to step back",
            )?,
            registry,
        })
    }

    /// Tells what does not change while the server runs: the labels of `tradewind_info`.
    ///
    /// # Errors
    /// [`TelemetryError::Metrics`] if a name is malformed, or it was told before.
    pub fn tell(&self, labels: &[(&str, String)]) -> Result<(), TelemetryError> {
        let labels = labels.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
        let opts = Opts::new("tradewind_info", "Which server this is, and how it is set");
        let info = IntGauge::with_opts(opts.const_labels(labels.collect()));
        let info = info.and_then(|info| kept(&self.registry, info));
        info.map(|info| info.set(1)).map_err(TelemetryError::Metrics)
    }

    /// All metrics in the text format of Prometheus ([`prometheus::TEXT_FORMAT`]).
    pub fn render(&self) -> String {
        TextEncoder::new()
            .encode_to_string(&self.registry.gather())
            .unwrap_or_else(|fault| format!("# {fault}\n"))
    }
}

pub(super) fn kept<M: Collector + Clone + 'static>(
    registry: &Registry,
    metric: M,
) -> prometheus::Result<M> {
    registry.register(Box::new(metric.clone()))?;
    Ok(metric)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_counted_is_rendered() {
        let metrics = Metrics::new().unwrap();
        metrics.clone().sessions.inc();
        metrics.frames_in.inc_by(3);
        metrics.commit_seconds.observe(0.003);
        metrics.evictions.with_label_values(&["slow"]).inc();
        metrics.tell(&[("version", "1.2".to_owned()), ("limits", "true".to_owned())]).unwrap();
        let text = metrics.render();
        for line in [
            "tradewind_info{limits=\"true\",version=\"1.2\"} 1",
            "tradewind_sessions 1",
            "tradewind_users_online 0",
            "tradewind_frames_in_total 3",
            "tradewind_frames_out_total 0",
            "tradewind_commit_seconds_bucket{le=\"0.004\"} 1",
            "tradewind_commit_batch_ops_count 0",
            "tradewind_submit_seconds_count 0",
            "tradewind_store_pending_ops 0",
            "tradewind_store_pending_reads 0",
            "tradewind_mail_queue 0",
            "tradewind_device_deliveries_total 0",
            "tradewind_evictions_total{reason=\"slow\"} 1",
            "tradewind_pauses_total 0",
            "tradewind_clock_steps_back_total 0",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
        }
    }

    #[test]
    fn two_servers_do_not_share_metrics() {
        let (one, other) = (Metrics::new().unwrap(), Metrics::new().unwrap());
        one.sessions.inc();
        assert_eq!(other.sessions.get(), 0);
    }
}
