//! What has changed in a room since somebody looked last who is not in it, at a cost that depends on the answer alone.
//!
//! As [`changes`](crate::store::chat::changes) does it for members: sendings are found by their place in the room, and
//! what was edited by its revision. First it is seen what there is, and then as much of it is read as is wanted.

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
            "SELECT m.id, m.seq, m.rev, m.sent_rev, m.edited_at IS NOT NULL, m.deleted, \
             CAST(octet_length(m.content) AS BIGINT), ",
            known_to_others!(),
            " FROM messages m WHERE m.room_id = ? AND ",
            $rest
        )
    };
}

const SENT: &str = heads_where!("m.seq > ? AND m.edited_at IS NULL ORDER BY m.seq LIMIT ?");
const EDITED: &str = heads_where!(
    "m.rev > ? AND m.edited_at IS NOT NULL AND m.edited_at >= ? ORDER BY m.rev LIMIT ?"
);
/// The last message that was sent before a moment: from the newest backwards, so over what came since alone.
const BEFORE: &str = "SELECT seq, sent_rev FROM messages WHERE room_id = ? AND created_at < ? \
    ORDER BY seq DESC LIMIT 1";

type HeadType = (BigInt, BigInt, BigInt, BigInt, Bool, Bool, BigInt, BigInt);
type HeadRow = (i64, i64, i64, i64, bool, bool, i64, i64);

/// What is known of a message that has changed before it is read.
struct MessageHead {
    id: i64,
    seq: i64,
    rev: i64,
    sent_rev: i64,
    is_edited: bool,
    is_deleted: bool,
    bytes: usize,
    /// Whether others see it.
    is_seen: bool,
    /// Whether others could see it once.
    is_withdrawn: bool,
}

impl From<HeadRow> for MessageHead {
    fn from(row: HeadRow) -> Self {
        let (id, seq, rev, sent_rev, is_edited, is_deleted, bytes, known) = row;
        let (is_seen, is_withdrawn) = (known == 0, known == 1);
        let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
        Self { id, seq, rev, sent_rev, is_edited, is_deleted, bytes, is_seen, is_withdrawn }
    }
}

impl MessageHead {
    /// What is told of it; None for what nobody but its author has ever seen.
    fn kind(&self, known: RoomPlace) -> Option<RoomChangeKind> {
        let is_new = self.sent_rev > known.rev;
        match (self.is_seen, self.is_withdrawn) {
            (true, _) if self.is_deleted => Some(RoomChangeKind::Deleted),
            (true, _) if is_new => Some(RoomChangeKind::Sent),
            (true, _) => Some(RoomChangeKind::Edited),
            (false, true) if !is_new => Some(RoomChangeKind::Deleted),
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
    let (mut heads, more) = heads(conn, asked, known)?;
    let place = heads.iter().fold(known, |place, head| RoomPlace {
        seq: if head.is_edited { place.seq } else { place.seq.max(head.seq) },
        rev: place.rev.max(head.rev),
    });
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
    Ok(RoomChanges { changes, place, more })
}

fn place_before(conn: &mut Connection, asked: &RoomAsked) -> Result<RoomPlace, StoreError> {
    let values = [asked.id.get(), asked.since.micros()].map(Value::Int);
    let last: Vec<(i64, i64)> = Statement::<(BigInt, BigInt)>::new(BEFORE, &values).load(conn)?;
    Ok(last.first().map_or_else(RoomPlace::default, |&(seq, rev)| RoomPlace { seq, rev }))
}

/// What has changed, as far as it is wanted, in the order of the revisions; and whether there is more.
fn heads(
    conn: &mut Connection,
    asked: &RoomAsked,
    known: RoomPlace,
) -> Result<(Vec<MessageHead>, bool), StoreError> {
    let (reader, room) = (asked.reader.map_or(0, UserId::get), asked.id.get());
    let limit = i64::from(asked.count).saturating_add(1);
    let sent = [reader, reader, room, known.seq, limit].map(Value::Int);
    let since = asked.since.micros();
    let edited = [reader, reader, room, known.rev, since, limit].map(Value::Int);
    let mut rows: Vec<HeadRow> = Statement::<HeadType>::new(SENT, &sent).load(conn)?;
    rows.extend(Statement::<HeadType>::new(EDITED, &edited).load::<HeadRow>(conn)?);
    let mut heads: Vec<MessageHead> = rows.into_iter().map(MessageHead::from).collect();
    heads.sort_unstable_by_key(|head| head.rev);
    let mut bytes = 0_usize;
    let fits = |head: &&MessageHead| {
        bytes = bytes.saturating_add(head.bytes);
        bytes <= asked.bytes_max
    };
    let most = usize::try_from(asked.count).unwrap_or(usize::MAX);
    let fitting = heads.iter().take(most).take_while(fits).count().max(1);
    let more = heads.len() > fitting;
    heads.truncate(fitting);
    Ok((heads, more))
}
