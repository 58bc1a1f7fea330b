//! What can be asked about users.

use crate::domain::accounts::friendship::FriendVerb;
use crate::domain::accounts::user::Who;
use crate::domain::id::UserId;

/// Changes between users.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccountsWrite {
    /// Do something about another user.
    Befriend {
        /// What to do.
        verb: FriendVerb,
        /// The other user.
        who: Who,
    },
}

impl AccountsWrite {
    /// How much text it holds, in bytes.
    pub fn bytes(&self) -> usize {
        match self {
            Self::Befriend { who: Who::Named(name), .. } => name.len(),
            Self::Befriend { who: Who::Id(_), .. } => 0,
        }
    }
}

/// Look-ups of users.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccountsQuery {
    Friends,
    /// Requests for friendship, to me and mine.
    Requests,
    /// Who users are, as far as one may know.
    Users {
        ids: Vec<UserId>,
    },
}
