//! The members of groups, kept in memory from one batch to the next.
//!
//! A roster is used only if it is of the version that the database names in the same transaction, so it
//! cannot be stale, whoever else writes.

use std::sync::{Arc, Mutex, PoisonError};

use foldhash::HashMap;

use crate::domain::id::GroupId;

use crate::store::chat::groups::Roster;

/// Members that are kept, over all groups: each takes 24 to 32 bytes.
const SEATS_MAX: usize = 1_000_000;

/// Rosters by group.
#[derive(Default)]
pub(in crate::store) struct MemberCache {
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    rosters: HashMap<GroupId, Arc<Roster>>,
    seats: usize,
}

impl MemberCache {
    /// The members of a group in a version, if they are known.
    pub fn get(&self, group: GroupId, version: i64) -> Option<Arc<Roster>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.rosters.get(&group).filter(|roster| roster.version == version).map(Arc::clone)
    }

    /// Keeps the members of a group in a version that is committed.
    pub fn keep(&self, roster: &Arc<Roster>) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.seats = kept.seats.saturating_add(roster.seats.len());
        if kept.seats > SEATS_MAX {
            kept.rosters.clear();
            kept.seats = roster.seats.len();
        }
        if let Some(old) = kept.rosters.insert(roster.group, Arc::clone(roster)) {
            kept.seats = kept.seats.saturating_sub(old.seats.len());
        }
    }
}
