//! Where a page comes from, as browsers say it (RFC 6454): `https://chat.example:8443`.
//!
//! Origins are compared by scheme, host and port, and not as texts: `https://Chat.Example`,
//! `https://chat.example.` and `https://chat.example:443` are one. Apps that are packages of pages
//! have schemes of their own: `capacitor://localhost`.

use std::fmt;

use url::Url;

/// Characters that no origin has, though an address may.
const NOT_IN_ORIGINS: [char; 6] = ['/', '\\', '?', '#', '@', '%'];

/// A scheme, a host and a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    scheme: String,
    host: String,
    port: Option<u16>,
}

impl Origin {
    /// Reads an origin. `None` for everything else: `null` (it is nobody's, not even its own), `*`,
    /// an address with a path, a list.
    pub fn parse(text: &str) -> Option<Self> {
        let (_, authority) = text.split_once("://")?;
        let odd = |c: char| c.is_whitespace() || c.is_control();
        if authority.is_empty() || text.contains(odd) || authority.contains(NOT_IN_ORIGINS) {
            return None;
        }
        let url = Url::parse(text).ok()?;
        // Only hosts of the web are brought into one form by the parser.
        let host = url.host_str()?.to_lowercase();
        let host = host.strip_suffix('.').unwrap_or(&host).to_owned();
        let (scheme, port) = (url.scheme().to_owned(), url.port_or_known_default());
        (!host.is_empty()).then_some(Self { scheme, host, port })
    }

    /// The origin of a web address.
    pub fn of(address: &str) -> Option<Self> {
        let (scheme, rest) = address.split_once("://")?;
        let authority = rest.split(['/', '?', '#']).next()?;
        Self::parse(&format!("{scheme}://{authority}"))
    }

    /// The origin of the same scheme at what a header `Host` names; `None` unless it is the web's.
    pub fn at(&self, host: &str) -> Option<Self> {
        let is_web = matches!(self.scheme.as_str(), "http" | "https");
        is_web.then(|| Self::parse(&format!("{}://{host}", self.scheme))).flatten()
    }

    /// Whether both have the same host, and the other one's pages come through TLS while this one's
    /// do not: so they could have been changed on the way.
    pub fn is_less_safe_than(&self, other: &Self) -> bool {
        self.host == other.host && self.scheme != "https" && other.scheme == "https"
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme, self.host)?;
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_origin_may_be_written_in_many_ways() {
        for (one, other) in [
            ("https://chat.example", "https://chat.example:443"),
            ("http://chat.example", "http://chat.example:80"),
            ("https://chat.example", "HTTPS://CHAT.Example"),
            ("https://chat.example", "https://chat.example."),
            ("https://bücher.example", "https://xn--bcher-kva.example"),
            ("https://BÜCHER.example", "https://XN--BCHER-KVA.example:443"),
            ("http://[::1]:8080", "http://[0:0:0:0:0:0:0:1]:8080"),
            ("http://[2001:DB8::1]", "http://[2001:db8:0::1]:80"),
            ("capacitor://localhost", "Capacitor://LOCALHOST"),
        ] {
            assert_eq!(Origin::parse(one), Origin::parse(other), "{one} {other}");
            assert!(Origin::parse(one).is_some(), "{one}");
        }
    }

    #[test]
    fn origins_differ_by_scheme_host_and_port() {
        let all = [
            "https://chat.example",
            "http://chat.example",
            "https://chat.example:8443",
            "https://www.chat.example",
            "https://chat.example.evil",
            "http://127.0.0.1:8080",
            "http://localhost:8080",
            "http://localhost",
            "https://localhost",
            "capacitor://localhost",
            "ionic://localhost",
            "tauri://localhost",
        ];
        for one in all {
            let same = all.iter().filter(|other| Origin::parse(one) == Origin::parse(other));
            assert_eq!(same.count(), 1, "{one}");
        }
    }

    #[test]
    fn what_no_browser_sends_is_no_origin() {
        for text in [
            "",
            "null",
            "*",
            "chat.example",
            "//chat.example",
            "https:chat.example",
            "https://",
            "https://.",
            "https://chat.example/",
            "https://chat.example/path",
            "https://chat.example?q",
            "https://me@chat.example",
            "https://chat.example https://evil.example",
            "https://chat.example:99999",
            "https://chat.example:x",
            "https://[::1",
            "https://a\\b",
            "https://chat.example%2f.evil",
            " https://chat.example",
            "file://",
        ] {
            assert_eq!(Origin::parse(text), None, "{text}");
        }
    }

    #[test]
    fn an_address_has_an_origin() {
        let origin = |address| Origin::of(address).map(|origin| origin.to_string());
        assert_eq!(origin("https://Chat.example/chat/").unwrap(), "https://chat.example:443");
        assert_eq!(origin("http://127.0.0.1:8080").unwrap(), "http://127.0.0.1:8080");
        let app = Origin::parse("tauri://localhost").unwrap();
        assert_eq!(app.at("localhost"), None, "no page of the web");
    }
}
