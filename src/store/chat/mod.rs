//! Rooms, messages, groups and read marks.
//!
//! `change` is what can be asked and what comes of it, decided by `rules` through a `ledger` with a
//! `memory`; the other modules hold the queries.

use crate::domain::chat::room::RoomKey;
use crate::store::accounts::user_pair;
use crate::store::engine::error::StoreError;
use crate::store::engine::ids::group_id;

pub mod authors;
pub(in crate::store) mod change;
pub mod changes;
pub mod contacts;
pub mod deletion;
pub mod departures;
pub mod groups;
pub(in crate::store) mod hidings;
pub mod history;
pub(in crate::store) mod ledger;
pub(in crate::store) mod limits;
pub(in crate::store) mod memory;
pub mod messages;
pub mod nonces;
pub mod offers;
pub mod read_marks;
pub mod room_list;
pub mod rooms;
pub(in crate::store) mod rosters;
pub(in crate::store) mod rules;
pub(in crate::store) mod visible;

pub(in crate::store) fn room_key(
    id: i64,
    ends: (Option<i64>, Option<i64>),
) -> Result<RoomKey, StoreError> {
    match ends {
        (Some(low), Some(high)) => user_pair(low, high).map(RoomKey::Direct),
        _ => group_id(id).map(RoomKey::Group),
    }
}
