//! Mails with links: into a folder, or to an SMTP server.
//!
//! `letter`, `outbox` and `smtp` make the letter and hand it over once; `kind` does so for
//! each job that asks for a mail. Neither the link (but for the folder, which is for
//! development) nor the password of the server appears in logs or errors.

mod error;
mod kind;
mod letter;
mod outbox;
mod settings;
mod smtp;

use lettre::message::Mailbox;

use crate::domain::accounts::user::Email;
pub use crate::jobs::mail::error::MailError;
pub use crate::jobs::mail::kind::{Links, Mails};
use crate::jobs::mail::letter::Letter;
use crate::jobs::mail::outbox::Outbox;
pub use crate::jobs::mail::settings::Settings;
use crate::jobs::mail::smtp::Smtp;

/// Where mails go.
pub struct Transport {
    from: Mailbox,
    settings: Settings,
    route: Route,
}

enum Route {
    Outbox(Outbox),
    Smtp(Smtp),
}

impl Transport {
    /// Whether the server can be reached, speaks TLS if it is to, and takes the log-in. A folder always
    /// can.
    ///
    /// # Errors
    /// [`MailError::Server`], [`MailError::Timeout`].
    pub async fn greet(&self) -> Result<(), MailError> {
        match &self.route {
            Route::Outbox(_) => Ok(()),
            Route::Smtp(smtp) => smtp.greet().await,
        }
    }

    /// The transport of settings, the URL first of all.
    ///
    /// `file://FOLDER` writes files; the folder is made if only it is missing.
    /// `smtp://[USER:PASSWORD@]HOST[:PORT]` talks to a server without encryption (port 25), with
    /// `?tls=required` by STARTTLS (port 587), with `?tls=opportunistic` by STARTTLS if the server
    /// has it; `smtps://` by TLS from the start (port 465).
    ///
    /// # Errors
    /// [`MailError::Address`], [`MailError::Scheme`], [`MailError::Server`],
    /// [`MailError::Outbox`].
    pub fn new(settings: &Settings) -> Result<Self, MailError> {
        let url = settings.url.expose();
        let timeout = settings.timeout();
        let route = match url.split_once("://") {
            Some(("file", folder)) => Route::Outbox(Outbox::open(folder.into())?),
            Some(("smtp" | "smtps", _)) => Route::Smtp(Smtp::from_url(url, timeout)?),
            Some(_) | None => return Err(MailError::Scheme),
        };
        let from = settings.from.parse().map_err(MailError::Address)?;
        Ok(Self { from, settings: settings.clone(), route })
    }

    /// Sends `link`, which verifies the address `to`.
    ///
    /// # Errors
    /// [`MailError::Address`], [`MailError::Link`], [`MailError::Letter`],
    /// [`MailError::Random`]; for a folder [`MailError::Outbox`]; for a server
    /// [`MailError::Server`], [`MailError::Refused`], [`MailError::Timeout`].
    pub async fn send_verification(&self, to: &Email, link: &str) -> Result<(), MailError> {
        let letter = Letter::verification(&self.settings, (&self.from, to), link)?;
        self.send(letter, to, link).await
    }

    /// Sends `link`, which lets the user of the address `to` set a new password.
    ///
    /// # Errors
    /// As [`Transport::send_verification`].
    pub async fn send_reset(&self, to: &Email, link: &str) -> Result<(), MailError> {
        let letter = Letter::reset(&self.settings, (&self.from, to), link)?;
        self.send(letter, to, link).await
    }

    async fn send(&self, letter: Letter, to: &Email, link: &str) -> Result<(), MailError> {
        match &self.route {
            Route::Outbox(outbox) => outbox.put(letter, to, link).await,
            Route::Smtp(smtp) => smtp.send(letter, link).await,
        }
    }
}

#[cfg(test)]
mod tests;
