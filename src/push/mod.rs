//! Pushes: what waits for a subscription with an endpoint is sent there, a request a message.
//!
//! A task a subscription (`subscriber`), so that one that is slow holds up no other; it takes messages from the
//! service as any consumer does, and acknowledges what the endpoint has taken. `pace` says how many at once and when
//! again, `request` what is sent, `client` and `connector` how: never along a redirect, and never to an address that is not
//! allowed. Nothing is kept here: after a restart everything is due again.

mod client;
mod connector;
mod credential;
mod pace;
mod pusher;
mod request;
mod subscriber;

pub use client::{PushClient, TlsFault};
pub use pusher::{PushTools, Pusher};
