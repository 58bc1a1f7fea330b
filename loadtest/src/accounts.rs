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
    /// What others call the user; empty if it is not known.
    #[serde(default)]
    pub name: String,
    /// The ids of the user's friends.
    #[serde(default)]
    pub friends: Vec<String>,
}

impl Account {
    /// Whether another is a friend.
    pub fn is_friend_of(&self, other: &Self) -> bool {
        self.friends.contains(&other.id.to_string())
    }
}

/// Ids are strings; numbers will do, too.
fn id<'de, D: Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Id {
        Text(String),
        Number(u64),
    }
    match Id::deserialize(from)? {
        Id::Text(text) => text.parse().map_err(serde::de::Error::custom),
        Id::Number(number) => Ok(number),
    }
}

/// Reads the array.
pub fn parse(text: &str) -> anyhow::Result<Vec<Account>> {
    let accounts: Vec<Account> =
        serde_json::from_str(text).context("not what `tradewind seed` writes")?;
    ensure!(!accounts.is_empty(), "there is no account in it");
    let good = |account: &Account| {
        let plain = |text: &String| !text.contains(['"', '\\', '\n', '\r']);
        !account.token.is_empty() && [&account.token, &account.name].into_iter().all(plain)
    };
    ensure!(accounts.iter().all(good), "a token is empty, or has signs that none has, or a name");
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
