//! The options of each mode.

use clap::Args;

use super::Common;
use crate::net::Protocol;

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

/// `devices`
#[derive(Clone, Debug, Args)]
pub struct Devices {
    /// What all modes share.
    #[command(flatten)]
    pub common: Common,
    /// Devices that are connected, of those in the group
    #[arg(long, default_value_t = 1000)]
    pub connections: u32,
    /// Devices in the group; without it all of the file
    #[arg(long)]
    pub group: Option<u32>,
    /// End when so many messages are delivered and acknowledged, before --seconds are over
    #[arg(long)]
    pub messages: Option<u32>,
    /// Bytes of a message, at least 50
    #[arg(long, default_value_t = 100)]
    pub size: usize,
}

/// `topics`
#[derive(Clone, Debug, Args)]
pub struct Topics {
    /// What all modes share.
    #[command(flatten)]
    pub common: Common,
    /// What is published to: `projects/P/topics/T`, or a subject of NATS
    #[arg(long, default_value = "projects/load/topics/load")]
    pub topic: String,
    /// What is consumed, and acknowledged whoever published it: `projects/P/subscriptions/S`, or
    /// `STREAM.CONSUMER` of NATS
    #[arg(long, default_value = "projects/load/subscriptions/load")]
    pub subscription: String,
    /// Connections that publish, a request at a time each
    #[arg(long, default_value_t = 64)]
    pub publishers: u32,
    /// Streams that consume
    #[arg(long, default_value_t = 0)]
    pub consumers: u32,
    /// Messages of a request
    #[arg(long, default_value_t = 1)]
    pub batch: u32,
    /// Open loop: requests per second of all publishers together
    #[arg(long, allow_negative_numbers = true)]
    pub rate: Option<f64>,
    /// Closed loop: end when so many requests are answered, before --seconds are over
    #[arg(long, conflicts_with = "rate")]
    pub requests: Option<u64>,
    /// Without publishers: end when so many messages have come, which must be there; with 0 nothing is
    /// waited for
    #[arg(long)]
    pub messages: Option<u64>,
    /// Bytes of a message, at least 50
    #[arg(long, default_value_t = 100)]
    pub size: usize,
}

impl Topics {
    /// Whether it is about NATS.
    pub fn is_nats(&self) -> bool {
        self.common.protocol == Protocol::Nats
    }
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
