//! The rules that values keep. Each is stated in its section, beside the default.

use std::fmt::Display;
use std::net::SocketAddr;

use lettre::message::Mailbox;
use log::LevelFilter;

use super::error::{Fault, Problem};
use super::secret::Secret;
use crate::domain::accounts::user::Email;
use crate::domain::origin::Origin;

/// What a value must be, in words and as a test.
pub(super) struct Rule<T: ?Sized> {
    must_be: String,
    holds: Box<dyn Fn(&T) -> bool>,
}

impl<T: ?Sized> Rule<T> {
    fn new(must_be: impl Into<String>, holds: impl Fn(&T) -> bool + 'static) -> Self {
        Self { must_be: must_be.into(), holds: Box::new(holds) }
    }

    /// The fault of the setting `section.key`, if its value breaks the rule.
    pub(super) fn fault(self, section: &str, key: &str, value: &T) -> Option<Fault> {
        (!(self.holds)(value)).then(|| Fault {
            origin: None,
            key: format!("{section}.{key}"),
            problem: Problem::MustBe(self.must_be),
        })
    }
}

/// At least `min`.
pub(super) fn at_least<T: PartialOrd + Display + 'static>(min: T) -> Rule<T> {
    Rule::new(format!("at least {min}"), move |value| *value >= min)
}

/// At most `max`.
pub(super) fn at_most<T: PartialOrd + Display + 'static>(max: T) -> Rule<T> {
    Rule::new(format!("at most {max}"), move |value| *value <= max)
}

/// Not empty.
pub(super) fn not_empty() -> Rule<String> {
    Rule::new("set", |text: &String| !text.trim().is_empty())
}

/// A name for people, on one line.
pub(super) fn label() -> Rule<String> {
    Rule::new("1 to 60 characters on one line", |text: &String| {
        let fits = (1..=60).contains(&text.chars().count());
        fits && !text.trim().is_empty() && !text.chars().any(char::is_control)
    })
}

/// An IP address and a port.
pub(super) fn socket_address() -> Rule<String> {
    Rule::new("an IP address and port, such as 127.0.0.1:8080", |text: &String| {
        text.parse::<SocketAddr>().is_ok()
    })
}

/// Empty, or the base of web links.
pub(super) fn unset_or_web_base() -> Rule<String> {
    Rule::new("http:// or https:// and a host, without query and fragment", |text: &String| {
        text.is_empty()
            || (after_web_scheme(text).is_some_and(|rest| !rest.starts_with('/'))
                && text.chars().all(|c| c.is_ascii_graphic() && !"?#\"<>\\".contains(c)))
    })
}

/// What browsers send as `Origin`.
pub(super) fn origins() -> Rule<Vec<String>> {
    let must_be = "origins without path, such as https://chat.example or capacitor://localhost";
    Rule::new(must_be, |origins: &Vec<String>| {
        origins.iter().all(|origin| Origin::parse(origin).is_some())
    })
}

fn after_web_scheme(text: &str) -> Option<&str> {
    let rest = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"))?;
    (!rest.is_empty()).then_some(rest)
}

/// Domains that e-mail addresses can have.
pub(super) fn email_domains() -> Rule<Vec<String>> {
    Rule::new("domains, such as school.example", |domains: &Vec<String>| {
        domains.iter().all(|domain| Email::parse(&format!("a@{domain}")).is_some())
    })
}

/// The sender of a mail.
pub(super) fn mailbox() -> Rule<String> {
    Rule::new("an address, such as Name <name@host.example>", |text: &String| {
        text.parse::<Mailbox>().is_ok()
    })
}

/// A URL of one of these schemes.
pub(super) fn url_of(schemes: &'static [&'static str]) -> Rule<Secret> {
    let allowed = schemes.iter().map(|scheme| format!("{scheme}://")).collect::<Vec<_>>();
    Rule::new(format!("a URL that starts with {}", allowed.join(" or ")), |url: &Secret| {
        let split = url.expose().split_once("://");
        split.is_some_and(|(scheme, rest)| schemes.contains(&scheme) && !rest.is_empty())
    })
}

/// Empty, or long enough to sign with.
pub(super) fn unset_or_bytes(min: usize) -> Rule<Secret> {
    Rule::new(format!("at least {min} bytes long, or empty"), move |secret: &Secret| {
        secret.is_empty() || secret.expose().len() >= min
    })
}

/// A filter of `env_logger`: `level`, or `target=level`, with commas between and `/regex` after.
///
/// Stricter in one point: a bare word must be a level, since `env_logger` takes a misspelt level
/// for a target and then logs nothing.
pub(super) fn log_filter() -> Rule<String> {
    Rule::new("log levels, such as info or warn,tradewind=debug", |filter: &String| {
        let directives = filter.split_once('/').map_or(filter.as_str(), |(before, _)| before);
        directives.split(',').all(|directive| {
            let level = directive.rsplit_once('=').map_or(directive, |(_, level)| level);
            level.trim().parse::<LevelFilter>().is_ok()
        })
    })
}
