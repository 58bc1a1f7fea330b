//! `tradewind seed`: many users, for tests and load runs.

use std::io::Write;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde::{Deserialize, Serialize};

use super::task::TaskReport;
use super::user;
use crate::domain::accounts::user::UserPair;
use crate::domain::id::UserId;
use crate::service::accounts::{Accounts, Crowd, Seeded, SeededUser};

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
    #[arg(long)]
    pub users: usize,
    /// Who is whose friend
    #[arg(long, value_enum, default_value_t = Friends::None)]
    friends: Friends,
    /// The one password of all of them; without it they cannot log in
    #[arg(long)]
    password: Option<String>,
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

/// Makes the users in one transaction.
pub async fn run(accounts: &Accounts, plan: &Plan) -> anyhow::Result<TaskReport> {
    let friends: fn(&[UserId]) -> Vec<UserPair> = match plan.friends {
        Friends::Pairs => pairs,
        Friends::Ring => ring,
        Friends::Star => star,
        Friends::None => |_| Vec::new(),
    };
    let crowd = Crowd { users: plan.users, friends, password: plan.password.clone() };
    let seeded = accounts.seed(&crowd).await.map_err(|why| user::said(why, accounts))?;
    let (users, friends) = (seeded.users.len(), seeded.friends.len());
    let screen = format!("{users} users and {friends} friendships made\n");
    Ok(TaskReport { screen, file: Some(seeded) })
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

/// Writes users who were made, as a JSON array.
pub fn write(file: &mut dyn Write, seeded: Seeded) -> anyhow::Result<()> {
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
