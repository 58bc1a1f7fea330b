//! `tradewind user`: users without a mail, tokens without a password.

use anyhow::{Context as _, anyhow, bail};
use clap::{Args, Subcommand};
use serde::{Deserialize, Serialize};

use super::task::Output;
use crate::auth::password;
use crate::domain::accounts::name::Called;
use crate::domain::accounts::password::{PasswordFault, PasswordRule};
use crate::domain::accounts::user::{Email, User};
use crate::domain::id::UserId;
use crate::server::Base;
use crate::store::accounts::name_keys;
use crate::store::accounts::users::{self, NewUser};

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
    /// Print the users, one line of JSON each, whose names differ from others only in case or form: they
    /// are from before names were unique in that. The first of each is found however the name is typed
    Clashes,
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
            let (user, email) = self::add(base, &add)?;
            let token = base.log_in(&user, "tradewind user add")?;
            let id = user.id.to_string();
            let line = Line { id, name: &user.name, email: email.as_str(), token };
            writeln!(out.screen, "{}", serde_json::to_string(&line)?)?;
        }
        Command::Token { name } => {
            let wanted = Called::new(&name).context("--name: nobody's name")?;
            let user = base.database.read(|conn| users::by_name(conn, &wanted))?;
            let user = user.with_context(|| format!("nobody has the name {name:?}"))?;
            writeln!(out.screen, "{}", base.log_in(&user, "tradewind user token")?)?;
        }
        Command::Clashes => clashes(base, out)?,
    }
    Ok(())
}

fn clashes(base: &Base, out: &mut Output<'_>) -> anyhow::Result<()> {
    #[derive(Serialize)]
    struct Line<'a> {
        key: &'a str,
        id: String,
        name: &'a str,
    }
    for (key, user) in base.database.read(name_keys::clashes)? {
        let line = Line { key: key.as_str(), id: user.id.to_string(), name: &user.name };
        writeln!(out.screen, "{}", serde_json::to_string(&line)?)?;
    }
    Ok(())
}

/// The hash of a password that somebody may choose, or of one that nobody knows.
pub fn password_hash(base: &Base, password: Option<&str>) -> anyhow::Result<String> {
    let Some(text) = password else { return Ok(password::unguessable()?) };
    let PasswordRule { chars_min, bytes_max } = base.passwords;
    base.passwords.check(text).map_err(|fault| match fault {
        PasswordFault::Short => anyhow!("--password: at least {chars_min} characters"),
        PasswordFault::Long => anyhow!("--password: at most {bytes_max} bytes"),
    })?;
    Ok(password::hash_now(text)?)
}

/// Makes a user.
pub fn add(base: &Base, add: &Add) -> anyhow::Result<(User, Email)> {
    const NAME_RULE: &str = "--name: 1 to 32 characters, nothing invisible, no mixed scripts";
    let name = base.names.name(&add.name).context(NAME_RULE)?;
    let email = Email::parse(&add.email).context("--email: not a valid address")?;
    let (id, imported) = match add.id {
        Some(id) => (UserId::new(id).context("--id: must be positive and even")?, true),
        None => (base.user_ids(1)?.first().copied().context("no id")?, false),
    };
    let password_hash = password_hash(base, add.password.as_deref())?;
    let new = NewUser {
        id,
        name: &name,
        email: &email,
        password_hash: &password_hash,
        imported,
        created_at: base.clock.now(),
    };
    match base.database.write(|conn| users::insert(conn, &new)) {
        Ok(()) => Ok((User { id, name: name.as_str().to_owned(), profile: None }, email)),
        Err(error) if error.is_unique_violation() => {
            bail!("a user with that name, address or id exists already")
        }
        Err(error) => Err(error.into()),
    }
}
