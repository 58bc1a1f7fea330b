//! The bare forms that REWIND has for testing.

use actix_web::HttpResponse;
use actix_web::http::header::{CONTENT_SECURITY_POLICY, ContentType, LOCATION};

use crate::http::exchange::FORM_POLICY;

const LOGIN: &str = include_str!("pages/login.html");
const REGISTER: &str = include_str!("pages/register.html");

/// To the log-in form.
pub async fn home() -> HttpResponse {
    redirect("/login")
}

/// There is no session to end: tokens are the client's.
pub async fn logout() -> HttpResponse {
    redirect("/")
}

/// The log-in form.
pub async fn login() -> HttpResponse {
    page(LOGIN)
}

/// The registration form.
pub async fn register() -> HttpResponse {
    page(REGISTER)
}

fn page(text: &'static str) -> HttpResponse {
    HttpResponse::Ok()
        .content_type(ContentType::html())
        .insert_header((CONTENT_SECURITY_POLICY, FORM_POLICY))
        .body(text)
}

fn redirect(to: &str) -> HttpResponse {
    HttpResponse::Found().insert_header((LOCATION, to)).finish()
}
