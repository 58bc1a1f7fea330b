//! Users: their public face, their addresses, and unordered pairs of them.

use std::fmt;

use crate::domain::id::UserId;

/// The longest e-mail address, in characters.
pub const EMAIL_CHARS_MAX: usize = 100;

/// What everybody may see of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    pub id: UserId,
    /// The unique name.
    pub name: String,
    /// A picture's name, or whatever else the user's client puts there.
    pub profile: Option<String>,
}

/// A user, as another one knows him.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    pub user: User,
    pub is_friend: bool,
}

/// A valid e-mail address, lower-cased.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Email(String);

impl Email {
    /// Checks and lower-cases an address. `None` if it is malformed.
    ///
    /// Accepted is the plain form `local@domain` of printable ASCII (RFC 5321 without quoted local
    /// parts and address literals), at most 100 characters. Blanks around it are not part of it; line ends are,
    /// and make it malformed.
    pub fn parse(text: &str) -> Option<Self> {
        let is_blank = |c: char| c == '\t' || c.is_whitespace() && !c.is_control();
        let text = text.trim_matches(is_blank);
        let (local, domain) = text.rsplit_once('@')?;
        let valid = text.len() <= EMAIL_CHARS_MAX && is_dot_atom(local) && is_host(domain);
        valid.then(|| Self(text.to_ascii_lowercase()))
    }

    /// The address as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part after the last `@`.
    pub fn domain(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(_, domain)| domain)
    }
}

impl Email {
    /// The mailbox that mails to the address end in, as many providers have it: without what follows
    /// a `+` and without dots before the `@`. For counting, never for sending.
    pub fn mailbox(&self) -> Self {
        let Some((local, domain)) = self.0.rsplit_once('@') else { return self.clone() };
        let name = local.split_once('+').map_or(local, |(name, _)| name);
        Self(format!("{}@{domain}", name.replace('.', "")))
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

fn is_dot_atom(local: &str) -> bool {
    let atext = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c);
    local.len() <= 64 && local.split('.').all(|atom| !atom.is_empty() && atom.chars().all(atext))
}

fn is_host(domain: &str) -> bool {
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
    };
    domain.split('.').all(label)
}

/// Two different users in the order of their ids: the key of a direct room and of a friendship.
///
/// Never the XOR of the ids, which strangers' pairs can share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserPair {
    low: UserId,
    high: UserId,
}

impl UserPair {
    /// The pair of two users; `None` if they are the same one.
    pub fn new(a: UserId, b: UserId) -> Option<Self> {
        (a != b).then(|| Self { low: a.min(b), high: a.max(b) })
    }

    /// The user with the smaller id.
    pub const fn low(self) -> UserId {
        self.low
    }

    /// The user with the larger id.
    pub const fn high(self) -> UserId {
        self.high
    }

    /// The other one of the two; meant for members of the pair.
    pub fn other(self, me: UserId) -> UserId {
        if me == self.low { self.high } else { self.low }
    }
}

/// A user, as somebody else names him.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Who {
    /// By name.
    Named(String),
    /// By id.
    Id(UserId),
}

#[cfg(test)]
mod tests {
    use crate::domain::accounts::user::*;

    #[test]
    fn addresses_are_lower_cased_and_checked() {
        let email = Email::parse("Alice.B+tag@Example.COM").unwrap();
        assert_eq!((email.as_str(), email.domain()), ("alice.b+tag@example.com", "example.com"));
        for bad in [
            "",
            "a",
            "@b.c",
            "a@",
            "a b@c.d",
            "a@b c.d",
            "a@b.c\r\nBcc: x@y.z",
            "a@b..c",
            "a..b@c.d",
            "a@sunrint.hs.kr@evil.com",
            "a@-b.c",
            "á@b.c",
            "\u{200B}a@b.c",
            "a@b.c\n",
            "\ra@b.c",
        ] {
            assert!(Email::parse(bad).is_none(), "{bad:?}");
        }
        for around in [" a@b.c", "a@b.c ", "\t a@b.c \t", "\u{3000}a@b.c\u{A0}"] {
            assert_eq!(Email::parse(around), Email::parse("a@b.c"), "{around:?}");
        }
        let local = "a".repeat(60);
        let at_limit = format!("{local}@{}.com", "b".repeat(EMAIL_CHARS_MAX - 65));
        assert_eq!(at_limit.len(), EMAIL_CHARS_MAX);
        assert!(Email::parse(&at_limit).is_some());
        assert!(Email::parse(&format!("{at_limit}m")).is_none());
    }

    #[test]
    fn a_mailbox_has_many_spellings() {
        let mailbox = |text: &str| Email::parse(text).unwrap().mailbox();
        for spelling in
            ["Alice@x.example", "a.li.ce@X.example", "alice+1@x.example", "alice+a+b@x.example"]
        {
            assert_eq!(mailbox(spelling).as_str(), "alice@x.example", "{spelling}");
        }
        for other in ["alice@y.example", "alice-1@x.example", "+@x.example"] {
            assert_ne!(mailbox(other).as_str(), "alice@x.example");
        }
    }

    #[test]
    fn a_pair_is_ordered_and_of_two() {
        let (a, b) = (UserId::new(2).unwrap(), UserId::new(8).unwrap());
        assert_eq!(UserPair::new(a, b), UserPair::new(b, a));
        assert_eq!(UserPair::new(a, a), None);
        assert_eq!(UserPair::new(b, a).unwrap().other(a), b);
    }
}
