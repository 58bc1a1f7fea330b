//! The state of a live subscription: what is loaded, who holds what, and until when. Pure: the time is an argument,
//! and what has to be stored is given to the caller, who says when it is.
//!
//! A message that is loaded is in one place: it waits ([`ReadyMessages`], or with its ordering key in [`Keys`]), or it is
//! out ([`DeliveryMachine::out`]): leased by a consumer, or on its way to being acknowledged, noted as failed, or moved to the
//! dead letters. What is not loaded is in the store, behind the cursor.

mod acking;
mod consumers;
mod failing;
#[cfg(test)]
mod histories;
mod keys;
mod ready;
#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use crate::domain::id::PublishedId;
use crate::domain::pubsub::subscription::RetryPolicy;

use consumers::Consumers;
pub use consumers::{ConsumerFlow, ConsumerId};
pub(in crate::hub) use failing::Failed;
use keys::Keys;
use ready::ReadyMessages;

/// Messages that are loaded beyond what is out, at most; more once all of these wait for others of their keys.
const LOADED_MAX: usize = 2_000;
/// Acknowledgements of deliveries of an earlier life that are remembered; then all is loaded again.
const TOMBSTONES_MAX: usize = 10_000;
/// Acknowledgements that may be repeated with success under exactly-once delivery.
const CONFIRMED_MAX: usize = 10_000;

/// What a subscription wants, as far as it concerns deliveries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::hub) struct DeliveryRules {
    pub is_ordered: bool,
    pub is_exactly_once: bool,
    /// Messages of one key that may be out at once.
    pub key_window: usize,
    pub retry: Option<RetryPolicy>,
    /// After so many failures a message is a dead letter.
    pub attempts_max: Option<u32>,
}

/// A message that is loaded and waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::hub) struct Loaded {
    pub id: PublishedId,
    pub failures: u32,
    pub bytes: usize,
    /// Empty if it has none, or nobody cares for it.
    pub key: Arc<str>,
}

/// A message given to a consumer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::hub) struct Grant {
    pub id: PublishedId,
    pub number: u64,
    pub failures: u32,
}

/// What becomes of an acknowledgement, or of a deadline that is to be moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::hub) enum TagState {
    /// It counts, once it is stored.
    Good,
    /// It is done already.
    Done,
    /// It is of a delivery that is over.
    Stale,
}

/// Where a message is that is out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum OutState {
    Leased(Duration),
    /// On its way to the store: acknowledged, failed, or to the dead letters.
    Storing,
}

/// A message that could go out next.
#[derive(Clone, Copy, Debug)]
struct NextMessage {
    id: PublishedId,
    bytes: usize,
}

struct Out {
    number: u64,
    consumer: ConsumerId,
    state: OutState,
    loaded: Loaded,
}

pub(in crate::hub) struct DeliveryMachine {
    rules: DeliveryRules,
    /// The first number of this life; those below are of an earlier one.
    born: u64,
    next_number: u64,
    /// Numbers below are void: all was set elsewhere since.
    void_below: u64,
    out: HashMap<PublishedId, Out>,
    leases: BTreeSet<(Duration, PublishedId)>,
    ready: ReadyMessages,
    keys: Keys,
    consumers: Consumers,
    /// The last number under which a message was out that waits again.
    past: HashMap<PublishedId, u64>,
    /// What was acknowledged while it waited, to be passed over; true once that is stored.
    tombstones: HashMap<PublishedId, bool>,
    confirmed: VecDeque<u64>,
    /// The last message that is loaded, and whether there is nothing behind it.
    cursor: i64,
    is_at_end: bool,
}

impl DeliveryMachine {
    /// Nothing is loaded yet. `born` is higher than any number given before.
    pub fn new(rules: DeliveryRules, born: u64) -> Self {
        Self {
            rules,
            born,
            next_number: born,
            void_below: 0,
            out: HashMap::new(),
            leases: BTreeSet::new(),
            ready: ReadyMessages::default(),
            keys: Keys::default(),
            consumers: Consumers::default(),
            past: HashMap::new(),
            tombstones: HashMap::new(),
            confirmed: VecDeque::new(),
            cursor: 0,
            is_at_end: false,
        }
    }

    /// The settings have changed.
    pub fn set_rules(&mut self, rules: DeliveryRules) {
        self.rules = rules;
    }

    /// Forgets what is loaded and who holds it; deliveries up to now are void.
    pub fn reset(&mut self) {
        self.void_below = self.next_number;
        self.out.clear();
        self.leases.clear();
        self.consumers.release_all();
        self.reload();
    }

    /// Forgets what waits; it is loaded again.
    fn reload(&mut self) {
        self.ready = ReadyMessages::default();
        self.keys = Keys::default();
        let mut out: Vec<PublishedId> = self.out.keys().copied().collect();
        out.sort_unstable();
        for out in out.iter().filter_map(|id| self.out.get(id)) {
            if self.is_keyed(&out.loaded) {
                self.keys.restore(&out.loaded, out.consumer);
            }
        }
        self.past.clear();
        self.tombstones.clear();
        self.is_at_end = false;
        self.cursor = 0;
    }

    /// Behind which message more is to be loaded, if so.
    pub fn wants_page(&self) -> Option<i64> {
        let has_enough = self.ready.len().saturating_add(self.keys.deliverable()) >= LOADED_MAX;
        (!self.is_at_end && !has_enough).then_some(self.cursor)
    }

    /// Whether all there is, is loaded, and there is room for more.
    pub fn takes_news(&self) -> bool {
        self.is_at_end && self.ready.len().saturating_add(self.keys.deliverable()) < LOADED_MAX
    }

    /// There is more than is loaded.
    pub fn fall_behind(&mut self) {
        self.is_at_end = false;
    }

    /// Messages behind the cursor, in order; `is_last` if there was nothing behind them.
    pub fn append(&mut self, messages: impl IntoIterator<Item = Loaded>, is_last: bool) {
        for loaded in messages {
            let id = loaded.id;
            if id.get() <= self.cursor {
                continue;
            }
            self.cursor = id.get();
            if self.out.contains_key(&id) || self.tombstones.remove(&id).is_some() {
                continue;
            }
            self.wait(loaded);
        }
        self.is_at_end = is_last;
    }

    /// Puts a message among those that wait, behind all others of its key.
    fn wait(&mut self, loaded: Loaded) {
        if self.is_keyed(&loaded) {
            self.keys.push(loaded);
        } else {
            self.ready.push(loaded);
        }
    }

    fn is_keyed(&self, loaded: &Loaded) -> bool {
        self.rules.is_ordered && !loaded.key.is_empty()
    }

    /// A consumer has come.
    pub fn open(&mut self, id: ConsumerId, flow: ConsumerFlow) {
        self.consumers.open(id, flow);
    }

    /// The flow of a consumer has changed.
    pub fn set_flow(&mut self, id: ConsumerId, change: impl FnOnce(&mut ConsumerFlow)) {
        self.consumers.set_flow(id, change);
    }

    /// A consumer has gone; what it holds comes again after its leases.
    pub fn close(&mut self, id: ConsumerId) {
        self.consumers.close(id);
    }

    /// Whether nobody consumes, and nobody holds anything.
    pub fn is_idle(&self) -> bool {
        self.consumers.is_empty() && self.out.is_empty()
    }

    /// Whether anybody consumes.
    pub fn has_consumers(&self) -> bool {
        !self.consumers.is_empty()
    }

    /// Leases messages to a consumer: at most so many, and so many bytes but at least one.
    pub fn take(
        &mut self,
        consumer: ConsumerId,
        now: Duration,
        (messages_max, bytes_max): (usize, usize),
    ) -> Vec<Grant> {
        self.ready.wake(now);
        self.keys.wake(now);
        let mut grants = Vec::new();
        let mut bytes = 0_usize;
        while grants.len() < messages_max {
            let allowed = self.consumers.allows(consumer);
            let is_first = grants.is_empty();
            let room = if is_first { usize::MAX } else { bytes_max.saturating_sub(bytes) };
            let fits = |size: usize| size <= room && allowed.is_some_and(|most| size <= most);
            let Some(loaded) = self.next_for(consumer, fits) else { break };
            bytes = bytes.saturating_add(loaded.bytes);
            grants.push(self.lease(consumer, now, loaded));
        }
        grants
    }

    /// Takes the oldest message that waits and may go to a consumer, if it fits.
    fn next_for(&mut self, consumer: ConsumerId, fits: impl Fn(usize) -> bool) -> Option<Loaded> {
        loop {
            let plain = self.ready.first();
            let keyed = self.keys.first_for(consumer, self.rules.key_window);
            let is_plain = match (plain, keyed) {
                (Some(plain), Some(keyed)) => plain.id < keyed.id,
                (plain, _) => plain.is_some(),
            };
            let NextMessage { id, bytes } = if is_plain { plain } else { keyed }?;
            let is_gone = self.tombstones.contains_key(&id);
            if !is_gone && !fits(bytes) {
                return None;
            }
            let taken = match is_plain {
                true => self.ready.take(id),
                false => self.keys.take_first(id, (!is_gone).then_some(consumer)),
            };
            if self.tombstones.remove(&id).is_none() {
                return taken;
            }
            self.past.remove(&id);
        }
    }

    fn lease(&mut self, consumer: ConsumerId, now: Duration, loaded: Loaded) -> Grant {
        let number = self.next_number;
        self.next_number = number.saturating_add(1);
        let deadline = now.saturating_add(self.consumers.take(consumer, loaded.bytes));
        let (id, failures) = (loaded.id, loaded.failures);
        self.past.remove(&id);
        self.leases.insert((deadline, id));
        self.out.insert(id, Out { number, consumer, state: OutState::Leased(deadline), loaded });
        Grant { id, number, failures }
    }

    fn take_out(&mut self, id: PublishedId) -> Option<Out> {
        let out = self.out.remove(&id)?;
        if let OutState::Leased(deadline) = out.state {
            self.leases.remove(&(deadline, id));
        }
        self.consumers.give_back(out.consumer, out.loaded.bytes);
        Some(out)
    }

    /// When something happens by itself.
    pub fn next_due(&self) -> Option<Duration> {
        let lease = self.leases.first().map(|(deadline, _)| *deadline);
        [lease, self.ready.next_due(), self.keys.next_due()].into_iter().flatten().min()
    }

    /// How many messages are out.
    #[cfg(test)]
    pub fn out_count(&self) -> usize {
        self.out.len()
    }
}
