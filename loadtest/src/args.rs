//! The command line.

mod common;
mod modes;

use anyhow::ensure;
use clap::{Parser, Subcommand};

use crate::net::Protocol;
pub use common::Common;
pub use modes::{Devices, Echo, Fanout, History, Idle, Mixed, Pages, Pairs, Rooms, Storm, Topics};

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
    /// Messages from a console of an app to a group of its devices
    Devices(Devices),
    /// Messages published to a topic of Pub/Sub, and consumed
    Topics(Topics),
}

impl Cli {
    /// With the protocol that the mode speaks, where it speaks one alone.
    pub fn settled(mut self) -> Self {
        match &mut self.mode {
            Mode::Devices(mode) => mode.common.protocol = Protocol::Apps,
            Mode::Topics(mode) if mode.common.protocol != Protocol::Nats => {
                mode.common.protocol = Protocol::Pubsub;
            }
            _ => {}
        }
        self
    }
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
            Self::Devices(mode) => &mode.common,
            Self::Topics(mode) => &mode.common,
        }
    }

    /// What an open loop is to reach a second.
    pub fn rate(&self) -> Option<f64> {
        match self {
            Self::Storm(mode) => mode.rate,
            Self::Pairs(mode) => mode.rate,
            Self::Fanout(mode) => mode.rate,
            Self::Topics(mode) => mode.rate,
            Self::Idle(_)
            | Self::History(_)
            | Self::Echo(_)
            | Self::Rooms(_)
            | Self::Pages(_)
            | Self::Mixed(_)
            | Self::Devices(_) => None,
        }
    }

    /// Whether its users are in a group.
    pub fn has_group(&self) -> bool {
        matches!(self, Self::Fanout(Fanout { group: true, .. }))
    }

    /// Fails where the protocol has not what the mode needs, or on times that make no sense.
    pub fn validate(&self) -> anyhow::Result<()> {
        let protocol = self.common().protocol;
        let of_topics = matches!(protocol, Protocol::Pubsub | Protocol::Nats);
        let is_known = match self {
            Self::Topics(_) => of_topics,
            _ if of_topics => false,
            Self::Idle(_) | Self::Storm(_) => !matches!(protocol, Protocol::Tcp | Protocol::Apps),
            Self::Devices(_) => protocol == Protocol::Apps,
            Self::Fanout(_) => matches!(protocol, Protocol::Rewind | Protocol::Websocket),
            Self::Echo(_) => !matches!(protocol, Protocol::SocketIo | Protocol::Apps),
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
        if let Self::Topics(mode) = self {
            let somebody = mode.publishers > 0 || mode.consumers > 0;
            ensure!(somebody, "nobody publishes and nobody consumes");
            ensure!(mode.batch > 0, "--batch must be above 0");
            let known = mode.publishers > 0 || mode.messages.is_some();
            ensure!(known, "--messages is missing: how many there are to consume");
            ensure!(!mode.common.is_encrypted(), "topics are loaded without TLS only");
        }
        let unheard = matches!(self, Self::Fanout(Fanout { connections: 0, .. }));
        ensure!(!unheard, "no session is asked for");
        if let Some(rate) = self.rate() {
            let possible = rate > 0.0 && rate <= RATE_MAX;
            ensure!(possible, "--rate {rate}: not above 0 and at most {RATE_MAX}");
        }
        self.common().validate()
    }
}
