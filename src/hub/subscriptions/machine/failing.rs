//! What fails: refused by a consumer, or not acknowledged in time.

use std::time::Duration;

use super::{DeliveryMachine, Loaded, Out, OutState, TagState};
use crate::domain::id::PublishedId;

/// A message that has failed, and how often by now.
pub(in crate::hub) type Failed = (PublishedId, u32);

impl DeliveryMachine {
    /// A consumer refuses a message. Given back in `to_note` if that has to be stored before it comes again, see
    /// [`DeliveryMachine::noted`].
    pub fn nack(
        &mut self,
        (id, number): (PublishedId, u64),
        now: Duration,
        to_note: &mut Vec<Failed>,
    ) -> TagState {
        match self.out.get(&id) {
            Some(out) if out.number == number => match out.state {
                OutState::Leased(_) => {
                    to_note.extend(self.fail(id, now));
                    TagState::Good
                }
                OutState::Storing => TagState::Done,
            },
            _ => TagState::Stale,
        }
    }

    /// Fails all that was not acknowledged in time; as with [`DeliveryMachine::nack`].
    pub fn expire(&mut self, now: Duration) -> Vec<Failed> {
        let due = self.leases.iter().take_while(|(deadline, _)| *deadline <= now);
        let mut due: Vec<PublishedId> = due.map(|(_, id)| *id).collect();
        due.sort_unstable();
        let mut to_note = Vec::new();
        for id in due {
            // Not if it came back with an earlier one of its key.
            let is_late = self.out.get(&id).is_some_and(|out| match out.state {
                OutState::Leased(deadline) => deadline <= now,
                OutState::Storing => false,
            });
            if is_late {
                to_note.extend(self.fail(id, now));
            }
        }
        to_note
    }

    fn fail(&mut self, id: PublishedId, now: Duration) -> Option<Failed> {
        let out = self.out.get_mut(&id)?;
        out.loaded.failures = out.loaded.failures.saturating_add(1);
        let failed = (id, out.loaded.failures);
        if self.rules.attempts_max.is_none() {
            self.requeue(id, now);
            return None;
        }
        if let OutState::Leased(deadline) = out.state {
            self.leases.remove(&(deadline, id));
        }
        out.state = OutState::Storing;
        if self.rules.is_ordered && !out.loaded.key.is_empty() {
            let key = out.loaded.key.clone();
            let back = self.take_later(&key, id);
            self.keys.hold(&key, id, back);
        }
        Some(failed)
    }

    /// Takes back what is out of a key behind a message; but what is on its way to the store ends there.
    fn take_later(&mut self, key: &str, id: PublishedId) -> Vec<Loaded> {
        let mut back = Vec::new();
        for id in self.keys.later(key, id) {
            let is_leased = self.out.get(&id).is_some_and(|out| out.state != OutState::Storing);
            if is_leased && let Some(out) = self.take_out(id) {
                // All its tags are void: it comes again whatever becomes of them.
                self.past.insert(id, u64::MAX);
                back.push(out.loaded);
            }
        }
        back
    }

    /// The failure of a message is stored. True if it is a dead letter: it is kept back until it has been moved
    /// ([`DeliveryMachine::acked`]) or could not be ([`DeliveryMachine::requeue`]).
    pub fn noted(&mut self, id: PublishedId, now: Duration) -> bool {
        let failures = self.out.get(&id).map_or(0, |out| out.loaded.failures);
        let is_dead = self.rules.attempts_max.is_some_and(|most| failures >= most);
        if !is_dead {
            self.requeue(id, now);
        }
        is_dead
    }

    /// Lets a message that is out wait again, and all later ones of its key.
    pub fn requeue(&mut self, id: PublishedId, now: Duration) {
        let Some(out) = self.take_out(id) else { return };
        self.past.insert(id, out.number);
        let due = now.saturating_add(self.backoff(&out));
        if !self.is_keyed(&out.loaded) {
            self.ready.push_later(out.loaded, due, now);
            return;
        }
        let later = self.take_later(&out.loaded.key, id);
        let back = std::iter::once(out.loaded).chain(later).collect();
        self.keys.put_back(back, due, now);
    }

    /// Lets a message that nobody got wait again, as if it had not been taken.
    pub fn give_back(&mut self, id: PublishedId) {
        let Some(out) = self.take_out(id) else { return };
        if self.is_keyed(&out.loaded) {
            self.keys.put_back(vec![out.loaded], Duration::ZERO, Duration::ZERO);
        } else {
            self.ready.push(out.loaded);
        }
    }

    /// How long what has failed waits.
    fn backoff(&self, out: &Out) -> Duration {
        let Some(retry) = &self.rules.retry else { return Duration::ZERO };
        let doublings = out.loaded.failures.saturating_sub(1).min(30);
        let wait = retry.backoff_min.saturating_mul(2_u32.saturating_pow(doublings));
        let wait = wait.min(retry.backoff_max);
        // Spread by a tenth either way, by the number of the delivery.
        let spread =
            u32::try_from(out.number.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 56).unwrap_or(0);
        let tenth = wait.checked_div(10).unwrap_or_default();
        let more = tenth.saturating_mul(spread).checked_div(128).unwrap_or_default();
        wait.saturating_sub(tenth).saturating_add(more)
    }
}
