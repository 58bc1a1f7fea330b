//! What is acknowledged, and what is held longer.

use std::time::Duration;

use super::{CONFIRMED_MAX, DeliveryMachine, OutState, TOMBSTONES_MAX, TagState};
use crate::domain::id::PublishedId;

impl DeliveryMachine {
    /// What an acknowledgement is worth; if it is good, the message is kept back until [`DeliveryMachine::acked`] or
    /// [`DeliveryMachine::unsettled`].
    pub fn ack(&mut self, id: PublishedId, number: u64) -> TagState {
        if let Some(out) = self.out.get_mut(&id) {
            return match out.state {
                _ if out.number != number => TagState::Stale,
                OutState::Storing => TagState::Done,
                OutState::Leased(deadline) => {
                    out.state = OutState::Storing;
                    self.leases.remove(&(deadline, id));
                    TagState::Good
                }
            };
        }
        if self.rules.is_exactly_once {
            let is_known = self.confirmed.contains(&number);
            return if is_known { TagState::Done } else { TagState::Stale };
        }
        self.ack_waiting(id, number)
    }

    /// An acknowledgement of what is not out: it may wait to come again.
    fn ack_waiting(&mut self, id: PublishedId, number: u64) -> TagState {
        let counts = match self.past.get(&id) {
            Some(last) => *last == number,
            None if number >= self.born && number >= self.void_below => return TagState::Done,
            None => number >= self.void_below,
        };
        if !counts {
            return TagState::Stale;
        }
        if id.get() <= self.cursor || !self.is_at_end {
            self.tombstones.entry(id).or_insert(false);
        }
        if self.tombstones.len() > TOMBSTONES_MAX {
            self.reload();
        }
        TagState::Good
    }

    /// A message is acknowledged, and that is stored. So is one of which nothing is left.
    pub fn acked(&mut self, id: PublishedId) {
        let Some(out) = self.take_out(id) else {
            self.past.remove(&id);
            self.tombstones.entry(id).and_modify(|is_stored| *is_stored = true);
            return;
        };
        if self.is_keyed(&out.loaded) {
            self.keys.done(&out.loaded.key, id);
        }
        if self.rules.is_exactly_once {
            self.confirmed.push_back(out.number);
            if self.confirmed.len() > CONFIRMED_MAX {
                self.confirmed.pop_front();
            }
        }
    }

    /// What was to be stored could not be: the message is leased again, for so long.
    pub fn unsettled(&mut self, id: PublishedId, until: Duration) {
        if self.tombstones.get(&id) == Some(&false) {
            self.tombstones.remove(&id);
        }
        if let Some(out) = self.out.get_mut(&id) {
            out.state = OutState::Leased(until);
            self.leases.insert((until, id));
        }
    }

    /// Moves the deadline of a message.
    pub fn extend(&mut self, id: PublishedId, number: u64, until: Duration) -> TagState {
        let Some(out) = self.out.get_mut(&id).filter(|out| out.number == number) else {
            return TagState::Stale;
        };
        let OutState::Leased(deadline) = out.state else { return TagState::Done };
        self.leases.remove(&(deadline, id));
        self.leases.insert((until, id));
        out.state = OutState::Leased(until);
        TagState::Good
    }
}
