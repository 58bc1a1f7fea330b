//! What a session may ask of the hub, whatever its dialect: a thin sum of what each area can be asked.

use crate::domain::accounts::command::{AccountsQuery, AccountsWrite};
use crate::domain::chat::command::{ChatQuery, ChatWrite};
use crate::domain::id::UserId;

/// Something a user asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Change something that is stored.
    Write(Write),
    Query(Query),
}

impl Command {
    /// The other user whom it is about, as far as the asker, `me`, names one by id.
    pub fn peer(&self, me: UserId) -> Option<UserId> {
        match self {
            Self::Write(Write::Chat(write)) => write.peer(me),
            Self::Query(Query::Chat(query)) => query.peer(me),
            Self::Write(Write::Accounts(_)) | Self::Query(Query::Accounts(_)) => None,
        }
    }
}

/// A change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Write {
    Accounts(AccountsWrite),
    Chat(ChatWrite),
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
