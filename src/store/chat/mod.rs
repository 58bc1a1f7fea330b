//! Rooms, messages, groups and read marks, and what is done to users that concerns rooms.
//!
//! A command is asked (`command`), and the `rules` decide through a `unit_of_work`, with what is known of rooms
//! and members (`room_cache`, `member_cache`), what comes of it. `writes` are the jobs that are asked for less often, `lookups` what can be looked up. The other modules hold the queries.

use crate::domain::chat::room::RoomKey;
use crate::store::accounts::user_pair;
use crate::store::engine::error::StoreError;
use crate::store::engine::ids::group_id;
use crate::store::engine::job::{Job, Op, QuietOp, StorePart, Touches, quiet};

pub mod authors;
pub mod changes;
pub(in crate::store) mod command;
pub mod contacts;
pub mod deletion;
pub mod departures;
pub mod following;
pub mod groups;
pub(in crate::store) mod hidden_messages;
pub mod history;
pub(in crate::store) mod limits;
pub mod lookups;
pub(in crate::store) mod member_cache;
pub mod messages;
pub mod nonces;
pub mod offers;
pub mod pages;
pub mod read_marks;
pub(in crate::store) mod room_cache;
pub mod room_list;
pub mod rooms;
pub(in crate::store) mod rules;
pub(in crate::store) mod unit_of_work;
pub(in crate::store) mod visible;
pub mod writes;

/// The right to jobs of chat, other than commands: they may touch all rooms, and accounts below.
pub struct ChatRight(());

impl StorePart for ChatRight {
    const TOUCHES: Touches = Touches::All;
}

fn job<T>(op: impl QuietOp<T>) -> Job<ChatRight, impl Op<T>> {
    quiet(ChatRight(()), op)
}

/// A job of chat that may have something to tell.
fn telling<T, F: Op<T>>(op: F) -> Job<ChatRight, F> {
    Job::new(ChatRight(()), op)
}

pub(in crate::store) fn room_key(
    id: i64,
    ends: (Option<i64>, Option<i64>),
) -> Result<RoomKey, StoreError> {
    match ends {
        (Some(low), Some(high)) => user_pair(low, high).map(RoomKey::Direct),
        _ => group_id(id).map(RoomKey::Group),
    }
}
