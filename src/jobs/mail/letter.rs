//! The letter as RFC 5322 has it, with its link on one line.

use lettre::Message;
use lettre::message::header::{ContentTransferEncoding, ContentType, MIME_VERSION_1_0};
use lettre::message::{Body, Mailbox};

use crate::domain::accounts::user::Email;
use crate::jobs::mail::{MailError, Settings};

/// The longest line of a letter, in bytes without its end (RFC 5322, section 2.1.1).
const LINE_BYTES_MAX: usize = 998;

/// A letter, and a name nobody else has.
pub(in crate::jobs::mail) struct Letter {
    pub(in crate::jobs::mail) name: String,
    pub(in crate::jobs::mail) message: Message,
}

impl Letter {
    /// The letter with the `link` that verifies an address. Whoever gets it may not have asked.
    pub(in crate::jobs::mail) fn verification(
        settings: &Settings,
        between: (&Mailbox, &Email),
        link: &str,
    ) -> Result<Self, MailError> {
        let Settings { product, verification_subject: subject, .. } = settings;
        let about = format!(
            "Somebody has opened an account at {product} with this e-mail address.\r\n\
             If it was you, confirm it by this link; if not, do nothing, and no account is made.\r\n"
        );
        Self::new(between, subject, &about, link)
    }

    /// The letter with the `link` to a new password.
    pub(in crate::jobs::mail) fn reset(
        settings: &Settings,
        between: (&Mailbox, &Email),
        link: &str,
    ) -> Result<Self, MailError> {
        let product = &settings.product;
        let subject = format!("{product}: a new password");
        let about = format!(
            "Somebody has asked for a new password for the account at {product} with this\r\n\
             e-mail address. If it was you, follow this link; if not, nothing has changed.\r\n"
        );
        Self::new(between, &subject, &about, link)
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
        let text = format!("{about}\r\n{link}\r\n");
        let encoding = match text.is_ascii() {
            true => ContentTransferEncoding::SevenBit,
            false => ContentTransferEncoding::EightBit,
        };
        let body = Body::dangerous_pre_encoded(text.into_bytes(), encoding);
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
