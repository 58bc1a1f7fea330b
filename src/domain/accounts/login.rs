//! Log-ins: what a token belongs to, and what ends it before its time.
//!
//! A log-in begins with a password (or on the command line) and has one name, which all its tokens
//! carry. Whether it has been revoked is decided by values that fit into memory, so that a token is
//! checked without asking the database.

use std::borrow::Borrow;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use smol_str::SmolStr;

use crate::domain::clock::Timestamp;
use crate::domain::id::UserId;

/// How much is kept of what a peer calls itself, in characters.
const AGENT_CHARS_MAX: usize = 200;

/// The name of a log-in: the `jti` of its tokens. It lets nobody in.
///
/// Each session has one. Ours have 22 characters, which need no memory besides.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LoginId(SmolStr);

impl LoginId {
    /// A name as a token or a path says it.
    pub fn new(text: &str) -> Self {
        Self(text.into())
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for LoginId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for LoginId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The part of the internet that a log-in came from: a /24 of IPv4, a /64 of IPv6. So it stays the same
/// when a household gets another address of its provider.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Network(Box<str>);

impl Network {
    /// The network of an address.
    pub fn of(ip: IpAddr) -> Self {
        let text = match ip.to_canonical() {
            IpAddr::V4(ip) => format!("{}/24", Ipv4Addr::from_bits(ip.to_bits() & !0xFF)),
            IpAddr::V6(ip) => {
                format!("{}/64", Ipv6Addr::from_bits(ip.to_bits() & !u128::from(u64::MAX)))
            }
        };
        Self(text.into())
    }

    /// The network as text, such as `192.0.2.0/24`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a good token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claims {
    /// Whose it is. Whether that user exists is for the caller to see.
    pub user: UserId,
    /// Which log-in it belongs to. Only foreign tokens, signed with our secret, can lack it.
    pub login: Option<LoginId>,
    /// When it was issued, in whole seconds; long ago for those that do not say.
    pub issued_at: Timestamp,
    /// The first moment it is not valid any more.
    pub expires_at: Timestamp,
}

/// What the store says of the log-in of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// It goes on, and is that user's.
    Lives,
    /// There is none, or it has ended.
    Ended,
    /// There is not even the user.
    NoUser,
}

/// All tokens of a user that were issued up to a moment are void, but for those of one log-in.
///
/// This is for tokens that no table knows: each log-in that is known is revoked by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Void {
    pub through: Timestamp,
    /// The log-in that goes on.
    pub kept: Option<LoginId>,
}

impl Void {
    /// The rule: whether it makes these claims void.
    pub fn covers(&self, claims: &Claims) -> bool {
        let kept = self.kept.is_some() && self.kept == claims.login;
        claims.issued_at <= self.through && !kept
    }
}

/// Which log-ins of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Which {
    One(LoginId),
    /// All, but for this one.
    AllBut(Option<LoginId>),
}

/// What has been revoked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revocation {
    pub user: UserId,
    /// The log-ins, each with the moment at which the last of its tokens expires.
    pub logins: Vec<(LoginId, Timestamp)>,
    /// What becomes of all other tokens.
    pub void: Option<Void>,
}

/// What is kept of what a peer calls itself: printable, and not too long. `None` if that is nothing.
pub fn agent(text: &str) -> Option<String> {
    let printable = text.trim().chars().filter(|c| !c.is_control());
    let kept: String = printable.take(AGENT_CHARS_MAX).collect();
    (!kept.is_empty()).then_some(kept)
}

#[cfg(test)]
mod tests {
    use crate::domain::accounts::login::*;

    #[test]
    fn a_void_covers_what_was_issued_until_then_by_others() {
        let at = Timestamp::from_millis;
        let claims = |login: Option<&str>, issued_at| Claims {
            user: UserId::new(2).unwrap(),
            login: login.map(LoginId::new),
            issued_at,
            expires_at: at(9_000),
        };
        let void = |kept: Option<&str>| Void { through: at(5_000), kept: kept.map(LoginId::new) };
        for (kept, login, issued_at, covered) in [
            (Some("mine"), Some("mine"), 4_000, false),
            (Some("mine"), Some("other"), 4_000, true),
            (Some("mine"), Some("other"), 5_000, true),
            (Some("mine"), Some("other"), 6_000, false),
            (Some("mine"), None, 4_000, true),
            (None, None, 4_000, true),
            (None, Some("other"), 5_000, true),
            (None, None, 6_000, false),
        ] {
            let claims = claims(login, at(issued_at));
            assert_eq!(void(kept).covers(&claims), covered, "{kept:?} {claims:?}");
        }
    }

    #[test]
    fn a_network_is_a_24_of_ipv4_and_a_64_of_ipv6() {
        for (ip, network) in [
            ("192.0.2.77", "192.0.2.0/24"),
            ("::ffff:192.0.2.78", "192.0.2.0/24"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
            ("::1", "::/64"),
        ] {
            assert_eq!(Network::of(ip.parse().unwrap()).as_str(), network);
        }
    }

    #[test]
    fn an_agent_is_short_and_printable() {
        assert_eq!(agent(" curl/8\r\n\u{7} ").as_deref(), Some("curl/8"));
        assert_eq!(agent(" \u{0} "), None);
        assert_eq!(agent(&"x".repeat(500)).unwrap().len(), AGENT_CHARS_MAX);
    }
}
