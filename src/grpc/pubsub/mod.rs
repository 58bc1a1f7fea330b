//! Pub/Sub's gRPC services `google.pubsub.v1.Publisher` and `Subscriber`, as Google has published them.
//!
//! Client libraries speak with them if `PUBSUB_EMULATOR_HOST` names the listener. `publisher` and `subscriber` have a
//! method for each call, `stream` has StreamingPull, `convert` turns messages of the wire into values of the domain
//! and back. What is asked for and not there is UNIMPLEMENTED: a method that is not listed in `build.rs` by itself.

mod convert;
mod error;
mod picked;
mod publisher;
mod stopping;
mod stream;
mod subscriber;

use std::time::Duration;

use tokio::sync::watch;
use tonic::codec::CompressionEncoding;
use tonic::{Response, Status};

use self::generated::{publisher_server, subscriber_server};
use self::publisher::PublisherCalls;
use self::subscriber::SubscriberCalls;
use crate::domain::pubsub::limits::REQUEST_BYTES_MAX;
use crate::service::pubsub::Pubsub;

/// The messages of both services.
use googleapis_tonic_google_pubsub_v1::google::pubsub::v1 as wire;

/// `google.protobuf.Empty`, by a name that the generator takes.
pub type EmptyMessage = ();
/// What a call gives.
type CallAnswer<T> = Result<Response<T>, Status>;
/// The service for topics.
pub type PublisherService = publisher_server::PublisherServer<PublisherCalls>;
/// The service for subscriptions.
pub type SubscriberService = subscriber_server::SubscriberServer<SubscriberCalls>;

/// Its name in paths.
pub const PUBLISHER_NAME: &str = publisher_server::SERVICE_NAME;
/// Its name in paths.
pub const SUBSCRIBER_NAME: &str = subscriber_server::SERVICE_NAME;

/// What an answer with messages should not be larger than. Clients take 4 MiB unless they are told otherwise, which
/// official ones are not when they speak with an emulator.
const ANSWER_BYTES_MAX: usize = 3_584 << 10;

/// Whether a path is that of a call whose requests have no end.
pub fn is_stream(path: &str) -> bool {
    path == "/google.pubsub.v1.Subscriber/StreamingPull"
}

/// Made by `build.rs`.
#[allow(
    clippy::all,
    clippy::as_conversions,
    clippy::too_many_lines,
    reason = "nobody writes it, and what it is made by is not ours"
)]
mod generated {
    include!(concat!(env!("OUT_DIR"), "/google.pubsub.v1.Publisher.rs"));
    include!(concat!(env!("OUT_DIR"), "/google.pubsub.v1.Subscriber.rs"));
}

/// Both services; a pull waits for so long at most. Once `stop` is true, what waits ends with UNAVAILABLE.
pub fn services(
    pubsub: &Pubsub,
    pull_wait: Duration,
    stop: &watch::Receiver<bool>,
) -> (PublisherService, SubscriberService) {
    let publisher = PublisherService::new(PublisherCalls::new(pubsub.clone()))
        .accept_compressed(CompressionEncoding::Gzip)
        .max_decoding_message_size(REQUEST_BYTES_MAX);
    let subscriber =
        SubscriberService::new(SubscriberCalls::new(pubsub.clone(), pull_wait, stop.clone()))
            .accept_compressed(CompressionEncoding::Gzip)
            .max_decoding_message_size(REQUEST_BYTES_MAX);
    (publisher, subscriber)
}
