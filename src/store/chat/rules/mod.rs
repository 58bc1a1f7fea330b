//! The rules of the domain, applied to what is stored.
//!
//! Runs inside the writer's transaction, so what is read here cannot change before the commit. A
//! refusal is a value: it stores nothing and fails nothing.

mod friend;
mod group;
mod offer;

use std::sync::Arc;

use diesel::result::Error::NotFound;

use crate::domain::accounts::friendship::DmPolicy;
use crate::domain::accounts::name::Called;
use crate::domain::accounts::user::{User, UserPair};
use crate::domain::chat::group::Who;
use crate::domain::chat::message::{Content, Message, Nonce};
use crate::domain::chat::refusal::ChatRefusal;
use crate::domain::chat::room::{Recipients, RoomKey};
use crate::domain::clock::{Clock, Timestamp};
use crate::domain::error::Refusal;
use crate::domain::id::{MessageId, UserId};
use crate::domain::mint::IdMint;

use crate::store::accounts::{friendships, users};
use crate::store::chat::change::{Change, Done, To};
use crate::store::chat::ledger::Ledger;
use crate::store::chat::limits::ChatLimits;
use crate::store::chat::{hidings, read_marks};
use crate::store::engine::Connection;
use crate::store::engine::error::StoreError;

/// A value, or the domain's no; around both the store's own failure.
type Ruling<T> = Result<Result<T, Refusal>, StoreError>;

/// Applies changes.
pub struct Rules {
    /// Names new rooms.
    pub mint: Arc<IdMint>,
    /// Says when it happens.
    pub clock: Arc<dyn Clock>,
    /// How much a user may have.
    pub limits: ChatLimits,
}

/// A message that may be stored.
struct Draft<'a> {
    id: MessageId,
    room: RoomKey,
    author: UserId,
    content: &'a Content,
    nonce: Option<&'a Nonce>,
}

impl Rules {
    /// Applies one change.
    ///
    /// # Errors
    /// [`StoreError::Mint`], [`StoreError::Database`], [`StoreError::Corrupt`].
    pub(in crate::store) fn apply(
        &self,
        ledger: &mut Ledger<'_>,
        change: &Change,
    ) -> Result<Done, StoreError> {
        let ruling = match change {
            Change::Post { id, author, room, content, nonce, dm_policy } => {
                match writable(ledger, *author, *room, *dm_policy)? {
                    Ok(room) => {
                        let (id, author, nonce) = (*id, *author, nonce.as_ref());
                        Ok(self.post(ledger, &Draft { id, room, author, content, nonce })?)
                    }
                    Err(refusal) => Err(refusal),
                }
            }
            Change::Edit { author, room, message, content, dm_policy } => {
                match editable(ledger, *author, *room, *message)? {
                    Ok(message) => self.edit(ledger, message, content.as_ref(), *dm_policy)?,
                    Err(refusal) => Err(refusal),
                }
            }
            Change::Signal { to: To::Oneself, .. } => Ok(Done::Signalled(Recipients::nobody())),
            Change::Signal { author, to: To::Room(room), dm_policy, .. } => {
                match writable(ledger, *author, Some(*room), *dm_policy)? {
                    Ok(room) => Ok(Done::Signalled(ledger.recipients(room, *author)?)),
                    Err(refusal) => Err(refusal),
                }
            }
            Change::Read { reader, room, seq } => read(ledger, *reader, *room, *seq)?,
            Change::Group { actor, group, step } => self.group(ledger, *actor, *group, step)?,
            Change::Befriend { actor, verb, who } => self.befriend(ledger, *actor, *verb, who)?,
        };
        Ok(ruling.unwrap_or_else(Done::Refused))
    }

    fn post(&self, ledger: &mut Ledger<'_>, draft: &Draft<'_>) -> Result<Done, StoreError> {
        let &Draft { id, room: key, author, content, nonce } = draft;
        if let Some(first) = sent_before(ledger, author, nonce)? {
            return Ok(Done::Repeated(first));
        }
        if let RoomKey::Direct(pair) = key
            && ledger.room(key)?.is_none()
        {
            ledger.create_room(self.mint.room()?, pair)?;
        }
        ledger.note_author(key, author)?;
        let recipients = ledger.recipients(key, author)?;
        let hidden = !recipients.hidden_from.is_empty();
        let room = ledger.room(key)?.ok_or(NotFound)?;
        let (seq, created_at) = room.append(self.clock.now());
        let (room, rev) = (room.id, room.rev());
        let message = Message {
            id,
            room: key,
            author,
            seq,
            rev,
            content: content.as_str().to_owned(),
            created_at,
            edited_at: None,
            deleted: false,
            hidden,
            nonce: nonce.cloned(),
        };
        ledger.post(room, &message, nonce);
        ledger.hide(id, &recipients.hidden_from, false);
        Ok(Done::Posted(message, recipients))
    }

    fn edit(
        &self,
        ledger: &mut Ledger<'_>,
        mut message: Message,
        content: Option<&Content>,
        dm_policy: DmPolicy,
    ) -> Ruling<Done> {
        if content.is_some()
            && let Err(refusal) = writable(ledger, message.author, Some(message.room), dm_policy)?
        {
            return Ok(Err(refusal));
        }
        // What is changed while blocked is hidden as if it were written then, and stays so.
        let mut recipients = ledger.recipients(message.room, message.author)?;
        let before = match message.hidden {
            true => hidings::readers(ledger.written()?, message.id)?,
            false => Vec::new(),
        };
        let is_new = |reader: &UserId| !before.contains(reader);
        let new = recipients.hidden_from.iter().copied().filter(is_new);
        // Who does not know that he is in the room has seen nothing of it.
        let (withdrawn_from, unaware): (Vec<UserId>, Vec<UserId>) =
            new.partition(|reader| recipients.room.includes(*reader));
        ledger.hide(message.id, &withdrawn_from, true);
        ledger.hide(message.id, &unaware, false);
        recipients.hidden_from.extend(before);
        message.hidden = !recipients.hidden_from.is_empty();
        let room = ledger.room(message.room)?.ok_or(NotFound)?;
        room.edits = room.edits.saturating_add(1);
        message.rev = room.rev();
        let changed_at = message.edited_at.unwrap_or(message.created_at);
        message.edited_at = Some(Timestamp::strictly_after(self.clock.now(), Some(changed_at)));
        message.deleted = content.is_none();
        message.content = content.map_or_else(String::new, |text| text.as_str().to_owned());
        ledger.edit(&message)?;
        Ok(Ok(Done::Edited { message, recipients, withdrawn_from }))
    }
}

/// The message that the author has sent under this name before.
fn sent_before(
    ledger: &mut Ledger<'_>,
    author: UserId,
    nonce: Option<&Nonce>,
) -> Result<Option<Message>, StoreError> {
    let Some(nonce) = nonce else { return Ok(None) };
    let Some(id) = ledger.named(&(author, nonce.clone()))? else { return Ok(None) };
    let message = ledger.message(id)?;
    Ok(message.map(|message| Message { nonce: Some(nonce.clone()), ..message }))
}

/// The user whom somebody names.
fn named(conn: &mut Connection, who: &Who) -> Result<Option<User>, StoreError> {
    match who {
        Who::Id(id) => users::by_id(conn, *id),
        Who::Named(name) => match Called::new(name) {
            Some(called) => users::by_name(conn, &called),
            None => Ok(None),
        },
    }
}

/// The room, if `me` may write in it now.
fn writable(
    ledger: &mut Ledger<'_>,
    me: UserId,
    room: Option<RoomKey>,
    dm_policy: DmPolicy,
) -> Ruling<RoomKey> {
    let allowed = match room {
        None => Err(ChatRefusal::NoSuchPeer.into()),
        Some(key @ RoomKey::Direct(pair)) => {
            // Whoever has an open room is somebody.
            let exists = match ledger.room(key)? {
                Some(room) => !room.closed,
                None => users::by_id(ledger.conn(), pair.other(me))?.is_some(),
            };
            let allowed = exists && may_write(ledger.conn(), pair, dm_policy)?;
            if allowed { Ok(key) } else { Err(ChatRefusal::NoSuchPeer.into()) }
        }
        Some(key @ RoomKey::Group(group)) => {
            let seat = ledger.roster(group)?.and_then(|roster| roster.seat(me));
            let member = seat.is_some_and(|seat| !seat.unaware);
            if member { Ok(key) } else { Err(ChatRefusal::NotMember.into()) }
        }
    };
    Ok(allowed)
}

fn may_write(
    conn: &mut Connection,
    pair: UserPair,
    dm_policy: DmPolicy,
) -> Result<bool, StoreError> {
    // Saves a query where friendship makes no difference.
    Ok(dm_policy.may_write(None) || dm_policy.may_write(friendships::between(conn, pair)?))
}

/// The message, if it is the author's own, in that room, which he is in, and not deleted.
fn editable(
    ledger: &mut Ledger<'_>,
    author: UserId,
    room: Option<RoomKey>,
    message: Option<MessageId>,
) -> Ruling<Message> {
    if let Some(RoomKey::Group(_)) = room
        && let Err(refusal) = writable(ledger, author, room, DmPolicy::Anyone)?
    {
        return Ok(Err(refusal));
    }
    let (Some(key), Some(id)) = (room, message) else {
        return Ok(Err(ChatRefusal::NoSuchMessage.into()));
    };
    let own = ledger
        .message(id)?
        .filter(|message| message.author == author && message.room == key && !message.deleted);
    Ok(own.ok_or(Refusal::Chat(ChatRefusal::NoSuchMessage)))
}

/// A user has read up to a message.
fn read(ledger: &mut Ledger<'_>, reader: UserId, key: Option<RoomKey>, seq: i64) -> Ruling<Done> {
    let Some(key) = key else { return Ok(Err(ChatRefusal::NoSuchRoom.into())) };
    if matches!(key, RoomKey::Group(_))
        && let Err(refusal) = writable(ledger, reader, Some(key), DmPolicy::Anyone)?
    {
        return Ok(Err(refusal));
    }
    let Some(room) = ledger.room(key)? else { return Ok(Err(ChatRefusal::NoSuchRoom.into())) };
    let (id, seq) = (room.id, seq.clamp(0, room.seq));
    let before = read_marks::get(ledger.conn(), reader, id)?;
    if seq <= before {
        return Ok(Ok(Done::Read { room: key, seq: before, recipients: None }));
    }
    read_marks::set(ledger.conn(), reader, id, seq)?;
    let recipients = Some(ledger.recipients(key, reader)?);
    Ok(Ok(Done::Read { room: key, seq, recipients }))
}
