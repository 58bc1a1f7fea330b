//! The command line.

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;

use anyhow::{Context as _, bail, ensure};
use clap::{Args, Parser, Subcommand};

use crate::accounts::{self, Entry};
use crate::address::Address;
use crate::net::Protocol;

/// Loads a hub that speaks REWIND, and checks that every acknowledged message arrives once and in
/// order.
///
/// Exit status: 0 all was well; 1 the run failed: what was due was not done, or a message was lost,
/// doubled or out of order; 2 the run could not be made, or nothing was measured; 3 the run was good and
/// a condition of --fail-on is met.
#[derive(Debug, Parser)]
#[command(name = "tradewind-loadtest", version)]
pub struct Cli {
    /// What kind of load.
    #[command(subcommand)]
    pub mode: Mode,
}

/// More than this a second no open loop is asked for.
const RATE_MAX: f64 = 1e7;

/// What all modes share.
#[derive(Clone, Args)]
pub struct Common {
    /// What the server speaks; others than REWIND are for comparison
    #[arg(long, value_enum, default_value = "rewind")]
    pub protocol: Protocol,
    /// Where the hub listens: HOST:PORT, or a URL of http, https, ws or wss, which may have a path
    #[arg(long, default_value = "127.0.0.1:8080", value_name = "HOST:PORT|URL")]
    pub address: String,
    /// The path of the socket [default: that of the address, or /ws]
    #[arg(long)]
    pub path: Option<String>,
    /// The authorities (PEM) that the hub's certificate is signed by, instead of Mozilla's
    #[arg(long, value_name = "FILE", visible_alias = "ca-file")]
    pub ca: Option<PathBuf>,
    /// The users, as `tradewind seed` writes them (with `email` and `password` where there is no
    /// token), or a line `EMAIL:PASSWORD` or a token for each; only REWIND has any
    #[arg(long, value_name = "FILE")]
    pub accounts: Option<PathBuf>,
    /// A user to log in, behind those of the file; can be repeated
    #[arg(long, value_name = "EMAIL:PASSWORD")]
    pub user: Vec<String>,
    /// The token of a user, behind those of the file; can be repeated
    #[arg(long)]
    pub token: Vec<String>,
    /// The password of all who have none of their own
    #[arg(long)]
    pub password: Option<String>,
    /// How long to measure
    #[arg(long, default_value_t = 10.0)]
    pub seconds: f64,
    /// How long to run before measuring
    #[arg(long, default_value_t = 2.0)]
    pub warmup_seconds: f64,
    /// How long to wait for what is under way at the end
    #[arg(long, default_value_t = 10.0)]
    pub drain_seconds: f64,
    /// How long opening or closing a session may take
    #[arg(long, default_value_t = 15.0)]
    pub deadline_seconds: f64,
    /// Time between the heartbeats of a session; hubs close after 45 s without one
    #[arg(long, default_value_t = 20.0)]
    pub heartbeat_seconds: f64,
    /// Keep a core busy looking for news, so that no server pays for waking the tester
    #[arg(long)]
    pub spin: bool,
    /// How many sessions are opened at once
    #[arg(long, default_value_t = 64)]
    pub opening: u32,
    /// Loopback addresses to connect from, as FIRST..LAST; each has about 28,000 ports
    #[arg(long, value_name = "FIRST..LAST")]
    pub source_addresses: Option<String>,
    /// The process of the hub, to say what it cost
    #[arg(long, value_name = "PID")]
    pub server_pid: Option<u32>,
    /// Write the report as JSON; `-` is standard output
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// Write the report as a page with plots
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// Conditions under which the run counts as failed, with exit status 3: `errors`, `rate<95%` (of
    /// --rate), `rate<1000`, and p50, p90, p99, p99.9, max or mean, such as `p99>50ms`; with commas
    #[arg(long, value_name = "CONDITIONS")]
    pub fail_on: Vec<String>,
    /// Show the ratios to an earlier report, written by --json
    #[arg(long, value_name = "FILE")]
    pub compare: Option<PathBuf>,
    /// A line for the report, such as what else ran on the machine
    #[arg(long, default_value = "")]
    pub note: String,
}

/// The kinds of load.
#[derive(Clone, Debug, Subcommand)]
pub enum Mode {
    /// Many sessions that only send heartbeats
    Idle(Idle),
    /// Sessions that connect, log in and leave
    Storm(Storm),
    /// Direct messages within pairs of users
    Pairs(Pairs),
    /// Messages to one user with many sessions, or to a group
    Fanout(Fanout),
    /// Paging through conversations
    History(History),
    /// Echoes: of heartbeats, or of messages where there are none
    Echo(Echo),
    /// Messages to many users in turn who are not there
    Rooms(Rooms),
    /// Pages of conversations that are there already
    Pages(Pages),
    /// Days of users: connect, page, chat, leave, come back
    Mixed(Mixed),
}

/// `idle`
#[derive(Clone, Debug, Args)]
pub struct Idle {
    /// What all modes share.
    #[command(flatten)]
    pub common: Common,
    /// Sessions
    #[arg(long, default_value_t = 1000)]
    pub connections: u32,
}

/// `storm`
#[derive(Clone, Debug, Args)]
pub struct Storm {
    /// What all modes share.
    #[command(flatten)]
    pub common: Common,
    /// Closed loop: sessions being opened at once
    #[arg(long, default_value_t = 32)]
    pub in_flight: u32,
    /// Open loop: sessions opened per second
    #[arg(long, allow_negative_numbers = true)]
    pub rate: Option<f64>,
    /// Sessions at most, those being closed included
    #[arg(long, default_value_t = 4000)]
    pub connections: u32,
}

/// `pairs`
#[derive(Clone, Debug, Args)]
pub struct Pairs {
    /// What all modes share.
    #[command(flatten)]
    pub common: Common,
    /// Pairs of users, neighbours in the file; a session each
    #[arg(long, default_value_t = 64)]
    pub pairs: u32,
    /// Closed loop: messages of each author that wait for their acknowledgement
    #[arg(long, default_value_t = 1)]
    pub in_flight: u32,
    /// Open loop: messages per second of all authors together
    #[arg(long, allow_negative_numbers = true)]
    pub rate: Option<f64>,
    /// Only the first of each pair writes
    #[arg(long)]
    pub one_way: bool,
    /// Bytes of a message, at least 50
    #[arg(long, default_value_t = 100)]
    pub size: usize,
}

/// `fanout`
#[derive(Clone, Debug, Args)]
pub struct Fanout {
    /// What all modes share.
    #[command(flatten)]
    pub common: Common,
    /// Sessions of the one reader, or readers in a group with a session each
    #[arg(long, default_value_t = 1000)]
    pub connections: u32,
    /// Users who write to them
    #[arg(long, default_value_t = 1)]
    pub writers: u32,
    /// All in a group, which the first writer makes, a friend of all others: see `tradewind seed
    /// --friends star`. A group of Tradewind holds 1,000
    #[arg(long)]
    pub group: bool,
    /// Closed loop: messages of each writer that are not yet with all sessions
    #[arg(long, default_value_t = 1)]
    pub in_flight: u32,
    /// Open loop: messages per second of all writers together
    #[arg(long, allow_negative_numbers = true)]
    pub rate: Option<f64>,
    /// Bytes of a message, at least 50
    #[arg(long, default_value_t = 100)]
    pub size: usize,
}

/// `history`
#[derive(Clone, Debug, Args)]
pub struct History {
    /// What all modes share.
    #[command(flatten)]
    pub common: Common,
    /// Conversations; both users of each page through it
    #[arg(long, default_value_t = 16)]
    pub pairs: u32,
    /// Messages written into each before
    #[arg(long, default_value_t = 1000)]
    pub messages: u32,
    /// Messages of a page
    #[arg(long, default_value_t = 50)]
    pub page: u32,
    /// Bytes of a message, at least 50
    #[arg(long, default_value_t = 100)]
    pub size: usize,
}

/// `echo`
#[derive(Clone, Debug, Args)]
pub struct Echo {
    /// What all modes share.
    #[command(flatten)]
    pub common: Common,
    /// Sessions
    #[arg(long, default_value_t = 64)]
    pub connections: u32,
    /// Messages of each that wait for their echo
    #[arg(long, default_value_t = 1)]
    pub in_flight: u32,
    /// Bytes of a message that is no heartbeat, at least 50
    #[arg(long, default_value_t = 100)]
    pub size: usize,
}

/// `rooms`
#[derive(Clone, Debug, Args)]
pub struct Rooms {
    /// What all modes share.
    #[command(flatten)]
    pub common: Common,
    /// Users who write, with a session each
    #[arg(long, default_value_t = 64)]
    pub authors: u32,
    /// Conversations of all authors together; each needs another user
    #[arg(long, default_value_t = 64)]
    pub rooms: u32,
    /// Messages of each author that wait for their acknowledgement
    #[arg(long, default_value_t = 4)]
    pub in_flight: u32,
    /// Bytes of a message, at least 50
    #[arg(long, default_value_t = 100)]
    pub size: usize,
}

/// `pages`
#[derive(Clone, Debug, Args)]
pub struct Pages {
    /// What all modes share.
    #[command(flatten)]
    pub common: Common,
    /// Conversations, of neighbours in the file
    #[arg(long, default_value_t = 1)]
    pub pairs: u32,
    /// Sessions; they take the users of the conversations in turn
    #[arg(long, default_value_t = 16)]
    pub connections: u32,
    /// Messages of a page
    #[arg(long, default_value_t = 50)]
    pub page: u32,
    /// What the messages of a page come before: a moment between two, drawn anew for each page, such
    /// as `2026-01-01 09:00:00..2026-01-01 10:00:00`
    #[arg(long, value_name = "FIRST..LAST", default_value = "2199-12-31 00:00:00")]
    pub before: String,
}

/// `mixed`
#[derive(Clone, Debug, Args)]
pub struct Mixed {
    /// What all modes share.
    #[command(flatten)]
    pub common: Common,
    /// Users, in pairs
    #[arg(long, default_value_t = 200)]
    pub users: u32,
    /// Mean time a user stays
    #[arg(long, default_value_t = 10.0)]
    pub stay_seconds: f64,
    /// Mean time a user is away
    #[arg(long, default_value_t = 3.0)]
    pub away_seconds: f64,
    /// Mean time between the messages of a user
    #[arg(long, default_value_t = 1.0)]
    pub pause_seconds: f64,
    /// Bytes of a message, at least 50
    #[arg(long, default_value_t = 100)]
    pub size: usize,
}

impl Mode {
    /// What all modes share.
    pub fn common(&self) -> &Common {
        match self {
            Self::Idle(mode) => &mode.common,
            Self::Storm(mode) => &mode.common,
            Self::Pairs(mode) => &mode.common,
            Self::Fanout(mode) => &mode.common,
            Self::History(mode) => &mode.common,
            Self::Echo(mode) => &mode.common,
            Self::Rooms(mode) => &mode.common,
            Self::Pages(mode) => &mode.common,
            Self::Mixed(mode) => &mode.common,
        }
    }

    /// What an open loop is to reach a second.
    pub fn rate(&self) -> Option<f64> {
        match self {
            Self::Storm(mode) => mode.rate,
            Self::Pairs(mode) => mode.rate,
            Self::Fanout(mode) => mode.rate,
            Self::Idle(_)
            | Self::History(_)
            | Self::Echo(_)
            | Self::Rooms(_)
            | Self::Pages(_)
            | Self::Mixed(_) => None,
        }
    }

    /// Whether its users are in a group.
    pub fn has_group(&self) -> bool {
        matches!(self, Self::Fanout(Fanout { group: true, .. }))
    }

    /// Fails where the protocol has not what the mode needs, or on times that make no sense.
    pub fn validate(&self) -> anyhow::Result<()> {
        let protocol = self.common().protocol;
        let is_known = match self {
            Self::Idle(_) | Self::Storm(_) => protocol != Protocol::Tcp,
            Self::Fanout(_) => matches!(protocol, Protocol::Rewind | Protocol::Websocket),
            Self::Echo(_) => protocol != Protocol::SocketIo,
            Self::Pairs(_)
            | Self::History(_)
            | Self::Rooms(_)
            | Self::Pages(_)
            | Self::Mixed(_) => protocol == Protocol::Rewind,
        };
        ensure!(is_known, "this mode has no load for --protocol {protocol}");
        ensure!(
            !self.has_group() || protocol == Protocol::Rewind,
            "there are no groups in --protocol {protocol}"
        );
        let nobody = matches!(self, Self::Fanout(Fanout { writers: 0, .. }));
        ensure!(!nobody, "--writers must be above 0");
        let unheard = matches!(self, Self::Fanout(Fanout { connections: 0, .. }));
        ensure!(!unheard, "no session is asked for");
        if let Some(rate) = self.rate() {
            let possible = rate > 0.0 && rate <= RATE_MAX;
            ensure!(possible, "--rate {rate}: not above 0 and at most {RATE_MAX}");
        }
        self.common().validate()
    }
}

/// Shows no secret.
impl std::fmt::Debug for Common {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Common").field("protocol", &self.protocol).finish_non_exhaustive()
    }
}

impl Common {
    /// The path of the socket.
    pub fn path<'a>(&'a self, address: &'a Address) -> &'a str {
        self.path.as_deref().or(address.path.as_deref()).unwrap_or("/ws")
    }

    /// The users that are named.
    ///
    /// # Errors
    /// If there are none, or the file is no good.
    pub fn entries(&self) -> anyhow::Result<Vec<Entry>> {
        let default_password = self.password.is_some();
        let mut entries = match &self.accounts {
            Some(file) => accounts::read(file, default_password)?,
            None => Vec::new(),
        };
        for user in &self.user {
            entries.push(Entry::of_user(user).context("--user")?);
        }
        entries.extend(self.token.iter().map(|token| Entry::of_token(token)));
        ensure!(
            !entries.is_empty(),
            "--accounts FILE is missing: what `tradewind seed` wrote; or --user, or --token"
        );
        Ok(entries)
    }

    /// The addresses to connect from.
    pub fn sources(&self) -> anyhow::Result<Vec<IpAddr>> {
        let Some(range) = &self.source_addresses else { return Ok(Vec::new()) };
        let (first, last) = range.split_once("..").unwrap_or((range, range));
        let (Ok(first), Ok(last)) = (first.parse::<Ipv4Addr>(), last.parse::<Ipv4Addr>()) else {
            bail!("--source-addresses {range}: not FIRST..LAST of IPv4 addresses");
        };
        let (first, last) = (u32::from(first), u32::from(last));
        ensure!(first <= last && last - first < 4096, "--source-addresses {range}: a bad range");
        Ok((first..=last).map(|address| IpAddr::V4(Ipv4Addr::from(address))).collect())
    }

    fn validate(&self) -> anyhow::Result<()> {
        let times = [
            ("--warmup-seconds", self.warmup_seconds, 0.0),
            ("--seconds", self.seconds, 0.1),
            ("--drain-seconds", self.drain_seconds, 0.1),
            ("--deadline-seconds", self.deadline_seconds, 0.1),
            ("--heartbeat-seconds", self.heartbeat_seconds, 0.001),
        ];
        for (name, value, least) in times {
            ensure!(
                (least..=1e6).contains(&value),
                "{name} {value}: not from {least} to 1,000,000"
            );
        }
        ensure!(self.opening > 0, "--opening must be above 0");
        Ok(())
    }
}
