//! The command line: flags to settings, commands to what does them.

mod agent;
mod app;
mod bridge;
mod check;
mod control;
mod doctor;
mod push_token;
mod restore;
mod seed;
mod serve;
mod service_key;
mod subscription;
mod task;
mod topic;
mod user;

use std::io::{self, BufWriter, Write as _};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::{Parser, Subcommand};

use crate::clock::SystemClock;
use crate::domain::clock::Clock as _;
use crate::private;
use crate::server::{Base, Config, House};
use crate::store::{Database, StoreError};
use crate::telemetry;
use seed::Seed;
use task::{Output, Task};

/// Between two tries to reach a hub that has the database and does not listen, and how many.
const RETRY: Duration = Duration::from_millis(20);
const TRIES_MAX: u32 = 100;

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
    command: Option<CliCommand>,
}

#[derive(Subcommand)]
enum CliCommand {
    /// Run the hub (the default)
    Serve(serve::Serve),
    /// Make users, and tokens for them
    #[command(subcommand)]
    User(user::UserCommand),
    /// Make, list and end the keys of other services
    #[command(subcommand)]
    ServiceKey(service_key::ServiceKeyCommand),
    /// Make apps, and see to their keys and settings
    #[command(subcommand)]
    App(app::AppCommand),
    /// Make agents of apps, and list them
    #[command(subcommand)]
    Agent(agent::AgentCommand),
    /// Make topics of Pub/Sub, list and delete them, and publish
    #[command(subcommand)]
    Topic(topic::TopicCommand),
    /// Make subscriptions of Pub/Sub, list and delete them
    #[command(subcommand)]
    Subscription(subscription::SubscriptionCommand),
    /// Make bridges between Pub/Sub and chat or apps, list and remove them
    #[command(subcommand)]
    Bridge(bridge::BridgeCommand),
    /// Print a token as the hub's own pushes have it, to try a receiver with
    PushToken(push_token::PushTokenArgs),
    /// Make many users at once, for tests and load runs
    Seed(Seed),
    /// Show the default settings, or check the present ones
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Look at everything the hub needs, and say what to do; also beside a living hub
    Doctor(doctor::Doctor),
    /// Bring the database's schema up to date
    Migrate,
    /// Write a consistent copy of a SQLite database, also while the hub runs
    Backup {
        /// The copy; it must not exist
        file: PathBuf,
    },
    /// Put a backup in place of the database, while no hub runs
    Restore(restore::Restore),
}

#[derive(Subcommand)]
enum ConfigCommand {
    /// Print the default file, with the documentation of every setting
    Default,
    /// Say what is wrong with the present settings, and what probably is
    Check(check::Check),
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
    if let Some(CliCommand::Config(ConfigCommand::Default)) = flags.command {
        print!("{}", Config::default_toml());
        return Ok(());
    }
    let file = flags.config.as_deref();
    let loaded = Config::load(file, environment(), &flags.settings);
    if let Some(CliCommand::Doctor(doctor)) = &flags.command {
        let remarks = loaded.as_ref().map(|config| check::remarks(config, file));
        return doctor::run(doctor, &loaded, remarks.unwrap_or_default());
    }
    let config = loaded?;
    telemetry::log_to_stderr(&config.log).context("log.filter")?;
    match flags.command {
        None => serve::run(&config, &serve::Serve::default(), &check::remarks(&config, file)),
        Some(CliCommand::Serve(serve)) => {
            serve::run(&config, &serve, &check::remarks(&config, file))
        }
        Some(CliCommand::User(command)) => perform(&config, Task::User(command)),
        Some(CliCommand::ServiceKey(command)) => perform(&config, Task::ServiceKey(command)),
        Some(CliCommand::App(command)) => perform(&config, Task::App(command)),
        Some(CliCommand::Agent(command)) => perform(&config, Task::Agent(command)),
        Some(CliCommand::Topic(command)) => perform(&config, Task::Topic(command)),
        Some(CliCommand::Subscription(command)) => perform(&config, Task::Subscription(command)),
        Some(CliCommand::Bridge(command)) => perform(&config, Task::Bridge(command)),
        Some(CliCommand::PushToken(args)) => perform(&config, Task::PushToken(args.of(&config)?)),
        Some(CliCommand::Seed(Seed { plan, out })) => write_to(&config, Task::Seed(plan), &out),
        Some(CliCommand::Config(ConfigCommand::Default)) => Ok(()),
        Some(CliCommand::Config(ConfigCommand::Check(check))) => check.run(&config, file),
        Some(CliCommand::Doctor(_)) => Ok(()),
        Some(CliCommand::Migrate) => perform(&config, Task::Migrate),
        Some(CliCommand::Backup { file }) => backup(&config, &file),
        Some(CliCommand::Restore(restore)) => restore::run(&config, &restore),
    }
}

/// Does what says all it has to say on the screen.
fn perform(config: &Config, task: Task) -> anyhow::Result<()> {
    let mut out = Output { screen: &mut io::stdout(), file: &mut io::sink() };
    here_or_there(config, task, &mut out)
}

/// Does what writes a file that must not exist.
fn write_to(config: &Config, task: Task, file: &Path) -> anyhow::Result<()> {
    let said = || file.display().to_string();
    // First of all, since without it the rest would be of no use.
    let mut open = BufWriter::new(private::create_file(file).with_context(said)?);
    let mut screen = Vec::new();
    let mut out = Output { screen: &mut screen, file: &mut open };
    here_or_there(config, task, &mut out)?;
    open.flush().with_context(said)?;
    Ok(io::stdout().write_all(&screen)?)
}

/// Does a task: in the hub that has the database, else here, while nobody else can have it.
fn here_or_there(config: &Config, mut task: Task, out: &mut Output<'_>) -> anyhow::Result<()> {
    let settings = &config.store;
    let mut tries = 0;
    loop {
        let held = match Database::own(settings, SystemClock::start().now()) {
            Ok(database) => return here(database, config, task, out),
            Err(held) => held,
        };
        let StoreError::Held { holder: Some(hub), .. } = &held else { return Err(held.into()) };
        match control::call(config, hub, task, out)? {
            ControlFlow::Break(()) => return Ok(()),
            ControlFlow::Continue((_, why)) if tries == TRIES_MAX => bail!("{held}; {why}"),
            ControlFlow::Continue((again, _)) => task = again,
        }
        // It may be about to end, or to open its socket.
        tries += 1;
        thread::sleep(RETRY);
    }
}

fn here(
    database: Database,
    config: &Config,
    task: Task,
    out: &mut Output<'_>,
) -> anyhow::Result<()> {
    match task {
        // Needs no key, and makes none.
        Task::Migrate => task::migrate(&database)?.tell(out),
        task => {
            let base = Base::on(database, config)?;
            actix::System::new()
                .block_on(async {
                    let house = House::start(config, &base).await?;
                    let done = task.run((&house.service, &base.database)).await;
                    house.stop().await;
                    done
                })?
                .tell(out)
        }
    }
}

fn backup(config: &Config, file: &Path) -> anyhow::Result<()> {
    if file.exists() {
        bail!("{}: exists already", file.display());
    }
    Database::open_existing(&config.store)?.backup(file)?;
    println!("backed up to {}", file.display());
    Ok(())
}
