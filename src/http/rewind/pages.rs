//! The bare forms that REWIND has for testing. A browser gets the chat in their places.

use actix_web::http::header::{CONTENT_SECURITY_POLICY, ContentType, LOCATION, VARY};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use crate::http::State;
use crate::http::error::ApiError;
use crate::http::exchange::FORM_POLICY;
use crate::http::page;

const LOGIN: &str = include_str!("pages/login.html");
const REGISTER: &str = include_str!("pages/register.html");

/// The chat, or the way to the log-in form.
pub async fn home(request: HttpRequest, state: Data<State>) -> Result<HttpResponse, ApiError> {
    if page::is_for_people(&request) {
        page::chat(&request, &state).await
    } else {
        Ok(redirect("/login"))
    }
}

/// There is no session to end: tokens are the client's.
pub async fn logout() -> HttpResponse {
    redirect("/")
}

/// The log-in form.
pub async fn login(request: HttpRequest, state: Data<State>) -> Result<HttpResponse, ApiError> {
    form(&request, &state, LOGIN).await
}

/// The registration form.
pub async fn register(request: HttpRequest, state: Data<State>) -> Result<HttpResponse, ApiError> {
    form(&request, &state, REGISTER).await
}

async fn form(
    request: &HttpRequest,
    state: &State,
    text: &'static str,
) -> Result<HttpResponse, ApiError> {
    if page::is_for_people(request) {
        return page::chat(request, state).await;
    }
    Ok(HttpResponse::Ok()
        .content_type(ContentType::html())
        .insert_header((CONTENT_SECURITY_POLICY, FORM_POLICY))
        .insert_header((VARY, "Accept"))
        .body(text))
}

fn redirect(to: &str) -> HttpResponse {
    HttpResponse::Found().insert_header((LOCATION, to)).insert_header((VARY, "Accept")).finish()
}
