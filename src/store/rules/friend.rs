//! Friendship between two users.

use diesel::result::Error::NotFound;

use crate::domain::error::Refusal;
use crate::domain::friendship::{self, FriendStep, FriendVerb};
use crate::domain::group::Who;
use crate::domain::id::UserId;
use crate::domain::user::UserPair;
use crate::store::Connection;
use crate::store::change::Done;
use crate::store::tables::{friendships, users};

use super::{Rules, Ruling, named};

impl Rules {
    pub(super) fn befriend(
        &self,
        conn: &mut Connection,
        me: UserId,
        verb: FriendVerb,
        who: &Who,
    ) -> Ruling<Done> {
        let Some(other) = named(conn, who)? else { return Ok(Err(Refusal::NoSuchName)) };
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
