//! Pushes that come to this hub: `/push-handlers/receive_messages`, whose senders show a token of theirs, and
//! `/pubsub/push`, where the token of the query is enough.

use std::fmt;

use actix_web::http::StatusCode;
use actix_web::http::header::{AUTHORIZATION, ContentType, FORWARDED, X_FORWARDED_FOR};
use actix_web::web::{self, Data, Payload, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, ResponseError};
use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_json::{Map, Value};

use super::settings::PushAuth;
use crate::auth::oidc::PushTokenFault;
use crate::domain::pubsub::limits::REQUEST_BYTES_MAX;
use crate::domain::pubsub::received::{PushSender, ReceivedPush};
use crate::http::body::{self, BodyFault};
use crate::http::error::ApiError;
use crate::http::{State, only, text};
use crate::service::ServiceFault;

/// Mounts these routes.
pub fn routes(app: &mut ServiceConfig) {
    app.service(only("/push-handlers/receive_messages", "POST", web::to(receive))).service(only(
        "/pubsub/push",
        "POST",
        web::to(receive_plain),
    ));
}

/// Why a push is not taken. What is said of it repeats nothing of what was sent.
#[derive(Debug)]
enum PushRefusal {
    /// The query has not the right token, once.
    Query,
    Token(PushTokenFault),
    Body(&'static str),
    Large,
    Fault(ServiceFault),
}

impl fmt::Display for PushRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Query => f.write_str("Invalid request"),
            Self::Token(fault) => writeln!(f, "Invalid token: {fault}"),
            Self::Body(why) => write!(f, "Invalid request: {why}"),
            Self::Large => write!(f, "Invalid request: it has more than {REQUEST_BYTES_MAX} bytes"),
            Self::Fault(fault) => fault.fmt(f),
        }
    }
}

impl ResponseError for PushRefusal {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::Query | Self::Body(_) => StatusCode::BAD_REQUEST,
            Self::Token(PushTokenFault::Own(_)) => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Token(_) => StatusCode::BAD_REQUEST,
            Self::Large => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Fault(fault) => ApiError::from(*fault).status_code(),
        }
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        response.content_type(ContentType::html()).body(self.to_string())
    }
}

/// The token of the query, then that of the sender, then the body: nothing is looked at before what comes first is good.
async fn receive(
    request: HttpRequest,
    payload: Payload,
    state: Data<State>,
) -> Result<HttpResponse, PushRefusal> {
    check_query(&request, &state)?;
    let sender = match bearer(&request) {
        Ok(token) => Some(sender(&state, token).await?),
        Err(PushTokenFault::Missing) if is_simulated(&request, &state) => {
            log::info!("a push from this machine shows no token; pubsub.push_auth lets it pass");
            None
        }
        Err(fault) => return Err(PushRefusal::Token(fault)),
    };
    keep(&request, payload, (&state, sender)).await
}

async fn receive_plain(
    request: HttpRequest,
    payload: Payload,
    state: Data<State>,
) -> Result<HttpResponse, PushRefusal> {
    check_query(&request, &state)?;
    keep(&request, payload, (&state, None)).await
}

fn check_query(request: &HttpRequest, state: &State) -> Result<(), PushRefusal> {
    let query: Vec<(String, String)> =
        text::form(request.query_string().as_bytes()).map_err(|_| PushRefusal::Query)?;
    let mut tokens = query.iter().filter(|(name, _)| name == "token").map(|(_, token)| token);
    match (tokens.next(), tokens.next()) {
        (Some(token), None) if state.service.received.knows(token) => Ok(()),
        _ => Err(PushRefusal::Query),
    }
}

/// The token of the sender: there is one header, with `Bearer` and one word.
fn bearer(request: &HttpRequest) -> Result<&str, PushTokenFault> {
    let mut values = request.headers().get_all(AUTHORIZATION);
    let value = values.next().ok_or(PushTokenFault::Missing)?;
    let is_alone = values.next().is_none();
    let words =
        value.to_str().ok().filter(|_| is_alone).and_then(|text| text.trim().split_once(' '));
    let (scheme, token) = words.ok_or(PushTokenFault::Scheme)?;
    let token = token.trim();
    let is_good =
        scheme.eq_ignore_ascii_case("bearer") && !token.is_empty() && !token.contains(' ');
    if is_good { Ok(token) } else { Err(PushTokenFault::Scheme) }
}

async fn sender(state: &State, token: &str) -> Result<PushSender, PushRefusal> {
    state.service.received.sender(token.to_owned()).await.map_err(|fault| {
        match &fault {
            PushTokenFault::Own(error) => log::error!("a push cannot be checked: {error}"),
            _ => log::info!("a push is refused: {fault}"),
        }
        PushRefusal::Token(fault)
    })
}

/// Whether a push may go without a token of its sender: it comes from this machine, and so it is set.
fn is_simulated(request: &HttpRequest, state: &State) -> bool {
    state.pubsub.push_auth == PushAuth::Simulate && is_from_here(request)
}

/// Whether a request comes from this machine itself, and was not passed on by it.
pub(super) fn is_from_here(request: &HttpRequest) -> bool {
    let is_here = request.peer_addr().is_some_and(|peer| peer.ip().to_canonical().is_loopback());
    let headers = request.headers();
    is_here && !headers.contains_key(X_FORWARDED_FOR) && !headers.contains_key(FORWARDED)
}

async fn keep(
    request: &HttpRequest,
    payload: Payload,
    (state, sender): (&State, Option<PushSender>),
) -> Result<HttpResponse, PushRefusal> {
    let bytes = body::whole(request, payload, REQUEST_BYTES_MAX).await;
    let bytes = bytes.map_err(|fault| match fault {
        BodyFault::TooLarge => PushRefusal::Large,
        BodyFault::Late => PushRefusal::Body("it did not come in time"),
        BodyFault::Broken => PushRefusal::Body("it breaks off"),
        BodyFault::Encoded => PushRefusal::Body("it is compressed"),
    })?;
    let push = ReceivedPush { sender, ..read(&bytes).map_err(PushRefusal::Body)? };
    state.service.received.keep(push).await.map_err(PushRefusal::Fault)?;
    Ok(HttpResponse::Ok().content_type(ContentType::html()).body("OK"))
}

/// Base64 as it is written by anybody: with or without padding, for URLs or not.
const CONFIG: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::Indifferent)
    .with_decode_allow_trailing_bits(true);
const PLAIN: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, CONFIG);
const FOR_URLS: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, CONFIG);

/// A push, whatever the request says of the kind of its body.
fn read(bytes: &[u8]) -> Result<ReceivedPush, &'static str> {
    let push: Value = serde_json::from_slice(bytes).map_err(|_| "it is not JSON")?;
    let Some(Value::Object(message)) = push.get("message") else {
        return Err("it has no message");
    };
    let payload = match message.get("data") {
        Some(Value::String(data)) => PLAIN
            .decode(data)
            .or_else(|_| FOR_URLS.decode(data))
            .map_err(|_| "data is not base64")?,
        Some(Value::Null) | None if has_attributes(message) => Vec::new(),
        Some(Value::Null) | None => return Err("the message has neither data nor attributes"),
        Some(_) => return Err("data is not base64"),
    };
    let id = message.get("messageId").or_else(|| message.get("message_id"));
    let id = match id {
        Some(Value::String(id)) if !id.is_empty() => Some(id.clone()),
        Some(Value::Number(id)) => Some(id.to_string()),
        _ => None,
    };
    let subscription = push.get("subscription").and_then(Value::as_str).unwrap_or_default();
    let subscription = subscription.to_owned();
    let has_zero = |text: &str| text.contains('\0');
    if has_zero(&subscription) || id.as_deref().is_some_and(has_zero) {
        return Err("a name has a zero byte");
    }
    Ok(ReceivedPush { subscription, message_id: id, sender: None, payload })
}

fn has_attributes(message: &Map<String, Value>) -> bool {
    matches!(message.get("attributes"), Some(Value::Object(attributes)) if !attributes.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_are_read_as_they_come() {
        let whole = br#"{"message":{"data":"SGVsbG8sIFdvcmxkIQ==","messageId":"7","attributes":{}},
            "subscription":"projects/p/subscriptions/s","deliveryAttempt":3}"#;
        let push = read(whole).unwrap();
        assert_eq!(push.payload, b"Hello, World!");
        assert_eq!(push.message_id.as_deref(), Some("7"));
        assert_eq!(push.subscription, "projects/p/subscriptions/s");
        for (body, payload) in [
            (r#"{"message":{"data":"SGVsbG8sIFdvcmxkIQ=="}}"#, "Hello, World!"),
            (r#"{"message":{"data":"SGVsbG8sIFdvcmxkIQ"}}"#, "Hello, World!"),
            (r#"{"message":{"data":"Pz8_Pz8-"}}"#, "?????>"),
            (r#"{"message":{"data":""}}"#, ""),
            (r#"{"message":{"attributes":{"a":"b"}}}"#, ""),
        ] {
            assert_eq!(read(body.as_bytes()).unwrap().payload, payload.as_bytes(), "{body}");
        }
    }

    #[test]
    fn other_bodies_are_refused_with_a_reason() {
        for (body, why) in [
            ("", "it is not JSON"),
            ("payload=x", "it is not JSON"),
            ("{", "it is not JSON"),
            ("\u{FF}", "it is not JSON"),
            ("[]", "it has no message"),
            ("null", "it has no message"),
            ("{}", "it has no message"),
            (r#"{"message":null}"#, "it has no message"),
            (r#"{"message":"x"}"#, "it has no message"),
            (r#"{"message":[]}"#, "it has no message"),
            (r#"{"message":{}}"#, "the message has neither data nor attributes"),
            (r#"{"message":{"attributes":{}}}"#, "the message has neither data nor attributes"),
            (r#"{"message":{"data":"*"}}"#, "data is not base64"),
            (r#"{"message":{"data":7}}"#, "data is not base64"),
            (r#"{"message":{"data":"SGVsbG8=="}}"#, "data is not base64"),
            (r#"{"message":{"data":"SGVs bG8="}}"#, "data is not base64"),
        ] {
            assert_eq!(read(body.as_bytes()), Err(why), "{body}");
        }
    }
}
