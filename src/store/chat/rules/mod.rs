//! The rules of the domain, applied to what is stored.
//!
//! Runs inside the writer's transaction, so what is read here cannot change before the commit. A
//! refusal is a value: it stores nothing and fails nothing.

mod friend;
mod group;
mod offer;

use std::sync::Arc;

use diesel::result::Error::NotFound;

use crate::domain::accounts::command::AccountsWrite;
use crate::domain::accounts::name::Called;
use crate::domain::accounts::user::User;
use crate::domain::accounts::user::Who;
use crate::domain::chat::command::ChatWrite;
use crate::domain::chat::event::ChatEvent;
use crate::domain::chat::message::{Content, Message, Nonce};
use crate::domain::chat::refusal::ChatRefusal;
use crate::domain::chat::room::RoomKey;
use crate::domain::clock::{Clock, Timestamp};
use crate::domain::command::Change;
use crate::domain::error::Refusal;
use crate::domain::id::{MessageId, UserId};
use crate::domain::mint::IdMint;
use crate::domain::news::{News, Recipients};
use crate::domain::principal::Mailbox;

use crate::store::accounts::{friendships, users};
use crate::store::chat::command::{ChatCommand, ChatOutcome, Ephemeral};
use crate::store::chat::limits::ChatLimits;
use crate::store::chat::unit_of_work::UnitOfWork;
use crate::store::chat::{hidden_messages, read_marks};
use crate::store::engine::Connection;
use crate::store::engine::error::StoreError;

/// A value, or the domain's no; around both the store's own failure.
type Ruling<T> = Result<Result<T, Refusal>, StoreError>;

/// Applies changes.
pub struct Rules {
    /// Names new rooms and groups, and messages that come without an id.
    pub mint: Arc<IdMint>,
    pub clock: Arc<dyn Clock>,
    pub limits: ChatLimits,
}

impl Rules {
    /// Applies one change.
    ///
    /// # Errors
    /// [`StoreError::Mint`], [`StoreError::Database`], [`StoreError::Corrupt`].
    pub(in crate::store) fn apply(
        &self,
        unit: &mut UnitOfWork<'_>,
        command: &ChatCommand,
    ) -> Result<ChatOutcome, StoreError> {
        let &ChatCommand { by, ref change, id } = command;
        let ruling = match change {
            Change::Accounts(AccountsWrite::Befriend { verb, who }) => {
                self.befriend(unit, by, *verb, who)
            }
            Change::Chat(ChatWrite::Post { room, content, nonce, .. }) => {
                self.post(unit, (by, *room), (content, nonce.as_ref()), id)
            }
            Change::Chat(ChatWrite::Edit { room, message, content }) => {
                self.edit(unit, (by, *room, *message), content.as_ref())
            }
            Change::Chat(ChatWrite::Signal { peer, signal }) => {
                let ephemeral = Ephemeral::Signal { to: *peer, signal: signal.clone() };
                match RoomKey::direct(by, *peer) {
                    Some(room) => self.pass(unit, (by, room), ephemeral),
                    // To oneself.
                    None => Ok(Ok(ChatOutcome::Allowed(ephemeral, Recipients::of(Vec::new())))),
                }
            }
            Change::Chat(ChatWrite::Type { room, typing }) => match *room {
                Some(room) => {
                    let ephemeral = Ephemeral::Typing { room, typing: *typing };
                    self.pass(unit, (by, room), ephemeral)
                }
                None => Ok(Err(ChatRefusal::NoSuchPeer.into())),
            },
            Change::Chat(ChatWrite::Read { room, seq }) => self.read(unit, by, *room, *seq),
            Change::Chat(ChatWrite::Group { group, step }) => self.group(unit, by, *group, step),
        };
        Ok(ruling?.unwrap_or_else(ChatOutcome::Refused))
    }

    /// A message; its id comes with it, or from the mint.
    fn post(
        &self,
        unit: &mut UnitOfWork<'_>,
        (author, room): (UserId, Option<RoomKey>),
        (content, nonce): (&Content, Option<&Nonce>),
        id: Option<MessageId>,
    ) -> Ruling<ChatOutcome> {
        let key = match self.writable(unit, author, room)? {
            Ok(key) => key,
            Err(refusal) => return Ok(Err(refusal)),
        };
        if let Some(first) = sent_before(unit, author, nonce)? {
            return Ok(Ok(ChatOutcome::Answered(ChatEvent::MessageRepeated(first).into())));
        }
        let id = id.map_or_else(|| self.mint.message(), Ok)?;
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
        Ok(Ok(News { event, by: Some(author), recipients }.into()))
    }

    /// Another text for one's own message, or none, which deletes it.
    fn edit(
        &self,
        unit: &mut UnitOfWork<'_>,
        (author, room, message): (UserId, Option<RoomKey>, Option<MessageId>),
        content: Option<&Content>,
    ) -> Ruling<ChatOutcome> {
        let mut message = match self.editable(unit, author, room, message)? {
            Ok(message) => message,
            Err(refusal) => return Ok(Err(refusal)),
        };
        if content.is_some()
            && let Err(refusal) = self.writable(unit, author, Some(message.room))?
        {
            return Ok(Err(refusal));
        }
        // What is changed while blocked is hidden as if it were written then, and stays so.
        let mut recipients = unit.recipients(message.room, author)?;
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
        let (by, event) = (Some(author), ChatEvent::MessageEdited(message).into());
        Ok(Ok(ChatOutcome::Told { news: News { event, by, recipients }, before }))
    }

    /// What is told and not stored may be told to whom its author may write.
    fn pass(
        &self,
        unit: &mut UnitOfWork<'_>,
        (author, room): (UserId, RoomKey),
        ephemeral: Ephemeral,
    ) -> Ruling<ChatOutcome> {
        Ok(match self.writable(unit, author, Some(room))? {
            Ok(room) => Ok(ChatOutcome::Allowed(ephemeral, unit.recipients(room, author)?)),
            Err(refusal) => Err(refusal),
        })
    }

    /// A user has read up to a message.
    fn read(
        &self,
        unit: &mut UnitOfWork<'_>,
        reader: UserId,
        key: Option<RoomKey>,
        seq: i64,
    ) -> Ruling<ChatOutcome> {
        let Some(key) = key else { return Ok(Err(ChatRefusal::NoSuchRoom.into())) };
        if matches!(key, RoomKey::Group(_))
            && let Err(refusal) = self.writable(unit, reader, Some(key))?
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

    /// The room, if `me` may write in it now.
    fn writable(
        &self,
        unit: &mut UnitOfWork<'_>,
        me: UserId,
        room: Option<RoomKey>,
    ) -> Ruling<RoomKey> {
        let allowed = match room {
            None => Err(ChatRefusal::NoSuchPeer.into()),
            Some(key @ RoomKey::Direct(pair)) => {
                // Whoever has an open room is somebody.
                let exists = match unit.room(key)? {
                    Some(room) => !room.closed,
                    None => users::by_id(unit.conn(), pair.other(me))?.is_some(),
                };
                let policy = self.limits.dm_policy;
                // Saves a query where friendship makes no difference.
                let allowed = exists
                    && (policy.may_write(None)
                        || policy.may_write(friendships::between(unit.conn(), pair)?));
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

    /// The message, if it is the author's own, in that room, which he is in, and not deleted.
    fn editable(
        &self,
        unit: &mut UnitOfWork<'_>,
        author: UserId,
        room: Option<RoomKey>,
        message: Option<MessageId>,
    ) -> Ruling<Message> {
        if let Some(RoomKey::Group(_)) = room
            && let Err(refusal) = self.writable(unit, author, room)?
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
