//! Bridges of Pub/Sub: what is said in rooms is published (`outward`), and what is published comes to consoles or devices
//! of an app (`inward`).
//!
//! A task a bridge, which `bridger` keeps; without one nothing is here but that, and it waits. An outward bridge is told
//! which rooms have changed, and reads what has changed there; what it publishes and how far it has come are one
//! transaction. An inward bridge is a consumer as any other; what it brings to an app and the acknowledgement are one
//! transaction. So each thing is carried once, whatever happens in between, and nothing is kept here.

mod bridger;
mod inward;
mod message;
mod outward;
mod rooms_left;

pub use bridger::{BridgeTools, Bridger, OpenFeeds};
