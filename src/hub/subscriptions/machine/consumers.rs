//! Who consumes, and how much each may hold.

use std::collections::HashMap;
use std::time::Duration;

/// One who takes messages: a stream, a pusher, or a single pull.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConsumerId(pub u64);

/// How much a consumer may hold that it has not acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConsumerFlow {
    /// None: as many as come.
    pub messages_max: Option<u64>,
    /// A message that is larger goes if the consumer holds nothing else.
    pub bytes_max: Option<u64>,
    /// How long it may hold each.
    pub lease: Duration,
}

struct ConsumerState {
    flow: ConsumerFlow,
    messages: u64,
    bytes: u64,
}

#[derive(Default)]
pub(super) struct Consumers(HashMap<ConsumerId, ConsumerState>);

impl Consumers {
    /// A consumer that holds nothing yet.
    pub fn open(&mut self, id: ConsumerId, flow: ConsumerFlow) {
        self.0.insert(id, ConsumerState { flow, messages: 0, bytes: 0 });
    }

    /// Changes what a consumer may hold.
    pub fn set_flow(&mut self, id: ConsumerId, change: impl FnOnce(&mut ConsumerFlow)) {
        if let Some(consumer) = self.0.get_mut(&id) {
            change(&mut consumer.flow);
        }
    }

    /// Forgets a consumer.
    pub fn close(&mut self, id: ConsumerId) {
        self.0.remove(&id);
    }

    /// Whether nobody consumes.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How large the next message may be; None if there may be none.
    pub fn allows(&self, id: ConsumerId) -> Option<usize> {
        let consumer = self.0.get(&id)?;
        if consumer.flow.messages_max.is_some_and(|most| consumer.messages >= most) {
            return None;
        }
        let Some(most) = consumer.flow.bytes_max.filter(|_| consumer.messages > 0) else {
            return Some(usize::MAX);
        };
        let room = most.saturating_sub(consumer.bytes);
        Some(usize::try_from(room).unwrap_or(usize::MAX))
    }

    /// Counts a message to a consumer; how long it may hold it.
    pub fn take(&mut self, id: ConsumerId, bytes: usize) -> Duration {
        let Some(consumer) = self.0.get_mut(&id) else { return Duration::ZERO };
        consumer.messages = consumer.messages.saturating_add(1);
        consumer.bytes = consumer.bytes.saturating_add(u64::try_from(bytes).unwrap_or(u64::MAX));
        consumer.flow.lease
    }

    /// A consumer does not hold a message any more.
    pub fn give_back(&mut self, id: ConsumerId, bytes: usize) {
        if let Some(consumer) = self.0.get_mut(&id) {
            consumer.messages = consumer.messages.saturating_sub(1);
            consumer.bytes =
                consumer.bytes.saturating_sub(u64::try_from(bytes).unwrap_or(u64::MAX));
        }
    }

    /// Nobody holds anything any more.
    pub fn release_all(&mut self) {
        for consumer in self.0.values_mut() {
            (consumer.messages, consumer.bytes) = (0, 0);
        }
    }
}
