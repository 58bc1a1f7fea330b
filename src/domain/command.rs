//! What a session may ask of the hub, whatever its dialect: a thin sum of what each area can be asked.

use crate::domain::accounts::command::{AccountsQuery, AccountsWrite};
use crate::domain::chat::command::{ChatQuery, ChatWrite};
use crate::domain::id::UserId;

/// A change of something that is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Write {
    Accounts(AccountsWrite),
    Chat(ChatWrite),
}

impl Write {
    /// The other user whom the change is about, as far as the asker, `me`, names one by id.
    pub fn peer(&self, me: UserId) -> Option<UserId> {
        match self {
            Self::Chat(write) => write.peer(me),
            Self::Accounts(_) => None,
        }
    }
}

impl From<AccountsWrite> for Write {
    fn from(write: AccountsWrite) -> Self {
        Self::Accounts(write)
    }
}

impl From<ChatWrite> for Write {
    fn from(write: ChatWrite) -> Self {
        Self::Chat(write)
    }
}

/// A look-up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Query {
    Accounts(AccountsQuery),
    Chat(ChatQuery),
}

impl Query {
    /// The other user whom the look-up is about, as far as the asker, `me`, names one by id.
    pub fn peer(&self, me: UserId) -> Option<UserId> {
        match self {
            Self::Chat(query) => query.peer(me),
            Self::Accounts(_) => None,
        }
    }
}

impl From<AccountsQuery> for Query {
    fn from(query: AccountsQuery) -> Self {
        Self::Accounts(query)
    }
}

impl From<ChatQuery> for Query {
    fn from(query: ChatQuery) -> Self {
        Self::Chat(query)
    }
}
