//! What happens between users.

use crate::domain::accounts::friendship::FriendVerb;
use crate::domain::accounts::login::Revocation;
use crate::domain::accounts::user::User;
use crate::domain::id::UserId;

/// News of what is between users.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccountsEvent {
    /// Another user did something about the one who is told.
    Befriended {
        verb: FriendVerb,
        by: User,
        /// Who is told.
        to: UserId,
    },
    /// Log-ins of a user have ended. No frame tells of it: the sessions end.
    LoginsEnded(Revocation),
}

/// Requests for friendship that nobody has answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Requests {
    /// Who has asked, oldest request first.
    pub incoming: Vec<User>,
    /// Who was asked, oldest request first.
    pub outgoing: Vec<User>,
}
