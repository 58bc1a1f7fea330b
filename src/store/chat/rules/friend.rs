//! Friendship between two users.

use diesel::result::Error::NotFound;

use crate::domain::accounts::event::AccountsEvent;
use crate::domain::accounts::friendship::{self, FriendStep, FriendVerb};
use crate::domain::accounts::refusal::AccountsRefusal;
use crate::domain::accounts::user::UserPair;
use crate::domain::accounts::user::Who;
use crate::domain::id::UserId;
use crate::domain::news::News;
use crate::store::accounts::quotas::{self, Quota};
use crate::store::accounts::{friendships, users};
use crate::store::chat::command::ChatOutcome;
use crate::store::chat::unit_of_work::UnitOfWork;

use crate::store::chat::rules::{Rules, Ruling, named};

impl Rules {
    pub(in crate::store) fn befriend(
        &self,
        unit: &mut UnitOfWork<'_>,
        me: UserId,
        verb: FriendVerb,
        who: &Who,
    ) -> Ruling<ChatOutcome> {
        let Some(other) = named(unit.conn(), who)? else {
            return Ok(Err(AccountsRefusal::NoSuchName.into()));
        };
        let Some(pair) = UserPair::new(me, other.id) else { return Ok(Err(alone(verb).into())) };
        let blocks = unit.blocks(pair)?;
        let (conn, now) = (unit.conn(), self.clock.now());
        let stored = friendships::between(conn, pair)?;
        let state = match blocks.hide(pair, other.id) {
            true => stored.and_then(|state| state.without_request_of(other.id, pair)),
            false => stored,
        };
        let step = match friendship::step(state, pair, me, verb) {
            Ok(step) => step,
            Err(refusal) => return Ok(Err(refusal.into())),
        };
        match step {
            FriendStep::Keep => (),
            FriendStep::Set(state) => {
                if verb == FriendVerb::Request
                    && let Some(most) = self.limits.friend_requests_per_day
                    && let Err(refusal) =
                        quotas::take(conn, me, (Quota::FriendRequests, most), now)?
                {
                    return Ok(Err(refusal.into()));
                }
                friendships::set(conn, pair, state, now)?;
            }
            FriendStep::Clear => friendships::clear(conn, pair)?,
        }
        let actor = users::by_id(conn, me)?.ok_or(NotFound)?;
        let hidden = verb.is_unheard() && blocks.hide(pair, me);
        let told = step != FriendStep::Keep && !hidden;
        let event = AccountsEvent::Befriended { verb, by: actor, to: other.id };
        Ok(Ok(match told {
            true => News::to(vec![other.id.into()], event).into(),
            false => ChatOutcome::Answered(event.into()),
        }))
    }
}

/// What it means to do `verb` to oneself.
fn alone(verb: FriendVerb) -> AccountsRefusal {
    match verb {
        FriendVerb::Request => AccountsRefusal::Oneself,
        FriendVerb::Accept | FriendVerb::Discard | FriendVerb::Withdraw => {
            AccountsRefusal::NotRequested
        }
        FriendVerb::End => AccountsRefusal::NotFriend,
    }
}
