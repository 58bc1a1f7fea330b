//! `tradewind seed`: many users, or an app with many devices, for tests and load runs.

use std::io::Write;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde::{Deserialize, Serialize};

use super::task::TaskReport;
use super::user;
use crate::domain::accounts::user::UserPair;
use crate::domain::id::UserId;
use crate::service::Service;
use crate::service::accounts::{Accounts, Crowd, Seeded, SeededUser};
use crate::service::apps::{SeededApp, SeededOwner};

/// The command `seed`.
#[derive(Args)]
pub struct Seed {
    #[command(flatten)]
    pub plan: Plan,
    /// Where to write them, with their tokens, as a JSON array; it must not exist
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
}

/// Whom to make.
#[derive(Args, Debug, Deserialize, Serialize)]
pub struct Plan {
    /// How many users to make
    #[arg(long, required_unless_present = "devices")]
    users: Option<usize>,
    /// Who is whose friend
    #[arg(long, value_enum, default_value_t = Friends::None)]
    friends: Friends,
    /// The one password of all of them; without it they cannot log in
    #[arg(long)]
    password: Option<String>,
    /// How many devices to make instead, of visitors of a new app
    #[arg(long, conflicts_with_all = ["users", "friends", "password"])]
    devices: Option<usize>,
}

impl Plan {
    /// How many users or devices are asked for.
    pub fn size(&self) -> usize {
        self.users.unwrap_or(0).saturating_add(self.devices.unwrap_or(0))
    }
}

/// What was made, for the file.
pub enum SeededFile {
    Users(Seeded),
    Devices(SeededApp),
}

#[derive(Clone, Copy, Debug, Deserialize, Serialize, ValueEnum)]
enum Friends {
    /// Each with one other
    Pairs,
    /// Each with the one before and the one after
    Ring,
    /// The first with all others
    Star,
    /// Nobody
    None,
}

/// A user as written to the file.
#[derive(Serialize)]
struct SeededLine {
    id: String,
    name: String,
    email: String,
    token: String,
    friends: Vec<String>,
}

/// An app as written to the file.
#[derive(Serialize)]
struct SeededAppLine<'a> {
    app: String,
    console: &'a str,
    owners: Vec<SeededOwnerLine<'a>>,
}

#[derive(Serialize)]
struct SeededOwnerLine<'a> {
    token: &'a str,
    devices: Vec<String>,
}

impl<'a> From<&'a SeededOwner> for SeededOwnerLine<'a> {
    fn from(owner: &'a SeededOwner) -> Self {
        let devices = owner.devices.iter().map(|device| device.uuid().to_string()).collect();
        Self { token: &owner.token, devices }
    }
}

/// Makes what is asked for: users in one transaction, devices in several.
pub async fn run(service: &Service, plan: &Plan) -> anyhow::Result<TaskReport> {
    match plan.devices {
        Some(devices) => {
            let seeded = service.apps.seed(devices).await?;
            let screen = format!("{devices} devices of {} visitors made\n", seeded.owners.len());
            Ok(TaskReport { screen, file: Some(SeededFile::Devices(seeded)) })
        }
        None => users(&service.accounts, plan).await,
    }
}

async fn users(accounts: &Accounts, plan: &Plan) -> anyhow::Result<TaskReport> {
    let friends: fn(&[UserId]) -> Vec<UserPair> = match plan.friends {
        Friends::Pairs => pairs,
        Friends::Ring => ring,
        Friends::Star => star,
        Friends::None => |_| Vec::new(),
    };
    let crowd = Crowd { users: plan.size(), friends, password: plan.password.clone() };
    let seeded = accounts.seed(&crowd).await.map_err(|why| user::said(why, accounts))?;
    let (users, friends) = (seeded.users.len(), seeded.friends.len());
    let screen = format!("{users} users and {friends} friendships made\n");
    Ok(TaskReport { screen, file: Some(SeededFile::Users(seeded)) })
}

fn neighbours(from: &[UserId], to: &[UserId]) -> Vec<UserPair> {
    from.iter().zip(to).filter_map(|(a, b)| UserPair::new(*a, *b)).collect()
}

fn pairs(ids: &[UserId]) -> Vec<UserPair> {
    let pair = |two: &[UserId]| neighbours(two, two.get(1..).unwrap_or_default());
    ids.chunks_exact(2).flat_map(pair).collect()
}

fn ring(ids: &[UserId]) -> Vec<UserPair> {
    let mut ring = neighbours(ids, ids.get(1..).unwrap_or_default());
    if ids.len() > 2 {
        let ends = ids.last().zip(ids.first());
        ring.extend(ends.and_then(|(last, first)| UserPair::new(*last, *first)));
    }
    ring
}

fn star(ids: &[UserId]) -> Vec<UserPair> {
    let Some((first, others)) = ids.split_first() else { return Vec::new() };
    others.iter().filter_map(|other| UserPair::new(*first, *other)).collect()
}

/// Writes what was made: users as a JSON array, an app as an object.
pub fn write(file: &mut dyn Write, seeded: SeededFile) -> anyhow::Result<()> {
    match seeded {
        SeededFile::Users(seeded) => write_users(file, seeded),
        SeededFile::Devices(seeded) => write_app(file, &seeded),
    }
}

fn write_app(file: &mut dyn Write, seeded: &SeededApp) -> anyhow::Result<()> {
    let line = SeededAppLine {
        app: seeded.id.uuid().to_string(),
        console: &seeded.console,
        owners: seeded.owners.iter().map(SeededOwnerLine::from).collect(),
    };
    Ok(serde_json::to_writer(file, &line)?)
}

fn write_users(file: &mut dyn Write, seeded: Seeded) -> anyhow::Result<()> {
    let mut friends = std::collections::HashMap::<UserId, Vec<String>>::new();
    for pair in &seeded.friends {
        friends.entry(pair.low()).or_default().push(pair.high().to_string());
        friends.entry(pair.high()).or_default().push(pair.low().to_string());
    }
    let line = |SeededUser { user, email, token }| SeededLine {
        id: user.id.to_string(),
        token,
        email: email.as_str().to_owned(),
        friends: friends.remove(&user.id).unwrap_or_default(),
        name: user.name,
    };
    let lines: Vec<SeededLine> = seeded.users.into_iter().map(line).collect();
    Ok(serde_json::to_writer(file, &lines)?)
}
