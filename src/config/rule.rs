//! Rules that values keep. Each is stated in its section, beside the default; those that only one section
//! has are with it.

use std::fmt::Display;
use std::net::SocketAddr;

use super::error::{Fault, SettingProblem};
use super::secret::Secret;

/// What a value must be, in words and as a test.
pub struct Rule<T: ?Sized> {
    broken: Box<Judge<T>>,
}

/// Says what a value must be that is not.
type Judge<T> = dyn Fn(&T) -> Option<String>;

impl<T: ?Sized> Rule<T> {
    /// What follows "must be", and whether it holds.
    pub fn new(must_be: impl Into<String>, holds: impl Fn(&T) -> bool + 'static) -> Self {
        let must_be = must_be.into();
        Self::judging(move |value| (!holds(value)).then(|| must_be.clone()))
    }

    /// What follows "must be", of a value that is not; which may tell what is wrong with it.
    pub fn judging(broken: impl Fn(&T) -> Option<String> + 'static) -> Self {
        Self { broken: Box::new(broken) }
    }

    /// The fault of the setting `section.key`, if its value breaks the rule.
    pub fn fault(self, section: &str, key: &str, value: &T) -> Option<Fault> {
        (self.broken)(value).map(|must_be| Fault {
            origin: None,
            key: format!("{section}.{key}"),
            problem: SettingProblem::MustBe(must_be),
        })
    }
}

/// At least `min`.
pub fn at_least<T: PartialOrd + Display + 'static>(min: T) -> Rule<T> {
    Rule::new(format!("at least {min}"), move |value| *value >= min)
}

/// At most `max`.
pub fn at_most<T: PartialOrd + Display + 'static>(max: T) -> Rule<T> {
    Rule::new(format!("at most {max}"), move |value| *value <= max)
}

/// At least `min` and at most `max`.
pub fn within<T: PartialOrd + Display + 'static>(min: T, max: T) -> Rule<T> {
    Rule::new(format!("{min} to {max}"), move |value| *value >= min && *value <= max)
}

/// Not empty.
pub fn not_empty() -> Rule<String> {
    Rule::new("set", |text: &String| !text.trim().is_empty())
}

/// An IP address and a port.
pub fn socket_address() -> Rule<String> {
    Rule::new("an IP address and port, such as 127.0.0.1:8080", |text: &String| {
        is_socket_address(text)
    })
}

/// An IP address and a port, or nothing.
pub fn socket_address_or_empty() -> Rule<String> {
    Rule::new("empty, or an IP address and port, such as 127.0.0.1:8000", |text: &String| {
        text.is_empty() || is_socket_address(text)
    })
}

fn is_socket_address(text: &str) -> bool {
    text.parse::<SocketAddr>().is_ok()
}

/// A URL of one of these schemes.
pub fn url_of(schemes: &'static [&'static str]) -> Rule<Secret> {
    let allowed = schemes.iter().map(|scheme| format!("{scheme}://")).collect::<Vec<_>>();
    Rule::new(format!("a URL that starts with {}", allowed.join(" or ")), |url: &Secret| {
        let split = url.expose().split_once("://");
        split.is_some_and(|(scheme, rest)| schemes.contains(&scheme) && !rest.is_empty())
    })
}
