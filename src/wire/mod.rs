//! Wire protocols as thin adapters: text in, commands out; events in, frames out.
//!
//! A dialect knows the domain and its own wire, and nothing else: no hub, no store, no socket. It
//! holds no state; all it needs to read a frame is the [`Context`] it is said in. A new dialect is a
//! folder with a [`Dialect`], its `decode.rs` and its `encode.rs`, and one more of [`Dialects`].

mod answer;
pub mod chatting;
pub mod close;
pub mod console;
pub mod device;
mod dialect;
mod dialects;
#[cfg(test)]
pub mod fixtures;
mod frame;
mod json;
mod keep_alive;
pub mod owl;
pub mod ppcom;
pub mod rewind;

pub use answer::{AccountsAnswer, Answer, ChatAnswer};
pub use dialect::{Context, Decoded, Dialect, Phase, Rejection};
pub use dialects::{DialectId, Dialects, Options, Variant};
pub use frame::{Frame, FrameBytes};
pub use keep_alive::{KeepAlive, Pace, Signs};
