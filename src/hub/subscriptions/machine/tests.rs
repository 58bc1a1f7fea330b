//! Random histories of one subscription against a model that is as plain as it can be.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;

use super::histories::{Step, rules, step};
use super::*;

const LEASE: Duration = Duration::from_secs(10);

/// What the model knows of a delivery.
#[derive(Clone, Copy, Debug)]
struct Delivery {
    id: i64,
    number: u64,
    deadline: Duration,
    is_over: bool,
}

/// The store, the clock, and what must be true.
struct World {
    rules: DeliveryRules,
    machine: DeliveryMachine,
    /// What is not acknowledged, with its key and how often it has failed.
    backlog: BTreeMap<i64, (u8, u32)>,
    acknowledged: BTreeSet<i64>,
    published: BTreeMap<i64, u8>,
    deliveries: Vec<Delivery>,
    dead: BTreeSet<i64>,
    /// Of each snapshot: what was not acknowledged, and the last message that there was.
    snapshots: Vec<(BTreeSet<i64>, i64)>,
    now: Duration,
    born: u64,
}

impl World {
    fn new(rules: DeliveryRules) -> Self {
        let mut world = Self {
            machine: DeliveryMachine::new(rules.clone(), 1),
            rules,
            backlog: BTreeMap::new(),
            acknowledged: BTreeSet::new(),
            published: BTreeMap::new(),
            deliveries: Vec::new(),
            dead: BTreeSet::new(),
            snapshots: Vec::new(),
            now: Duration::from_secs(1),
            born: 1,
        };
        world.open();
        world
    }

    fn open(&mut self) {
        for id in 0..2 {
            let flow = ConsumerFlow { messages_max: Some(6), bytes_max: None, lease: LEASE };
            self.machine.open(ConsumerId(id), flow);
        }
    }

    fn loaded(&self, id: i64) -> Loaded {
        let (key, failures) = self.backlog[&id];
        let key = if key == 0 { Arc::default() } else { Arc::from(key.to_string()) };
        Loaded { id: PublishedId::new(id).unwrap(), failures, bytes: 1, key }
    }

    /// Loads what waits in the store, three at a time.
    fn load(&mut self) {
        while let Some(after) = self.machine.wants_page() {
            let page: Vec<i64> =
                self.backlog.range(after + 1..).map(|(id, _)| *id).take(3).collect();
            let is_last = page.len() < 3;
            let page: Vec<Loaded> = page.into_iter().map(|id| self.loaded(id)).collect();
            self.machine.append(page, is_last);
        }
    }

    fn keyed(&self, id: i64) -> bool {
        self.rules.is_ordered && self.published[&id] != 0
    }

    fn is_out(&self, id: i64) -> bool {
        self.deliveries.iter().any(|delivery| delivery.id == id && !delivery.is_over)
    }

    /// A delivery is over, and those behind it of its key.
    fn end(&mut self, id: i64, with_later: bool) {
        let key = self.published[&id];
        let keyed = self.keyed(id);
        for delivery in &mut self.deliveries {
            let is_later = with_later && keyed && delivery.id > id;
            if delivery.id == id || is_later && self.published[&delivery.id] == key {
                delivery.is_over = true;
            }
        }
    }

    fn take(&mut self, consumer: u8, most: u8) {
        self.load();
        let taken = self.machine.take(ConsumerId(consumer.into()), self.now, (most.into(), 1_000));
        for grant in taken {
            let id = grant.id.get();
            assert!(self.backlog.contains_key(&id), "{id} was acknowledged and came again");
            assert!(!self.dead.contains(&id), "{id} is a dead letter");
            assert!(!self.is_out(id), "{id} is out twice");
            assert_eq!(grant.failures, self.backlog[&id].1, "of {id}");
            if self.keyed(id) {
                let key = self.published[&id];
                let before = self.backlog.range(..id).filter(|(_, (other, _))| *other == key);
                for (earlier, _) in before {
                    assert!(self.is_out(*earlier), "{id} came before {earlier} of the same key");
                }
                let out = self
                    .deliveries
                    .iter()
                    .filter(|delivery| !delivery.is_over && self.published[&delivery.id] == key);
                assert!(out.count() < self.rules.key_window, "too many of a key");
            }
            let deadline = self.now + LEASE;
            self.deliveries.push(Delivery { id, number: grant.number, deadline, is_over: false });
        }
    }

    fn ack(&mut self, at: prop::sample::Index, is_stored: bool) {
        if self.deliveries.is_empty() {
            return;
        }
        let delivery = *at.get(&self.deliveries);
        let id = PublishedId::new(delivery.id).unwrap();
        let state = self.machine.ack(id, delivery.number);
        if !delivery.is_over {
            assert_eq!(state, TagState::Good, "{delivery:?}");
        }
        if state != TagState::Good {
            return;
        }
        let last = self.deliveries.iter().rev().find(|other| other.id == delivery.id).unwrap();
        // Of those of an earlier life it is not known which was the last.
        if last.number >= self.born && self.backlog.contains_key(&delivery.id) {
            assert_eq!(last.number, delivery.number, "an old delivery was acknowledged");
        }
        if is_stored {
            self.backlog.remove(&delivery.id);
            self.acknowledged.insert(delivery.id);
            self.machine.acked(id);
            self.end(delivery.id, false);
        } else {
            self.machine.unsettled(id, self.now + LEASE);
            if let Some(delivery) =
                self.deliveries.iter_mut().find(|other| other.number == delivery.number)
            {
                delivery.deadline = self.now + LEASE;
            }
        }
    }

    /// A message has failed; stored at once.
    fn fails(&mut self, failed: Vec<Failed>) {
        for (id, failures) in failed {
            if self.backlog.contains_key(&id.get()) {
                self.backlog.get_mut(&id.get()).unwrap().1 = failures;
            }
            if self.machine.noted(id, self.now) {
                assert!(self.rules.attempts_max.is_some_and(|most| failures >= most));
                self.backlog.remove(&id.get());
                self.dead.insert(id.get());
                self.machine.acked(id);
            }
        }
    }

    fn count_failure(&mut self, id: i64) {
        // Without a policy for dead letters failures are counted in memory alone.
        if self.rules.attempts_max.is_none() {
            self.backlog.get_mut(&id).unwrap().1 += 1;
        }
    }

    fn nack(&mut self, at: prop::sample::Index) {
        if self.deliveries.is_empty() {
            return;
        }
        let delivery = *at.get(&self.deliveries);
        let mut failed = Vec::new();
        let of = (PublishedId::new(delivery.id).unwrap(), delivery.number);
        let state = self.machine.nack(of, self.now, &mut failed);
        assert_eq!(state == TagState::Good, !delivery.is_over, "{delivery:?}");
        if state == TagState::Good {
            self.end(delivery.id, true);
            self.count_failure(delivery.id);
            self.fails(failed);
        }
    }

    fn extend(&mut self, at: prop::sample::Index, seconds: u8) {
        if self.deliveries.is_empty() {
            return;
        }
        let delivery = *at.get(&self.deliveries);
        let until = self.now + Duration::from_secs(seconds.into());
        let id = PublishedId::new(delivery.id).unwrap();
        let state = self.machine.extend(id, delivery.number, until);
        assert_eq!(state == TagState::Good, !delivery.is_over);
        for other in &mut self.deliveries {
            if other.number == delivery.number && !other.is_over {
                other.deadline = until;
            }
        }
    }

    fn wait(&mut self, seconds: u8) {
        self.now += Duration::from_secs(seconds.into());
        let mut due: Vec<i64> = self
            .deliveries
            .iter()
            .filter(|delivery| !delivery.is_over && delivery.deadline <= self.now)
            .map(|delivery| delivery.id)
            .collect();
        due.sort_unstable();
        let failed = self.machine.expire(self.now);
        for id in due {
            // Not if it has gone back with an earlier one of its key.
            if self.is_out(id) {
                self.end(id, true);
                self.count_failure(id);
            }
        }
        self.fails(failed);
    }

    fn restart(&mut self) {
        self.born += 1_000_000;
        self.machine = DeliveryMachine::new(self.rules.clone(), self.born);
        self.open();
        self.deliveries.iter_mut().for_each(|delivery| delivery.is_over = true);
        if self.rules.attempts_max.is_none() {
            self.backlog.values_mut().for_each(|(_, failures)| *failures = 0);
        }
    }

    fn last_id(&self) -> i64 {
        self.published.keys().next_back().copied().unwrap_or_default()
    }

    /// From now on these wait, and all others are acknowledged; a message that was moved to a topic for dead letters
    /// comes back as any other.
    fn seek(&mut self, waits: impl Fn(i64) -> bool) {
        let before = std::mem::take(&mut self.backlog);
        self.acknowledged.clear();
        for (id, key) in &self.published {
            if waits(*id) {
                let failures = before.get(id).map_or(0, |(_, failures)| *failures);
                self.backlog.insert(*id, (*key, failures));
                self.dead.remove(id);
            } else {
                self.acknowledged.insert(*id);
            }
        }
        self.machine.reset();
        self.deliveries.clear();
        if self.rules.attempts_max.is_none() {
            self.backlog.values_mut().for_each(|(_, failures)| *failures = 0);
        }
    }

    fn seek_to_share(&mut self, quarters: u8) {
        let first = self.last_id() * i64::from(quarters) / 4 + 1;
        self.seek(|id| id >= first);
    }

    fn snapshot(&mut self) {
        let waiting = self.backlog.keys().copied().collect();
        self.snapshots.push((waiting, self.last_id()));
    }

    fn seek_to_snapshot(&mut self, at: prop::sample::Index) {
        if !self.snapshots.is_empty() {
            let (waiting, last) = at.get(&self.snapshots).clone();
            self.seek(|id| id > last || waiting.contains(&id));
        }
    }

    fn publish(&mut self, keys: Vec<u8>) {
        for key in keys {
            let id = i64::try_from(self.published.len()).unwrap() + 1;
            self.published.insert(id, key);
            self.backlog.insert(id, (key, 0));
            if self.machine.takes_news() {
                let loaded = self.loaded(id);
                self.machine.append([loaded], true);
            } else {
                self.machine.fall_behind();
            }
        }
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Publish(keys) => self.publish(keys),
            Step::Take { consumer, most } => self.take(consumer, most),
            Step::Ack(at) => self.ack(at, true),
            Step::AckInVain(at) => self.ack(at, false),
            Step::Nack(at) => self.nack(at),
            Step::Extend(at, seconds) => self.extend(at, seconds),
            Step::Wait(seconds) => self.wait(seconds),
            Step::Restart => self.restart(),
            Step::Seek(quarters) => self.seek_to_share(quarters),
            Step::Snapshot => self.snapshot(),
            Step::SeekToSnapshot(at) => self.seek_to_snapshot(at),
        }
    }

    /// All that is not acknowledged comes in the end, and nothing else.
    fn drain(&mut self) {
        for _ in 0..10_000 {
            if self.backlog.is_empty() {
                assert_eq!(self.machine.out_count(), 0);
                return;
            }
            for consumer in 0..2 {
                self.take(consumer, 100);
            }
            let out: Vec<Delivery> =
                self.deliveries.iter().copied().filter(|delivery| !delivery.is_over).collect();
            for delivery in out {
                let id = PublishedId::new(delivery.id).unwrap();
                assert_eq!(self.machine.ack(id, delivery.number), TagState::Good);
                self.backlog.remove(&delivery.id);
                self.machine.acked(id);
                self.end(delivery.id, false);
            }
            self.wait(5);
        }
        panic!("this never came: {:?}", self.backlog);
    }
}

/// Ten times as many where `TRADEWIND_TEST_LONG` is set (`scripts/test-long`).
fn cases() -> u32 {
    if std::env::var("TRADEWIND_TEST_LONG").is_ok() { 20_000 } else { 2_000 }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn histories_are_as_in_a_plain_model(
        rules in rules(),
        steps in prop::collection::vec(step(), 1..60),
    ) {
        let mut world = World::new(rules);
        for step in steps {
            world.step(step);
        }
        world.drain();
    }
}
