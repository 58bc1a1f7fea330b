//! A request from its head to its answer.

use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};

use super::body::{self, BodyRoom};
use super::error::RestError;
use super::request::RestRequest;
use super::route::{self, RestCall};
use super::{Settings, snapshots, subscriptions, topics};
use crate::auth::key::hash_of;
use crate::http::{bearer, text};
use crate::service::pubsub::Pubsub;

/// What all requests to the listener share.
pub struct PubsubDoor {
    pub(super) pubsub: Pubsub,
    pub(super) settings: Settings,
    /// What the token hashes to, if one is needed.
    token: Option<[u8; 32]>,
    room: BodyRoom,
}

impl PubsubDoor {
    /// A door to the service.
    pub fn new(pubsub: Pubsub, settings: Settings) -> Self {
        let token = settings.api_token.expose();
        let token = (!token.is_empty()).then(|| hash_of(token));
        let room = BodyRoom::new(settings.bodies_bytes_max);
        Self { pubsub, settings, token, room }
    }

    /// Whether who shows this token may ask; None for who shows none.
    pub fn admits(&self, shown: Option<&str>) -> bool {
        // Of hashes, so that the time it takes says nothing of the token.
        self.token.is_none_or(|token| shown.is_some_and(|shown| hash_of(shown) == token))
    }
}

/// Answers any request.
pub async fn serve(
    request: HttpRequest,
    payload: Payload,
    door: Data<PubsubDoor>,
) -> Result<HttpResponse, RestError> {
    if !door.admits(bearer(&request)) {
        return Err(RestError::unauthenticated());
    }
    let call = route::find(request.method(), request.uri().path())?;
    let query = text::form(request.query_string().as_bytes())?;
    let body = body::read(&request, payload, &door.room).await?;
    let asked = RestRequest { query, body, head: request };
    match call {
        RestCall::Topic(call) => topics::answer(&door, call, &asked).await,
        RestCall::Subscription(call) => subscriptions::answer(&door, call, &asked).await,
        RestCall::Snapshot(call) => snapshots::answer(&door, call, &asked).await,
    }
}
