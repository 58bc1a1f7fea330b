//! Who may ask, and which service is asked.

use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use tokio::sync::watch;
use tokio::time::timeout;
use tonic::Status;
use tonic::body::Body;
use tonic::codegen::Service as _;
use tonic::codegen::http::header::{AUTHORIZATION, CONTENT_TYPE};
use tonic::codegen::http::{HeaderMap, Request, Response, StatusCode};

use super::body::{CallRoom, CountedBody};
use super::pubsub::{self, PublisherService, SubscriberService};
use crate::service::pubsub::Pubsub;

/// How long a request may take to come, and its answer to begin, beside what a pull waits.
const CALL_TIMEOUT: Duration = Duration::from_secs(30);

/// Says whether somebody may ask who shows this token; None for who shows none.
pub type Admits = Arc<dyn Fn(Option<&str>) -> bool + Send + Sync>;

/// What calls may do.
pub struct CallBounds {
    pub admits: Admits,
    /// Of large requests at once.
    pub bodies_bytes_max: usize,
    /// How long a pull waits at most.
    pub pull_wait: Duration,
}

/// Where all calls come in.
pub struct Door {
    admits: Admits,
    room: CallRoom,
    call_timeout: Duration,
    publisher: PublisherService,
    subscriber: SubscriberService,
}

impl Door {
    /// A door to the services.
    pub fn new(pubsub: &Pubsub, bounds: CallBounds, stop: &watch::Receiver<bool>) -> Self {
        let CallBounds { admits, bodies_bytes_max, pull_wait } = bounds;
        let (publisher, subscriber) = pubsub::services(pubsub, pull_wait, stop);
        let room = CallRoom::new(bodies_bytes_max);
        let call_timeout = pull_wait.saturating_add(CALL_TIMEOUT);
        Self { admits, room, call_timeout, publisher, subscriber }
    }

    /// Answers a request, or begins to, if it is a stream.
    pub async fn answer(&self, request: Request<Incoming>) -> Response<Body> {
        let headers = request.headers();
        if !is_grpc(headers) {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = StatusCode::UNSUPPORTED_MEDIA_TYPE;
            return response;
        }
        if !(self.admits)(token(headers)) {
            return Status::unauthenticated("the API token is missing or wrong").into_http();
        }
        match timeout(self.call_timeout, self.call(request)).await {
            Ok(response) => response,
            Err(_) => Status::deadline_exceeded("the request took too long").into_http(),
        }
    }

    async fn call(&self, request: Request<Incoming>) -> Response<Body> {
        let path = request.uri().path().to_owned();
        // What a stream says goes on as long as it does.
        let room = (!pubsub::is_stream(&path)).then(|| self.room.clone());
        let request = request.map(|body| CountedBody::new(body, room));
        let service = path.strip_prefix('/').and_then(|path| path.split('/').next());
        let answered = match service {
            Some(pubsub::PUBLISHER_NAME) => self.publisher.clone().call(request).await,
            Some(pubsub::SUBSCRIBER_NAME) => self.subscriber.clone().call(request).await,
            Some(_) | None => return Status::unimplemented("there is no such service").into_http(),
        };
        answered.unwrap_or_else(|never| match never {})
    }
}

fn is_grpc(headers: &HeaderMap) -> bool {
    let media_type = headers.get(CONTENT_TYPE);
    media_type.is_some_and(|it| it.as_bytes().starts_with(b"application/grpc"))
}

/// The token that a request shows.
fn token(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
