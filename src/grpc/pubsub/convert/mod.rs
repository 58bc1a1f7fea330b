//! Messages of the wire as values of the domain, and back.

pub mod message;
pub mod page;
pub mod push;
pub mod snapshot;
pub mod subscription;
pub mod time;
pub mod topic;

use crate::domain::pubsub::refusal::{PubsubRefusal, PubsubStatus};

/// What is given, or a refusal that says what is missing.
pub fn required<T>(given: Option<T>, what: &str) -> Result<T, PubsubRefusal> {
    given.ok_or_else(|| PubsubRefusal::invalid(format!("{what} is missing")))
}

/// Refuses what is not there to be had.
pub fn absent(is_absent: bool, what: &str) -> Result<(), PubsubRefusal> {
    match is_absent {
        true => Ok(()),
        false => {
            Err(PubsubRefusal::new(PubsubStatus::Unimplemented, format!("{what} is not there")))
        }
    }
}
