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
use crate::domain::accounts::user::Who;
use crate::domain::accounts::user::{User, UserPair};
use crate::domain::chat::event::ChatEvent;
use crate::domain::chat::message::{Content, Message, Nonce};
use crate::domain::chat::refusal::ChatRefusal;
use crate::domain::chat::room::RoomKey;
use crate::domain::clock::{Clock, Timestamp};
use crate::domain::error::Refusal;
use crate::domain::id::{MessageId, UserId};
use crate::domain::mint::IdMint;
use crate::domain::news::{News, Recipients};
use crate::domain::principal::Mailbox;

use crate::store::accounts::{friendships, users};
use crate::store::chat::command::{ChatCommand, To};
use crate::store::chat::limits::ChatLimits;
use crate::store::chat::outcome::ChatOutcome;
use crate::store::chat::unit_of_work::UnitOfWork;
use crate::store::chat::{hidden_messages, read_marks};
use crate::store::engine::Connection;
use crate::store::engine::error::StoreError;

/// A value, or the domain's no; around both the store's own failure.
type Ruling<T> = Result<Result<T, Refusal>, StoreError>;

/// Applies changes.
pub struct Rules {
    /// Names new rooms.
    pub mint: Arc<IdMint>,
    pub clock: Arc<dyn Clock>,
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
        unit: &mut UnitOfWork<'_>,
        change: &ChatCommand,
    ) -> Result<ChatOutcome, StoreError> {
        let ruling = match change {
            ChatCommand::Post { id, author, room, content, nonce, dm_policy } => {
                match writable(unit, *author, *room, *dm_policy)? {
                    Ok(room) => {
                        let (id, author, nonce) = (*id, *author, nonce.as_ref());
                        Ok(self.post(unit, &Draft { id, room, author, content, nonce })?)
                    }
                    Err(refusal) => Err(refusal),
                }
            }
            ChatCommand::Edit { author, room, message, content, dm_policy } => {
                match editable(unit, *author, *room, *message)? {
                    Ok(message) => self.edit(unit, message, content.as_ref(), *dm_policy)?,
                    Err(refusal) => Err(refusal),
                }
            }
            ChatCommand::Signal { to: To::Oneself, .. } => {
                Ok(ChatOutcome::Allowed(Recipients::of(Vec::new())))
            }
            ChatCommand::Signal { author, to: To::Room(room), dm_policy, .. } => {
                match writable(unit, *author, Some(*room), *dm_policy)? {
                    Ok(room) => Ok(ChatOutcome::Allowed(unit.recipients(room, *author)?)),
                    Err(refusal) => Err(refusal),
                }
            }
            ChatCommand::Read { reader, room, seq } => read(unit, *reader, *room, *seq)?,
            ChatCommand::Group { actor, group, step } => self.group(unit, *actor, *group, step)?,
            ChatCommand::Befriend { actor, verb, who } => {
                self.befriend(unit, *actor, *verb, who)?
            }
        };
        Ok(ruling.unwrap_or_else(ChatOutcome::Refused))
    }

    fn post(
        &self,
        unit: &mut UnitOfWork<'_>,
        draft: &Draft<'_>,
    ) -> Result<ChatOutcome, StoreError> {
        let &Draft { id, room: key, author, content, nonce } = draft;
        if let Some(first) = sent_before(unit, author, nonce)? {
            return Ok(ChatOutcome::Answered(ChatEvent::MessageRepeated(first).into()));
        }
        if let RoomKey::Direct(pair) = key
            && unit.room(key)?.is_none()
        {
            unit.create_room(self.mint.room()?, pair)?;
        }
        unit.note_author(key, author)?;
        let recipients = unit.recipients(key, author)?;
        let hidden = !recipients.hidden_from.is_empty();
        let room = unit.room(key)?.ok_or(NotFound)?;
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
        unit.post(room, &message, nonce);
        unit.hide(id, &recipients.hidden_from, false);
        let event = ChatEvent::MessagePosted(message).into();
        Ok(News { event, by: Some(author), recipients }.into())
    }

    fn edit(
        &self,
        unit: &mut UnitOfWork<'_>,
        mut message: Message,
        content: Option<&Content>,
        dm_policy: DmPolicy,
    ) -> Ruling<ChatOutcome> {
        if content.is_some()
            && let Err(refusal) = writable(unit, message.author, Some(message.room), dm_policy)?
        {
            return Ok(Err(refusal));
        }
        // What is changed while blocked is hidden as if it were written then, and stays so.
        let mut recipients = unit.recipients(message.room, message.author)?;
        let before = match message.hidden {
            true => hidden_messages::readers(unit.written()?, message.id)?,
            false => Vec::new(),
        };
        let is_new = |reader: &UserId| !before.contains(reader);
        let new = recipients.hidden_from.iter().copied().filter(is_new);
        // Who does not know that he is in the room has seen nothing of it.
        let (withdrawn_from, unaware): (Vec<UserId>, Vec<UserId>) =
            new.partition(|reader| recipients.circle.includes(*reader));
        unit.hide(message.id, &withdrawn_from, true);
        unit.hide(message.id, &unaware, false);
        recipients.hidden_from.extend(before);
        message.hidden = !recipients.hidden_from.is_empty();
        let room = unit.room(message.room)?.ok_or(NotFound)?;
        room.edits = room.edits.saturating_add(1);
        message.rev = room.rev();
        let changed_at = message.edited_at.unwrap_or(message.created_at);
        message.edited_at = Some(Timestamp::strictly_after(self.clock.now(), Some(changed_at)));
        message.deleted = content.is_none();
        message.content = content.map_or_else(String::new, |text| text.as_str().to_owned());
        unit.edit(&message)?;
        let before = withdrawal(&message, &withdrawn_from).into_iter().collect();
        let (by, event) = (Some(message.author), ChatEvent::MessageEdited(message).into());
        Ok(Ok(ChatOutcome::Told { news: News { event, by, recipients }, before }))
    }
}

/// What those are told who could see a message, and cannot any more: that it is gone.
fn withdrawal(message: &Message, from: &[UserId]) -> Option<News> {
    if from.is_empty() {
        return None;
    }
    let message = Message { content: String::new(), deleted: true, ..message.clone() };
    let from = from.iter().copied().map(Mailbox::User).collect();
    Some(News::to(from, ChatEvent::MessageWithdrawn(message)))
}

/// The message that the author has sent under this name before.
fn sent_before(
    unit: &mut UnitOfWork<'_>,
    author: UserId,
    nonce: Option<&Nonce>,
) -> Result<Option<Message>, StoreError> {
    let Some(nonce) = nonce else { return Ok(None) };
    let Some(id) = unit.named(&(author, nonce.clone()))? else { return Ok(None) };
    let message = unit.message(id)?;
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
    unit: &mut UnitOfWork<'_>,
    me: UserId,
    room: Option<RoomKey>,
    dm_policy: DmPolicy,
) -> Ruling<RoomKey> {
    let allowed = match room {
        None => Err(ChatRefusal::NoSuchPeer.into()),
        Some(key @ RoomKey::Direct(pair)) => {
            // Whoever has an open room is somebody.
            let exists = match unit.room(key)? {
                Some(room) => !room.closed,
                None => users::by_id(unit.conn(), pair.other(me))?.is_some(),
            };
            let allowed = exists && may_write(unit.conn(), pair, dm_policy)?;
            if allowed { Ok(key) } else { Err(ChatRefusal::NoSuchPeer.into()) }
        }
        Some(key @ RoomKey::Group(group)) => {
            let seat = unit.roster(group)?.and_then(|roster| roster.seat(me));
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
    unit: &mut UnitOfWork<'_>,
    author: UserId,
    room: Option<RoomKey>,
    message: Option<MessageId>,
) -> Ruling<Message> {
    if let Some(RoomKey::Group(_)) = room
        && let Err(refusal) = writable(unit, author, room, DmPolicy::Anyone)?
    {
        return Ok(Err(refusal));
    }
    let (Some(key), Some(id)) = (room, message) else {
        return Ok(Err(ChatRefusal::NoSuchMessage.into()));
    };
    let own = unit
        .message(id)?
        .filter(|message| message.author == author && message.room == key && !message.deleted);
    Ok(own.ok_or(Refusal::Chat(ChatRefusal::NoSuchMessage)))
}

/// A user has read up to a message.
fn read(
    unit: &mut UnitOfWork<'_>,
    reader: UserId,
    key: Option<RoomKey>,
    seq: i64,
) -> Ruling<ChatOutcome> {
    let Some(key) = key else { return Ok(Err(ChatRefusal::NoSuchRoom.into())) };
    if matches!(key, RoomKey::Group(_))
        && let Err(refusal) = writable(unit, reader, Some(key), DmPolicy::Anyone)?
    {
        return Ok(Err(refusal));
    }
    let Some(room) = unit.room(key)? else { return Ok(Err(ChatRefusal::NoSuchRoom.into())) };
    let (id, seq) = (room.id, seq.clamp(0, room.seq));
    let before = read_marks::get(unit.conn(), reader, id)?;
    let event = |seq| ChatEvent::Read { user: reader, room: key, seq }.into();
    if seq <= before {
        return Ok(Ok(ChatOutcome::Answered(event(before))));
    }
    read_marks::set(unit.conn(), reader, id, seq)?;
    let recipients = unit.recipients(key, reader)?;
    Ok(Ok(News { event: event(seq), by: Some(reader), recipients }.into()))
}
