//! HTTP/2 on the listener of Pub/Sub: gRPC, if the hub is built with it.

#[cfg(feature = "grpc")]
use std::{sync::Arc, time::Duration};

use actix_web::web::Data;
use tokio::sync::watch;

#[cfg(feature = "grpc")]
use crate::grpc::{CallBounds, Grpc};
use crate::http::pubsub::{PubsubDoor, Settings};
use crate::net::Protocols;
use crate::service::pubsub::Pubsub;

/// What is spoken there. The door of REST says who may ask; once `stop` is true, all that is open ends.
#[cfg(feature = "grpc")]
pub(super) fn protocols(
    pubsub: &Pubsub,
    (door, settings): (Data<PubsubDoor>, &Settings),
    stop: watch::Receiver<bool>,
) -> Protocols {
    let bounds = CallBounds {
        admits: Arc::new(move |shown| door.admits(shown)),
        bodies_bytes_max: settings.bodies_bytes_max,
        pull_wait: Duration::from_millis(settings.pull_wait_ms),
    };
    let grpc = Grpc::new(pubsub, bounds, stop);
    Protocols::Http1AndHttp2(Arc::new(move |connection| {
        let grpc = grpc.clone();
        Box::pin(async move { grpc.serve(connection).await })
    }))
}

/// HTTP/1.1 alone.
#[cfg(not(feature = "grpc"))]
pub(super) fn protocols(
    _: &Pubsub,
    _: (Data<PubsubDoor>, &Settings),
    _: watch::Receiver<bool>,
) -> Protocols {
    Protocols::Http1
}
