//! Groups: rooms with a title and members, and who of them may do what.

use crate::domain::accounts::user::User;
use crate::domain::accounts::user::Who;
use crate::domain::clock::Timestamp;
use crate::domain::id::{GroupId, UserId};
use crate::domain::text::is_showable;

/// The longest title, in characters.
pub const TITLE_CHARS_MAX: usize = 100;

/// The title of a group: 1 to 100 characters, without controls; something can be seen of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Title(String);

impl Title {
    /// Checks a title; it is kept exactly as given. `None` if it is not valid.
    pub fn new(text: String) -> Option<Self> {
        let chars = text.chars().take(TITLE_CHARS_MAX.saturating_add(1)).count();
        let valid = (1..=TITLE_CHARS_MAX).contains(&chars) && is_showable(&text);
        valid.then_some(Self(text))
    }

    /// The title as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a member is in a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// The one whose group it is.
    Owner,
    /// Keeps order.
    Moderator,
    /// Anybody else.
    Member,
}

/// What can be done to a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GroupStep {
    Create(Title),
    Rename(Title),
    /// Make a friend a member.
    Add(Who),
    Leave,
    /// Make somebody else no member any more.
    Kick(Who),
    /// The same, for good.
    Ban(Who),
    /// Let somebody be added again.
    Unban(Who),
    /// Make somebody a moderator, or a plain member again.
    SetRole(Who, Role),
    /// Make somebody else its owner; offer it, if he has never written in it.
    Transfer(Who),
    /// Take what was offered.
    Accept,
    /// Do not.
    Decline,
    Delete,
}

impl GroupStep {
    /// Which of them.
    pub fn verb(&self) -> GroupVerb {
        match self {
            Self::Create(_) => GroupVerb::Create,
            Self::Rename(_) => GroupVerb::Rename,
            Self::Add(_) => GroupVerb::Add,
            Self::Leave => GroupVerb::Leave,
            Self::Kick(_) => GroupVerb::Kick,
            Self::Ban(_) => GroupVerb::Ban,
            Self::Unban(_) => GroupVerb::Unban,
            Self::SetRole(..) => GroupVerb::SetRole,
            Self::Transfer(_) => GroupVerb::Transfer,
            Self::Accept => GroupVerb::Accept,
            Self::Decline => GroupVerb::Decline,
            Self::Delete => GroupVerb::Delete,
        }
    }
}

/// What can be done to a group, without to whom; see [`GroupStep`]. An offer is what comes of a transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum GroupVerb {
    Create,
    Rename,
    Add,
    Leave,
    Kick,
    Ban,
    Unban,
    SetRole,
    Transfer,
    Offer,
    Accept,
    Decline,
    Delete,
}

/// Who may put a user into groups.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AddedBy {
    #[default]
    Friends,
    /// Nobody but himself.
    Nobody,
}

/// The rule: whether a member may do something to a group, and to a user who is in it with `target`
/// or is no member. That an owner leaves last, and that only friends are added, is not decided here.
pub fn may(me: Role, verb: GroupVerb, target: Option<Role>) -> bool {
    match verb {
        GroupVerb::Create
        | GroupVerb::Add
        | GroupVerb::Leave
        | GroupVerb::Accept
        | GroupVerb::Decline => true,
        GroupVerb::Rename | GroupVerb::Unban => me != Role::Member,
        GroupVerb::Kick | GroupVerb::Ban => match me {
            Role::Owner => target != Some(Role::Owner),
            Role::Moderator => matches!(target, Some(Role::Member) | None),
            Role::Member => false,
        },
        GroupVerb::SetRole | GroupVerb::Transfer | GroupVerb::Offer | GroupVerb::Delete => {
            me == Role::Owner
        }
    }
}

/// What members see of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    pub id: GroupId,
    pub title: String,
    pub owner: UserId,
    pub members: usize,
    pub created_at: Timestamp,
}

/// A member of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    pub user: User,
    pub role: Role,
    pub joined_at: Timestamp,
}

/// What somebody did to a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupChange {
    pub verb: GroupVerb,
    /// The group as it is now; a deleted one as it was.
    pub group: Group,
    /// About whom, if it is about somebody.
    pub user: Option<User>,
    /// The user's new role, if that is what was done.
    pub role: Option<Role>,
    pub by: UserId,
}

#[cfg(test)]
mod tests {
    use crate::domain::chat::group::*;

    #[test]
    fn titles_hold_up_to_100_characters() {
        assert!(Title::new("한".repeat(TITLE_CHARS_MAX)).is_some());
        for bad in [String::new(), "  ".into(), "a\nb".into(), "a".repeat(TITLE_CHARS_MAX + 1)] {
            assert_eq!(Title::new(bad.clone()), None, "{bad:?}");
        }
    }

    #[test]
    fn every_role_and_every_operation() {
        use GroupVerb::{Add, Ban, Create, Delete, Kick, Leave, Rename, SetRole, Transfer, Unban};
        use Role::{Member, Moderator, Owner};

        // Columns: the target is owner, moderator, member, nobody.
        let table = [
            (Owner, Kick, [false, true, true, true]),
            (Moderator, Kick, [false, false, true, true]),
            (Member, Kick, [false; 4]),
            (Owner, Ban, [false, true, true, true]),
            (Moderator, Ban, [false, false, true, true]),
            (Member, Ban, [false; 4]),
            (Owner, Unban, [true; 4]),
            (Moderator, Unban, [true; 4]),
            (Member, Unban, [false; 4]),
            (Owner, Rename, [true; 4]),
            (Moderator, Rename, [true; 4]),
            (Member, Rename, [false; 4]),
        ];
        let targets = [Some(Owner), Some(Moderator), Some(Member), None];
        for (role, verb, row) in table {
            for (target, expected) in targets.into_iter().zip(row) {
                assert_eq!(may(role, verb, target), expected, "{role:?} {verb:?} {target:?}");
            }
        }
        for target in targets {
            for role in [Owner, Moderator, Member] {
                for verb in [SetRole, Transfer, Delete] {
                    assert_eq!(may(role, verb, target), role == Owner, "{role:?} {verb:?}");
                }
                for verb in [Create, Add, Leave] {
                    assert!(may(role, verb, target), "{role:?} {verb:?}");
                }
            }
        }
    }
}
