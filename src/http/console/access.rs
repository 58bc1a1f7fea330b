//! Who asks: an operator, by a token in a header or in the cookie of a log-in.

use actix_web::HttpRequest;
use actix_web::http::header::{AUTHORIZATION, COOKIE};

use super::error::ConsoleError;
use crate::domain::apps::app::Level;
use crate::http::State;

/// The cookie of a log-in. Its value is a token.
pub const COOKIE_NAME: &str = "tw_console";

/// What a request shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShownToken<'a> {
    /// By a program, in the header `Authorization`. If there is one, it decides.
    Header(&'a str),
    /// By a browser, which sends it whatever page asks.
    Cookie(&'a str),
}

impl<'a> ShownToken<'a> {
    /// What is shown, if anything is.
    pub fn of(request: &'a HttpRequest) -> Option<Self> {
        let cookie = || cookie(request).map(Self::Cookie);
        in_header(request).map(Self::Header).or_else(cookie)
    }

    /// The token.
    pub const fn text(self) -> &'a str {
        match self {
            Self::Header(text) | Self::Cookie(text) => text,
        }
    }
}

/// What comes after `Bearer` or `OAuth` in the header `Authorization`. Other schemes are for those before the hub.
fn in_header(request: &HttpRequest) -> Option<&str> {
    let value = request.headers().get(AUTHORIZATION)?.to_str().ok()?.trim();
    let (scheme, token) = value.split_once(' ').unwrap_or((value, ""));
    let is_ours = ["bearer", "oauth"].iter().any(|ours| scheme.eq_ignore_ascii_case(ours));
    is_ours.then(|| token.trim())
}

/// The value of the cookie.
pub fn cookie(request: &HttpRequest) -> Option<&str> {
    let lines = request.headers().get_all(COOKIE).filter_map(|line| line.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.split_once('='));
    pairs.find(|(name, _)| name.trim() == COOKIE_NAME).map(|(_, value)| value.trim())
}

/// Lets an operator pass, and nobody else.
///
/// # Errors
/// [`ConsoleError::NoCredential`], [`ConsoleError::Level`], and faults.
pub async fn pass(state: &State, shown: ShownToken<'_>) -> Result<(), ConsoleError> {
    let token = state.service.apps.token(shown.text()).await?.ok_or(ConsoleError::NoCredential)?;
    if token.level == Level::ThirdPartyConsole { Ok(()) } else { Err(ConsoleError::Level) }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn the_header_decides_and_then_the_cookie() {
        for (headers, shown) in [
            (&[][..], None),
            (&[("authorization", "Bearer a")], Some(ShownToken::Header("a"))),
            (&[("authorization", "OAUTH  a ")], Some(ShownToken::Header("a"))),
            (&[("authorization", "Bearer")], Some(ShownToken::Header(""))),
            (
                &[("authorization", "Basic a"), ("cookie", "tw_console=b")],
                Some(ShownToken::Cookie("b")),
            ),
            (
                &[("authorization", "oauth a"), ("cookie", "tw_console=b")],
                Some(ShownToken::Header("a")),
            ),
            (&[("cookie", "a=b; tw_console=c; tw_console=d")], Some(ShownToken::Cookie("c"))),
            (&[("cookie", "a=b"), ("cookie", "tw_console=c")], Some(ShownToken::Cookie("c"))),
            (&[("cookie", "xtw_console=c; tw_console; Tw_Console=e")], None),
        ] {
            let mut request = TestRequest::default();
            for header in headers {
                request = request.append_header(*header);
            }
            assert_eq!(ShownToken::of(&request.to_http_request()), shown, "{headers:?}");
        }
    }
}
