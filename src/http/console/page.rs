//! The page of the console, and what is true of all its pages.

use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_SECURITY_POLICY, ContentType, LOCATION, REFERRER_POLICY};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use super::LOGIN;
use super::access::{self, ShownToken};
use super::error::ConsoleError;
use crate::http::State;

const PAGE: &str = include_str!("../../../web/console/index.html");
/// The place of what makes the page work.
const SCRIPTS: &str = "<!-- scripts -->";
const OURS: &str = "<script type=\"module\" src=\"/static/assets/rational.js\"></script>";
/// In this order: each needs those before.
const ORIGINAL: &str = "<script src=\"/static/assets/lib/jquery-3.2.1.min.js\"></script>\n\
    <script src=\"/static/assets/lib/reconnecting-websocket.min.js\"></script>\n\
    <script src=\"/static/assets/rational.js\"></script>";

/// The page, for operators; others are sent to log in.
pub async fn show(request: HttpRequest, state: Data<State>) -> Result<HttpResponse, ConsoleError> {
    let Some(shown) = ShownToken::of(&request) else { return Ok(to_login()) };
    match (access::pass(&state, shown).await, shown) {
        (Ok(()), _) => {
            let scripts = if state.console.original_script { ORIGINAL } else { OURS };
            Ok(html(&state, StatusCode::OK, PAGE.replace(SCRIPTS, scripts)))
        }
        // A log-in that has ended.
        (Err(ConsoleError::NoCredential), ShownToken::Cookie(_)) => Ok(to_login()),
        (Err(error), _) => Err(error),
    }
}

fn to_login() -> HttpResponse {
    HttpResponse::Found().insert_header((LOCATION, LOGIN)).finish()
}

/// A page that runs and shows nothing but what the hub has made.
pub fn html(state: &State, status: StatusCode, text: String) -> HttpResponse {
    HttpResponse::build(status)
        .content_type(ContentType::html())
        .insert_header((CONTENT_SECURITY_POLICY, policy(state.console.original_script)))
        // Not less: a form would be sent without its origin.
        .insert_header((REFERRER_POLICY, "same-origin"))
        .body(text)
}

/// Scripts of this origin alone. The original one evaluates what is typed; it may do that, and no more.
const fn policy(is_original: bool) -> &'static str {
    if is_original {
        "default-src 'self'; script-src 'self' 'unsafe-eval'; connect-src 'self' ws: wss:; \
         frame-ancestors 'none'"
    } else {
        "default-src 'self'; script-src 'self'; connect-src 'self' ws: wss:; frame-ancestors 'none'"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_has_a_place_for_its_scripts_and_none_of_its_own() {
        assert_eq!(PAGE.matches(SCRIPTS).count(), 1);
        for text in [PAGE, super::super::login::PAGE] {
            for inline in ["<script", "<style", " style=", " onclick=", " onsubmit=", " onload="] {
                assert!(!text.contains(inline), "{inline}");
            }
        }
    }

    #[test]
    fn the_original_script_may_evaluate_and_no_more() {
        let strict = "default-src 'self'; script-src 'self'; connect-src 'self' ws: wss:; \
                      frame-ancestors 'none'";
        assert_eq!(policy(false), strict);
        let original = strict.replace("script-src 'self'", "script-src 'self' 'unsafe-eval'");
        assert_eq!(policy(true), original);
    }
}
