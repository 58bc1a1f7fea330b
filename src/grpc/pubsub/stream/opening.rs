//! The first request of a stream, which says what is wanted.

use super::acks::{AckWork, lease_from};
use crate::domain::pubsub::name::SubscriptionName;
use crate::domain::pubsub::refusal::PubsubRefusal;
use crate::grpc::pubsub::wire::StreamingPullRequest;
use crate::service::pubsub::StreamFlow;

/// From this version of the protocol on, clients wait for an answer to each of their heartbeats.
const ANSWERS_HEARTBEATS_FROM: i64 = 1;

/// What a client wants of a stream.
pub struct StreamOpening {
    pub subscription: SubscriptionName,
    pub flow: StreamFlow,
    pub answers_heartbeats: bool,
    /// The first request may also say what any other may.
    pub work: AckWork,
}

impl StreamOpening {
    /// # Errors
    /// Invalid argument.
    pub fn read(first: StreamingPullRequest) -> Result<Self, PubsubRefusal> {
        if first.subscription.is_empty() {
            return Err(PubsubRefusal::invalid("the first request names no subscription"));
        }
        let subscription = SubscriptionName::parse(&first.subscription)?;
        let lease = lease_from(first.stream_ack_deadline_seconds)?;
        let flow = StreamFlow {
            messages_max: bound(first.max_outstanding_messages),
            bytes_max: bound(first.max_outstanding_bytes),
            lease,
        };
        let answers_heartbeats = first.protocol_version >= ANSWERS_HEARTBEATS_FROM;
        let mut work = AckWork::default();
        work.add_acks(first)?;
        Ok(Self { subscription, flow, answers_heartbeats, work })
    }
}

/// A bound; none if it is not positive.
fn bound(said: i64) -> Option<u64> {
    u64::try_from(said).ok().filter(|bound| *bound > 0)
}
