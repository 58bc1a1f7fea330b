//! The options that all modes share.

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;

use anyhow::{Context as _, bail, ensure};
use clap::Args;

use crate::accounts::{self, Entry};
use crate::address::Address;
use crate::net::Protocol;

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
    /// token), or a line `EMAIL:PASSWORD` or a token for each; only REWIND has any. For `devices` what
    /// `tradewind seed --devices` writes
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

    /// Whether TLS is asked for.
    pub(super) fn is_encrypted(&self) -> bool {
        ["https:", "wss:"].iter().any(|scheme| self.address.starts_with(scheme))
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

    /// Fails on times that make no sense.
    pub(super) fn validate(&self) -> anyhow::Result<()> {
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
