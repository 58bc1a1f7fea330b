//! The users to load with: as `tradewind seed` writes them, or such as the tester logs in itself.

mod app;
mod login;

use std::path::Path;

use anyhow::{Context as _, bail, ensure};
use serde::{Deserialize, Deserializer};

pub use app::{App, Device};
pub use login::log_in;

/// A user who can log in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    pub id: u64,
    pub token: String,
    /// What others call the user, if it is known.
    pub name: Option<String>,
    /// The ids of the user's friends, if they are known.
    pub friends: Option<Vec<u64>>,
    pub role: Role,
}

/// What a session of an account is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Role {
    #[default]
    User,
    /// A console of an app.
    Console,
    /// A device of an app, by its id.
    Device(String),
}

impl Account {
    /// One of an app, whose number does not matter.
    fn of_app(token: String, role: Role) -> Self {
        Self { id: 0, token, name: None, friends: None, role }
    }

    /// Whether another is a friend, as far as it is known.
    pub fn may_be_friend_of(&self, other: &Self) -> bool {
        self.friends.as_ref().is_none_or(|friends| friends.contains(&other.id))
    }

    /// The name, if it can be put between quotation marks as it is.
    pub fn plain_name(&self) -> Option<&str> {
        self.name.as_deref().filter(|name| is_plain(name))
    }
}

/// What is known of a user before anybody is asked.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Entry {
    /// The id; if it is not there, the hub is asked for it.
    #[serde(default, deserialize_with = "some_id")]
    pub id: Option<u64>,
    /// A good token; if it is not there, the user is logged in.
    #[serde(default)]
    pub token: Option<String>,
    #[serde(default)]
    pub name: Option<String>,
    #[serde(default)]
    pub email: Option<String>,
    #[serde(default)]
    pub password: Option<String>,
    /// The ids of the friends.
    #[serde(default, deserialize_with = "some_ids")]
    pub friends: Option<Vec<u64>>,
}

/// Shows no secret.
impl std::fmt::Debug for Entry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Entry")
            .field("id", &self.id)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl Entry {
    /// One whose token is known, and nothing else.
    pub fn of_token(token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..Self::default() }
    }

    /// `EMAIL:PASSWORD`.
    pub fn of_user(text: &str) -> anyhow::Result<Self> {
        let (email, password) = text.split_once(':').context("not EMAIL:PASSWORD")?;
        ensure!(!email.trim().is_empty() && !password.is_empty(), "not EMAIL:PASSWORD");
        let (email, password) = (Some(email.trim().to_owned()), Some(password.to_owned()));
        Ok(Self { email, password, ..Self::default() })
    }

    /// Whether nothing has to be asked.
    pub fn is_complete(&self) -> bool {
        self.id.is_some() && self.token.is_some()
    }

    /// Fails on what can never log in.
    fn check(&self, default_password: bool) -> anyhow::Result<()> {
        match (&self.token, &self.email) {
            (Some(token), _) => {
                ensure!(is_plain(token), "a token is empty or has signs that no token has");
            }
            (None, Some(_)) => {
                let there = self.password.is_some() || default_password;
                ensure!(there, "there is neither a token nor a password; see --password");
            }
            (None, None) => bail!("there is neither a token nor an e-mail address to log in with"),
        }
        Ok(())
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

/// Reads an id.
///
/// # Errors
/// If it is none.
pub fn id<'de, D: Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
    Id::deserialize(from)?.read()
}

fn some_id<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u64>, D::Error> {
    id(from).map(Some)
}

fn some_ids<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Vec<u64>>, D::Error> {
    Vec::<Id>::deserialize(from)?.into_iter().map(Id::read).collect::<Result<_, _>>().map(Some)
}

/// Whether a text is one, and can stand in JSON as it is.
fn is_plain(text: &str) -> bool {
    !text.is_empty() && !text.contains(['"', '\\', '\n', '\r'])
}

/// Reads the array of `tradewind seed`, or lines with `EMAIL:PASSWORD` or a token each.
pub fn parse(text: &str, default_password: bool) -> anyhow::Result<Vec<Entry>> {
    let text = text.trim_start_matches('\u{feff}');
    let is_json = text.trim_start().starts_with(['[', '{']) || text.trim().is_empty();
    let entries: Vec<Entry> = if is_json {
        serde_json::from_str(text).context("not what `tradewind seed` writes")?
    } else {
        lines(text)?
    };
    ensure!(!entries.is_empty(), "there is no account in it");
    for (number, entry) in (1..).zip(&entries) {
        entry.check(default_password).with_context(|| format!("account {number}"))?;
    }
    let ids: Vec<u64> = entries.iter().filter_map(|entry| entry.id).collect();
    must_differ(ids)?;
    Ok(entries)
}

fn lines(text: &str) -> anyhow::Result<Vec<Entry>> {
    let lines = text.lines().enumerate().map(|(number, line)| (number + 1, line.trim()));
    lines
        .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
        .map(|(number, line)| {
            if line.contains(':') {
                Entry::of_user(line).with_context(|| format!("line {number}"))
            } else {
                ensure!(!line.contains(' '), "line {number}: neither EMAIL:PASSWORD nor a token");
                Ok(Entry::of_token(line))
            }
        })
        .collect()
}

/// Fails if two are the same.
pub fn must_differ(mut ids: Vec<u64>) -> anyhow::Result<()> {
    let all = ids.len();
    ids.sort_unstable();
    ids.dedup();
    ensure!(ids.len() == all, "two accounts have the same id");
    Ok(())
}

/// Reads the file.
pub fn read(path: &Path, default_password: bool) -> anyhow::Result<Vec<Entry>> {
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    parse(&text, default_password).with_context(|| path.display().to_string())
}
