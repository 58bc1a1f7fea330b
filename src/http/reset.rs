//! `/reset/<key>`: the page behind the link in the mail. It works without a script.

use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_SECURITY_POLICY, ContentType, REFERRER_POLICY};
use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse, ResponseError as _};

use super::State;
use super::body::Fields;
use super::error::ApiError;
use super::exchange::FORM_POLICY;
use super::v1::problem::Problem;
use crate::service::accounts::Errand;

const PAGE: &str = include_str!("reset.html");
/// The place of the sentence that says what has happened.
const SAID: &str = "<!--said-->";

/// Asks for the new password. Whether the key works is seen when it is used.
pub async fn show() -> HttpResponse {
    page(StatusCode::OK, "")
}

/// Sets it, and says how that went.
pub async fn submit(
    request: HttpRequest,
    key: Path<String>,
    body: Payload,
    state: Data<State>,
) -> Result<HttpResponse, ApiError> {
    if let Err(over) = state.service.accounts.admit(Errand::Reset, state.address(&request)) {
        return Ok(told(&over.into()));
    }
    let fields = Fields::read(&request, body, state.settings.body_bytes_max).await?;
    let password = fields.password().unwrap_or_default().to_owned();
    Ok(match state.service.accounts.reset(&key, password).await {
        Ok(()) => page(StatusCode::OK, "The password is the new one. You can log in with it."),
        Err(refusal) => told(&refusal.into()),
    })
}

fn told(problem: &Problem) -> HttpResponse {
    page(problem.status_code(), problem.title())
}

/// The page; the key is in its address, and must not leave with it.
fn page(status: StatusCode, said: &str) -> HttpResponse {
    HttpResponse::build(status)
        .content_type(ContentType::html())
        .insert_header((REFERRER_POLICY, "no-referrer"))
        .insert_header((CONTENT_SECURITY_POLICY, FORM_POLICY))
        .body(PAGE.replace(SAID, said))
}
