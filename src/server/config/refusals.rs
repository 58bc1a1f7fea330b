//! Settings that are good each by itself, and together so dangerous that the hub does not start with them.

use std::net::SocketAddr;

use super::{Config, pubsub};
use crate::config::{Fault, SettingProblem};

impl Config {
    /// What is refused, each with the setting to be changed.
    pub(super) fn refusals(&self) -> Vec<Fault> {
        self.open_pubsub().into_iter().chain(pubsub::faults(self)).chain(self.owl()).collect()
    }

    /// Channels that would end while their servers live, and an address that nobody can connect to.
    fn owl(&self) -> Vec<Fault> {
        let fault = |key: &str, must_be: String| Fault {
            origin: None,
            key: format!("owl.{key}"),
            problem: SettingProblem::MustBe(must_be),
        };
        let mut faults = Vec::new();
        if !self.owl.lets_channels_live() {
            let must_be = format!(
                "at least three times owl.keep_alive_minutes ({}): a server never connects again",
                self.owl.keep_alive_minutes
            );
            faults.push(fault("idle_timeout_minutes", must_be));
        }
        let bound = self.owl.bind.parse().ok().filter(|_| self.owl.address.is_empty());
        if bound.is_some_and(|bound: SocketAddr| bound.ip().is_unspecified() || bound.is_ipv6()) {
            let must_be = format!(
                "set, since servers cannot be told to connect to owl.bind ({})",
                self.owl.bind
            );
            faults.push(fault("address", must_be));
        }
        faults
    }

    /// Pub/Sub that anybody can do anything with, from elsewhere.
    fn open_pubsub(&self) -> Option<Fault> {
        self.pubsub.is_open().then(|| Fault {
            origin: None,
            key: "pubsub.api_token".to_owned(),
            problem: SettingProblem::MustBe(format!(
                "set, since pubsub.bind ({}) can be reached from elsewhere; or set \
                 pubsub.allow_unauthenticated = true",
                self.pubsub.bind
            )),
        })
    }
}
