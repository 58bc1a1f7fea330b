//! What only one live session may have, as its dialect says: a newer one replaces it.
//!
//! The newer session has arrived before the older one is told to end, so nobody hears that its user
//! was away. How long the older one has to say goodbye is the session's affair (`session::farewell`).

use std::collections::HashMap;

use super::ChatServer;
use crate::domain::close::CloseReason;
use crate::domain::id::SessionId;
use crate::domain::principal::{Principal, ReplaceKey};
use crate::wire::Variant;

/// Which session has what only one may have.
#[derive(Default)]
pub struct Holders {
    sessions: HashMap<ReplaceKey, SessionId>,
}

impl ChatServer {
    /// A session that has arrived takes the place of the one before it, if there is one.
    pub(super) fn replace(&mut self, session: SessionId, who: (Principal, Variant)) {
        for key in self.replace_keys(who).into_iter().flatten() {
            let before = self.holders.sessions.insert(key, session);
            if let Some(before) = before.filter(|before| *before != session) {
                self.evict(before, CloseReason::Replaced);
            }
        }
    }

    /// A session has gone, and what it alone had may be had by others.
    pub(super) fn release(&mut self, session: SessionId, who: (Principal, Variant)) {
        if self.holders.sessions.is_empty() {
            return;
        }
        for key in self.replace_keys(who).into_iter().flatten() {
            if self.holders.sessions.get(&key) == Some(&session) {
                self.holders.sessions.remove(&key);
            }
        }
    }

    fn replace_keys(&self, (principal, variant): (Principal, Variant)) -> [Option<ReplaceKey>; 2] {
        let (dialect, options) = (self.parts.dialects.get(variant), variant.options());
        [dialect.replace_key(principal, options), dialect.replace_class(principal, options)]
    }
}
