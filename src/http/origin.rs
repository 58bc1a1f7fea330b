//! Whose pages may open sockets (cross-site WebSocket hijacking) and read answers (CORS): the hub's
//! own, and those of `http.allowed_origins`.

use std::net::IpAddr;

use actix_web::http::header::{HOST, HeaderMap, ORIGIN};

use crate::domain::origin::Origin;

/// The origins whose pages may connect.
#[derive(Clone, Debug)]
pub struct Origins {
    /// That of `http.public_url`.
    public: Option<Origin>,
    allowed: Vec<Origin>,
}

impl Origins {
    /// The hub's own by its public address, and others.
    pub fn new(public_url: &str, allowed: &[String]) -> Self {
        let allowed = allowed.iter().filter_map(|origin| Origin::parse(origin)).collect();
        Self { public: Origin::of(public_url), allowed }
    }

    /// Whether a request comes from no page, or from one that may connect. If not, the log names
    /// both sides of the comparison; `what` is refused, and to whom.
    pub fn pass(&self, headers: &HeaderMap, what: (&str, IpAddr)) -> bool {
        self.judge(headers, what, &self.allowed)
    }

    /// The same where only the hub's own pages may connect, since a cookie lets them in.
    pub fn pass_own(&self, headers: &HeaderMap, what: (&str, IpAddr)) -> bool {
        self.judge(headers, what, &[])
    }

    fn judge(&self, headers: &HeaderMap, (what, peer): (&str, IpAddr), allowed: &[Origin]) -> bool {
        let mut origins = headers.get_all(ORIGIN);
        let Some(origin) = origins.next() else { return true };
        let text = origin.to_str().unwrap_or_default();
        let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
        let is_alone = origins.next().is_none();
        let parsed = Origin::parse(text).filter(|_| is_alone);
        let passes =
            parsed.is_some_and(|origin| self.is_own(&origin, host) || allowed.contains(&origin));
        if !passes {
            let public = self.public.as_ref().map(Origin::to_string).unwrap_or_default();
            let allowed = allowed.iter().map(Origin::to_string).collect::<Vec<_>>().join(" ");
            log::info!(
                peer:%, origin = text, host, public, allowed;
                "{what} is refused: the page's origin is neither the hub's own nor allowed"
            );
        }
        passes
    }

    fn is_own(&self, origin: &Origin, host: &str) -> bool {
        let public = self.public.as_ref();
        // TLS ends before the hub, so the scheme by which it was reached is known only if it is set.
        let own = origin.at(host).is_some_and(|own| own == *origin)
            && !public.is_some_and(|public| origin.is_less_safe_than(public));
        own || public == Some(origin)
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn passes(public_url: &str, host: &str, origins: &[&str]) -> bool {
        let allowed = ["https://app.example", "https://bücher.example", "capacitor://localhost"];
        let allowed = allowed.map(str::to_owned);
        let mut request = TestRequest::default().insert_header((HOST, host));
        for origin in origins {
            request = request.append_header((ORIGIN, *origin));
        }
        let origins = Origins::new(public_url, &allowed);
        let peer = IpAddr::from([127, 0, 0, 1]);
        origins.pass(request.to_http_request().headers(), ("a test", peer))
    }

    #[test]
    fn only_own_and_allowed_pages_pass() {
        let public = "http://127.0.0.1:8080";
        let host = "chat.example:8080";
        assert!(passes(public, host, &[]), "no page");
        for own in [
            "http://chat.example:8080",
            "https://chat.example:8080",
            "http://CHAT.example.:8080",
            "http://127.0.0.1:8080",
            "https://APP.example",
            "https://app.example:443",
            "https://app.example.",
            "https://xn--bcher-kva.example",
            "capacitor://localhost",
        ] {
            assert!(passes(public, host, &[own]), "{own}");
        }
        for evil in [
            "http://evil.example",
            "http://chat.example",
            "null",
            "",
            "https://app.example.evil",
            "http://app.example",
            "https://app.example:8443",
            "https://app.example, https://chat.example:8080",
            "capacitor://evil",
            "ionic://localhost",
            "http://localhost",
        ] {
            assert!(!passes(public, host, &[evil]), "{evil}");
        }
        assert!(!passes(public, host, &["https://app.example", "https://evil.example"]), "two");
    }

    #[test]
    fn a_cookie_serves_no_page_that_is_only_allowed() {
        let origins = Origins::new("https://chat.example", &["https://app.example".to_owned()]);
        let passes = |origin: &str| {
            let request = TestRequest::default().insert_header((HOST, "10.0.0.1:80"));
            let request = request.insert_header((ORIGIN, origin)).to_http_request();
            let peer = IpAddr::from([127, 0, 0, 1]);
            origins.pass_own(request.headers(), ("a test", peer))
        };
        assert!(passes("https://chat.example:443") && passes("http://10.0.0.1"));
        assert!(
            !passes("https://app.example") && !passes("null") && !passes("http://10.0.0.1:8080")
        );
    }

    #[test]
    fn the_hub_is_known_by_its_public_url_and_by_the_host() {
        let public = "https://Chat.example/";
        // A proxy that passes no Host on.
        assert!(passes(public, "10.0.0.1:8080", &["https://chat.example"]));
        assert!(!passes(public, "10.0.0.1:8080", &["http://chat.example"]));
        // A default port is no difference.
        assert!(passes(public, "chat.example:443", &["https://chat.example"]));
        assert!(passes("http://[::1]:80", "[::1]", &["http://[0:0::1]"]));
        // Pages of the same host that did not come through TLS.
        assert!(!passes(public, "chat.example", &["http://chat.example"]));
        assert!(!passes(public, "", &["http://chat.example"]));
    }
}
