//! `tradewind service-key`: keys by which other services show who they are.

use anyhow::bail;
use clap::Subcommand;
use serde::{Deserialize, Serialize};

use super::task::Output;
use crate::auth::key::ServiceKey;
use crate::server::Base;
use crate::store::admin::service_keys;

/// The longest name of a service, in characters.
const NAME_CHARS_MAX: usize = 64;

#[derive(Debug, Deserialize, Serialize, Subcommand)]
pub enum Command {
    /// Make a key, and print it; it is shown only now
    Add {
        /// The unique name of the service, or of this key of it
        #[arg(long)]
        name: String,
    },
    /// Print the names that have keys
    List,
    /// End a key at once
    Remove {
        /// Its name
        #[arg(long)]
        name: String,
    },
}

/// Does a `service-key` command.
pub fn run(base: &Base, command: Command, out: &mut Output<'_>) -> anyhow::Result<()> {
    match command {
        Command::Add { name } => writeln!(out.screen, "{}", add(base, &name)?.as_str())?,
        Command::List => {
            for name in base.database.read(service_keys::names)? {
                writeln!(out.screen, "{name}")?;
            }
        }
        Command::Remove { name } => {
            if !base.database.write(|conn| service_keys::remove(conn, &name))? {
                bail!("no key has the name {name:?}");
            }
        }
    }
    Ok(())
}

fn add(base: &Base, name: &str) -> anyhow::Result<ServiceKey> {
    let chars = name.chars().count();
    if name.trim().is_empty() || chars > NAME_CHARS_MAX || name.chars().any(char::is_control) {
        bail!("--name: 1 to {NAME_CHARS_MAX} characters, not blank");
    }
    let key = ServiceKey::random()?;
    let now = base.clock.now();
    match base.database.write(|conn| service_keys::insert(conn, name, &key.hash(), now)) {
        Ok(()) => Ok(key),
        Err(error) if error.is_unique_violation() => bail!("a key has the name {name:?} already"),
        Err(error) => Err(error.into()),
    }
}
