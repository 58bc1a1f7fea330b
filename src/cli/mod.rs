//! The command line: flags to settings, commands to what does them.

mod seed;
mod serve;
mod service_key;
mod user;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::{Parser, Subcommand};

use crate::clock::SystemClock;
use crate::config::Config;
use crate::domain::clock::Clock as _;
use crate::server::Base;
use crate::store::{Database, StoreError};
use crate::telemetry;

/// A messaging hub: sockets, presence, friends and durable chat in one binary.
#[derive(Parser)]
#[command(name = "tradewind", version, about)]
struct Flags {
    /// Read settings from this file instead of ./tradewind.toml
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Change one setting, above file and environment; can be repeated
    #[arg(long = "set", global = true, value_name = "SECTION.KEY=VALUE", value_parser = setting)]
    settings: Vec<(String, String)>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Run the hub (the default)
    Serve(serve::Serve),
    /// Make users, and tokens for them
    #[command(subcommand)]
    User(user::Command),
    /// Make, list and end the keys of other services
    #[command(subcommand)]
    ServiceKey(service_key::Command),
    /// Make many users at once, for tests and load runs
    Seed(seed::Seed),
    /// Show the default settings, or check the present ones
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Bring the database's schema up to date
    Migrate,
    /// Write a consistent copy of a SQLite database, also while the hub runs
    Backup {
        /// The copy; it must not exist
        file: PathBuf,
    },
}

#[derive(Subcommand)]
enum ConfigCommand {
    /// Print the default file, with the documentation of every setting
    Default,
    /// Say what is wrong with the present settings
    Check,
}

/// The variables that are text; others cannot be settings.
fn environment() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
}

fn setting(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("expected SECTION.KEY=VALUE")?;
    Ok((key.to_owned(), value.to_owned()))
}

/// Reads the command line, and does what it says.
///
/// # Errors
/// Whatever stops the command; its chain is fit to be shown on one line.
pub fn run() -> anyhow::Result<()> {
    let flags = Flags::parse();
    if let Some(Command::Config(ConfigCommand::Default)) = flags.command {
        print!("{}", Config::default_toml());
        return Ok(());
    }
    let config = Config::load(flags.config.as_deref(), environment(), &flags.settings)?;
    telemetry::log_to_stderr(&config.log.filter).context("log.filter")?;
    match flags.command {
        None => serve::run(&config, &serve::Serve::default()),
        Some(Command::Serve(serve)) => serve::run(&config, &serve),
        Some(Command::User(command)) => user::run(&Base::beside(&config)?, command),
        Some(Command::ServiceKey(command)) => service_key::run(&Base::beside(&config)?, command),
        Some(Command::Seed(seed)) => seed::run(&Base::beside(&config)?, &seed),
        Some(Command::Config(ConfigCommand::Default)) => Ok(()),
        Some(Command::Config(ConfigCommand::Check)) => {
            println!("the settings are good");
            Ok(())
        }
        Some(Command::Migrate) => migrate(&config),
        Some(Command::Backup { file }) => backup(&config, &file),
    }
}

fn migrate(config: &Config) -> anyhow::Result<()> {
    let now = SystemClock::start().now();
    let settings = crate::server::store_settings(config);
    let database = match Database::own(&settings, now) {
        Err(StoreError::Held { .. }) => Database::open(&settings)?,
        owned => owned?,
    };
    let applied = database.migrate()?;
    for name in &applied {
        println!("{name}");
    }
    println!("{} migrations applied, the schema is up to date", applied.len());
    Ok(())
}

fn backup(config: &Config, file: &Path) -> anyhow::Result<()> {
    if file.exists() {
        bail!("{}: exists already", file.display());
    }
    Database::open_existing(&crate::server::store_settings(config))?.backup(file)?;
    println!("backed up to {}", file.display());
    Ok(())
}
