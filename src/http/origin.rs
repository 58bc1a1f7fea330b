//! Whose pages may open a socket here (cross-site WebSocket hijacking).

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::http::header::{HOST, ORIGIN};

use super::error::ApiError;

/// Lets a request pass that comes from no page, from one of this host, or of an allowed origin.
///
/// # Errors
/// 403 for any other.
pub fn check(request: &HttpRequest, allowed: &[String]) -> Result<(), ApiError> {
    let header = |name| request.headers().get(name).map(|value| value.to_str().unwrap_or_default());
    let Some(origin) = header(ORIGIN) else { return Ok(()) };
    let host = origin.split_once("://").map(|(_, host)| host);
    let own =
        host.is_some_and(|host| header(HOST).is_some_and(|own| own.eq_ignore_ascii_case(host)));
    if own || allowed.iter().any(|allowed| allowed.eq_ignore_ascii_case(origin)) {
        return Ok(());
    }
    log::info!(origin; "a socket was refused for its origin");
    Err(ApiError::Refused(StatusCode::FORBIDDEN, "origin is not allowed."))
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn only_own_and_allowed_pages_pass() {
        let allowed = ["https://app.example".to_owned()];
        let passes = |origin: Option<&str>| {
            let mut request = TestRequest::default().insert_header((HOST, "chat.example:8080"));
            if let Some(origin) = origin {
                request = request.insert_header((ORIGIN, origin));
            }
            check(&request.to_http_request(), &allowed).is_ok()
        };
        assert!(passes(None));
        assert!(passes(Some("http://chat.example:8080")));
        assert!(passes(Some("https://APP.example")));
        for evil in
            ["http://evil.example", "http://chat.example", "null", "", "https://app.example.evil"]
        {
            assert!(!passes(Some(evil)), "{evil}");
        }
    }
}
