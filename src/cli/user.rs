//! `tradewind user`: users without a mail, tokens without a password.

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use serde::{Deserialize, Serialize};

use super::task::Output;
use crate::auth::password;
use crate::domain::id::UserId;
use crate::domain::user::{Email, User, UserName};
use crate::server::Base;
use crate::store::tables::users::{self, NewUser};

#[derive(Debug, Deserialize, Serialize, Subcommand)]
pub enum Command {
    /// Make a user, and print it with a token as one line of JSON
    Add(Add),
    /// Print a fresh token of a user
    Token {
        /// The user's name
        #[arg(long)]
        name: String,
    },
}

#[derive(Args, Debug, Deserialize, Serialize)]
pub struct Add {
    /// The unique name
    #[arg(long)]
    name: String,
    /// The unique e-mail address; it counts as verified
    #[arg(long)]
    email: String,
    /// The password; without one the user cannot log in
    #[arg(long)]
    password: Option<String>,
    /// The id, for a user who comes from elsewhere: positive and even
    #[arg(long)]
    id: Option<i64>,
}

impl Add {
    /// A user with an id from the mint.
    pub fn new(name: &str, email: &str, password: Option<&str>) -> Self {
        let password = password.map(str::to_owned);
        Self { name: name.to_owned(), email: email.to_owned(), password, id: None }
    }
}

/// Does a `user` command.
pub fn run(base: &Base, command: Command, out: &mut Output<'_>) -> anyhow::Result<()> {
    match command {
        Command::Add(add) => {
            #[derive(Serialize)]
            struct Line<'a> {
                id: String,
                name: &'a str,
                email: &'a str,
                token: String,
            }
            let user = self::add(base, &add)?;
            let token = base.log_in(&user, "tradewind user add")?;
            let id = user.id.to_string();
            let email = add.email.to_ascii_lowercase();
            let line = Line { id, name: &user.name, email: &email, token };
            writeln!(out.screen, "{}", serde_json::to_string(&line)?)?;
        }
        Command::Token { name } => {
            let wanted = UserName::parse(&name).context("--name: not a valid name")?;
            let user = base.database.read(|conn| users::by_name(conn, &wanted))?;
            let user = user.with_context(|| format!("nobody has the name {name:?}"))?;
            writeln!(out.screen, "{}", base.log_in(&user, "tradewind user token")?)?;
        }
    }
    Ok(())
}

/// Makes a user.
pub fn add(base: &Base, add: &Add) -> anyhow::Result<User> {
    let name = UserName::parse(&add.name).context("--name: 1 to 32 characters, not blank")?;
    let email = Email::parse(&add.email).context("--email: not a valid address")?;
    let (id, imported) = match add.id {
        Some(id) => (UserId::new(id).context("--id: must be positive and even")?, true),
        None => (base.mint.user()?, false),
    };
    let password_hash = match &add.password {
        Some(password) => password::hash_now(password)?,
        None => password::unguessable()?,
    };
    let new = NewUser {
        id,
        name: &name,
        email: &email,
        password_hash: &password_hash,
        imported,
        created_at: base.clock.now(),
    };
    match base.database.write(|conn| users::insert(conn, &new)) {
        Ok(()) => Ok(User { id, name: add.name.clone(), profile: None }),
        Err(error) if error.is_unique_violation() => {
            bail!("a user with that name, address or id exists already")
        }
        Err(error) => Err(error.into()),
    }
}
