//! Look-ups that wait for a reader. Each user's wait in a line of their own, and the lines take turns: who
//! asks for much waits for himself.
//!
//! A look-up is heavy if its cost grows with what there is to find (lists, what has changed). Of each line one
//! heavy look-up runs at a time, so that nobody has all readers to himself for long. A slice of a page is
//! light: it is bounded in rows and bytes, so whoever comes next waits for one slice at most.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use foldhash::HashMap;
use tokio::sync::OwnedSemaphorePermit;

use crate::domain::id::UserId;

use crate::store::engine::database::Database;

/// What a reader does. It must not panic: that would end the thread for good (decision 4).
pub(in crate::store) type ReaderTask = Box<dyn FnOnce(&Database, LineTurn) + Send>;

/// The turn of a look-up that runs, and its room among all that wait. To be dropped before anybody is
/// answered: who asks again at once must find both free.
pub(in crate::store) struct LineTurn {
    lines: Arc<Lines>,
    line: Line,
    _permit: OwnedSemaphorePermit,
}

impl Drop for LineTurn {
    fn drop(&mut self) {
        if self.line.is_heavy() {
            self.lines.lock().end_heavy(self.line.user());
        }
    }
}

/// Who asks, and how much it may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line {
    /// Whoever has no name: all of them wait together.
    Nobody,
    /// A user, about no more than a slice of a page.
    Light(UserId),
    /// A user, about as much as there is.
    Heavy(UserId),
}

impl Line {
    fn user(self) -> Option<UserId> {
        match self {
            Self::Nobody => None,
            Self::Light(user) | Self::Heavy(user) => Some(user),
        }
    }

    fn is_heavy(self) -> bool {
        matches!(self, Self::Heavy(_))
    }
}

/// All lines. Whoever adds a look-up calls a reader, once for each.
pub(in crate::store) struct Lines {
    state: Mutex<LineTable>,
    /// How many of one user may wait.
    per_user_max: usize,
}

#[derive(Default)]
struct LineTable {
    waiting: HashMap<Option<UserId>, Waiting>,
    /// The lines whose first look-up may run now, in turn.
    turns: VecDeque<Option<UserId>>,
    /// Readers that were called and found nothing that may run.
    idle: usize,
}

/// A look-up that waits.
type Waiter = (Line, OwnedSemaphorePermit, ReaderTask);

#[derive(Default)]
struct Waiting {
    asked: VecDeque<Waiter>,
    /// Whether a heavy one of them runs.
    is_busy: bool,
    /// Whether it is among the turns.
    has_turn: bool,
}

impl Lines {
    /// Empty ones.
    pub fn new(per_user_max: usize) -> Self {
        Self { state: Mutex::default(), per_user_max }
    }

    /// Adds a look-up to its line; false if too many of the user wait there.
    pub fn add(&self, line: Line, permit: OwnedSemaphorePermit, task: ReaderTask) -> bool {
        let mut state = self.lock();
        let waiting = state.waiting.entry(line.user()).or_default();
        let fits = line == Line::Nobody || waiting.asked.len() < self.per_user_max;
        if fits {
            waiting.asked.push_back((line, permit, task));
            state.give_turn(line.user());
        }
        fits
    }

    /// What a reader that was called does; `None` if nothing may run now.
    pub fn take(self: &Arc<Self>) -> Option<(LineTurn, ReaderTask)> {
        let asked = self.lock().take();
        asked.map(|asked| self.turn(asked))
    }

    /// What a reader does once it is done, where one was called in vain before.
    pub fn next(self: &Arc<Self>) -> Option<(LineTurn, ReaderTask)> {
        let asked = self.lock().take_for_idle();
        asked.map(|asked| self.turn(asked))
    }

    fn turn(self: &Arc<Self>, (line, permit, task): Waiter) -> (LineTurn, ReaderTask) {
        (LineTurn { lines: Arc::clone(self), line, _permit: permit }, task)
    }

    fn lock(&self) -> MutexGuard<'_, LineTable> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl LineTable {
    fn take(&mut self) -> Option<Waiter> {
        let user = self.turns.pop_front();
        let waiting = user.and_then(|user| self.waiting.get_mut(&user));
        let Some(waiting) = waiting else {
            self.idle = self.idle.saturating_add(1);
            return None;
        };
        waiting.has_turn = false;
        let asked = waiting.asked.pop_front();
        if let Some((line, ..)) = &asked {
            waiting.is_busy |= line.is_heavy();
            let user = line.user();
            self.give_turn(user);
        }
        asked
    }

    fn take_for_idle(&mut self) -> Option<Waiter> {
        if self.idle == 0 || self.turns.is_empty() {
            return None;
        }
        self.idle = self.idle.saturating_sub(1);
        self.take()
    }

    /// A heavy look-up of a line has run.
    fn end_heavy(&mut self, user: Option<UserId>) {
        if let Some(waiting) = self.waiting.get_mut(&user) {
            waiting.is_busy = false;
            self.give_turn(user);
        }
    }

    /// Puts a line at the end of the turns if its first look-up may run, and forgets an empty one.
    fn give_turn(&mut self, user: Option<UserId>) {
        let Some(waiting) = self.waiting.get_mut(&user) else { return };
        match waiting.asked.front() {
            Some((line, ..)) if line.is_heavy() && waiting.is_busy => {}
            Some(_) if !waiting.has_turn => {
                waiting.has_turn = true;
                self.turns.push_back(user);
            }
            Some(_) => {}
            None if waiting.is_busy => {}
            None => drop(self.waiting.remove(&user)),
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::Semaphore;

    use crate::store::engine::lines::*;

    fn user(number: i64) -> UserId {
        UserId::new(number * 2 + 2).unwrap()
    }

    fn permit() -> OwnedSemaphorePermit {
        Arc::new(Semaphore::new(1)).try_acquire_owned().unwrap()
    }

    fn add(lines: &Lines, line: Line) -> bool {
        lines.add(line, permit(), Box::new(|_, _| ()))
    }

    fn lines(all: &[Line]) -> Arc<Lines> {
        let lines = Arc::new(Lines::new(100));
        assert!(all.iter().all(|line| add(&lines, *line)));
        lines
    }

    /// The turn of what a reader that is called finds.
    fn take(lines: &Arc<Lines>) -> Option<LineTurn> {
        lines.take().map(|(turn, _)| turn)
    }

    fn next(lines: &Arc<Lines>) -> Option<LineTurn> {
        lines.next().map(|(turn, _)| turn)
    }

    fn line(turn: Option<&LineTurn>) -> Option<Line> {
        turn.map(|turn| turn.line)
    }

    #[test]
    fn lines_take_turns() {
        let [a, b] = [user(1), user(2)].map(Line::Light);
        let lines = lines(&[a, a, a, a, b, b, Line::Nobody, Line::Nobody]);
        let order: Vec<Line> = (0..8).map(|_| line(take(&lines).as_ref()).unwrap()).collect();
        assert_eq!(order, [a, b, Line::Nobody, a, b, Line::Nobody, a, a]);
        assert_eq!(line(take(&lines).as_ref()), None);
        assert!(lines.lock().waiting.is_empty(), "nothing is left of an empty line");
    }

    #[test]
    fn one_heavy_look_up_of_a_user_runs_at_a_time() {
        let (a, b, light) = (Line::Heavy(user(1)), Line::Heavy(user(2)), Line::Light(user(1)));
        let lines = lines(&[a, a, light, b]);
        let (first, other) = (take(&lines), take(&lines));
        assert_eq!((line(first.as_ref()), line(other.as_ref())), (Some(a), Some(b)));
        // Two readers are called, and find nothing that may run: neither is lost.
        assert_eq!((line(take(&lines).as_ref()), line(take(&lines).as_ref())), (None, None));
        drop(other);
        assert_eq!(line(next(&lines).as_ref()), None);
        drop(first);
        let second = next(&lines);
        assert_eq!(line(second.as_ref()), Some(a));
        drop(second);
        // What is light need not wait for it once it is first in its line.
        assert_eq!(line(next(&lines).as_ref()), Some(light));
        assert_eq!(line(next(&lines).as_ref()), None);
        let state = lines.lock();
        assert_eq!((state.idle, state.waiting.len()), (0, 0));
    }

    #[test]
    fn whoever_is_answered_finds_his_line_free() {
        let heavy = Line::Heavy(user(1));
        let lines = lines(&[heavy]);
        let turn = take(&lines);
        drop(turn);
        // He asks again, before the reader that has answered him looks for more.
        assert!(add(&lines, heavy));
        assert_eq!(line(take(&lines).as_ref()), Some(heavy));
        assert_eq!(lines.lock().idle, 0);
        assert_eq!(line(next(&lines).as_ref()), None);
    }

    #[test]
    fn so_many_of_one_user_may_wait() {
        let lines = Arc::new(Lines::new(2));
        let (a, b) = (Line::Heavy(user(1)), Line::Light(user(2)));
        let added = [a, a, a, b].map(|line| add(&lines, line));
        assert_eq!(added, [true, true, false, true]);
        assert!((0..10).all(|_| add(&lines, Line::Nobody)));
        let turn = take(&lines);
        assert_eq!(line(turn.as_ref()), Some(a));
        assert!(add(&lines, a), "what runs does not wait");
    }
}
