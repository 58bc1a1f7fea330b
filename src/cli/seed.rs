//! `tradewind seed`: many users, for tests and load runs.

use std::io::Write;
use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use serde::{Deserialize, Serialize};

use super::task::Output;
use super::user;
use crate::auth::token::TokenDraft;
use crate::domain::accounts::friendship::Friendship;
use crate::domain::accounts::name::UserName;
use crate::domain::accounts::user::{Email, User, UserPair};
use crate::domain::clock::Timestamp;
use crate::domain::id::UserId;
use crate::server::Base;
use crate::store::accounts::friendships;
use crate::store::accounts::logins::{self, NewLogin};
use crate::store::accounts::users::{self, NewUser};

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
struct Seeded {
    id: String,
    name: String,
    email: String,
    token: String,
    friends: Vec<String>,
}

/// Makes the users in one transaction, then writes the file.
pub fn run(base: &Base, seed: &Plan, out: &mut Output<'_>) -> anyhow::Result<()> {
    let password_hash = user::password_hash(base, seed.password.as_deref())?;
    let people = people(base, seed.users)?;
    let ids: Vec<UserId> = people.iter().map(|(id, _, _)| *id).collect();
    let pairs = pairs(&ids, seed.friends);
    let now = base.clock.now();
    let rows: Vec<NewUser<'_>> = people
        .iter()
        .map(|(id, name, email)| NewUser {
            id: *id,
            name,
            email,
            password_hash: &password_hash,
            imported: false,
            created_at: now,
        })
        .collect();
    let drafts =
        (0..people.len()).map(|_| base.tokens.draft(now)).collect::<Result<Vec<_>, _>>()?;
    let logins: Vec<NewLogin> =
        ids.iter().zip(&drafts).map(|(user, draft)| login(*user, draft, now)).collect();
    base.database.write(|conn| {
        users::insert_many(conn, &rows)?;
        logins::insert_many(conn, &logins)?;
        friendships::insert_many(conn, &pairs, Friendship::Friends, now)
    })?;
    write(base, out.file, &people, &drafts, &pairs)?;
    writeln!(out.screen, "{} users and {} friendships made", people.len(), pairs.len())?;
    Ok(())
}

type Person = (UserId, UserName, Email);

fn people(base: &Base, users: usize) -> anyhow::Result<Vec<Person>> {
    base.user_ids(users)?
        .into_iter()
        .map(|id| {
            let name = UserName::parse(&format!("u{id}")).context("no name")?;
            let email = Email::parse(&format!("u{id}@seed.example")).context("no address")?;
            Ok((id, name, email))
        })
        .collect()
}

fn pairs(ids: &[UserId], friends: Friends) -> Vec<UserPair> {
    let neighbours = |from: &[UserId], to: &[UserId]| -> Vec<UserPair> {
        from.iter().zip(to).filter_map(|(a, b)| UserPair::new(*a, *b)).collect()
    };
    match friends {
        Friends::None => Vec::new(),
        Friends::Star => ids.split_first().map_or_else(Vec::new, |(first, others)| {
            others.iter().filter_map(|other| UserPair::new(*first, *other)).collect()
        }),
        Friends::Pairs => ids
            .chunks_exact(2)
            .flat_map(|two| neighbours(two, two.get(1..).unwrap_or_default()))
            .collect(),
        Friends::Ring => {
            let mut ring = neighbours(ids, ids.get(1..).unwrap_or_default());
            if ids.len() > 2 {
                let ends = ids.last().zip(ids.first());
                ring.extend(ends.and_then(|(last, first)| UserPair::new(*last, *first)));
            }
            ring
        }
    }
}

fn login(user: UserId, draft: &TokenDraft, created_at: Timestamp) -> NewLogin {
    let (id, expires_at) = (draft.login.clone(), draft.expires_at);
    let agent = Some("tradewind seed".to_owned());
    NewLogin { id, user, agent, network: None, created_at, expires_at }
}

fn write(
    base: &Base,
    file: &mut dyn Write,
    people: &[Person],
    drafts: &[TokenDraft],
    pairs: &[UserPair],
) -> anyhow::Result<()> {
    let mut friends = std::collections::HashMap::<UserId, Vec<String>>::new();
    for pair in pairs {
        friends.entry(pair.low()).or_default().push(pair.high().to_string());
        friends.entry(pair.high()).or_default().push(pair.low().to_string());
    }
    let mut seeded = Vec::with_capacity(people.len());
    for ((id, name, email), draft) in people.iter().zip(drafts) {
        let user = User { id: *id, name: name.as_str().to_owned(), profile: None };
        seeded.push(Seeded {
            id: id.to_string(),
            token: base.tokens.sign(&user, draft)?,
            name: user.name,
            email: email.as_str().to_owned(),
            friends: friends.remove(id).unwrap_or_default(),
        });
    }
    Ok(serde_json::to_writer(file, &seeded)?)
}
