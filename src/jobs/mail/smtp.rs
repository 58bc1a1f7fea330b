//! An SMTP server.

use std::error::Error;
use std::time::Duration;

use lettre::transport::smtp::{self, AsyncSmtpTransport};
use lettre::{AsyncTransport, Tokio1Executor};
use tokio::time;

use crate::jobs::mail::MailError;
use crate::jobs::mail::letter::Letter;

pub(in crate::jobs::mail) struct Smtp {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    timeout: Duration,
}

impl Smtp {
    pub(in crate::jobs::mail) fn from_url(url: &str, timeout: Duration) -> Result<Self, MailError> {
        let builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(url);
        let transport = builder.map_err(MailError::Server)?.timeout(Some(timeout)).build();
        Ok(Self { transport, timeout })
    }

    /// Connects, says hello, logs in, and leaves.
    pub(in crate::jobs::mail) async fn greet(&self) -> Result<(), MailError> {
        match time::timeout(self.timeout, self.transport.test_connection()).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(fault)) => Err(MailError::Server(fault)),
            Err(_) => Err(MailError::Timeout),
        }
    }

    /// Hands the letter over; the timeout is for the whole exchange.
    pub(in crate::jobs::mail) async fn send(
        &self,
        letter: Letter,
        link: &str,
    ) -> Result<(), MailError> {
        match time::timeout(self.timeout, self.transport.send(letter.message)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(fault)) => Err(explain(fault, link)),
            Err(_) => Err(MailError::Timeout),
        }
    }
}

/// Filters quote what they dislike, so the link and its key are taken out of a server's reply.
fn explain(fault: smtp::Error, link: &str) -> MailError {
    let Some(code) = fault.status() else { return MailError::Server(fault) };
    let reply = fault.source().map(ToString::to_string).unwrap_or_default();
    let key = link.rsplit('/').next().filter(|key| !key.is_empty()).unwrap_or(link);
    MailError::Refused {
        code: code.into(),
        reply: reply.replace(link, "(link)").replace(key, "(key)"),
    }
}
