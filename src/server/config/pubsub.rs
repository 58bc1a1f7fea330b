//! The section `pubsub` as whole: the names that its settings have among variables, and what must hold of several.

use std::net::SocketAddr;

use super::Config;
use crate::config::{Fault, SettingProblem};
use crate::domain::pubsub::endpoint::PushReach;
use crate::http::pubsub::pushes::settings::PushAuth;

/// Variables that samples for Pub/Sub are set by.
pub const VARIABLES: &[(&str, &str)] = &[
    ("PUBSUB_VERIFICATION_TOKEN", "pubsub.verification_token"),
    ("PUBSUB_TOPIC", "pubsub.topic"),
    ("GOOGLE_CLOUD_PROJECT", "pubsub.project"),
    ("PUBSUB_PUSH_AUDIENCE", "pubsub.push_audience"),
    ("PUBSUB_PUSH_ISSUERS", "pubsub.push_issuers"),
    ("PUBSUB_PUSH_EMAILS", "pubsub.push_emails"),
    ("PUBSUB_PUSH_AUTH", "pubsub.push_auth"),
];

impl Config {
    /// Whether the hub can be reached from this machine alone.
    pub fn is_loopback(&self) -> bool {
        let is_loopback = |bind: &str| {
            bind.parse::<SocketAddr>().is_ok_and(|bind| bind.ip().to_canonical().is_loopback())
        };
        is_loopback(&self.http.bind)
            && (self.pubsub.bind.is_empty() || is_loopback(&self.pubsub.bind))
    }

    /// How far messages are pushed.
    pub fn push_reach(&self) -> PushReach {
        self.pubsub.allow_private_push.reach(self.is_loopback())
    }
}

/// What is wrong with settings that are good each by itself.
pub fn faults(config: &Config) -> Vec<Fault> {
    let pubsub = &config.pubsub;
    let fault = |key: &str, must_be: &str| Fault {
        origin: None,
        key: format!("pubsub.{key}"),
        problem: SettingProblem::MustBe(must_be.to_owned()),
    };
    let mut faults = Vec::new();
    // An empty list is never "anybody".
    let names_nobody = pubsub.push_emails.iter().all(|email| email.trim().is_empty());
    if pubsub.push_auth == PushAuth::Strict && !pubsub.verification_token.is_empty() && names_nobody
    {
        faults.push(fault(
            "push_emails",
            "the e-mail addresses of those who may push (PUBSUB_PUSH_EMAILS), since pubsub.verification_token is set",
        ));
    }
    if pubsub.push_auth == PushAuth::Simulate && !config.is_loopback() {
        faults.push(fault(
            "push_auth",
            "\"strict\" unless http.bind and pubsub.bind can be reached from this machine alone",
        ));
    }
    faults
}
