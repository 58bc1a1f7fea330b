//! The section `mail`.

use std::time::Duration;

use lettre::message::Mailbox;

use crate::config::{Rule, Secret, at_least, section, url_of};

section! {
    /// Mails that verify addresses, or lead to a new password.
    Settings {
        /// Where they go. `file://FOLDER`: each becomes a file `*.eml` there, and its link is logged.
        /// `smtp://USER:PASSWORD@HOST:PORT`: to a server; add `?tls=required` for STARTTLS, without
        /// it nothing is encrypted. `smtps://`: TLS from the start.
        url: Secret = Secret::new("file://data/outbox".to_owned())
            => url_of(&["file", "smtp", "smtps"]);
        /// Whom they are from.
        from: String = "Tradewind <no-reply@localhost>".to_owned() => mailbox();
        /// What users have an account of, as mails say it.
        product: String = "Tradewind".to_owned() => label();
        /// The subject of mails that verify addresses. This one is REWIND's.
        verification_subject: String = "WIND email verification".to_owned() => label();
        /// How long to wait after the first failed try, in milliseconds; doubled after each.
        retry_first_ms: u64 = 5_000 => at_least(1);
        /// The longest wait between two tries, in milliseconds.
        retry_max_ms: u64 = 3_600_000 => at_least(1);
        /// How often a mail is tried before it is given up.
        attempts_max: u32 = 30 => at_least(1);
        /// How long one try may take, in milliseconds.
        timeout_ms: u64 = 30_000 => at_least(1);
    }
}

impl Settings {
    /// How long one try may take.
    pub(super) fn timeout(&self) -> Duration {
        Duration::from_millis(self.timeout_ms)
    }
}

/// A name for people, on one line.
fn label() -> Rule<String> {
    Rule::new("1 to 60 characters on one line", |text: &String| {
        let fits = (1..=60).contains(&text.chars().count());
        fits && !text.trim().is_empty() && !text.chars().any(char::is_control)
    })
}

/// The sender of a mail.
fn mailbox() -> Rule<String> {
    Rule::new("an address, such as Name <name@host.example>", |text: &String| {
        text.parse::<Mailbox>().is_ok()
    })
}
