//! Pages of a room's messages, at a cost that depends on the page alone.
//!
//! The only index is (room, seq). Times strictly increase with seq, which has no holes, so the
//! place of a moment is found by halving, one row at a time. A page is handed over in slices, so
//! that no number of long messages is ever in memory at once.

use diesel::prelude::*;
use diesel::sql_types::Text;

use crate::domain::clock::Timestamp;
use crate::domain::friendship::Audience;
use crate::domain::id::{RoomId, UserId};
use crate::domain::message::Message;
use crate::domain::user::UserPair;
use crate::store::Connection;
use crate::store::error::StoreError;
use crate::store::schema::messages;

use super::messages::Row;
use super::rooms::{self, Room};
use super::{friendships, users};

/// The most messages in one slice, however short they are.
const SLICE_MESSAGES_MAX: usize = 1_000;

diesel::define_sql_function! {
    /// The length of a text in bytes.
    fn octet_length(text: Text) -> Integer;
}

/// Which page: the newest `count` messages before a moment that are not deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Who reads.
    pub me: UserId,
    /// The other user of the room; `None` where the address can be nobody's.
    pub peer: Option<UserId>,
    /// Strictly before this moment.
    pub before: Timestamp,
    /// At most so many.
    pub count: u32,
    /// Whom users may write to; a room never written in is hidden from others.
    pub audience: Audience,
}

/// The first or next part of a page, oldest message first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistorySlice {
    /// The messages; not empty if there is a rest.
    pub messages: Vec<Message>,
    /// What is left, to be asked for by [`history_rest`].
    pub next: Option<HistoryRest>,
}

/// The part of a page that has not been handed over. What is deleted meanwhile drops out of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryRest {
    room: RoomId,
    pair: UserPair,
    /// The first seq.
    start: i64,
    /// The seq after the last.
    end: i64,
}

/// The oldest slice of a page. `None` if no room can be read at that address: nobody there,
/// oneself, or nobody one may write to and has never exchanged a message with.
///
/// A slice ends before the message that takes its text over `slice_bytes`, but holds at least one.
///
/// # Errors
/// [`StoreError::Database`], [`StoreError::Corrupt`].
pub fn history(
    conn: &mut Connection,
    page: &Page,
    slice_bytes: usize,
) -> Result<Option<HistorySlice>, StoreError> {
    let Some(pair) = page.peer.and_then(|peer| UserPair::new(page.me, peer)) else {
        return Ok(None);
    };
    match rooms::of_pair(conn, pair)? {
        Some(room) => {
            let end = first_seq_not_before(conn, &room, page.before)?;
            let Some(start) = page_start(conn, &room, end, page.count)? else {
                return Ok(Some(HistorySlice { messages: Vec::new(), next: None }));
            };
            let whole = HistoryRest { room: room.id, pair, start, end };
            history_rest(conn, &whole, slice_bytes).map(Some)
        }
        None => {
            let readable = users::by_id(conn, pair.other(page.me))?.is_some()
                && page.audience.may_write(friendships::between(conn, pair)?);
            Ok(readable.then(|| HistorySlice { messages: Vec::new(), next: None }))
        }
    }
}

/// The next slice of a page.
///
/// # Errors
/// As [`history`].
pub fn history_rest(
    conn: &mut Connection,
    rest: &HistoryRest,
    slice_bytes: usize,
) -> Result<HistorySlice, StoreError> {
    let lengths = lengths(conn, rest)?;
    let fitting = fitting(&lengths, slice_bytes);
    let next = lengths.get(fitting).map(|(seq, _)| HistoryRest { start: *seq, ..rest.clone() });
    let end = next.as_ref().map_or(rest.end, |next| next.start);
    let rows: Vec<Row> = messages::table
        .filter(messages::room_id.eq(rest.room.get()))
        .filter(messages::seq.ge(rest.start).and(messages::seq.lt(end)))
        .filter(messages::deleted.eq(false))
        .order(messages::seq.asc())
        .select(Row::as_select())
        .load(conn)?;
    let messages = rows.into_iter().map(|row| row.into_message(rest.pair));
    Ok(HistorySlice { messages: messages.collect::<Result<_, _>>()?, next })
}

/// The seq of the first message at or after a moment; that of the next message if there is none.
fn first_seq_not_before(
    conn: &mut Connection,
    room: &Room,
    before: Timestamp,
) -> Result<i64, StoreError> {
    let (mut low, mut high) = (1, room.seq.saturating_add(1));
    if room.last_at < Some(before) {
        return Ok(high);
    }
    while low < high {
        let middle = low + (high - low) / 2;
        let created_at: i64 = messages::table
            .filter(messages::room_id.eq(room.id.get()).and(messages::seq.eq(middle)))
            .select(messages::created_at)
            .first(conn)?;
        if created_at < before.micros() { low = middle + 1 } else { high = middle }
    }
    Ok(low)
}

/// The seq at which a page of `count` messages before `end` starts; `None` if it is empty.
fn page_start(
    conn: &mut Connection,
    room: &Room,
    end: i64,
    count: u32,
) -> Result<Option<i64>, StoreError> {
    let Some(skipped) = count.checked_sub(1) else { return Ok(None) };
    let oldest = messages::table
        .filter(messages::room_id.eq(room.id.get()).and(messages::seq.lt(end)))
        .filter(messages::deleted.eq(false))
        .order(messages::seq.desc())
        .select(messages::seq)
        .offset(skipped.into())
        .first(conn)
        .optional()?;
    // Fewer than `count`: the page reaches to the first message.
    Ok(Some(oldest.unwrap_or(1)))
}

/// The seq and length of the next messages, one more than a slice can hold.
fn lengths(conn: &mut Connection, rest: &HistoryRest) -> Result<Vec<(i64, i32)>, StoreError> {
    let limit = i64::try_from(SLICE_MESSAGES_MAX).unwrap_or(i64::MAX).saturating_add(1);
    let lengths = messages::table
        .filter(messages::room_id.eq(rest.room.get()))
        .filter(messages::seq.ge(rest.start).and(messages::seq.lt(rest.end)))
        .filter(messages::deleted.eq(false))
        .order(messages::seq.asc())
        .select((messages::seq, octet_length(messages::content)))
        .limit(limit)
        .load(conn)?;
    Ok(lengths)
}

/// How many messages fit into a slice.
fn fitting(lengths: &[(i64, i32)], slice_bytes: usize) -> usize {
    let mut bytes = 0_usize;
    let fits = |(_, length): &&(i64, i32)| {
        bytes = bytes.saturating_add(usize::try_from(*length).unwrap_or(0));
        bytes <= slice_bytes
    };
    lengths.iter().take(SLICE_MESSAGES_MAX).take_while(fits).count().max(1)
}
