//! Ordering keys: messages of one key go out in order, to one consumer at a time, and keys never wait for each other.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use super::{ConsumerId, Loaded, NextMessage};
use crate::domain::id::PublishedId;

/// A message that waits with its key.
struct KeyedMessage {
    id: PublishedId,
    bytes: usize,
    failures: u32,
}

#[derive(Default)]
struct KeyQueue {
    waiting: VecDeque<KeyedMessage>,
    /// In order, with who holds them.
    out: Vec<PublishedId>,
    holder: Option<ConsumerId>,
    /// Not before this moment: the first has failed.
    due: Option<Duration>,
    /// Not before it is known what becomes of this message, which has failed.
    held_by: Option<PublishedId>,
}

impl KeyQueue {
    /// Lets messages wait again that were out, each in its place.
    fn put_back(&mut self, back: Vec<Loaded>) {
        for Loaded { id, failures, bytes, .. } in back {
            self.forget_out(id);
            let place = self.waiting.partition_point(|waiting| waiting.id < id);
            self.waiting.insert(place, KeyedMessage { id, bytes, failures });
        }
    }

    fn forget_out(&mut self, id: PublishedId) {
        self.out.retain(|out| *out != id);
        if self.out.is_empty() {
            self.holder = None;
        }
    }
}

#[derive(Default)]
pub(super) struct Keys {
    queues: HashMap<Arc<str>, KeyQueue>,
    /// Keys whose time it is and of which something waits, by the first of that.
    heads: BTreeMap<PublishedId, Arc<str>>,
    later: BTreeSet<(Duration, Arc<str>)>,
}

impl Keys {
    /// Puts a message behind all others of its key.
    pub fn push(&mut self, loaded: Loaded) {
        let Loaded { id, failures, bytes, key } = loaded;
        let queue = self.queues.entry(Arc::clone(&key)).or_default();
        queue.waiting.push_back(KeyedMessage { id, bytes, failures });
        self.show(&key);
    }

    /// Holds a key until it is known what becomes of a message that has failed; what was out behind it waits again.
    pub fn hold(&mut self, key: &Arc<str>, by: PublishedId, back: Vec<Loaded>) {
        self.hide(key);
        let queue = self.queues.entry(Arc::clone(key)).or_default();
        queue.put_back(back);
        queue.held_by = Some(by);
    }

    /// Lets messages of one key wait again, the first of which has failed; the key goes on at a moment, which may be now.
    pub fn put_back(&mut self, back: Vec<Loaded>, due: Duration, now: Duration) {
        let Some(first) = back.first() else { return };
        let (by, key) = (first.id, Arc::clone(&first.key));
        self.hide(&key);
        let queue = self.queues.entry(Arc::clone(&key)).or_default();
        queue.put_back(back);
        if queue.held_by == Some(by) {
            queue.held_by = None;
        }
        if let Some(before) = queue.due.take() {
            self.later.remove(&(before, Arc::clone(&key)));
        }
        if due > now {
            queue.due = Some(due);
            self.later.insert((due, Arc::clone(&key)));
        }
        self.show(&key);
    }

    /// A message is out already, and later than all that are.
    pub fn restore(&mut self, loaded: &Loaded, holder: ConsumerId) {
        let queue = self.queues.entry(Arc::clone(&loaded.key)).or_default();
        queue.out.push(loaded.id);
        queue.holder = Some(holder);
    }

    /// Lets those keys go on whose time it is.
    pub fn wake(&mut self, now: Duration) {
        while self.later.first().is_some_and(|(due, _)| *due <= now) {
            let Some((_, key)) = self.later.pop_first() else { return };
            if let Some(queue) = self.queues.get_mut(&key) {
                queue.due = None;
            }
            self.show(&key);
        }
    }

    /// Keys of which something could go out to somebody.
    pub fn deliverable(&self) -> usize {
        self.heads.len()
    }

    /// When a key goes on by itself.
    pub fn next_due(&self) -> Option<Duration> {
        self.later.first().map(|(due, _)| *due)
    }

    /// The oldest message that may go to a consumer, if no more of one key may be out than `window`.
    pub fn first_for(&self, consumer: ConsumerId, window: usize) -> Option<NextMessage> {
        self.heads.values().find_map(|key| {
            let queue = self.queues.get(key)?;
            let may = queue.holder.is_none_or(|holder| holder == consumer);
            let first = queue.waiting.front().filter(|_| may && queue.out.len() < window)?;
            Some(NextMessage { id: first.id, bytes: first.bytes })
        })
    }

    /// Takes the first message of a key, which is known by it, out to a consumer; to nobody if it is gone.
    pub fn take_first(&mut self, id: PublishedId, to: Option<ConsumerId>) -> Option<Loaded> {
        let key = self.heads.remove(&id)?;
        let queue = self.queues.get_mut(&key)?;
        let KeyedMessage { id, bytes, failures } = queue.waiting.pop_front()?;
        if to.is_some() {
            queue.holder = to;
            queue.out.push(id);
        }
        self.show(&key);
        Some(Loaded { id, failures, bytes, key })
    }

    /// What is out of a key behind a message.
    pub fn later(&self, key: &str, id: PublishedId) -> Vec<PublishedId> {
        let out = self.queues.get(key).map(|queue| &queue.out[..]).unwrap_or_default();
        out.iter().copied().filter(|later| *later > id).collect()
    }

    /// A message that was out is done with.
    pub fn done(&mut self, key: &Arc<str>, id: PublishedId) {
        let Some(queue) = self.queues.get_mut(key) else { return };
        queue.forget_out(id);
        if queue.held_by == Some(id) {
            queue.held_by = None;
        }
        if queue.out.is_empty() && queue.waiting.is_empty() {
            if let Some(due) = queue.due {
                self.later.remove(&(due, Arc::clone(key)));
            }
            self.queues.remove(key);
        }
        self.show(key);
    }

    /// Lists a key among those that may go on, if it may.
    fn show(&mut self, key: &Arc<str>) {
        let Some(queue) = self.queues.get(key) else { return };
        match queue.waiting.front() {
            Some(first) if queue.due.is_none() && queue.held_by.is_none() => {
                self.heads.insert(first.id, Arc::clone(key));
            }
            Some(_) => {}
            None if queue.out.is_empty() => {
                self.queues.remove(key);
            }
            None => {}
        }
    }

    fn hide(&mut self, key: &Arc<str>) {
        if let Some(first) = self.queues.get(key).and_then(|queue| queue.waiting.front()) {
            self.heads.remove(&first.id);
        }
    }
}
