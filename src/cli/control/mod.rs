//! The control socket: a command reaches the hub that has the database, and runs there.
//!
//! A connection carries one request, a line of JSON, and its answers, a line each. `listener` is the
//! hub's side, `call` the command's, `path` where they meet. A request names the hub that it is for, as
//! the lock on the database does, so that none runs on another database by mistake.

mod call;
mod listener;
mod path;

use serde::{Deserialize, Serialize};

use super::task::Task;
use crate::store::Holder;

pub use call::call;
pub use listener::ControlSocket;

/// What a command asks of a hub.
#[derive(Debug, Deserialize, Serialize)]
struct ControlRequest {
    /// The process of the hub, and since when it has the lock.
    hub: (u32, i64),
    task: Task,
}

/// What a hub answers. The last is `Done`, `Failed` or `AnotherHub`.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
enum ControlAnswer {
    /// A part of what goes to standard output.
    Screen(String),
    /// A part of what goes into the file that the command writes.
    File(String),
    Done,
    /// It failed: the error, on one line.
    Failed(String),
    /// The request is for another hub; nothing was done.
    AnotherHub,
}

/// By what a request names a hub.
fn name(hub: &Holder) -> (u32, i64) {
    (hub.pid, hub.since)
}

fn line(value: &impl Serialize) -> serde_json::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(value)?;
    line.push(b'\n');
    Ok(line)
}
