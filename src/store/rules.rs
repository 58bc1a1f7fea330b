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
use crate::domain::message::{Content, Message};
use crate::domain::mint::IdMint;
use crate::domain::user::{UserName, UserPair};

use super::Connection;
use super::change::{Change, Done};
use super::error::StoreError;
use super::tables::{friendships, messages, rooms, users};

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
}

impl Rules {
    /// Applies one change.
    ///
    /// # Errors
    /// [`StoreError::Mint`], [`StoreError::Database`], [`StoreError::Corrupt`].
    pub fn apply(&self, conn: &mut Connection, change: &Change) -> Result<Done, StoreError> {
        let ruling = match change {
            Change::Post { id, author, peer, content, audience } => {
                match writable(conn, *author, *peer, *audience)? {
                    Ok(pair) => {
                        let draft = Draft { id: *id, pair, author: *author, content };
                        Ok(Done::Posted(self.post(conn, &draft)?))
                    }
                    Err(refusal) => Err(refusal),
                }
            }
            Change::Edit { author, peer, message, content, audience } => {
                match editable(conn, *author, *peer, *message)? {
                    Ok(found) => self.edit(conn, found, content.as_ref(), *audience)?,
                    Err(refusal) => Err(refusal),
                }
            }
            Change::Befriend { actor, verb, name } => self.befriend(conn, *actor, *verb, name)?,
        };
        Ok(ruling.unwrap_or_else(Done::Refused))
    }

    fn post(&self, conn: &mut Connection, draft: &Draft<'_>) -> Result<Message, StoreError> {
        let &Draft { id, pair, author, content } = draft;
        let room = match rooms::of_pair(conn, pair)? {
            Some(room) => room,
            None => rooms::create(conn, self.mint.room()?, pair)?,
        };
        let created_at = Timestamp::strictly_after(self.clock.now(), room.last_at);
        let seq = room.seq.saturating_add(1);
        let rev = room.rev.saturating_add(1);
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
        };
        messages::insert(conn, room.id, &message)?;
        rooms::update(conn, &rooms::Room { seq, rev, last_at: Some(created_at), ..room })?;
        Ok(message)
    }

    fn edit(
        &self,
        conn: &mut Connection,
        found: messages::Found,
        content: Option<&Content>,
        audience: Audience,
    ) -> Ruling<Done> {
        let messages::Found { room, mut message } = found;
        if content.is_some() && !may_write(conn, message.pair, audience)? {
            return Ok(Err(Refusal::NoSuchPeer));
        }
        message.rev = room.rev.saturating_add(1);
        let changed_at = message.edited_at.unwrap_or(message.created_at);
        message.edited_at = Some(Timestamp::strictly_after(self.clock.now(), Some(changed_at)));
        message.deleted = content.is_none();
        message.content = content.map_or_else(String::new, |text| text.as_str().to_owned());
        messages::update(conn, &message)?;
        rooms::update(conn, &rooms::Room { rev: message.rev, ..room })?;
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

/// The pair of `me` and a `peer` whom I may write to now.
fn writable(
    conn: &mut Connection,
    me: UserId,
    peer: Option<UserId>,
    audience: Audience,
) -> Ruling<UserPair> {
    let Some(peer) = peer else { return Ok(Err(Refusal::NoSuchPeer)) };
    let Some(pair) = UserPair::new(me, peer) else { return Ok(Err(Refusal::NoSuchPeer)) };
    let allowed = users::by_id(conn, peer)?.is_some() && may_write(conn, pair, audience)?;
    Ok(if allowed { Ok(pair) } else { Err(Refusal::NoSuchPeer) })
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
    conn: &mut Connection,
    author: UserId,
    peer: Option<UserId>,
    message: Option<MessageId>,
) -> Ruling<messages::Found> {
    let (Some(pair), Some(message)) = (peer.and_then(|peer| UserPair::new(author, peer)), message)
    else {
        return Ok(Err(Refusal::NoSuchMessage));
    };
    let found = messages::find(conn, message)?.filter(|found| {
        found.message.author == author && found.message.pair == pair && !found.message.deleted
    });
    Ok(found.ok_or(Refusal::NoSuchMessage))
}
