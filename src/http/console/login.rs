//! `/console/login` and `/console/logout`: a key of the app and its secret, for a cookie.

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderValue, LOCATION, RETRY_AFTER, SET_COOKIE};
use actix_web::web::{Bytes, Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;

use super::access::{self, COOKIE_NAME, ShownToken};
use super::error::ConsoleError;
use super::{ConsoleDoor, LOGIN, page};
use crate::http::error::ApiError;
use crate::http::{State, body, text};
use crate::service::ServiceFault;
use crate::service::apps::{GrantRefusal, Granted};

pub(super) const PAGE: &str = include_str!("../../../web/console/login.html");
/// The place of the sentence that says what has happened.
const SAID: &str = "<!--said-->";

const WRONG: &str = "There is no such key, or its secret is another.";
const LEVEL: &str =
    "This key is good, but not for the console: it takes one of the level THIRD_PARTY_CONSOLE.";
const ORIGIN: &str = "This form was sent by a page of another site.";

/// What the form has. What is missing is as good as empty.
#[derive(Default, Deserialize)]
#[serde(default)]
struct OperatorKey {
    client_id: String,
    client_secret: String,
}

/// The form.
pub async fn show(state: Data<State>) -> HttpResponse {
    told(&state, StatusCode::OK, "")
}

/// Logs an operator in, and leads to the console.
pub async fn submit(
    request: HttpRequest,
    payload: Payload,
    state: Data<State>,
) -> Result<HttpResponse, ConsoleError> {
    let address = state.address(&request);
    if !state.origins.pass_own(request.headers(), ("a log-in to the console", address)) {
        return Ok(told(&state, StatusCode::FORBIDDEN, ORIGIN));
    }
    let bytes = body::whole(&request, payload, state.settings.body_bytes_max).await;
    let bytes = bytes.map_err(ApiError::from)?;
    let shown = operator_key(&request, &bytes)?;
    let (key, secret) = (&shown.client_id, &shown.client_secret);
    match state.service.apps.open_console(key, secret, address).await {
        Ok(granted) => Ok(logged_in(&request, &state, &granted)),
        Err(GrantRefusal::Key) => Ok(told(&state, StatusCode::UNAUTHORIZED, WRONG)),
        Err(GrantRefusal::Level) => Ok(told(&state, StatusCode::FORBIDDEN, LEVEL)),
        Err(GrantRefusal::Fault(ServiceFault::TooMany(over))) => {
            Ok(too_many(&state, over.retry_after))
        }
        Err(GrantRefusal::Fault(fault)) => Err(fault.into()),
    }
}

/// Ends the log-in of the cookie, and its sockets.
pub async fn log_out(
    request: HttpRequest,
    state: Data<State>,
) -> Result<HttpResponse, ConsoleError> {
    let peer = state.address(&request);
    if !state.origins.pass_own(request.headers(), ("a log-out from the console", peer)) {
        return Err(ConsoleError::Origin);
    }
    if let Some(token) = access::cookie(&request) {
        match access::pass(&state, ShownToken::Cookie(token)).await {
            Ok(()) => state.service.apps.end_token(token).await?,
            // It is no log-in, or none any more; the cookie goes all the same.
            Err(ConsoleError::NoCredential | ConsoleError::Level) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(redirect(LOGIN, &cookie(&state, "", 0)))
}

fn operator_key(request: &HttpRequest, bytes: &Bytes) -> Result<OperatorKey, ConsoleError> {
    const NO_FORM: ApiError =
        ApiError::Refused(StatusCode::UNSUPPORTED_MEDIA_TYPE, "the log-in must be a form.");
    if !body::is(request, body::FORM) {
        return Err(NO_FORM.into());
    }
    Ok(text::form(bytes).map_err(|_| ApiError::MALFORMED)?)
}

fn logged_in(request: &HttpRequest, state: &State, granted: &Granted) -> HttpResponse {
    let door = request.app_data::<ConsoleDoor>().copied().unwrap_or(ConsoleDoor::Main);
    redirect(door.home(), &cookie(state, &granted.token, granted.expires_in_seconds))
}

/// No script reads it, no page of another site has it sent, and it goes with its token.
fn cookie(state: &State, value: &str, seconds: u64) -> String {
    let secure = if state.settings.public_url.starts_with("https://") { "; Secure" } else { "" };
    format!("{COOKIE_NAME}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}")
}

fn redirect(to: &'static str, cookie: &str) -> HttpResponse {
    HttpResponse::SeeOther()
        .insert_header((LOCATION, to))
        .insert_header((SET_COOKIE, cookie))
        .finish()
}

fn told(state: &State, status: StatusCode, said: &str) -> HttpResponse {
    page::html(state, status, PAGE.replace(SAID, said))
}

fn too_many(state: &State, wait: Duration) -> HttpResponse {
    state.metrics.refusals.with_label_values(&["console_login"]).inc();
    let seconds = wait.as_secs().saturating_add(1);
    let said = format!("Too many wrong tries. The next one is in {seconds} s.");
    let mut response = told(state, StatusCode::TOO_MANY_REQUESTS, &said);
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    response
}
