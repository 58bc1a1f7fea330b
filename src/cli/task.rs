//! What a command does to a database: in its own process, or in that of the hub that has it.

use std::io::Write;

use serde::{Deserialize, Serialize};

use super::{seed, service_key, user};
use crate::server::Base;
use crate::store::Database;

/// A command that writes or asks. As JSON it is what `control` sends to a hub.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Task {
    User(user::Command),
    ServiceKey(service_key::Command),
    Seed(seed::Plan),
    Migrate,
}

/// Where a command says what it has done. It comes to whoever typed it, wherever the command ran.
pub struct Output<'a> {
    /// Standard output.
    pub screen: &'a mut dyn Write,
    /// The file that the command was asked to write.
    pub file: &'a mut dyn Write,
}

impl Task {
    /// Does it.
    pub fn run(self, base: &Base, out: &mut Output<'_>) -> anyhow::Result<()> {
        match self {
            Self::User(command) => user::run(base, command, out),
            Self::ServiceKey(command) => service_key::run(base, command, out),
            Self::Seed(plan) => seed::run(base, &plan, out),
            Self::Migrate => migrate(&base.database, out),
        }
    }
}

/// Brings the schema up to date.
pub fn migrate(database: &Database, out: &mut Output<'_>) -> anyhow::Result<()> {
    let applied = database.migrate()?;
    for name in &applied {
        writeln!(out.screen, "{name}")?;
    }
    writeln!(out.screen, "{} migrations applied, the schema is up to date", applied.len())?;
    Ok(())
}
