//! Settings that are good each by itself, and together so dangerous that the hub does not start with them.

use super::{Config, pubsub};
use crate::config::{Fault, SettingProblem};

impl Config {
    /// What is refused, each with the setting to be changed.
    pub(super) fn refusals(&self) -> Vec<Fault> {
        self.open_pubsub().into_iter().chain(pubsub::faults(self)).collect()
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
