//! Following a room from outside of it: what has changed, in the order of its revisions.

use super::message::Message;
use super::room::RoomKey;
use crate::domain::clock::Timestamp;
use crate::domain::id::{RoomId, UserId};

/// How far somebody has come who follows a room.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RoomPlace {
    /// The last message of which it is known that it was sent, as of all before it.
    pub seq: i64,
    /// Up to which revision the changes of these are known.
    pub rev: i64,
}

/// What has become of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoomChangeKind {
    /// It was sent since; it may have been edited since, too.
    Sent,
    Edited,
    /// It is there no more, or not for anybody but its author.
    Deleted,
}

/// A message of a room that has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomChange {
    pub kind: RoomChangeKind,
    /// As it is now; without text if it is deleted.
    pub message: Message,
}

/// What somebody wants to know of a room.
#[derive(Clone, Copy, Debug)]
pub struct RoomAsked {
    pub id: RoomId,
    pub key: RoomKey,
    /// What is known. None: nothing, and then it is wanted from a moment on.
    pub after: Option<RoomPlace>,
    /// What was changed before is not wanted.
    pub since: Timestamp,
    /// Who must be able to see it, beside others than its author; None: anybody.
    pub reader: Option<UserId>,
    /// At most so many changes.
    pub count: u32,
    /// At most so much text, in bytes, but one message.
    pub bytes_max: usize,
}

/// What has changed in a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomChanges {
    /// In the order of the revisions. Where there are more, edits of these may be of an earlier revision than what is new here.
    pub changes: Vec<RoomChange>,
    /// How far they reach.
    pub place: RoomPlace,
    /// Whether there are more.
    pub more: bool,
}
