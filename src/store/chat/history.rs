//! Pages of a room's messages, at a cost that depends on the answer alone.
//!
//! The only index over all messages is (room, seq). Times and the revisions of sendings strictly
//! increase with seq, which has no holes, so the place of either is found in few steps. A page is handed over in slices, so that no number of long
//! messages is ever in memory at once.

use diesel::connection::DefaultLoadingMode;
use diesel::pg::PgRowByRowLoadingMode;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer};

use crate::domain::accounts::friendship::DmPolicy;
use crate::domain::chat::message::Message;
use crate::domain::chat::refusal::ChatRefusal;
use crate::domain::chat::room::RoomKey;
use crate::domain::clock::Timestamp;
use crate::domain::error::Refusal;
use crate::domain::id::{RoomId, UserId};
use crate::store::engine::Connection;
use crate::store::engine::error::StoreError;

use crate::store::accounts::{friendships, users};
use crate::store::chat::messages::{Row, RowType};
use crate::store::chat::rooms::{self, Room};
use crate::store::chat::visible::{messages_where, visible};
use crate::store::chat::{groups, nonces};
use crate::store::engine::statement::{Statement, Value};

/// The most messages in one slice, however short they are.
const SLICE_MESSAGES_MAX: usize = 1_000;

/// The first seq whose column is not below a value; that of the last message must not be.
///
/// All before `low` are below the value, `high` is not. The next seq to look at is where the value
/// would lie if the column grew evenly (few steps are needed then), and now and then the middle, so
/// that it takes few even if it grows by leaps.
macro_rules! first_not_below {
    ($column:literal) => {
        concat!(
            "WITH RECURSIVE place (low, high, low_at, high_at, turn, room, goal) AS ( \
             SELECT CASE WHEN m.",
            $column,
            " < g.goal THEN CAST(2 AS BIGINT) ELSE 1 END, CASE WHEN m.",
            $column,
            " < g.goal THEN g.last ELSE 1 END, m.",
            $column,
            ", g.last_at, 0, g.room, g.goal FROM (SELECT CAST(? AS BIGINT) AS room, \
             CAST(? AS BIGINT) AS last, CAST(? AS BIGINT) AS last_at, CAST(? AS BIGINT) AS goal) g \
             JOIN messages m ON m.room_id = g.room AND m.seq = 1 \
             UNION ALL SELECT CASE WHEN m.",
            $column,
            " < p.goal THEN m.seq + 1 ELSE p.low END, CASE WHEN m.",
            $column,
            " < p.goal THEN p.high ELSE m.seq END, CASE WHEN m.",
            $column,
            " < p.goal THEN m.",
            $column,
            " ELSE p.low_at END, CASE WHEN m.",
            $column,
            " < p.goal THEN p.high_at ELSE m.",
            $column,
            " END, p.turn + 1, p.room, p.goal FROM place p JOIN messages m ON m.room_id = p.room \
             AND m.seq = CASE WHEN p.turn % 4 = 3 THEN (p.low + p.high) / 2 ELSE \
             p.low + CAST(CAST(p.goal - p.low_at AS DOUBLE PRECISION) / (p.high_at - p.low_at) \
             * (p.high - p.low - 1) AS BIGINT) END WHERE p.low < p.high) \
             SELECT low FROM place WHERE low = high"
        )
    };
}

const FIRST_BY_TIME: &str = first_not_below!("created_at");
pub(in crate::store) const FIRST_BY_REV: &str = first_not_below!("sent_rev");

const NEWEST: &str = messages_where!("seq < ? AND NOT deleted ORDER BY seq DESC LIMIT ?");
const BETWEEN: &str = messages_where!("seq >= ? AND seq < ? AND NOT deleted ORDER BY seq");
const AFTER: &str = messages_where!("seq > ? AND NOT deleted ORDER BY seq LIMIT ?");
const PAGE_START: &str = concat!(
    "SELECT seq FROM messages WHERE room_id = ? AND ",
    visible!(),
    " AND seq < ? AND NOT deleted ORDER BY seq DESC LIMIT 1 OFFSET ?"
);
const LENGTHS: &str = concat!(
    "SELECT seq, octet_length(content) FROM messages WHERE room_id = ? AND ",
    visible!(),
    " AND seq >= ? AND seq < ? AND NOT deleted ORDER BY seq LIMIT ?"
);

/// Where a page ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Before {
    /// Strictly before this moment.
    Moment(Timestamp),
    /// Strictly before this message.
    Seq(i64),
}

/// Where to look in a room: before a message or a moment, or after a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The newest before it.
    Before(i64),
    /// The newest before it.
    BeforeMoment(Timestamp),
    /// The oldest after it.
    After(i64),
}

/// Which page: the newest `count` messages before a place that are not deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    pub me: UserId,
    /// Which room; `None` where the address can be nobody's.
    pub room: Option<RoomKey>,
    pub before: Before,
    /// At most so many.
    pub count: u32,
    /// Whether the reader wants to know his own names for his messages.
    pub named: bool,
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
    me: UserId,
    room: RoomId,
    key: RoomKey,
    /// The first seq.
    start: i64,
    /// The seq after the last.
    end: i64,
    named: bool,
}

impl HistoryRest {
    /// Who reads.
    pub fn reader(&self) -> UserId {
        self.me
    }
}

/// The oldest slice of a page, unless no room can be read at that address
/// ([`ChatRefusal::NoSuchRoom`]: nobody there, oneself, or nobody one may write to and has never
/// exchanged a message with, `dm_policy` being whom users may write to; [`ChatRefusal::NotMember`]).
///
/// A slice ends before the message that takes its text over `slice_bytes`, but holds at least one.
///
/// # Errors
/// [`StoreError::Database`], [`StoreError::Corrupt`].
pub fn history(
    conn: &mut Connection,
    page: &Page,
    dm_policy: DmPolicy,
    slice_bytes: usize,
) -> Result<Result<HistorySlice, Refusal>, StoreError> {
    let Some(key) = page.room else { return Ok(Err(ChatRefusal::NoSuchRoom.into())) };
    let room = match readable(conn, page.me, key, dm_policy)? {
        Ok(Some(room)) => room,
        Ok(None) => return Ok(Ok(HistorySlice { messages: Vec::new(), next: None })),
        Err(refusal) => return Ok(Err(refusal)),
    };
    let end = match page.before {
        Before::Moment(moment) => first_seq_not_before(conn, &room, moment)?,
        Before::Seq(seq) => seq,
    };
    if let Some(mut messages) = newest(conn, &room, page, end, slice_bytes)? {
        if page.named {
            nonces::name_own(conn, page.me, &mut messages)?;
        }
        return Ok(Ok(HistorySlice { messages, next: None }));
    }
    let start = page_start(conn, &room, page, end)?;
    let (me, named) = (page.me, page.named);
    let whole = HistoryRest { me, room: room.id, key, start, end, named };
    history_rest(conn, &whole, slice_bytes).map(Ok)
}

/// A room that `me` may read, `None` if it is one that nothing was ever written in.
///
/// # Errors
/// [`StoreError::Database`].
pub fn readable(
    conn: &mut Connection,
    me: UserId,
    key: RoomKey,
    dm_policy: DmPolicy,
) -> Result<Result<Option<Room>, Refusal>, StoreError> {
    match key {
        RoomKey::Group(group) if !groups::is_member(conn, group, me)? => {
            Ok(Err(ChatRefusal::NotMember.into()))
        }
        RoomKey::Group(_) => Ok(Ok(rooms::find(conn, key)?)),
        RoomKey::Direct(pair) => {
            if let Some(room) = rooms::of_pair(conn, pair)? {
                return Ok(Ok(Some(room)));
            }
            let readable = users::by_id(conn, pair.other(me))?.is_some()
                && dm_policy.may_write(friendships::between(conn, pair)?);
            Ok(if readable { Ok(None) } else { Err(ChatRefusal::NoSuchRoom.into()) })
        }
    }
}

/// Messages of a room next to a place that are not deleted, as `me` sees them, oldest first: at most `count`, and
/// fewer if their text is longer than `bytes_max`; and whether there are more of them.
///
/// # Errors
/// As [`history`].
pub fn next_to(
    conn: &mut Connection,
    room: &Room,
    (me, place, count): (UserId, Place, u32),
    bytes_max: usize,
) -> Result<(Vec<Message>, bool), StoreError> {
    let (sql, seq) = match place {
        Place::Before(seq) => (NEWEST, seq),
        Place::BeforeMoment(moment) => (NEWEST, first_seq_not_before(conn, room, moment)?),
        Place::After(seq) => (AFTER, seq),
    };
    let limit = i64::from(count).saturating_add(1);
    let values = [room.id.get(), me.get(), seq, limit].map(Value::Int);
    let query = Statement::<RowType>::new(sql, &values);
    let (mut rows, all) = fitting_of(conn, query, bytes_max)?;
    let fitting = rows.len();
    rows.truncate(usize::try_from(count).unwrap_or(usize::MAX));
    let more = !all || rows.len() < fitting;
    if !matches!(place, Place::After(_)) {
        rows.reverse();
    }
    let messages: Result<Vec<Message>, StoreError> =
        rows.into_iter().map(|row| row.into_message(room.key)).collect();
    let mut messages = messages?;
    nonces::name_own(conn, me, &mut messages)?;
    Ok((messages, more))
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
    let ids = [rest.room.get(), rest.me.get(), rest.start, end];
    let values = ids.map(Value::Int);
    let rows: Vec<Row> = Statement::<RowType>::new(BETWEEN, &values).load(conn)?;
    let messages = rows.into_iter().map(|row| row.into_message(rest.key));
    let mut messages: Vec<Message> = messages.collect::<Result<_, _>>()?;
    if rest.named {
        nonces::name_own(conn, rest.me, &mut messages)?;
    }
    Ok(HistorySlice { messages, next })
}

/// The seq of the first message at or after a moment; that of the next message if there is none.
fn first_seq_not_before(
    conn: &mut Connection,
    room: &Room,
    before: Timestamp,
) -> Result<i64, StoreError> {
    match room.last_at {
        Some(last_at) if last_at >= before => {
            first_not_below(conn, FIRST_BY_TIME, room, (before.micros(), last_at.micros()))
        }
        Some(_) | None => Ok(room.seq.saturating_add(1)),
    }
}

/// The first seq whose column is not below `least`, where that of the last message is `last`.
pub(in crate::store) fn first_not_below(
    conn: &mut Connection,
    sql: &'static str,
    room: &Room,
    (least, last): (i64, i64),
) -> Result<i64, StoreError> {
    let [id, end, last, least] = [room.id.get(), room.seq, last, least].map(Value::Int);
    let values = [id, end, last, least];
    let found: Vec<i64> = Statement::<BigInt>::new(sql, &values).load(conn)?;
    found.into_iter().next().ok_or(StoreError::Database(diesel::NotFound))
}

/// The newest messages of a page that ends before `end`, oldest first; `None` if they may not fit into a slice.
fn newest(
    conn: &mut Connection,
    room: &Room,
    page: &Page,
    end: i64,
    slice_bytes: usize,
) -> Result<Option<Vec<Message>>, StoreError> {
    if usize::try_from(page.count).is_ok_and(|count| count > SLICE_MESSAGES_MAX) {
        return Ok(None);
    }
    let values = [room.id.get(), page.me.get(), end, page.count.into()].map(Value::Int);
    let query = Statement::<RowType>::new(NEWEST, &values);
    let (rows, all) = fitting_of(conn, query, slice_bytes)?;
    if !all {
        return Ok(None);
    }
    rows.into_iter().rev().map(|row| row.into_message(room.key)).collect::<Result<_, _>>().map(Some)
}

/// What fits of a query's rows, read row by row to stop in time; and whether these are all.
fn fitting_of(
    conn: &mut Connection,
    query: Statement<'_, RowType>,
    bytes_max: usize,
) -> QueryResult<(Vec<Row>, bool)> {
    match conn {
        Connection::Sqlite(sqlite) => {
            fitting_rows(query.load_iter::<Row, DefaultLoadingMode>(sqlite)?, bytes_max)
        }
        Connection::Postgres(postgres) => {
            fitting_rows(query.load_iter::<Row, PgRowByRowLoadingMode>(postgres)?, bytes_max)
        }
    }
}

/// Rows until there is more text in them, but at least one; and whether these are all.
fn fitting_rows(
    rows: impl Iterator<Item = QueryResult<Row>>,
    bytes_max: usize,
) -> QueryResult<(Vec<Row>, bool)> {
    let (mut fitting, mut bytes) = (Vec::new(), 0_usize);
    for row in rows {
        let row = row?;
        bytes = bytes.saturating_add(row.content.len());
        if bytes > bytes_max && !fitting.is_empty() {
            return Ok((fitting, false));
        }
        fitting.push(row);
    }
    Ok((fitting, true))
}

/// The seq at which a page of messages before `end` starts.
fn page_start(
    conn: &mut Connection,
    room: &Room,
    page: &Page,
    end: i64,
) -> Result<i64, StoreError> {
    let skipped = i64::from(page.count).saturating_sub(1);
    let values = [room.id.get(), page.me.get(), end, skipped].map(Value::Int);
    let oldest: Vec<i64> = Statement::<BigInt>::new(PAGE_START, &values).load(conn)?;
    // Fewer than `count`: the page reaches to the first message.
    Ok(oldest.first().copied().unwrap_or(1))
}

/// The seq and length of the next messages, one more than a slice can hold.
fn lengths(conn: &mut Connection, rest: &HistoryRest) -> Result<Vec<(i64, i32)>, StoreError> {
    let limit = i64::try_from(SLICE_MESSAGES_MAX).unwrap_or(i64::MAX).saturating_add(1);
    let values = [rest.room.get(), rest.me.get(), rest.start, rest.end, limit].map(Value::Int);
    Statement::<(BigInt, Integer)>::new(LENGTHS, &values).load(conn)
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
