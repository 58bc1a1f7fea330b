//! What is done to groups.

use std::sync::Arc;

use diesel::result::Error::NotFound;

use crate::domain::accounts::friendship::Friendship;
use crate::domain::accounts::refusal::AccountsRefusal;
use crate::domain::accounts::user::{User, UserPair};
use crate::domain::chat::event::ChatEvent;
use crate::domain::chat::group::{
    self, AddedBy, Group, GroupChange, GroupStep, GroupVerb, Role, Title,
};
use crate::domain::chat::refusal::ChatRefusal;
use crate::domain::id::{GroupId, UserId};
use crate::domain::news::{Circle, News, Recipients};
use crate::domain::principal::Mailbox;
use crate::store::accounts::quotas::{self, Quota};
use crate::store::accounts::{friendships, own, users};
use crate::store::chat::command::ChatOutcome;
use crate::store::chat::groups::{self, Roster, RosterEntry};
use crate::store::chat::unit_of_work::UnitOfWork;
use crate::store::chat::{hidden_messages, rooms};
use crate::store::engine::error::StoreError;

use crate::store::chat::rules::offer::decline;
use crate::store::chat::rules::{Rules, Ruling, named};

/// A member who acts, and where.
pub(in crate::store) struct Act {
    pub me: RosterEntry,
    pub group: GroupId,
    pub roster: Arc<Roster>,
    verb: GroupVerb,
}

/// Somebody to whom something was done, and whether that has changed anything.
pub(in crate::store) struct Outcome {
    user: Option<User>,
    role: Option<Role>,
    changed: bool,
    /// Told besides the members there are afterwards, if he knew of the group.
    gone: Option<UserId>,
    /// What is not told to all members: what was done, and who hears of it.
    aside: Option<(GroupVerb, Vec<UserId>)>,
}

impl Outcome {
    pub(in crate::store) fn of(user: Option<User>, changed: bool) -> Self {
        Self { user, role: None, changed, gone: None, aside: None }
    }

    /// Something that changes nothing yet, and is told to these only.
    pub(in crate::store) fn aside(user: User, verb: GroupVerb, told: Vec<UserId>) -> Self {
        Self { aside: Some((verb, told)), ..Self::of(Some(user), false) }
    }
}

impl Rules {
    /// Applies one step of a user to a group.
    pub(in crate::store) fn group(
        &self,
        unit: &mut UnitOfWork<'_>,
        me: UserId,
        group: Option<GroupId>,
        step: &GroupStep,
    ) -> Ruling<ChatOutcome> {
        let verb = step.verb();
        if let GroupStep::Create(title) = step {
            return self.create(unit, me, title);
        }
        let Some(group) = group else { return Ok(Err(ChatRefusal::NotMember.into())) };
        let Some(roster) = unit.roster(group)? else {
            return Ok(Err(ChatRefusal::NotMember.into()));
        };
        let Some(me) = roster.seat(me) else { return Ok(Err(ChatRefusal::NotMember.into())) };
        let act = Act { me, group, roster, verb };
        if matches!(step, GroupStep::Accept | GroupStep::Decline) {
            // Also of one who does not know that he is in it.
            if let Err(refusal) = self.is_offered(unit.conn(), &act)? {
                return Ok(Err(refusal));
            }
        } else if me.unaware {
            return Ok(Err(ChatRefusal::NotMember.into()));
        }
        let ended = describe(unit, group)?;
        let outcome = match self.step(unit, &act, step)? {
            Ok(outcome) => outcome,
            Err(refusal) => return Ok(Err(refusal)),
        };
        if outcome.changed {
            unit.touch(group)?;
        }
        let after = unit.roster(group)?;
        let group = describe(unit, group)?.or(ended).ok_or(NotFound)?;
        let Outcome { user, role, changed, gone, aside } = outcome;
        let (verb, told) = match aside {
            Some((verb, told)) if told.is_empty() => (verb, None),
            Some((verb, told)) => {
                (verb, Some(Recipients::of(told.into_iter().map(Mailbox::User).collect())))
            }
            None if changed => {
                let members = after.as_ref().unwrap_or(&act.roster).membership(gone);
                (verb, Some(Recipients::all(Circle::Group(members))))
            }
            None => (verb, None),
        };
        let change = GroupChange { verb, group, user, role, by: act.me.user };
        Ok(Ok(outcome_of(change, told)))
    }

    fn create(&self, unit: &mut UnitOfWork<'_>, me: UserId, title: &Title) -> Ruling<ChatOutcome> {
        if groups::count_of(unit.conn(), me)? >= self.limits.groups_per_user_max {
            return Ok(Err(ChatRefusal::TooManyGroups.into()));
        }
        let (group, now) = (self.mint.group()?, self.clock.now());
        let conn = unit.settled()?;
        rooms::create_group(conn, group)?;
        groups::create(conn, group, title.as_str(), now)?;
        groups::seat(
            conn,
            group,
            RosterEntry { user: me, role: Role::Owner, unaware: false },
            now,
        )?;
        let group = describe(unit, group)?.ok_or(NotFound)?;
        let verb = GroupVerb::Create;
        let change = GroupChange { verb, group, user: None, role: None, by: me };
        Ok(Ok(outcome_of(change, Some(Recipients::of(vec![me.into()])))))
    }

    fn step(&self, unit: &mut UnitOfWork<'_>, act: &Act, step: &GroupStep) -> Ruling<Outcome> {
        let allowed = |target| group::may(act.me.role, act.verb, target);
        let target = match step {
            GroupStep::Create(_)
            | GroupStep::Rename(_)
            | GroupStep::Leave
            | GroupStep::Accept
            | GroupStep::Decline
            | GroupStep::Delete => None,
            // Who may not do it to anybody is told so before anything about the target.
            GroupStep::Kick(_)
            | GroupStep::Ban(_)
            | GroupStep::Unban(_)
            | GroupStep::SetRole(..)
            | GroupStep::Transfer(_)
                if !allowed(None) =>
            {
                return Ok(Err(ChatRefusal::NotAllowed.into()));
            }
            GroupStep::Add(who)
            | GroupStep::Kick(who)
            | GroupStep::Ban(who)
            | GroupStep::Unban(who)
            | GroupStep::SetRole(who, _)
            | GroupStep::Transfer(who) => match named(unit.conn(), who)? {
                Some(user) => Some(user),
                None => return Ok(Err(AccountsRefusal::NoSuchName.into())),
            },
        };
        let seat = target.as_ref().and_then(|user| act.roster.seat(user.id));
        if !allowed(seat.map(|seat| seat.role)) {
            return Ok(Err(ChatRefusal::NotAllowed.into()));
        }
        match (step, target) {
            (GroupStep::Rename(title), _) => rename(unit, act, title),
            (GroupStep::Leave, _) => leave(unit, act),
            (GroupStep::Delete, _) => end(unit, act),
            (GroupStep::Accept, _) => self.accept(unit, act),
            (GroupStep::Decline, _) => decline(unit, act),
            (GroupStep::Add(_), Some(user)) => self.add(unit, act, user),
            (GroupStep::Kick(_), Some(user)) => kick(unit, act, user),
            (GroupStep::Ban(_), Some(user)) => self.ban(unit, act, user),
            (GroupStep::Unban(_), Some(user)) => {
                groups::unban(unit.conn(), act.group, user.id)?;
                // Nobody but the one who has asked needs to know.
                Ok(Ok(Outcome::of(Some(user), false)))
            }
            (GroupStep::SetRole(_, role), Some(user)) => self.set_role(unit, act, user, *role),
            (GroupStep::Transfer(_), Some(user)) => self.transfer(unit, act, user),
            (GroupStep::Create(_), _) | (_, None) => Ok(Err(ChatRefusal::NotAllowed.into())),
        }
    }

    fn add(&self, unit: &mut UnitOfWork<'_>, act: &Act, user: User) -> Ruling<Outcome> {
        let Some(pair) = UserPair::new(act.me.user, user.id) else {
            return Ok(Ok(Outcome::of(Some(user), false)));
        };
        let unaware = unit.blocks(pair)?.hide(pair, act.me.user);
        let seat = act.roster.seat(user.id);
        // Unless he is now added by somebody whom he does not block, he is what he was.
        if seat.is_some_and(|seat| !seat.unaware || unaware) {
            return Ok(Ok(Outcome::of(Some(user), false)));
        }
        if friendships::between(unit.conn(), pair)? != Some(Friendship::Friends) {
            return Ok(Err(AccountsRefusal::NotFriend.into()));
        }
        if own::added_by(unit.conn(), user.id)? == AddedBy::Nobody {
            return Ok(Err(ChatRefusal::NotAddable.into()));
        }
        if groups::is_banned(unit.conn(), act.group, user.id)? {
            return Ok(Err(ChatRefusal::Banned.into()));
        }
        if seat.is_none() && act.roster.seats.len() >= self.limits.members_max {
            return Ok(Err(ChatRefusal::GroupFull.into()));
        }
        let groups = groups::count_of(unit.conn(), user.id)?;
        if groups >= self.limits.groups_per_user_max {
            return Ok(Err(ChatRefusal::TooManyGroups.into()));
        }
        let now = self.clock.now();
        // Who is blocked cannot use up his day, and cannot tell by that.
        let day = if unaware { Quota::HiddenAdditions } else { Quota::Additions };
        if let Some(most) = self.limits.additions_per_day
            && let Err(refusal) = quotas::take(unit.conn(), user.id, (day, most), now)?
        {
            return Ok(Err(refusal.into()));
        }
        let conn = unit.written()?;
        hidden_messages::hide_past(conn, act.group, user.id)?;
        let seat = RosterEntry { user: user.id, role: Role::Member, unaware };
        groups::seat(conn, act.group, seat, now)?;
        Ok(Ok(Outcome::of(Some(user), true)))
    }

    fn ban(&self, unit: &mut UnitOfWork<'_>, act: &Act, user: User) -> Ruling<Outcome> {
        groups::ban(unit.conn(), act.group, user.id, self.clock.now())?;
        match act.roster.seat(user.id) {
            Some(_) => kick(unit, act, user),
            None => Ok(Ok(Outcome::of(Some(user), false))),
        }
    }

    fn set_role(
        &self,
        unit: &mut UnitOfWork<'_>,
        act: &Act,
        user: User,
        role: Role,
    ) -> Ruling<Outcome> {
        let Some(seat) = act.roster.seat(user.id) else {
            return Ok(Err(ChatRefusal::NoSuchMember.into()));
        };
        // A group has one owner, and passes on by `Transfer`.
        if seat.role == Role::Owner || role == Role::Owner {
            return Ok(Err(ChatRefusal::NotAllowed.into()));
        }
        let changed = seat.role != role;
        if changed {
            groups::seat(unit.conn(), act.group, RosterEntry { role, ..seat }, self.clock.now())?;
        }
        Ok(Ok(Outcome { role: Some(role), ..Outcome::of(Some(user), changed) }))
    }
}

/// A change that is told, or that has changed nothing.
fn outcome_of(change: GroupChange, told: Option<Recipients>) -> ChatOutcome {
    let (by, event) = (Some(change.by), ChatEvent::GroupChanged(change).into());
    match told {
        Some(recipients) => News { event, by, recipients }.into(),
        None => ChatOutcome::Answered(event),
    }
}

fn rename(unit: &mut UnitOfWork<'_>, act: &Act, title: &Title) -> Ruling<Outcome> {
    let head = groups::head(unit.conn(), act.group)?.ok_or(NotFound)?;
    let changed = head.title != title.as_str();
    if changed {
        groups::rename(unit.conn(), act.group, title.as_str())?;
    }
    Ok(Ok(Outcome::of(None, changed)))
}

fn leave(unit: &mut UnitOfWork<'_>, act: &Act) -> Ruling<Outcome> {
    let me = users::by_id(unit.conn(), act.me.user)?.ok_or(NotFound)?;
    if act.me.role != Role::Owner {
        return kick(unit, act, me);
    }
    if act.roster.seats.len() > 1 {
        return Ok(Err(ChatRefusal::OwnerStays.into()));
    }
    let ended = end(unit, act)?;
    Ok(ended.map(|outcome| Outcome { user: Some(me), ..outcome }))
}

fn kick(unit: &mut UnitOfWork<'_>, act: &Act, user: User) -> Ruling<Outcome> {
    let Some(seat) = act.roster.seat(user.id) else {
        return Ok(Err(ChatRefusal::NoSuchMember.into()));
    };
    groups::unseat(unit.conn(), act.group, user.id)?;
    let gone = (!seat.unaware).then_some(user.id);
    Ok(Ok(Outcome { gone, ..Outcome::of(Some(user), true) }))
}

fn end(unit: &mut UnitOfWork<'_>, act: &Act) -> Ruling<Outcome> {
    groups::delete(unit.settled()?, act.group)?;
    Ok(Ok(Outcome::of(None, true)))
}

/// A group as members see it, if it is.
fn describe(unit: &mut UnitOfWork<'_>, group: GroupId) -> Result<Option<Group>, StoreError> {
    let Some(roster) = unit.roster(group)? else { return Ok(None) };
    let Some(head) = groups::head(unit.conn(), group)? else { return Ok(None) };
    let owner = roster.owner().ok_or(NotFound)?;
    let (title, created_at) = (head.title, head.created_at);
    Ok(Some(Group { id: group, title, owner, members: roster.seats.len(), created_at }))
}
