//! What has changed in rooms since somebody looked last, at a cost that depends on the answer alone.
//!
//! Sendings are found by their place in the room, as in [`history`]; what was edited since
//! is in an index of its own, by revision.

use diesel::sql_types::BigInt;

use crate::domain::accounts::friendship::DmPolicy;
use crate::domain::chat::command::Known;
use crate::domain::chat::message::Message;
use crate::domain::id::UserId;
use crate::store::engine::Connection;
use crate::store::engine::error::StoreError;

use crate::store::chat::history::{self, FIRST_BY_REV, first_not_below};
use crate::store::chat::messages::{Row, RowType};
use crate::store::chat::nonces;
use crate::store::chat::rooms::Room;
use crate::store::chat::visible::{messages_where, visible, withdrawn};
use crate::store::engine::statement::{Statement, Value};

/// Messages read at once: so many more than fit may be in memory.
const CHUNK: u32 = 64;

const SENT_REV: &str = "SELECT sent_rev FROM messages WHERE room_id = ? AND seq = ?";
const SENT_SINCE: &str = messages_where!("seq >= ? AND edited_at IS NULL ORDER BY seq LIMIT ?");
const EDITED_SINCE: &str =
    messages_where!("rev > ? AND edited_at IS NOT NULL ORDER BY rev LIMIT ?");
/// What a reader could see once, without its text.
const WITHDRAWN_SINCE: &str = concat!(
    "SELECT id, seq, rev, author_id, created_at, edited_at, NOT FALSE, hidden, '' \
     FROM messages WHERE room_id = ? AND ",
    withdrawn!(),
    " AND rev > ? AND edited_at IS NOT NULL ORDER BY rev LIMIT ?"
);

/// What somebody wants to be brought up to date about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CatchUp {
    pub me: UserId,
    /// Which rooms, and what is known of them.
    pub rooms: Vec<Known>,
    /// At most so many messages.
    pub limit: u32,
    /// About so much text at once, in bytes.
    pub bytes_max: usize,
    pub dm_policy: DmPolicy,
}

/// How far somebody is up to date now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaughtUp {
    /// What has changed: room by room, of each in the order of the revisions.
    pub messages: Vec<Message>,
    /// The rooms by their addresses, each with the revision reached; `None` if one is not in it.
    pub reached: Vec<(i64, Option<i64>)>,
    pub complete: bool,
}

/// Everything that has changed in rooms since the revisions that are known, as far as it fits. `None` if
/// a room has not come to the revision that is known of it: that one is of another history.
///
/// # Errors
/// [`StoreError::Database`], [`StoreError::Corrupt`].
pub fn catch_up(conn: &mut Connection, ask: &CatchUp) -> Result<Option<CaughtUp>, StoreError> {
    let mut caught = CaughtUp { messages: Vec::new(), reached: Vec::new(), complete: true };
    let mut bytes = 0_usize;
    for known in &ask.rooms {
        let room = match known.room {
            Some(key) => history::readable(conn, ask.me, key, ask.dm_policy)?.ok(),
            None => None,
        };
        if room.as_ref().is_some_and(|room| room.as_ref().map_or(0, Room::rev) < known.rev) {
            return Ok(None);
        }
        let room = room.flatten();
        let Some(room) = room else {
            caught.reached.push((known.address, None));
            continue;
        };
        let mut rev = known.rev;
        while rev < room.rev() {
            let sent = u32::try_from(caught.messages.len()).unwrap_or(u32::MAX);
            let count = ask.limit.saturating_sub(sent).min(CHUNK);
            if count == 0 || bytes > ask.bytes_max {
                caught.complete = false;
                break;
            }
            let some = changes(conn, &room, ask.me, rev, count)?;
            let all = some.len() < usize::try_from(count).unwrap_or(usize::MAX);
            rev = if all { room.rev() } else { some.last().map_or(room.rev(), |last| last.rev) };
            bytes =
                some.iter().fold(bytes, |sum, message| sum.saturating_add(message.content.len()));
            caught.messages.extend(some);
        }
        caught.reached.push((known.address, Some(rev)));
    }
    nonces::name_own(conn, ask.me, &mut caught.messages)?;
    Ok(Some(caught))
}

/// What has changed in a room since a revision, as `me` sees it, in the order of the revisions: of the
/// messages whose last change is later the first `count`; deleted ones, and such as one could see and
/// cannot any more, included without text.
///
/// # Errors
/// [`StoreError::Database`], [`StoreError::Corrupt`].
pub fn changes(
    conn: &mut Connection,
    room: &Room,
    me: UserId,
    since: i64,
    count: u32,
) -> Result<Vec<Message>, StoreError> {
    let [id, reader, limit] = [room.id.get(), me.get(), count.into()].map(Value::Int);
    let last = [id, Value::Int(room.seq)];
    let last: Vec<i64> = Statement::<BigInt>::new(SENT_REV, &last).load(conn)?;
    let start = match last.first() {
        Some(last) if *last > since => {
            first_not_below(conn, FIRST_BY_REV, room, (since.saturating_add(1), *last))?
        }
        Some(_) | None => room.seq.saturating_add(1),
    };
    let sent = [id, reader, Value::Int(start), limit];
    let mut rows: Vec<Row> = Statement::<RowType>::new(SENT_SINCE, &sent).load(conn)?;
    let edited = [id, reader, Value::Int(since), limit];
    for sql in [EDITED_SINCE, WITHDRAWN_SINCE] {
        rows.extend(Statement::<RowType>::new(sql, &edited).load::<Row>(conn)?);
    }
    rows.sort_unstable_by_key(|row| row.rev);
    rows.truncate(usize::try_from(count).unwrap_or(usize::MAX));
    rows.into_iter().map(|row| row.into_message(room.key)).collect()
}
