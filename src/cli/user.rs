//! `tradewind user`: users without a mail, tokens without a password.

use anyhow::{Context as _, anyhow};
use clap::{Args, Subcommand};
use serde::{Deserialize, Serialize};

use super::task::TaskReport;
use crate::domain::accounts::name::Called;
use crate::domain::accounts::password::{PasswordFault, PasswordRule};
use crate::service::accounts::{Accounts, AddRefusal, Newcomer};

/// The commands `user …`. A living hub gets them over its control socket.
#[derive(Debug, Deserialize, Serialize, Subcommand)]
pub enum UserCommand {
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

/// The command `user add`.
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

/// Does a `user` command.
pub async fn run(accounts: &Accounts, command: UserCommand) -> anyhow::Result<TaskReport> {
    match command {
        UserCommand::Add(add) => {
            #[derive(Serialize)]
            struct Line<'a> {
                id: String,
                name: &'a str,
                email: &'a str,
                token: String,
            }
            let Add { name, email, password, id } = &add;
            let new = Newcomer { name, email, password: password.as_deref(), id: *id };
            let (user, email) = accounts.add(new).await.map_err(|why| said(why, accounts))?;
            let token = accounts.issue(&user, "tradewind user add").await?;
            let id = user.id.to_string();
            let line = Line { id, name: &user.name, email: email.as_str(), token };
            Ok(TaskReport::lines(serde_json::to_string(&line)? + "\n"))
        }
        UserCommand::Token { name } => {
            let wanted = Called::new(&name).context("--name: nobody's name")?;
            let user = accounts.by_name(wanted).await?;
            let user = user.with_context(|| format!("nobody has the name {name:?}"))?;
            Ok(TaskReport::lines(accounts.issue(&user, "tradewind user token").await? + "\n"))
        }
        UserCommand::Clashes => clashes(accounts).await,
    }
}

async fn clashes(accounts: &Accounts) -> anyhow::Result<TaskReport> {
    #[derive(Serialize)]
    struct Line<'a> {
        key: &'a str,
        id: String,
        name: &'a str,
    }
    let mut lines = String::new();
    for (key, user) in accounts.name_clashes().await? {
        let line = Line { key: key.as_str(), id: user.id.to_string(), name: &user.name };
        lines += &(serde_json::to_string(&line)? + "\n");
    }
    Ok(TaskReport::lines(lines))
}

/// Why a user was not made, in the words of the command's flags.
pub fn said(refusal: AddRefusal, accounts: &Accounts) -> anyhow::Error {
    let PasswordRule { chars_min, bytes_max } = accounts.password_rule();
    match refusal {
        AddRefusal::NameInvalid => {
            anyhow!("--name: 1 to 32 characters, nothing invisible, no mixed scripts")
        }
        AddRefusal::EmailInvalid => anyhow!("--email: not a valid address"),
        AddRefusal::IdInvalid => anyhow!("--id: must be positive and even"),
        AddRefusal::Password(PasswordFault::Short) => {
            anyhow!("--password: at least {chars_min} characters")
        }
        AddRefusal::Password(PasswordFault::Long) => {
            anyhow!("--password: at most {bytes_max} bytes")
        }
        refusal @ (AddRefusal::Taken | AddRefusal::Fault(_)) => refusal.into(),
    }
}
