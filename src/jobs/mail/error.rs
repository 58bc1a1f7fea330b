//! What can go wrong with a mail, and whether trying again helps.

use std::io;
use std::path::PathBuf;

use crate::auth::AuthError;

/// Why a mail was not sent, or why none can be.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// The URL of the transport has no scheme known here.
    #[error("a mail URL must start with file://, smtp:// or smtps://")]
    Scheme,
    #[error("a mail address is malformed")]
    Address(#[source] lettre::address::AddressError),
    /// The link does not fit one line of printable ASCII.
    #[error("the link does not fit one line")]
    Link,
    #[error("the letter cannot be put together")]
    Letter(#[source] lettre::error::Error),
    /// The job says nothing that this release can write a mail about.
    #[error("no mail can be about {0:?}")]
    About(String),
    #[error("no random bytes can be had")]
    Random(#[source] getrandom::Error),
    #[error("no verification key can be made")]
    Key(#[source] AuthError),
    #[error("{}: the mail folder cannot be made or written", folder.display())]
    Outbox {
        folder: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("the mail server cannot be reached")]
    Server(#[source] lettre::transport::smtp::Error),
    #[error("the mail server refused: {code} {reply}")]
    Refused {
        /// The reply code of SMTP, 400 to 599.
        code: u16,
        /// What the server said, without our link.
        reply: String,
    },
    #[error("the mail server took too long")]
    Timeout,
}

impl MailError {
    /// Whether trying the same mail again is in vain.
    ///
    /// A 5xx reply is permanent, except 53x: the server does not accept our credentials, which is
    /// no fault of the mail and can be mended.
    pub fn is_permanent(&self) -> bool {
        match self {
            Self::Scheme | Self::Address(_) | Self::Link | Self::Letter(_) | Self::About(_) => true,
            Self::Refused { code, .. } => *code >= 500 && !(530..540).contains(code),
            Self::Random(_)
            | Self::Key(_)
            | Self::Outbox { .. }
            | Self::Server(_)
            | Self::Timeout => false,
        }
    }
}
