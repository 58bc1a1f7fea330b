//! The page: what has been pushed to this hub, how its own pushes go, and a form that publishes.
//!
//! Whatever it shows was written by strangers. All of it is text, and the page runs nothing.

use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_SECURITY_POLICY, COOKIE, ContentType, REFERRER_POLICY};
use actix_web::web::{self, Bytes, Data, Payload, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, Resource};

use super::inbound::is_from_here;
use super::index_text::{PageContent, page};
use super::settings::PushAuth;
use crate::auth::key::hash_of;
use crate::domain::pubsub::limits::REQUEST_BYTES_MAX;
use crate::domain::pubsub::message::MessageDraft;
use crate::domain::pubsub::refusal::{PubsubRefusal, PubsubStatus};
use crate::http::body;
use crate::http::error::ApiError;
use crate::http::exchange::FORM_POLICY;
use crate::http::{State, bearer, text};

/// What is published if the form says nothing of it.
const PAYLOAD_DEFAULT: &str = "Example payload";
const NOT_YOU: &str = "This is for whoever shows pubsub.api_token, or is on the hub's machine.";
const NO_TOPIC: &str =
    "No topic is set: pubsub.project and pubsub.topic (GOOGLE_CLOUD_PROJECT, PUBSUB_TOPIC).";

/// Mounts the page where it always is.
pub fn routes(app: &mut ServiceConfig) {
    app.service(at("/pubsub"));
}

/// Mounts it also where it is the listener's own.
pub fn own_routes(app: &mut ServiceConfig) {
    app.service(at("/"));
}

fn at(path: &str) -> Resource {
    let refuse = || async { Err::<&str, _>(ApiError::Method { allow: "GET, HEAD, POST" }) };
    web::resource(path)
        .route(web::get().to(show))
        .route(web::head().to(show))
        .route(web::post().to(publish))
        .default_service(web::to(refuse))
}

async fn show(request: HttpRequest, state: Data<State>) -> Result<HttpResponse, ApiError> {
    // Who may ask for nothing else sees that somebody is here, and no more.
    let (received, pushes) = match may_ask(&request, &state) {
        true => (state.service.received.all().await?, state.service.push_states.all()),
        false => (Vec::new(), Vec::new()),
    };
    let csrf = cookie(&request).map(|cookie| state.service.received.form_token(cookie));
    let shown = PageContent {
        received: &received,
        pushes: &pushes,
        csrf: csrf.as_deref(),
        has_whole_tokens: state.pubsub.push_auth == PushAuth::Simulate,
    };
    Ok(HttpResponse::Ok()
        .content_type(ContentType::html())
        .insert_header((CONTENT_SECURITY_POLICY, FORM_POLICY))
        .insert_header((REFERRER_POLICY, "no-referrer"))
        .body(page(&shown)))
}

/// Publishes what the form says; the answer comes once it is durable.
async fn publish(
    request: HttpRequest,
    payload: Payload,
    state: Data<State>,
) -> Result<HttpResponse, ApiError> {
    if !may_ask(&request, &state) {
        return Ok(said(StatusCode::UNAUTHORIZED, NOT_YOU));
    }
    let peer = state.address(&request);
    if !state.origins.pass_own(request.headers(), ("a form of the Pub/Sub page", peer)) {
        return Ok(said(StatusCode::FORBIDDEN, "This form was sent by a page of another site."));
    }
    let bytes = body::whole(&request, payload, REQUEST_BYTES_MAX).await?;
    let fields = fields(&request, &bytes)?;
    let field = |wanted: &str| {
        fields.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str())
    };
    if let Some(cookie) = cookie(&request) {
        let is_own =
            field("csrf").is_some_and(|shown| state.service.received.is_form_token(cookie, shown));
        if !is_own {
            return Ok(said(
                StatusCode::FORBIDDEN,
                "This form was not made for you; load the page again.",
            ));
        }
    }
    let payload = field("payload").unwrap_or(PAYLOAD_DEFAULT);
    if payload.is_empty() {
        return Ok(said(StatusCode::BAD_REQUEST, "The payload is empty."));
    }
    let Some(topic) = state.pubsub.page_topic() else {
        return Ok(said(StatusCode::BAD_REQUEST, NO_TOPIC));
    };
    let message = MessageDraft { data: payload.as_bytes().to_vec(), ..MessageDraft::default() };
    match state.service.pubsub.publish(&topic, vec![message]).await {
        Ok(_) => Ok(said(StatusCode::OK, "OK")),
        Err(refusal) => Ok(refused(&refusal)),
    }
}

/// Whether a request shows the token of Pub/Sub's interfaces; if none is set, whether it comes from this machine, or
/// anybody may ask.
fn may_ask(request: &HttpRequest, state: &State) -> bool {
    let token = state.pubsub.api_token.expose();
    if token.is_empty() {
        return state.pubsub.allow_unauthenticated || is_from_here(request);
    }
    bearer(request).is_some_and(|shown| hash_of(shown) == hash_of(token))
}

/// The fields of a form; a body that is none has no fields.
fn fields(request: &HttpRequest, bytes: &Bytes) -> Result<Vec<(String, String)>, ApiError> {
    match body::is(request, body::FORM) {
        true => text::form(bytes).map_err(|_| ApiError::MALFORMED),
        false => Ok(Vec::new()),
    }
}

/// What a browser has of us, if it sends anything by itself.
fn cookie(request: &HttpRequest) -> Option<&[u8]> {
    request.headers().get(COOKIE).map(|cookie| cookie.as_bytes())
}

fn refused(refusal: &PubsubRefusal) -> HttpResponse {
    let status = match refusal.status {
        PubsubStatus::InvalidArgument | PubsubStatus::FailedPrecondition => StatusCode::BAD_REQUEST,
        PubsubStatus::Unauthenticated => StatusCode::UNAUTHORIZED,
        PubsubStatus::PermissionDenied => StatusCode::FORBIDDEN,
        PubsubStatus::NotFound => StatusCode::NOT_FOUND,
        PubsubStatus::AlreadyExists | PubsubStatus::Aborted => StatusCode::CONFLICT,
        PubsubStatus::ResourceExhausted => StatusCode::TOO_MANY_REQUESTS,
        PubsubStatus::Unimplemented => StatusCode::NOT_IMPLEMENTED,
        PubsubStatus::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        PubsubStatus::DeadlineExceeded => StatusCode::GATEWAY_TIMEOUT,
        PubsubStatus::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    };
    HttpResponse::build(status).content_type(ContentType::plaintext()).body(refusal.message.clone())
}

fn said(status: StatusCode, text: &'static str) -> HttpResponse {
    HttpResponse::build(status).content_type(ContentType::html()).body(text)
}
