//! News: what has happened, and the rule by which it is known who hears of it.
//!
//! Plain values, to be kept, compared and sent elsewhere. Who the members of a group are is no part of
//! them: the rule names the version of the group's roster. Whoever made the rule had that roster in hand,
//! so it comes along and is shared; whoever gets the rule from elsewhere looks it up by the version.

use std::sync::Arc;

use crate::domain::accounts::user::UserPair;
use crate::domain::event::Event;
use crate::domain::id::{GroupId, UserId};
use crate::domain::principal::Mailbox;

/// Something that has happened and is committed, and who hears of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct News {
    pub event: Event,
    /// The user who did it, if all that user's sessions hear of it, too, as of something of their own.
    pub by: Option<UserId>,
    /// Who else hears of it.
    pub recipients: Recipients,
}

/// Who hears of something: all of a circle but some of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipients {
    pub circle: Circle,
    /// The users among them from whom it is hidden.
    pub hidden_from: Vec<UserId>,
}

/// Whom something concerns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Circle {
    /// The two users of a direct room.
    Pair(UserPair),
    /// The members of a group.
    Group(Membership),
    /// Few, each by itself: users, devices, consoles of an app.
    Mailboxes(Vec<Mailbox>),
}

/// The members of a group who know of it, in a version of the group. Two are equal if they name the same
/// version.
#[derive(Clone, Debug)]
pub struct Membership {
    pub group: GroupId,
    pub version: i64,
    /// One who was a member before, and hears of the end of it.
    pub gone: Option<UserId>,
    pub users: Arc<[UserId]>,
}

impl News {
    /// What is told to some mailboxes, and is nobody's own doing.
    pub fn to(mailboxes: Vec<Mailbox>, event: impl Into<Event>) -> Self {
        Self { event: event.into(), by: None, recipients: Recipients::of(mailboxes) }
    }
}

impl Recipients {
    /// All of these.
    pub fn of(mailboxes: Vec<Mailbox>) -> Self {
        Self::all(Circle::Mailboxes(mailboxes))
    }

    /// All in a circle.
    pub fn all(circle: Circle) -> Self {
        Self { circle, hidden_from: Vec::new() }
    }

    /// All who hear of it, but for one who did it.
    pub fn others(&self, by: Option<UserId>) -> impl Iterator<Item = Mailbox> {
        let (pair, members, gone, mailboxes) = match &self.circle {
            Circle::Pair(pair) => (Some([pair.low(), pair.high()]), &[][..], None, &[][..]),
            Circle::Group(members) => (None, &members.users[..], members.gone, &[][..]),
            Circle::Mailboxes(mailboxes) => (None, &[][..], None, &mailboxes[..]),
        };
        let users = pair.into_iter().flatten().chain(members.iter().copied()).chain(gone);
        let users = users.filter(move |user| Some(*user) != by && !self.hidden_from.contains(user));
        let is_other = move |mailbox: &Mailbox| match mailbox {
            Mailbox::User(user) => Some(*user) != by && !self.hidden_from.contains(user),
            Mailbox::Device(_) | Mailbox::Console(_) => true,
        };
        users.map(Mailbox::User).chain(mailboxes.iter().copied().filter(is_other))
    }

    /// Whether a user is one of them.
    pub fn includes(&self, user: UserId) -> bool {
        self.circle.includes(user) && !self.hidden_from.contains(&user)
    }

    /// How many they are at most.
    pub fn count(&self) -> usize {
        match &self.circle {
            Circle::Pair(_) => 2,
            Circle::Group(members) => members.users.len().saturating_add(1),
            Circle::Mailboxes(mailboxes) => mailboxes.len(),
        }
    }

    /// Whether it is plain that these are the same: as a rule, or since one list says both.
    pub fn are_same(&self, other: &Self) -> bool {
        let same = match (&self.circle, &other.circle) {
            (Circle::Group(one), Circle::Group(other)) => {
                one == other || one.gone == other.gone && Arc::ptr_eq(&one.users, &other.users)
            }
            (one, other) => one == other,
        };
        same && self.hidden_from == other.hidden_from
    }
}

impl Circle {
    /// Whether a user is in it.
    pub fn includes(&self, user: UserId) -> bool {
        match self {
            Self::Pair(pair) => user == pair.low() || user == pair.high(),
            Self::Group(members) => members.users.contains(&user) || members.gone == Some(user),
            Self::Mailboxes(mailboxes) => mailboxes.contains(&Mailbox::User(user)),
        }
    }
}

impl PartialEq for Membership {
    fn eq(&self, other: &Self) -> bool {
        let rule = |one: &Self| (one.group, one.version, one.gone);
        rule(self) == rule(other)
    }
}

impl Eq for Membership {}

#[cfg(test)]
mod tests {
    use crate::domain::id::DeviceId;
    use crate::domain::news::*;

    fn user(raw: i64) -> UserId {
        UserId::new(raw).unwrap()
    }

    fn members(version: i64, users: &[i64], gone: Option<i64>) -> Circle {
        let (group, users) = (GroupId::new(7).unwrap(), users.iter().copied().map(user).collect());
        Circle::Group(Membership { group, version, gone: gone.map(user), users })
    }

    #[test]
    fn a_rule_names_all_in_the_circle_but_those_from_whom_it_is_hidden() {
        let (pair, device) = (UserPair::new(user(2), user(4)).unwrap(), DeviceId::new(8).unwrap());
        let few = Circle::Mailboxes(vec![user(4).into(), Mailbox::Device(device)]);
        let of = |raw: i64| Mailbox::User(user(raw));
        for (circle, by, hidden_from, expected) in [
            (Circle::Pair(pair), Some(2), vec![], vec![of(4)]),
            (Circle::Pair(pair), Some(4), vec![], vec![of(2)]),
            (Circle::Pair(pair), Some(2), vec![4], vec![]),
            (Circle::Pair(pair), None, vec![], vec![of(2), of(4)]),
            (members(1, &[2, 4, 6], None), Some(4), vec![], vec![of(2), of(6)]),
            (members(1, &[2, 4, 6], None), Some(4), vec![6, 8], vec![of(2)]),
            // Whoever leaves is told as one who did it, whoever is made to leave as another.
            (members(2, &[2, 4], Some(6)), Some(6), vec![], vec![of(2), of(4)]),
            (members(2, &[2, 4], Some(6)), Some(2), vec![], vec![of(4), of(6)]),
            (few.clone(), None, vec![], vec![of(4), Mailbox::Device(device)]),
            (few, None, vec![4], vec![Mailbox::Device(device)]),
        ] {
            let hidden_from: Vec<UserId> = hidden_from.into_iter().map(user).collect();
            let recipients = Recipients { circle, hidden_from };
            let others: Vec<Mailbox> = recipients.others(by.map(user)).collect();
            assert_eq!(others, expected, "{recipients:?}");
            assert!(others.len() <= recipients.count());
            for mailbox in others {
                let Mailbox::User(user) = mailbox else { continue };
                assert!(recipients.includes(user));
            }
        }
    }

    #[test]
    fn a_group_is_compared_by_its_version_and_not_by_its_members() {
        let rule = |circle| Recipients::all(circle);
        let one = rule(members(1, &[2, 4], None));
        assert_eq!(one, rule(members(1, &[], None)), "the list comes along, and says nothing");
        assert_ne!(one, rule(members(2, &[2, 4], None)));
        assert!(!one.are_same(&rule(members(2, &[2, 4], None))));
        let mut next = one.clone();
        let Circle::Group(membership) = &mut next.circle else { panic!("a group") };
        membership.version = 2;
        assert!(one != next && one.are_same(&next), "the same list in the next version");
        next.hidden_from.push(user(4));
        assert!(!one.are_same(&next));
    }
}
