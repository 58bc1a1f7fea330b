//! The table of live sessions.

use std::collections::HashMap;
use std::time::Duration;

use super::outlet::Outlet;
use crate::domain::id::{SessionId, UserId};
use crate::domain::login::Claims;

/// A live session.
pub struct Entry {
    /// The way to it.
    pub outlet: Outlet,
    /// Its user, once known.
    pub user: Option<UserId>,
    /// What the token says that it has shown last.
    pub claims: Option<Claims>,
    /// When it must have shown whose it is, on the steady clock; never, if it need not or has.
    pub identify_by: Duration,
    /// When its peer is pinged next, on the steady clock; never, if it is not.
    pub ping_at: Duration,
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
    /// Puts in a session that nobody has identified, and must be identified by then.
    pub fn insert(&mut self, session: SessionId, outlet: Outlet, identify_by: Duration) {
        let never = Duration::MAX;
        let entry = Entry {
            outlet,
            user: None,
            claims: None,
            identify_by,
            ping_at: never,
            expires_at: never,
            check_at: never,
        };
        self.entries.insert(session, entry);
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
