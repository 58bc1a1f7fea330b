//! gRPC: services that are asked over HTTP/2, beside `http`.
//!
//! A listener hands over a connection that speaks HTTP/2 ([`Grpc::serve`]). `connection` bounds what its peer
//! may do, `door` looks who asks and for what, `pubsub` has the services. What is asked of them is asked of
//! `service`; the store and the hub are not known here.
//!
//! A connection is served on the thread that has accepted it, as those of HTTP/1 are, and not on a runtime
//! of its own. So a byte is copied no further than from the socket, a connection counts among those of its
//! listener, and ends with it; and who asks by gRPC has no threads that chat has not, nor takes any from it:
//! what is decoded here would have cost its thread more as JSON. Each call is a task, so that calls take turns
//! with sockets.

mod body;
mod connection;
mod door;
pub mod pubsub;

use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;

use self::door::Door;
use crate::service::pubsub::Pubsub;

pub use self::door::{Admits, CallBounds};

/// The gRPC side of a listener; a copy is the same.
#[derive(Clone)]
pub struct Grpc {
    door: Arc<Door>,
    stop: watch::Receiver<bool>,
}

impl Grpc {
    /// The services. Once `stop` is true, all that is open ends.
    pub fn new(pubsub: &Pubsub, bounds: CallBounds, stop: watch::Receiver<bool>) -> Self {
        let door = Door::new(pubsub, bounds, &stop);
        Self { door: Arc::new(door), stop }
    }

    /// Serves a connection until it ends. Its calls are tasks of the runtime that this runs on.
    pub async fn serve<C: AsyncRead + AsyncWrite + Unpin>(&self, connection: C) {
        connection::serve(connection, Arc::clone(&self.door), self.stop.clone()).await;
    }
}
