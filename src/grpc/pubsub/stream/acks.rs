//! What a client says on a stream that goes on: which messages are done with, and how long it needs for others.

use std::time::Duration;

use futures_util::FutureExt as _;
use tonic::{Status, Streaming};

use crate::domain::pubsub::limits::{self, ACK_DEADLINE_S};
use crate::domain::pubsub::name::SubscriptionName;
use crate::domain::pubsub::refusal::{AckFailure, PubsubRefusal};
use crate::grpc::pubsub::wire::streaming_pull_response::{
    AcknowledgeConfirmation, ModifyAckDeadlineConfirmation,
};
use crate::grpc::pubsub::wire::{StreamingPullRequest, StreamingPullResponse};
use crate::service::pubsub::Pubsub;

/// What is gathered of requests that have come already, so that they are done at once.
const GATHERED_MAX: usize = 4_096;

/// What one or more requests ask for.
#[derive(Debug, Default)]
pub struct AckWork {
    acks: Vec<String>,
    /// With seconds from now.
    leases: Vec<(String, u32)>,
    /// That of messages to come.
    pub lease: Option<Duration>,
}

/// What has become of it.
pub struct AckResults {
    acks: AckOutcome,
    leases: AckOutcome,
}

/// The ids that were given, and how that went.
type AckOutcome = (Vec<String>, Result<(), PubsubRefusal>);

impl AckWork {
    /// What a request asks for, and those that have come after it; and what was wrong with the last of them.
    pub fn gather(
        first: StreamingPullRequest,
        requests: &mut Streaming<StreamingPullRequest>,
    ) -> (Self, Result<(), Status>) {
        let mut work = Self::default();
        let mut next = Some(first);
        while let Some(request) = next.take() {
            if let Err(refusal) = work.add(request) {
                return (work, Err(refusal.into()));
            }
            if work.acks.len().saturating_add(work.leases.len()) < GATHERED_MAX {
                match requests.message().now_or_never() {
                    Some(Ok(more)) => next = more,
                    Some(Err(status)) => return (work, Err(status)),
                    None => {}
                }
            }
        }
        (work, Ok(()))
    }

    /// Adds what a request asks for that is not the first.
    fn add(&mut self, request: StreamingPullRequest) -> Result<(), PubsubRefusal> {
        let said_once = request.subscription.is_empty()
            && request.client_id.is_empty()
            && request.max_outstanding_messages == 0
            && request.max_outstanding_bytes == 0
            && request.protocol_version == 0;
        if !said_once {
            let what = "subscription, client_id, flow control and protocol_version belong into the first request";
            return Err(PubsubRefusal::invalid(what));
        }
        if request.stream_ack_deadline_seconds != 0 {
            self.lease = Some(lease_from(request.stream_ack_deadline_seconds)?);
        }
        self.add_acks(request)
    }

    /// Adds what any request may ask for.
    pub fn add_acks(&mut self, request: StreamingPullRequest) -> Result<(), PubsubRefusal> {
        let (ids, seconds) = (request.modify_deadline_ack_ids, request.modify_deadline_seconds);
        if ids.len() != seconds.len() {
            let what = "modify_deadline_ack_ids and modify_deadline_seconds are not as many";
            return Err(PubsubRefusal::invalid(what));
        }
        let seconds = seconds.into_iter().map(limits::lease_s);
        let leases = ids.into_iter().zip(seconds);
        let leases = leases.map(|(id, seconds)| Ok((id, seconds?)));
        let leases: Vec<_> = leases.collect::<Result<_, PubsubRefusal>>()?;
        self.leases.extend(leases);
        self.acks.extend(request.ack_ids);
        Ok(())
    }

    /// Whether it is nothing but a sign of life.
    pub fn is_heartbeat(&self) -> bool {
        self.acks.is_empty() && self.leases.is_empty()
    }

    /// Acknowledges and prolongs.
    pub async fn carry_out(self, pubsub: &Pubsub, subscription: &SubscriptionName) -> AckResults {
        let Self { acks, leases, lease: _ } = self;
        let acked = match acks.is_empty() {
            true => Ok(()),
            false => pubsub.acknowledge(subscription, acks.clone()).await,
        };
        let prolonged = match leases.is_empty() {
            true => Ok(()),
            false => pubsub.modify_deadline(subscription, leases.clone()).await,
        };
        let leases = leases.into_iter().map(|(id, _)| id).collect();
        AckResults { acks: (acks, acked), leases: (leases, prolonged) }
    }
}

impl AckResults {
    /// What is confirmed, if anything is. Under exactly-once delivery that is also what did not work; else it is the
    /// end of the stream.
    pub fn confirm(self, is_exactly_once: bool) -> Result<Option<StreamingPullResponse>, Status> {
        let acks = Sorted::new(self.acks)?;
        let leases = Sorted::new(self.leases)?;
        if !is_exactly_once || acks.is_empty() && leases.is_empty() {
            return Ok(None);
        }
        let acknowledge_confirmation = (!acks.is_empty()).then_some(AcknowledgeConfirmation {
            ack_ids: acks.good,
            invalid_ack_ids: acks.invalid,
            unordered_ack_ids: Vec::new(),
            temporary_failed_ack_ids: acks.failed,
        });
        let modify_ack_deadline_confirmation =
            (!leases.is_empty()).then_some(ModifyAckDeadlineConfirmation {
                ack_ids: leases.good,
                invalid_ack_ids: leases.invalid,
                temporary_failed_ack_ids: leases.failed,
            });
        Ok(Some(StreamingPullResponse {
            acknowledge_confirmation,
            modify_ack_deadline_confirmation,
            ..Default::default()
        }))
    }
}

/// Ids by what has become of them.
#[derive(Default)]
struct Sorted {
    good: Vec<String>,
    invalid: Vec<String>,
    failed: Vec<String>,
}

impl Sorted {
    fn new((ids, outcome): AckOutcome) -> Result<Self, PubsubRefusal> {
        let failures = match outcome {
            Ok(()) => return Ok(Self { good: ids, ..Self::default() }),
            Err(refusal) if refusal.acks.is_empty() => return Err(refusal),
            Err(refusal) => refusal.acks,
        };
        let mut sorted = Self::default();
        for id in ids {
            match failures.get(&id) {
                None => sorted.good.push(id),
                Some(AckFailure::InvalidAckId) => sorted.invalid.push(id),
                Some(AckFailure::Unavailable) => sorted.failed.push(id),
            }
        }
        Ok(sorted)
    }

    fn is_empty(&self) -> bool {
        self.good.is_empty() && self.invalid.is_empty() && self.failed.is_empty()
    }
}

/// The lease of what is delivered on a stream.
pub fn lease_from(said: i32) -> Result<Duration, PubsubRefusal> {
    let seconds = u32::try_from(said).ok().filter(|seconds| ACK_DEADLINE_S.contains(seconds));
    let seconds = seconds.map(|seconds| Duration::from_secs(seconds.into()));
    seconds
        .ok_or_else(|| PubsubRefusal::invalid("stream_ack_deadline_seconds is not from 10 to 600"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::domain::pubsub::refusal::PubsubStatus as RefusalStatus;

    fn refused(work: &mut AckWork, request: StreamingPullRequest) -> bool {
        work.add(request).is_err_and(|it| it.status == RefusalStatus::InvalidArgument)
    }

    #[test]
    fn what_is_said_once_is_not_said_again() {
        let mut work = AckWork::default();
        let nothing = StreamingPullRequest::default();
        assert!(!refused(&mut work, nothing.clone()));
        assert!(work.is_heartbeat());
        for request in [
            StreamingPullRequest { subscription: "s".to_owned(), ..nothing.clone() },
            StreamingPullRequest { client_id: "c".to_owned(), ..nothing.clone() },
            StreamingPullRequest { max_outstanding_messages: 1, ..nothing.clone() },
            StreamingPullRequest { max_outstanding_bytes: -1, ..nothing.clone() },
            StreamingPullRequest { protocol_version: 1, ..nothing.clone() },
            StreamingPullRequest { stream_ack_deadline_seconds: 9, ..nothing.clone() },
            StreamingPullRequest { stream_ack_deadline_seconds: 601, ..nothing.clone() },
            StreamingPullRequest { modify_deadline_seconds: vec![1], ..nothing.clone() },
            StreamingPullRequest {
                modify_deadline_seconds: vec![-1],
                modify_deadline_ack_ids: vec!["a".to_owned()],
                ..nothing
            },
        ] {
            assert!(refused(&mut work, request.clone()), "{request:?}");
        }
        assert!(work.is_heartbeat() && work.lease.is_none());
    }

    #[test]
    fn ids_are_sorted_by_what_has_become_of_them() {
        let ids = ["a", "b", "c"].map(str::to_owned).to_vec();
        let mut refusal = PubsubRefusal::new(RefusalStatus::Aborted, "some are bad");
        refusal.acks = BTreeMap::from([
            ("b".to_owned(), AckFailure::InvalidAckId),
            ("c".to_owned(), AckFailure::Unavailable),
        ]);
        let done = AckResults { acks: (ids, Err(refusal)), leases: (Vec::new(), Ok(())) };
        let confirmed = done.confirm(true).unwrap().unwrap();
        let acks = confirmed.acknowledge_confirmation.unwrap();
        assert_eq!(acks.ack_ids, ["a"]);
        assert_eq!(acks.invalid_ack_ids, ["b"]);
        assert_eq!(acks.temporary_failed_ack_ids, ["c"]);
        assert!(confirmed.modify_ack_deadline_confirmation.is_none());
    }
}
