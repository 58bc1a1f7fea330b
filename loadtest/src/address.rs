//! Where the server is: `HOST:PORT`, or a URL.

use std::net::{SocketAddr, ToSocketAddrs as _};

use anyhow::{Context as _, bail, ensure};
use url::Url;

/// An address that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    pub is_encrypted: bool,
    /// The host, an IPv6 address in brackets.
    pub host: String,
    pub port: u16,
    /// Path and query, if there are any.
    pub path: Option<String>,
}

impl Address {
    /// Reads `HOST:PORT`, or a URL of http, https, ws or wss.
    ///
    /// # Errors
    /// If it is neither.
    pub fn parse(text: &str) -> anyhow::Result<Self> {
        let with_scheme =
            if text.contains("://") { text.to_owned() } else { format!("ws://{text}") };
        let url = Url::parse(&with_scheme).with_context(|| format!("--address {text}"))?;
        let is_encrypted = match url.scheme() {
            "ws" | "http" => false,
            "wss" | "https" => true,
            other => bail!("--address {text}: {other} is none of http, https, ws, wss"),
        };
        ensure!(
            url.username().is_empty() && url.password().is_none(),
            "--address: a user has no place in it; see --user"
        );
        let host = url.host_str().filter(|host| !host.is_empty());
        let host = host.with_context(|| format!("--address {text}: no host"))?.to_owned();
        let port = url.port_or_known_default();
        let port = port.with_context(|| format!("--address {text}: no port"))?;
        let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
        let path = Some(format!("{}{query}", url.path())).filter(|path| path != "/");
        Ok(Self { is_encrypted, host, port, path })
    }

    /// Host and port.
    pub fn authority(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// What a browser would send as `Host`.
    pub fn host_header(&self) -> String {
        match (self.is_encrypted, self.port) {
            (true, 443) | (false, 80) => self.host.clone(),
            _ => self.authority(),
        }
    }

    /// The URL of a path of its HTTP side.
    pub fn http(&self, path: &str) -> String {
        let scheme = if self.is_encrypted { "https" } else { "http" };
        format!("{scheme}://{}{path}", self.authority())
    }

    /// Looks the host up.
    ///
    /// # Errors
    /// If there is no such host.
    pub fn resolve(&self) -> anyhow::Result<SocketAddr> {
        let authority = self.authority();
        let mut found =
            authority.to_socket_addrs().with_context(|| format!("--address {authority}"))?;
        found.next().with_context(|| format!("--address {authority}: no such host"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read() {
        for (text, is_encrypted, authority, path) in [
            ("127.0.0.1:8080", false, "127.0.0.1:8080", None),
            ("localhost:1", false, "localhost:1", None),
            ("[::1]:9", false, "[::1]:9", None),
            ("http://chat.example", false, "chat.example:80", None),
            ("https://chat.example/", true, "chat.example:443", None),
            ("ws://h:8080/ws", false, "h:8080", Some("/ws")),
            ("wss://h/ws?compat=wind", true, "h:443", Some("/ws?compat=wind")),
        ] {
            let address = Address::parse(text).unwrap();
            assert_eq!(address.is_encrypted, is_encrypted, "{text}");
            assert_eq!(address.authority(), authority, "{text}");
            assert_eq!(address.path.as_deref(), path, "{text}");
        }
        let usual = Address::parse("https://h").unwrap();
        assert_eq!((usual.host_header(), usual.http("/x")), ("h".into(), "https://h:443/x".into()));
        assert_eq!(Address::parse("h:81").unwrap().host_header(), "h:81");
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in ["", ":80", "ftp://h", "h:99999", "ws://", "https://u:secret@h"] {
            let error = format!("{:#}", Address::parse(text).unwrap_err());
            assert!(error.contains("--address") && !error.contains("secret"), "{text}: {error}");
        }
    }
}
