//! What a session may ask of the hub, whatever its dialect: a thin sum of what each area can be asked.

use crate::domain::accounts::command::{AccountsQuery, AccountsWrite};
use crate::domain::chat::command::{ChatQuery, ChatWrite};
use crate::domain::chat::event::Status;
use crate::domain::id::UserId;

/// What a session does, in the order in which it asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Write {
    /// Change what the store keeps, or tell what it rules on.
    Change(Change),
    /// Say whether anybody sits at this session.
    Status(Status),
}

impl Write {
    /// The other user whom it is about, as far as the asker, `me`, names one by id.
    pub fn peer(&self, me: UserId) -> Option<UserId> {
        match self {
            Self::Change(change) => change.chat()?.peer(me),
            Self::Status(_) => None,
        }
    }
}

/// A change, whoever asks for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    Accounts(AccountsWrite),
    Chat(ChatWrite),
}

impl Change {
    /// What is to be changed in rooms, if that is it.
    pub fn chat(&self) -> Option<&ChatWrite> {
        match self {
            Self::Chat(write) => Some(write),
            Self::Accounts(_) => None,
        }
    }

    /// How much text it holds, in bytes.
    pub fn bytes(&self) -> usize {
        match self {
            Self::Accounts(write) => write.bytes(),
            Self::Chat(write) => write.bytes(),
        }
    }
}

impl From<AccountsWrite> for Change {
    fn from(write: AccountsWrite) -> Self {
        Self::Accounts(write)
    }
}

impl From<ChatWrite> for Change {
    fn from(write: ChatWrite) -> Self {
        Self::Chat(write)
    }
}

impl From<AccountsWrite> for Write {
    fn from(write: AccountsWrite) -> Self {
        Self::Change(write.into())
    }
}

impl From<ChatWrite> for Write {
    fn from(write: ChatWrite) -> Self {
        Self::Change(write.into())
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
