//! The users to load with, as `tradewind seed` writes them.

use std::path::Path;

use anyhow::{Context as _, ensure};
use serde::{Deserialize, Deserializer};

/// A user who can log in.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Account {
    /// The id.
    #[serde(deserialize_with = "id")]
    pub id: u64,
    /// A good token.
    pub token: String,
    /// What others call the user, if it is known.
    #[serde(default)]
    pub name: Option<String>,
    /// The ids of the user's friends.
    #[serde(default, deserialize_with = "ids")]
    pub friends: Vec<u64>,
}

impl Account {
    /// Whether another is a friend.
    pub fn is_friend_of(&self, other: &Self) -> bool {
        self.friends.contains(&other.id)
    }

    /// The name, if it can be put between quotation marks as it is.
    pub fn plain_name(&self) -> Option<&str> {
        self.name.as_deref().filter(|name| is_plain(name))
    }
}

/// Ids are strings; numbers will do, too.
#[derive(Deserialize)]
#[serde(untagged)]
enum Id {
    Text(String),
    Number(u64),
}

impl Id {
    fn read<E: serde::de::Error>(self) -> Result<u64, E> {
        match self {
            Self::Text(text) => text.parse().map_err(E::custom),
            Self::Number(number) => Ok(number),
        }
    }
}

fn id<'de, D: Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
    Id::deserialize(from)?.read()
}

fn ids<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u64>, D::Error> {
    Vec::<Id>::deserialize(from)?.into_iter().map(Id::read).collect()
}

/// Whether a text is one, and can stand in JSON as it is.
fn is_plain(text: &str) -> bool {
    !text.is_empty() && !text.contains(['"', '\\', '\n', '\r'])
}

/// Reads the array.
pub fn parse(text: &str) -> anyhow::Result<Vec<Account>> {
    let accounts: Vec<Account> =
        serde_json::from_str(text).context("not what `tradewind seed` writes")?;
    ensure!(!accounts.is_empty(), "there is no account in it");
    ensure!(
        accounts.iter().all(|account| is_plain(&account.token)),
        "a token is empty or has signs that no token has"
    );
    let mut ids: Vec<u64> = accounts.iter().map(|account| account.id).collect();
    ids.sort_unstable();
    ids.dedup();
    ensure!(ids.len() == accounts.len(), "two accounts have the same id");
    Ok(accounts)
}

/// Reads the file.
pub fn read(path: &Path) -> anyhow::Result<Vec<Account>> {
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    parse(&text).with_context(|| path.display().to_string())
}
