//! The section `pubsub`.

use std::net::SocketAddr;
use std::time::Duration;

use super::json::{JsonObject, SubscriptionJson, TopicJson};
use super::pushes::settings::{PrivatePush, PushAuth, issuers, project_or_empty, topic_or_empty};
use crate::config::{Rule, Secret, Tables, at_least, section, socket_address_or_empty, within};
use crate::domain::pubsub::limits::{self, REQUEST_BYTES_MAX};
use crate::domain::pubsub::name::{SubscriptionName, TopicName};
use crate::domain::pubsub::refusal::PubsubRefusal;
use crate::service::pubsub::{NewSubscription, NewTopic};

/// The least room for bodies: one that is packed, and the same unpacked.
const BODIES_BYTES_MIN: usize = 2 * REQUEST_BYTES_MAX;

/// The most messages of one publish.
const STEP_MAX: u32 = 1_000;

section! {
    /// Pub/Sub, as Google's clients speak it.
    Settings {
        /// An IP address and port to listen on, such as 127.0.0.1:8085, where Google's emulator is. Of 127.0.0.1
        /// and ::1 the other one is listened on, too. Empty: none.
        bind: String = String::new() => socket_address_or_empty();
        /// What requests have to show, as Authorization: Bearer. Empty: anybody may do anything, which is only
        /// for an address that cannot be reached from elsewhere.
        api_token: Secret = Secret::new(String::new());
        /// Whether the hub starts without api_token also if bind can be reached from elsewhere.
        allow_unauthenticated: bool = false;
        /// How long a pull waits for a message, in milliseconds.
        pull_wait_ms: u64 = 90_000 => at_least(1);
        /// Bytes of request bodies above 64 KiB at once, those that are packed counted twice. Who comes above it
        /// is told to try again later.
        bodies_bytes_max: usize = 134_217_728 => at_least(BODIES_BYTES_MIN);
        /// Topics that are made at the start, if they are not there: in place of this line, tables
        /// [[pubsub.topics]] with the fields of REST, such as name = "projects/p/topics/orders".
        topics: Tables = Tables::default() => topics();
        /// Subscriptions that are made at the start, if they are not there, as [[pubsub.subscriptions]] with the
        /// fields of REST: name, topic, and perhaps more.
        subscriptions: Tables = Tables::default() => subscriptions();
        /// Bridges there may be between topics or subscriptions and chat or apps. There are none unless they are made:
        /// `tradewind bridge`.
        bridges_max: u32 = 100 => at_least(1);
        /// Changes of a room that a bridge publishes in one transaction.
        bridge_step_max: u32 = 200 => within(1, STEP_MAX);
        /// Whether messages are pushed also to this machine and to private networks: true, false, or "auto",
        /// which is true if http.bind and pubsub.bind can be reached from this machine alone.
        allow_private_push: PrivatePush = PrivatePush::Auto;
        /// What pushes to the hub must have in their query as `token`. Empty: nothing is taken. Also as
        /// PUBSUB_VERIFICATION_TOKEN.
        verification_token: Secret = Secret::new(String::new());
        /// The project of the page's topic. Also as GOOGLE_CLOUD_PROJECT.
        project: String = String::new() => project_or_empty();
        /// The topic that the page publishes to; it is made at the start. Also as PUBSUB_TOPIC.
        topic: String = String::new() => topic_or_empty();
        /// What pushes to the hub must be for: the claim `aud` of their tokens. Also as PUBSUB_PUSH_AUDIENCE.
        push_audience: String = "example.com".to_owned();
        /// Whose tokens are taken with pushes: `issuer=file` with a file of public keys (JWKS), and `self` for
        /// the hub's own. Also as PUBSUB_PUSH_ISSUERS.
        push_issuers: Vec<String> = vec!["self".to_owned()] => issuers();
        /// The e-mail addresses of those who may push to the hub. Also as PUBSUB_PUSH_EMAILS.
        push_emails: Vec<String> = Vec::new();
        /// "strict", or "simulate" for development on this machine: then a push from here needs no token of its
        /// sender, and the page shows tokens whole. Also as PUBSUB_PUSH_AUTH.
        push_auth: PushAuth = PushAuth::Strict;
    }
}

impl Settings {
    /// How long a pull waits for a message.
    pub(super) fn pull_wait(&self) -> Duration {
        Duration::from_millis(self.pull_wait_ms)
    }

    /// The topic that the page publishes to, if one is set.
    pub fn page_topic(&self) -> Option<TopicName> {
        TopicName::new(&self.project, &self.topic).ok()
    }

    /// Whether anybody from elsewhere may do anything, and nobody has said that it is meant.
    pub fn is_open(&self) -> bool {
        let reached = self.bind.parse().is_ok_and(|bind: SocketAddr| !bind.ip().is_loopback());
        reached && self.api_token.is_empty() && !self.allow_unauthenticated
    }

    /// The topics that are made at the start.
    pub fn new_topics(&self) -> Vec<NewTopic> {
        self.topics.iter().filter_map(|table| new_topic(table).ok()).collect()
    }

    /// The subscriptions that are made at the start.
    pub fn new_subscriptions(&self) -> Vec<NewSubscription> {
        self.subscriptions.iter().filter_map(|table| new_subscription(table).ok()).collect()
    }
}

fn topics() -> Rule<Tables> {
    Rule::judging(|tables: &Tables| first_fault(tables, |table| new_topic(table).map(drop)))
}

fn subscriptions() -> Rule<Tables> {
    Rule::judging(|tables: &Tables| first_fault(tables, |table| new_subscription(table).map(drop)))
}

/// What is wrong with the first of the tables that is not good, as what it must be.
fn first_fault(
    tables: &Tables,
    judge: impl Fn(&serde_json::Value) -> Result<(), PubsubRefusal>,
) -> Option<String> {
    tables.iter().zip(1_usize..).find_map(|(table, place)| {
        let fault = judge(table).err()?.message;
        Some(format!("tables with the fields of REST: of number {place}, {fault}"))
    })
}

fn new_topic(table: &serde_json::Value) -> Result<NewTopic, PubsubRefusal> {
    let topic: TopicJson = read(table)?;
    let name = TopicName::parse(topic.name.as_deref().unwrap_or_default())?;
    let config = topic.config()?;
    limits::check_topic(&config)?;
    Ok(NewTopic { name, config })
}

fn new_subscription(table: &serde_json::Value) -> Result<NewSubscription, PubsubRefusal> {
    let subscription: SubscriptionJson = read(table)?;
    let name = SubscriptionName::parse(subscription.name.as_deref().unwrap_or_default())?;
    let topic = subscription.topic()?;
    let config = subscription.config()?;
    limits::check_subscription(&config)?;
    Ok(NewSubscription { name, topic, config })
}

fn read<T: serde::de::DeserializeOwned>(table: &serde_json::Value) -> Result<T, PubsubRefusal> {
    let read = serde_json::from_value(table.clone());
    let read = read.map(|JsonObject(object)| object);
    read.map_err(|error: serde_json::Error| PubsubRefusal::invalid(error.to_string()))
}
