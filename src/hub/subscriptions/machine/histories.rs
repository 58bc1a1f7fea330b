//! What can happen to a subscription, drawn at random.

use std::time::Duration;

use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug)]
pub(super) enum Step {
    /// Publishes messages with these keys; 0 is none.
    Publish(Vec<u8>),
    Take {
        consumer: u8,
        most: u8,
    },
    /// Acknowledges one of the deliveries so far.
    Ack(prop::sample::Index),
    /// The same, but the store cannot keep it.
    AckInVain(prop::sample::Index),
    Nack(prop::sample::Index),
    Extend(prop::sample::Index, u8),
    Wait(u8),
    /// The process is killed and started again.
    Restart,
    /// To a share of all that was published: what is older counts as acknowledged, all else comes again.
    Seek(u8),
    Snapshot,
    /// To one of the snapshots so far.
    SeekToSnapshot(prop::sample::Index),
}

pub(super) fn step() -> impl Strategy<Value = Step> {
    let one = || any::<prop::sample::Index>();
    prop_oneof![
        4 => prop::collection::vec(0_u8..3, 1..5).prop_map(Step::Publish),
        6 => (0_u8..2, 1_u8..5).prop_map(|(consumer, most)| Step::Take { consumer, most }),
        5 => one().prop_map(Step::Ack),
        1 => one().prop_map(Step::AckInVain),
        2 => one().prop_map(Step::Nack),
        1 => (one(), 1_u8..30).prop_map(|(one, seconds)| Step::Extend(one, seconds)),
        2 => (1_u8..15).prop_map(Step::Wait),
        1 => Just(Step::Restart),
        1 => (0_u8..=4).prop_map(Step::Seek),
        1 => Just(Step::Snapshot),
        1 => one().prop_map(Step::SeekToSnapshot),
    ]
}

pub(super) fn rules() -> impl Strategy<Value = DeliveryRules> {
    let retry = prop::option::of(Just(RetryPolicy {
        backoff_min: Duration::from_secs(1),
        backoff_max: Duration::from_secs(4),
    }));
    (any::<bool>(), any::<bool>(), 1_usize..4, retry, prop::option::of(2_u32..4)).prop_map(
        |(is_ordered, is_exactly_once, key_window, retry, attempts_max)| DeliveryRules {
            is_ordered,
            is_exactly_once,
            key_window,
            retry,
            attempts_max,
        },
    )
}
