//! What has changed in a room since somebody looked last who is not in it, at a cost that depends on the answer alone.
//!
//! What is new is found by its place in the room, however often it has been edited since, and so is told first as new;
//! edits of what is known are found by their revision. First it is seen what there is, and then as much of it is read as
//! is wanted.

use std::collections::HashMap;

use diesel::sql_types::{BigInt, Bool};

use crate::domain::chat::following::{
    RoomAsked, RoomChange, RoomChangeKind, RoomChanges, RoomPlace,
};
use crate::domain::chat::room::RoomKey;
use crate::domain::id::{RoomId, UserId};
use crate::store::chat::messages::{self, Row};
use crate::store::chat::rooms;
use crate::store::chat::visible::known_to_others;
use crate::store::engine::Connection;
use crate::store::engine::error::StoreError;
use crate::store::engine::statement::{Statement, Value};

/// Heads of messages that have changed.
macro_rules! heads_where {
    ($rest:literal) => {
        concat!(
            "SELECT m.id, m.seq, m.rev, m.deleted, \
             CAST(octet_length(m.content) AS BIGINT), ",
            known_to_others!(),
            " FROM messages m WHERE m.room_id = ? AND ",
            $rest
        )
    };
}

const SENT: &str = heads_where!("m.seq > ? ORDER BY m.seq LIMIT ?");
const EDITED: &str = heads_where!(
    "m.rev > ? AND m.edited_at IS NOT NULL AND m.edited_at >= ? ORDER BY m.rev LIMIT ?"
);
/// The last message that was sent before a moment: from the newest backwards, so over what came since alone.
const BEFORE: &str = "SELECT seq, sent_rev FROM messages WHERE room_id = ? AND created_at < ? \
    ORDER BY seq DESC LIMIT 1";

type HeadType = (BigInt, BigInt, BigInt, Bool, BigInt, BigInt);
type HeadRow = (i64, i64, i64, bool, i64, i64);

/// What is known of a message that has changed before it is read.
struct MessageHead {
    id: i64,
    seq: i64,
    rev: i64,
    is_deleted: bool,
    bytes: usize,
    /// Whether others see it.
    is_seen: bool,
    /// Whether others could see it once.
    is_withdrawn: bool,
    /// Where its turn is: not before what was sent earlier.
    turn: i64,
}

/// Heads of messages, and how far they reach.
struct FoundHeads {
    heads: Vec<MessageHead>,
    place: RoomPlace,
    more: bool,
}

impl From<HeadRow> for MessageHead {
    fn from((id, seq, rev, is_deleted, bytes, known): HeadRow) -> Self {
        let (is_seen, is_withdrawn) = (known == 0, known == 1);
        let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
        Self { id, seq, rev, is_deleted, bytes, is_seen, is_withdrawn, turn: rev }
    }
}

impl MessageHead {
    /// What is told of it; None for what nobody but its author has ever seen, or is gone before anybody was told.
    const fn kind(&self, known: RoomPlace) -> Option<RoomChangeKind> {
        let is_new = self.seq > known.seq;
        match (self.is_seen && !self.is_deleted, is_new) {
            (true, true) => Some(RoomChangeKind::Sent),
            (true, false) => Some(RoomChangeKind::Edited),
            (false, false) if self.is_seen || self.is_withdrawn => Some(RoomChangeKind::Deleted),
            (false, _) => None,
        }
    }
}

/// Which room it is; None if nothing was ever written in a room of two.
///
/// # Errors
/// [`StoreError::Database`], [`StoreError::Corrupt`].
pub fn room_id(conn: &mut Connection, key: RoomKey) -> Result<Option<RoomId>, StoreError> {
    match key {
        RoomKey::Group(group) => Ok(Some(group.room())),
        RoomKey::Direct(pair) => Ok(rooms::of_pair(conn, pair)?.map(|room| room.id)),
    }
}

/// What has changed in a room, of which others than its author may know. Changes of one message that came one after another are
/// one: how it is now.
///
/// # Errors
/// As [`room_id`].
pub fn changes(conn: &mut Connection, asked: &RoomAsked) -> Result<RoomChanges, StoreError> {
    let known = match asked.after {
        Some(place) => place,
        None => place_before(conn, asked)?,
    };
    let FoundHeads { mut heads, place, more } = heads(conn, asked, known)?;
    heads.retain(|head| head.kind(known).is_some());
    let ids: Vec<i64> = heads.iter().map(|head| head.id).collect();
    let rows = messages::by_ids(conn, &ids)?;
    let mut rows: HashMap<i64, Row> = rows.into_iter().map(|row| (row.id, row)).collect();
    let mut changes = Vec::with_capacity(heads.len());
    for head in &heads {
        let (Some(kind), Some(row)) = (head.kind(known), rows.remove(&head.id)) else { continue };
        let mut message = row.into_message(asked.key)?;
        if kind == RoomChangeKind::Deleted {
            message.content.clear();
        }
        changes.push(RoomChange { kind, message });
    }
    // As they were done, where they come together.
    changes.sort_by_key(|change| change.message.rev);
    Ok(RoomChanges { changes, place, more })
}

fn place_before(conn: &mut Connection, asked: &RoomAsked) -> Result<RoomPlace, StoreError> {
    let values = [asked.id.get(), asked.since.micros()].map(Value::Int);
    let last: Vec<(i64, i64)> = Statement::<(BigInt, BigInt)>::new(BEFORE, &values).load(conn)?;
    Ok(last.first().map_or_else(RoomPlace::default, |&(seq, rev)| RoomPlace { seq, rev }))
}

/// What has changed, as far as it is wanted, in the order of the turns.
///
/// A new message has its turn with its last revision, but not before those that were sent earlier: so what is new is taken
/// in the order of the sending without gaps, and a place in the room says of each message whether it has been told. Up
/// to the last turn taken all is told: what changes later has a later revision than any that is seen here.
fn heads(
    conn: &mut Connection,
    asked: &RoomAsked,
    known: RoomPlace,
) -> Result<FoundHeads, StoreError> {
    let (reader, room) = (asked.reader.map_or(0, UserId::get), asked.id.get());
    let limit = i64::from(asked.count).saturating_add(1);
    let sent = [reader, reader, room, known.seq, limit].map(Value::Int);
    let since = asked.since.micros();
    let edited = [reader, reader, room, known.rev, since, limit].map(Value::Int);
    let sent: Vec<HeadRow> = Statement::<HeadType>::new(SENT, &sent).load(conn)?;
    let edited: Vec<HeadRow> = Statement::<HeadType>::new(EDITED, &edited).load(conn)?;
    let most = usize::try_from(asked.count).unwrap_or(usize::MAX);
    // There may be more edits: nothing later than the last of these is taken, or one of them would be passed over.
    let bound = edited.last().filter(|_| edited.len() > most).map(|&(_, _, rev, ..)| rev);
    let edited = edited.into_iter().map(MessageHead::from).filter(|head| head.seq <= known.seq);
    let mut turn = known.rev;
    let sent = sent.into_iter().map(|row| {
        let head = MessageHead::from(row);
        turn = turn.max(head.rev);
        MessageHead { turn, ..head }
    });
    let mut heads: Vec<MessageHead> = sent.chain(edited).collect();
    heads.sort_by_key(|head| head.turn);
    let found = heads.len();
    heads.retain(|head| bound.is_none_or(|bound| head.turn <= bound));
    let (bounded, taken) = (heads.len(), fitting(&heads, most, asked.bytes_max));
    heads.truncate(taken);
    let reached = match bound {
        Some(bound) if taken == bounded => bound,
        _ => heads.last().map_or(known.rev, |head| head.turn),
    };
    let seq = heads.iter().map(|head| head.seq).fold(known.seq, i64::max);
    let place = RoomPlace { seq, rev: known.rev.max(reached) };
    Ok(FoundHeads { heads, place, more: taken < found || bound.is_some() })
}

/// How many of these fit, one at least if there is any.
fn fitting(heads: &[MessageHead], most: usize, bytes_max: usize) -> usize {
    let mut bytes = 0_usize;
    let fits = |head: &&MessageHead| {
        bytes = bytes.saturating_add(head.bytes);
        bytes <= bytes_max
    };
    heads.iter().take(most).take_while(fits).count().max(1).min(heads.len())
}
