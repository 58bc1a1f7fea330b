//! The table of live sessions.

use std::collections::HashMap;
use std::time::Duration;

use super::outlet::Outlet;
use crate::domain::id::{SessionId, UserId};

/// A live session.
pub struct Entry {
    /// The way to it.
    pub outlet: Outlet,
    /// Its user, once known.
    pub user: Option<UserId>,
    /// When its token ends, on the steady clock; never, before it has shown one.
    pub expires_at: Duration,
    /// When it is looked at next, on the steady clock.
    pub check_at: Duration,
}

/// All live sessions, identified or not.
#[derive(Default)]
pub struct Sessions {
    entries: HashMap<SessionId, Entry>,
}

impl Sessions {
    /// Puts in a session that nobody has identified.
    pub fn insert(&mut self, session: SessionId, outlet: Outlet) {
        let (expires_at, check_at) = (Duration::MAX, Duration::MAX);
        self.entries.insert(session, Entry { outlet, user: None, expires_at, check_at });
    }

    /// Takes a session out.
    pub fn remove(&mut self, session: SessionId) -> Option<Entry> {
        self.entries.remove(&session)
    }

    /// Looks at a session.
    pub fn get(&self, session: SessionId) -> Option<&Entry> {
        self.entries.get(&session)
    }

    /// Changes a session.
    pub fn get_mut(&mut self, session: SessionId) -> Option<&mut Entry> {
        self.entries.get_mut(&session)
    }

    /// All of them, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.entries.values()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}
