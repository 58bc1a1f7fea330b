//! Real servers and real clients for the tests.
//!
//! Everything waits on events with a deadline; nothing sleeps. A server must be stopped by its
//! test, and then asserts that nothing is left in it.

pub mod apps;
pub mod client;
pub mod clock;
pub mod cutter;
pub mod http;
pub mod mail;
pub mod neighbours;
pub mod postgres;
pub mod process;
pub mod raw;
pub mod receiver;
pub mod server;
pub mod smtp;
pub mod wire;

use std::time::Duration;

pub use client::Client;
pub use neighbours::Neighbours;
pub use process::Process;
pub use raw::Raw;
pub use server::{Account, Backend, Server};

/// How long anything may take that should happen at once. Generous, for slow machines.
pub const DEADLINE: Duration = Duration::from_secs(20);

/// Waits for an event that should come at once.
pub async fn soon<T>(what: &str, event: impl Future<Output = T>) -> T {
    match tokio::time::timeout(DEADLINE, event).await {
        Ok(value) => value,
        Err(_) => panic!("{what} did not happen within {DEADLINE:?}"),
    }
}

/// Waits until something is so that nobody announces.
pub async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    soon(what, async {
        while !is_so() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
}
