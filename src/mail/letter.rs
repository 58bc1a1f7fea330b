//! The letter as RFC 5322 has it, with its link on one line.

use lettre::Message;
use lettre::message::header::{ContentTransferEncoding, ContentType, MIME_VERSION_1_0};
use lettre::message::{Body, Mailbox};

use super::MailError;
use crate::domain::user::Email;

const VERIFICATION: &str = "WIND email verification";
const RESET: &str = "Tradewind: a new password";
/// Before the link, since whoever gets it may not have asked.
const RESET_ABOUT: &str = "Somebody has asked for a new password for this address. If it was \
    you,\r\nfollow this link; if not, nothing has changed.\r\n\r\n";

/// The longest line of a letter, in bytes without its end (RFC 5322, section 2.1.1).
const LINE_BYTES_MAX: usize = 998;

/// A letter, and a name nobody else has.
pub(super) struct Letter {
    pub(super) name: String,
    pub(super) message: Message,
}

impl Letter {
    /// The letter whose body is the `link` that verifies an address.
    pub(super) fn verification(from: &Mailbox, to: &Email, link: &str) -> Result<Self, MailError> {
        Self::new((from, to), VERIFICATION, "", link)
    }

    /// The letter with the `link` to a new password.
    pub(super) fn reset(from: &Mailbox, to: &Email, link: &str) -> Result<Self, MailError> {
        Self::new((from, to), RESET, RESET_ABOUT, link)
    }

    fn new(
        (from, to): (&Mailbox, &Email),
        subject: &str,
        about: &str,
        link: &str,
    ) -> Result<Self, MailError> {
        if link.len() > LINE_BYTES_MAX || !link.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(MailError::Link);
        }
        let name = unique_name()?;
        let to = Mailbox::new(None, to.as_str().parse().map_err(MailError::Address)?);
        // Left to itself lettre breaks lines of over 76 bytes, and some mail programs then break
        // the link.
        let body = Body::dangerous_pre_encoded(
            format!("{about}{link}\r\n").into_bytes(),
            ContentTransferEncoding::SevenBit,
        );
        let message = Message::builder()
            .message_id(Some(format!("<{name}@{}>", from.email.domain())))
            .from(from.clone())
            .to(to)
            .subject(subject)
            .date_now()
            .header(MIME_VERSION_1_0)
            .header(ContentType::TEXT_PLAIN)
            .body(body)
            .map_err(MailError::Letter)?;
        Ok(Self { name, message })
    }
}

fn unique_name() -> Result<String, MailError> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(MailError::Random)?;
    Ok(format!("{:032x}", u128::from_ne_bytes(bytes)))
}
