//! `tradewind serve`.

use anyhow::{Context as _, anyhow};
use clap::Args;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::{control, user};
use crate::domain::accounts::user::{Email, User, UserPair};
use crate::server::capacity::{self, Capacity};
use crate::server::{self, Base, Config, Running};
use crate::service::accounts::{Accounts, Newcomer};
use crate::store::Condition;

/// The demonstration users' password.
const DEMO_PASSWORD: &str = "tradewind";

/// Where Pub/Sub is demonstrated: where Google's emulator is, too.
const DEMO_PUBSUB: &str = "127.0.0.1:8085";

/// What to do about a database that is lost.
const RESTORE: &str =
    "if nothing is at that place, or not the right thing, restore a backup there; then start again";

/// Run the hub
#[derive(Args, Default)]
pub struct Serve {
    /// Make the users alice and bob, who are friends, and print how to open both; and let Pub/Sub listen at
    /// 127.0.0.1:8085, if nobody else does
    #[arg(long)]
    demo: bool,
}

/// Runs the hub until SIGTERM, SIGINT or SIGHUP, or until its database is lost.
pub fn run(config: &Config, serve: &Serve, remarks: &[String]) -> anyhow::Result<()> {
    let files = capacity::raise_files();
    // First of all: a second hub started by mistake must not touch the database.
    let listener = server::listen(config)?;
    let config = &demonstrated(config, serve);
    let base = Base::open(config)?;
    base.know_logins()?;
    let database = base.database.place();
    actix::System::new().block_on(async {
        // Before anybody can know that the hub is there: until then a signal just kills.
        let stop = StopSignals::install()?;
        let control = control::ControlSocket::open(config, &base.database)?;
        let mut running = server::start(config, base, listener).await?;
        running.parts.add("control socket", ((), control.serve(running.service.clone())));
        let demo = match demonstration(serve, &running.service.accounts).await {
            Ok(demo) => demo,
            Err(error) => {
                running.stop().await;
                return Err(error);
            }
        };
        remarks.iter().for_each(|remark| log::warn!("{remark}"));
        log::info!("this machine carries {}", Capacity::of(config, files));
        announce(config, &database, &running);
        if let Some(tokens) = demo {
            show(&running, &tokens);
        }
        let condition = running.store.condition();
        let taken = tokio::select! {
            () = stop.wait() => None,
            why = running.dispossessed() => Some(why),
            () = running.lost() => None,
        };
        running.stop().await;
        println!("stopped");
        let why = match &*condition.borrow() {
            Condition::Lost(cause) => Some(format!("{cause}: {RESTORE}")),
            Condition::Well | Condition::Ailing(_) => taken,
        };
        why.map_or(Ok(()), |why| Err(anyhow!(why)))
    })
}

/// The settings, with what is demonstrated: Pub/Sub where Google's emulator is, but not if another program listens there.
fn demonstrated(config: &Config, serve: &Serve) -> Config {
    let mut config = config.clone();
    config.http.demo |= serve.demo;
    if serve.demo && config.pubsub.bind.is_empty() {
        config.pubsub.bind = DEMO_PUBSUB.to_owned();
        if let Err(error) = server::listen_pubsub(&config) {
            log::warn!("--demo goes without Pub/Sub: {error}");
            config.pubsub.bind.clear();
        }
    }
    config
}

fn announce(config: &Config, database: &str, running: &Running) {
    println!("Tradewind listens on http://{}", running.address);
    println!("  socket    ws://{}/ws", running.address);
    if let Some(console) = running.console_address {
        println!("  console   http://{console}/");
    }
    if let Some(pubsub) = running.pubsub_address {
        println!("  pubsub    http://{pubsub}/v1");
    }
    if let Some(owl) = running.owl_address {
        println!("  servers   tcp://{owl}");
    }
    println!("  messages  {database}");
    match config.mail.url.expose().strip_prefix("file://") {
        Some(folder) => println!("  mail      files in {folder}; their links are in the log, too"),
        // Its URL may hold a password.
        None => println!("  mail      by SMTP"),
    }
}

/// The signals that stop the hub in good order.
struct StopSignals {
    terminate: Signal,
    interrupt: Signal,
    hangup: Option<Signal>,
}

impl StopSignals {
    /// From now on they wait here instead of killing the process.
    fn install() -> anyhow::Result<Self> {
        let terminate = signal(SignalKind::terminate()).context("SIGTERM")?;
        let interrupt = signal(SignalKind::interrupt()).context("SIGINT")?;
        let hangup = if hangup_is_ignored() {
            None
        } else {
            Some(signal(SignalKind::hangup()).context("SIGHUP")?)
        };
        Ok(Self { terminate, interrupt, hangup })
    }

    async fn wait(mut self) {
        let hangup = async {
            match &mut self.hangup {
                Some(hangup) => hangup.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = self.terminate.recv() => log::info!("SIGTERM: stopping"),
            _ = self.interrupt.recv() => log::info!("SIGINT: stopping"),
            _ = hangup => log::info!("SIGHUP: stopping"),
        }
    }
}

/// Whether whoever has started us wants us to outlive the terminal, as `nohup` does. Known on Linux only.
fn hangup_is_ignored() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    // SIGHUP is number 1, and so the lowest bit.
    ignored.is_some_and(|mask| u64::from_str_radix(mask.trim(), 16).is_ok_and(|mask| mask & 1 == 1))
}

/// Makes the demonstration users where they are missing, if they are wanted; gives each with a token.
async fn demonstration(
    serve: &Serve,
    accounts: &Accounts,
) -> anyhow::Result<Option<[(User, String); 2]>> {
    if !serve.demo {
        return Ok(None);
    }
    let alice = demo_user(accounts, "alice").await?;
    let bob = demo_user(accounts, "bob").await?;
    if let Some(pair) = UserPair::new(alice.0.id, bob.0.id) {
        accounts.introduce(pair).await?;
    }
    Ok(Some([alice, bob]))
}

async fn demo_user(accounts: &Accounts, name: &str) -> anyhow::Result<(User, String)> {
    let address = format!("{name}@demo.example");
    let email = Email::parse(&address).context("no address")?;
    let user = match accounts.by_email(email).await? {
        Some(user) => user,
        None => {
            let new = Newcomer { name, email: &address, password: Some(DEMO_PASSWORD), id: None };
            let added = accounts.add(new).await.map_err(|why| user::said(why, accounts));
            added.with_context(|| format!("--demo cannot make the user {name}"))?.0
        }
    };
    let token = accounts.issue(&user, "tradewind serve --demo").await?;
    Ok((user, token))
}

fn show(running: &Running, users: &[(User, String)]) {
    println!();
    println!("Two users are here to play with; they are friends.");
    for (user, token) in users {
        println!();
        println!("  {} (id {}, password {DEMO_PASSWORD})", user.name, user.id);
        println!("    connect to  ws://{}/ws  and send", running.address);
        println!(r#"    {{"type":"heartbeat","payload":{{}}}}"#);
        println!(r#"    {{"type":"auth","payload":{{"auth":"{token}"}}}}"#);
    }
    if let [(alice, _), (bob, _)] = users {
        let room = alice.id.get() ^ bob.id.get();
        println!();
        println!("  either can then send");
        println!(
            r#"    {{"type":"chat","payload":{{"type":"send","chat_id":"{room}","content":"hello"}}}}"#
        );
    }
}
