//! The rules of the domain, applied to what is stored.
//!
//! Runs inside the writer's transaction, so what is read here cannot change before the commit. A
//! refusal is a value: it stores nothing and fails nothing.

use std::sync::Arc;

use diesel::result::Error::NotFound;

use crate::domain::clock::{Clock, Timestamp};
use crate::domain::error::Refusal;
use crate::domain::friendship::{self, Audience, FriendStep, FriendVerb};
use crate::domain::id::{MessageId, UserId};
use crate::domain::message::{Content, Message, Nonce};
use crate::domain::mint::IdMint;
use crate::domain::user::{UserName, UserPair};

use super::Connection;
use super::change::{Change, Done};
use super::error::StoreError;
use super::ledger::Ledger;
use super::tables::{friendships, users};

/// A value, or the domain's no; around both the store's own failure.
type Ruling<T> = Result<Result<T, Refusal>, StoreError>;

/// Applies changes.
pub(super) struct Rules {
    /// Names new rooms.
    pub mint: Arc<IdMint>,
    /// Says when it happens.
    pub clock: Arc<dyn Clock>,
}

/// A message that may be stored.
struct Draft<'a> {
    id: MessageId,
    pair: UserPair,
    author: UserId,
    content: &'a Content,
    nonce: Option<&'a Nonce>,
}

impl Rules {
    /// Applies one change.
    ///
    /// # Errors
    /// [`StoreError::Mint`], [`StoreError::Database`], [`StoreError::Corrupt`].
    pub fn apply(&self, ledger: &mut Ledger<'_>, change: &Change) -> Result<Done, StoreError> {
        let ruling = match change {
            Change::Post { id, author, peer, content, nonce, audience } => {
                match writable(ledger, *author, *peer, *audience)? {
                    Ok(pair) => {
                        let (id, author, nonce) = (*id, *author, nonce.as_ref());
                        Ok(self.post(ledger, &Draft { id, pair, author, content, nonce })?)
                    }
                    Err(refusal) => Err(refusal),
                }
            }
            Change::Edit { author, peer, message, content, audience } => {
                match editable(ledger, *author, *peer, *message)? {
                    Ok(message) => self.edit(ledger, message, content.as_ref(), *audience)?,
                    Err(refusal) => Err(refusal),
                }
            }
            Change::Signal { author, peer, audience, .. } => {
                signal(ledger, *author, *peer, *audience)?
            }
            Change::Befriend { actor, verb, name } => {
                self.befriend(ledger.conn(), *actor, *verb, name)?
            }
        };
        Ok(ruling.unwrap_or_else(Done::Refused))
    }

    fn post(&self, ledger: &mut Ledger<'_>, draft: &Draft<'_>) -> Result<Done, StoreError> {
        let &Draft { id, pair, author, content, nonce } = draft;
        if let Some(first) = sent_before(ledger, author, nonce)? {
            return Ok(Done::Repeated(first));
        }
        if ledger.room(pair)?.is_none() {
            ledger.create_room(self.mint.room()?, pair)?;
        }
        let hidden = ledger.blocks(pair)?.hide(pair, author);
        let room = ledger.room(pair)?.ok_or(NotFound)?;
        let (seq, created_at) = room.append(self.clock.now());
        let (room, rev) = (room.id, room.rev());
        let message = Message {
            id,
            pair,
            author,
            seq,
            rev,
            content: content.as_str().to_owned(),
            created_at,
            edited_at: None,
            deleted: false,
            hidden,
        };
        ledger.post(room, &message, nonce);
        Ok(Done::Posted(message))
    }

    fn edit(
        &self,
        ledger: &mut Ledger<'_>,
        mut message: Message,
        content: Option<&Content>,
        audience: Audience,
    ) -> Ruling<Done> {
        if content.is_some() && !may_write(ledger.conn(), message.pair, audience)? {
            return Ok(Err(Refusal::NoSuchPeer));
        }
        // What is changed while blocked is hidden as if it were written then, and stays so.
        message.hidden |= ledger.blocks(message.pair)?.hide(message.pair, message.author);
        let room = ledger.room(message.pair)?.ok_or(NotFound)?;
        room.edits = room.edits.saturating_add(1);
        message.rev = room.rev();
        let changed_at = message.edited_at.unwrap_or(message.created_at);
        message.edited_at = Some(Timestamp::strictly_after(self.clock.now(), Some(changed_at)));
        message.deleted = content.is_none();
        message.content = content.map_or_else(String::new, |text| text.as_str().to_owned());
        ledger.edit(&message)?;
        Ok(Ok(Done::Edited(message)))
    }

    fn befriend(
        &self,
        conn: &mut Connection,
        me: UserId,
        verb: FriendVerb,
        name: &str,
    ) -> Ruling<Done> {
        let Some(name) = UserName::parse(name) else { return Ok(Err(Refusal::NoSuchName)) };
        let Some(other) = users::by_name(conn, &name)? else {
            return Ok(Err(Refusal::NoSuchName));
        };
        let Some(pair) = UserPair::new(me, other.id) else { return Ok(Err(alone(verb))) };
        let state = friendships::between(conn, pair)?;
        let step = match friendship::step(state, pair, me, verb) {
            Ok(step) => step,
            Err(refusal) => return Ok(Err(refusal)),
        };
        match step {
            FriendStep::Keep => (),
            FriendStep::Set(state) => friendships::set(conn, pair, state, self.clock.now())?,
            FriendStep::Clear => friendships::clear(conn, pair)?,
        }
        let actor = users::by_id(conn, me)?.ok_or(NotFound)?;
        let changed = step != FriendStep::Keep;
        Ok(Ok(Done::Befriended { actor, other: other.id, verb, changed }))
    }
}

/// What it means to do `verb` to oneself.
fn alone(verb: FriendVerb) -> Refusal {
    match verb {
        FriendVerb::Request => Refusal::Oneself,
        FriendVerb::Accept | FriendVerb::Discard => Refusal::NotRequested,
        FriendVerb::End => Refusal::NotFriend,
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
    ledger.message(id)
}

/// The pair of `me` and a `peer` whom I may write to now.
fn writable(
    ledger: &mut Ledger<'_>,
    me: UserId,
    peer: Option<UserId>,
    audience: Audience,
) -> Ruling<UserPair> {
    let Some(peer) = peer else { return Ok(Err(Refusal::NoSuchPeer)) };
    let Some(pair) = UserPair::new(me, peer) else { return Ok(Err(Refusal::NoSuchPeer)) };
    // Whoever has a room is somebody.
    let exists = ledger.room(pair)?.is_some() || users::by_id(ledger.conn(), peer)?.is_some();
    let allowed = exists && may_write(ledger.conn(), pair, audience)?;
    Ok(if allowed { Ok(pair) } else { Err(Refusal::NoSuchPeer) })
}

/// Whether `me` may do something to `peer` now, which nothing is stored of.
fn signal(ledger: &mut Ledger<'_>, me: UserId, peer: UserId, audience: Audience) -> Ruling<Done> {
    let Some(pair) = UserPair::new(me, peer) else {
        return Ok(Ok(Done::Signalled { hidden: false }));
    };
    if !may_write(ledger.conn(), pair, audience)? {
        return Ok(Err(Refusal::NoSuchPeer));
    }
    Ok(Ok(Done::Signalled { hidden: ledger.blocks(pair)?.hide(pair, me) }))
}

fn may_write(
    conn: &mut Connection,
    pair: UserPair,
    audience: Audience,
) -> Result<bool, StoreError> {
    // Saves a query where friendship makes no difference.
    Ok(audience.may_write(None) || audience.may_write(friendships::between(conn, pair)?))
}

/// The message, if it is the author's own, in the room with `peer`, and not deleted.
fn editable(
    ledger: &mut Ledger<'_>,
    author: UserId,
    peer: Option<UserId>,
    message: Option<MessageId>,
) -> Ruling<Message> {
    let (Some(pair), Some(id)) = (peer.and_then(|peer| UserPair::new(author, peer)), message)
    else {
        return Ok(Err(Refusal::NoSuchMessage));
    };
    let own = ledger
        .message(id)?
        .filter(|message| message.author == author && message.pair == pair && !message.deleted);
    Ok(own.ok_or(Refusal::NoSuchMessage))
}
