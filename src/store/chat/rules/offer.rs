//! A group passes on to another owner: at once to a member who takes part in it, and else if he accepts.

use std::time::Duration;

use diesel::result::Error::NotFound;

use crate::domain::accounts::user::{User, UserPair};
use crate::domain::chat::group::{GroupVerb, Role};
use crate::domain::chat::refusal::ChatRefusal;
use crate::store::accounts::users;
use crate::store::chat::groups::{self, RosterEntry};
use crate::store::chat::offers::{self, Offer};
use crate::store::chat::unit_of_work::UnitOfWork;
use crate::store::engine::Connection;
use crate::store::engine::error::StoreError;

use crate::store::chat::rules::group::{Act, Outcome};
use crate::store::chat::rules::{Rules, Ruling};

/// How long an offer holds.
const LIFETIME: Duration = Duration::from_secs(7 * 24 * 60 * 60);

impl Rules {
    /// Makes a member the owner, or offers it to one who has never written in the group. Who blocks the
    /// owner hears nothing of it.
    pub(in crate::store) fn transfer(
        &self,
        unit: &mut UnitOfWork<'_>,
        act: &Act,
        user: User,
    ) -> Ruling<Outcome> {
        let Some(seat) = act.roster.seat(user.id) else {
            return Ok(Err(ChatRefusal::NoSuchMember.into()));
        };
        let Some(pair) = UserPair::new(act.me.user, user.id) else {
            return Ok(Ok(Outcome::of(Some(user), false)));
        };
        let hidden = unit.blocks(pair)?.hide(pair, act.me.user);
        if !hidden && !seat.unaware && act.roster.has_written(user.id) {
            self.pass_on(unit.conn(), act, seat)?;
            return Ok(Ok(Outcome::of(Some(user), true)));
        }
        let (conn, now) = (unit.conn(), self.clock.now());
        let (maker, heir) = (act.me.user, user.id);
        let pending = offers::of_group(conn, act.group)?;
        if pending.is_some_and(|offer| offer.is_good(maker, now) && offer.heir == heir) {
            return Ok(Ok(Outcome::aside(user, GroupVerb::Offer, Vec::new())));
        }
        let expires_at = now.after(LIFETIME);
        offers::set(conn, act.group, Offer { maker, heir, hidden, expires_at })?;
        // Of whoever made it, all sessions hear of it, whether the heir does or not.
        let told = [maker].into_iter().chain((!hidden).then_some(heir)).collect();
        Ok(Ok(Outcome::aside(user, GroupVerb::Offer, told)))
    }

    /// Whether the group was offered to who acts, so that he knows.
    pub(in crate::store) fn is_offered(&self, conn: &mut Connection, act: &Act) -> Ruling<()> {
        let (owner, now) = (act.roster.owner().ok_or(NotFound)?, self.clock.now());
        let offer = offers::of_group(conn, act.group)?;
        let known = offer.is_some_and(|offer| {
            offer.heir == act.me.user && !offer.hidden && offer.is_good(owner, now)
        });
        Ok(match known {
            true => Ok(()),
            false if act.me.unaware => Err(ChatRefusal::NotMember.into()),
            false => Err(ChatRefusal::NotOffered.into()),
        })
    }

    /// Who acts becomes the owner, as he was offered.
    pub(in crate::store) fn accept(&self, unit: &mut UnitOfWork<'_>, act: &Act) -> Ruling<Outcome> {
        let conn = unit.conn();
        let groups = groups::count_of(conn, act.me.user)?;
        if act.me.unaware && groups >= self.limits.groups_per_user_max {
            return Ok(Err(ChatRefusal::TooManyGroups.into()));
        }
        let me = users::by_id(conn, act.me.user)?.ok_or(NotFound)?;
        self.pass_on(conn, act, act.me)?;
        Ok(Ok(Outcome::of(Some(me), true)))
    }

    /// Makes the heir the owner, who was it a moderator, and forgets what was offered.
    fn pass_on(
        &self,
        conn: &mut Connection,
        act: &Act,
        heir: RosterEntry,
    ) -> Result<(), StoreError> {
        let now = self.clock.now();
        let former = act.roster.owner().and_then(|owner| act.roster.seat(owner)).ok_or(NotFound)?;
        groups::seat(conn, act.group, RosterEntry { role: Role::Moderator, ..former }, now)?;
        // Whose group it is must know of it.
        let owner = RosterEntry { role: Role::Owner, unaware: false, ..heir };
        groups::seat(conn, act.group, owner, now)?;
        offers::clear(conn, act.group)
    }
}

/// Who acts does not want what he was offered; its maker is told.
pub(in crate::store) fn decline(unit: &mut UnitOfWork<'_>, act: &Act) -> Ruling<Outcome> {
    let conn = unit.conn();
    offers::clear(conn, act.group)?;
    let me = users::by_id(conn, act.me.user)?.ok_or(NotFound)?;
    let told = [act.me.user].into_iter().chain(act.roster.owner()).collect();
    Ok(Ok(Outcome::aside(me, GroupVerb::Decline, told)))
}
