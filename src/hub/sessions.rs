//! The table of live sessions.

use foldhash::HashMap;

use super::deadlines::SteadyMoment;
use crate::delivery::SessionHandle;
use crate::domain::accounts::login::Claims;
use crate::domain::apps::token::AppToken;
use crate::domain::id::{SessionId, UserId};
use crate::domain::principal::{Identity, Principal, Voucher};
use crate::wire::Variant;

/// A live session.
pub struct Entry {
    pub handle: SessionHandle,
    /// Who it is, by what it has shown last, if it has.
    pub identity: Option<Identity>,
    /// When it must have shown whose it is; never, if it has.
    pub identify_by: SteadyMoment,
    /// When its peer is pinged next; never, if it is not.
    pub ping_at: SteadyMoment,
    /// Until when it may answer the last call; never, if it was not called.
    pub last_call: SteadyMoment,
    pub check_at: SteadyMoment,
}

impl Entry {
    /// The user on whose behalf it speaks, once known.
    pub fn user(&self) -> Option<UserId> {
        self.identity.as_ref().and_then(|identity| identity.principal.user())
    }

    /// Who it is and what it speaks, once known.
    pub fn who(&self) -> Option<(Principal, Variant)> {
        let identity = self.identity.as_ref()?;
        Some((identity.principal, self.handle.variant))
    }

    /// The token of an app, if it has shown one.
    pub fn app_token_mut(&mut self) -> Option<&mut AppToken> {
        match &mut self.identity.as_mut()?.voucher {
            Voucher::App(token) => Some(token),
            Voucher::None | Voucher::Login(_) => None,
        }
    }

    /// What its token says, if it has shown one.
    pub fn claims(&self) -> Option<&Claims> {
        self.identity.as_ref().and_then(Identity::claims)
    }
}

/// All live sessions, identified or not.
#[derive(Default)]
pub struct SessionTable {
    /// Each in a box: a table that has just grown is half empty. Ids of ours need no hash that withstands chosen
    /// keys, and each delivery pays for one.
    entries: HashMap<SessionId, Box<Entry>>,
}

impl SessionTable {
    /// Puts in a session that nobody has identified, and must be identified by then.
    pub fn insert(&mut self, session: SessionId, handle: SessionHandle, identify_by: SteadyMoment) {
        let never = SteadyMoment::NEVER;
        let entry = Entry {
            handle,
            identity: None,
            identify_by,
            ping_at: never,
            last_call: never,
            check_at: never,
        };
        self.entries.insert(session, Box::new(entry));
    }

    /// Takes a session out.
    pub fn remove(&mut self, session: SessionId) -> Option<Entry> {
        self.entries.remove(&session).map(|entry| *entry)
    }

    /// Looks at a session.
    pub fn get(&self, session: SessionId) -> Option<&Entry> {
        self.entries.get(&session).map(Box::as_ref)
    }

    /// Changes a session.
    pub fn get_mut(&mut self, session: SessionId) -> Option<&mut Entry> {
        self.entries.get_mut(&session).map(Box::as_mut)
    }

    /// The names of those that have shown such a token of an app, in no order.
    pub fn with_app_tokens(&self, is_one: impl Fn(&AppToken) -> bool) -> Vec<SessionId> {
        let token = |entry: &Entry| entry.identity.as_ref().and_then(Identity::app_token).copied();
        let entries = self.entries.iter();
        let found = entries.filter(|(_, entry)| token(entry).is_some_and(|token| is_one(&token)));
        found.map(|(session, _)| *session).collect()
    }

    /// The names of all, in no order.
    pub fn ids(&self) -> Vec<SessionId> {
        self.entries.keys().copied().collect()
    }

    /// All of them, in no order.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Entry> {
        self.entries.values_mut().map(Box::as_mut)
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
