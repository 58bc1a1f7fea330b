//! What became of a session.

use std::io::ErrorKind;

/// Why a session is no more, or never was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// Closed by us, in good order.
    Done,
    /// Not open in time, or not closed in time.
    Deadline(&'static str),
    /// The HTTP answer was another than 101; what it said.
    Http(u16, String),
    /// The hub refused the token or the order of things, with a code and its words.
    Auth(u16, String),
    /// The hub sent a close frame.
    Closed(u16, String),
    /// The connection ended without a close frame.
    Dropped,
    Io(ErrorKind, String),
    Tls(String),
    /// The server breaks the protocol.
    Broken(&'static str),
    /// Not tried, since none of those before could be opened.
    Untried,
}

impl End {
    /// The system's error, in its words.
    pub fn io(error: &std::io::Error) -> Self {
        Self::Io(error.kind(), error.to_string())
    }

    /// Whether nobody seems to be there any more: the connection broke, or the hub said that it stops.
    pub fn is_gone(&self) -> bool {
        match self {
            Self::Dropped => true,
            Self::Io(kind, _) => matches!(
                kind,
                ErrorKind::ConnectionRefused
                    | ErrorKind::ConnectionReset
                    | ErrorKind::ConnectionAborted
                    | ErrorKind::BrokenPipe
                    | ErrorKind::HostUnreachable
                    | ErrorKind::NetworkUnreachable
                    | ErrorKind::TimedOut
            ),
            Self::Closed(code, _) => matches!(code, 1001 | 1012),
            Self::Done
            | Self::Deadline(_)
            | Self::Http(..)
            | Self::Auth(..)
            | Self::Tls(_)
            | Self::Broken(_)
            | Self::Untried => false,
        }
    }
}

/// A number, and what it means, if that is known.
fn with_words(
    f: &mut std::fmt::Formatter<'_>,
    what: &str,
    code: u16,
    words: &str,
) -> std::fmt::Result {
    write!(f, "{what} {code}")?;
    if words.is_empty() { Ok(()) } else { write!(f, " {words}") }
}

impl std::fmt::Display for End {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Done => write!(f, "closed by us"),
            Self::Deadline(what) => write!(f, "deadline: {what}"),
            Self::Http(status, words) => with_words(f, "HTTP", *status, words),
            Self::Auth(code, words) => with_words(f, "auth refused:", *code, words),
            Self::Closed(code, reason) if reason.starts_with("retry_after_ms=") => {
                write!(f, "close {code} retry_after_ms")
            }
            Self::Closed(code, reason) => with_words(f, "close", *code, reason),
            Self::Dropped => write!(f, "connection ended without close"),
            Self::Io(_, words) => write!(f, "{words}"),
            Self::Tls(words) => write!(f, "TLS: {words}"),
            Self::Broken(words) => write!(f, "protocol broken: {words}"),
            Self::Untried => write!(f, "not tried, since none before it could be opened"),
        }
    }
}
