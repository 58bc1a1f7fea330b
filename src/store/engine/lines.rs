//! Look-ups that wait for a reader. Each user's wait in a line of their own, and the lines take turns: who
//! asks for much waits for himself.
//!
//! A look-up is heavy if its cost grows with what there is to find (lists, pages, what has changed). Of
//! each line one heavy look-up runs at a time, so that nobody has all readers to himself.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::domain::id::UserId;

use crate::store::engine::database::Database;

/// What a reader does. It must not panic: that would end the thread for good (decision 4).
pub(in crate::store) type ReaderTask = Box<dyn FnOnce(&Database) + Send>;

/// Who asks, and how much it may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line {
    /// Whoever has no name: all of them wait together.
    Nobody,
    /// A user, about a row or two.
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

#[derive(Default)]
struct Waiting {
    tasks: VecDeque<(Line, ReaderTask)>,
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
    pub fn add(&self, line: Line, task: ReaderTask) -> bool {
        let mut state = self.lock();
        let waiting = state.waiting.entry(line.user()).or_default();
        let fits = line == Line::Nobody || waiting.tasks.len() < self.per_user_max;
        if fits {
            waiting.tasks.push_back((line, task));
            state.give_turn(line.user());
        }
        fits
    }

    /// What a reader that was called does; `None` if nothing may run now.
    pub fn take(&self) -> Option<(Line, ReaderTask)> {
        self.lock().take()
    }

    /// A look-up has run; what the same reader does next, where it was called in vain before.
    pub fn next(&self, done: Line) -> Option<(Line, ReaderTask)> {
        let mut state = self.lock();
        if done.is_heavy()
            && let Some(waiting) = state.waiting.get_mut(&done.user())
        {
            waiting.is_busy = false;
            state.give_turn(done.user());
        }
        if state.idle == 0 || state.turns.is_empty() {
            return None;
        }
        state.idle = state.idle.saturating_sub(1);
        state.take()
    }

    fn lock(&self) -> MutexGuard<'_, LineTable> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl LineTable {
    fn take(&mut self) -> Option<(Line, ReaderTask)> {
        let user = self.turns.pop_front();
        let waiting = user.and_then(|user| self.waiting.get_mut(&user));
        let Some(waiting) = waiting else {
            self.idle = self.idle.saturating_add(1);
            return None;
        };
        waiting.has_turn = false;
        let task = waiting.tasks.pop_front();
        if let Some((line, _)) = &task {
            waiting.is_busy |= line.is_heavy();
            let user = line.user();
            self.give_turn(user);
        }
        task
    }

    /// Puts a line at the end of the turns if its first look-up may run, and forgets an empty one.
    fn give_turn(&mut self, user: Option<UserId>) {
        let Some(waiting) = self.waiting.get_mut(&user) else { return };
        match waiting.tasks.front() {
            Some((line, _)) if line.is_heavy() && waiting.is_busy => {}
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
    use crate::store::engine::lines::*;

    fn user(number: i64) -> UserId {
        UserId::new(number * 2 + 2).unwrap()
    }

    fn lines(all: &[Line]) -> Lines {
        let lines = Lines::new(100);
        assert!(all.iter().all(|line| lines.add(*line, Box::new(|_| ()))));
        lines
    }

    fn took(taken: Option<(Line, ReaderTask)>) -> Option<Line> {
        taken.map(|(line, _)| line)
    }

    #[test]
    fn lines_take_turns() {
        let [a, b] = [user(1), user(2)].map(Line::Light);
        let lines = lines(&[a, a, a, a, b, b, Line::Nobody, Line::Nobody]);
        let order: Vec<Line> = (0..8).map(|_| took(lines.take()).unwrap()).collect();
        assert_eq!(order, [a, b, Line::Nobody, a, b, Line::Nobody, a, a]);
        assert_eq!(lines.take().map(|_| ()), None);
        assert!(lines.lock().waiting.is_empty(), "nothing is left of an empty line");
    }

    #[test]
    fn one_heavy_look_up_of_a_user_runs_at_a_time() {
        let (a, b, light) = (Line::Heavy(user(1)), Line::Heavy(user(2)), Line::Light(user(1)));
        let lines = lines(&[a, a, light, b]);
        assert_eq!(took(lines.take()), Some(a));
        assert_eq!(took(lines.take()), Some(b));
        // Two readers are called, and find nothing that may run: neither is lost.
        assert_eq!((took(lines.take()), took(lines.take())), (None, None));
        assert_eq!(took(lines.next(b)), None);
        assert_eq!(took(lines.next(a)), Some(a));
        // What is light need not wait for it once it is first in its line.
        assert_eq!(took(lines.next(a)), Some(light));
        assert_eq!(took(lines.next(light)), None);
        let state = lines.lock();
        assert_eq!((state.idle, state.waiting.len()), (0, 0));
    }

    #[test]
    fn so_many_of_one_user_may_wait() {
        let lines = Lines::new(2);
        let add = |line| lines.add(line, Box::new(|_| ()));
        let (a, b) = (Line::Heavy(user(1)), Line::Light(user(2)));
        assert_eq!([add(a), add(a), add(a), add(b)], [true, true, false, true]);
        assert!((0..10).all(|_| add(Line::Nobody)));
        assert_eq!(took(lines.take()), Some(a));
        assert!(add(a), "what runs does not wait");
    }
}
