//! The section `mail`.

use super::rule::{at_least, label, mailbox, url_of};
use super::secret::Secret;
use super::section::section;

section! {
    /// Mails that verify addresses, or lead to a new password.
    Mail {
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
