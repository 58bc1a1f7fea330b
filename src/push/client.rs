//! Sends one push, and says what came of it.

use std::error::Error as StdError;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::{Request, StatusCode};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::{Client, Error};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::time::timeout;

use super::connector::{ConnectFault, JudgedConnector};
use crate::domain::pubsub::endpoint::PushReach;
use crate::service::pubsub::PushOutcome;

/// How long a connection is kept for a next push.
const IDLE: Duration = Duration::from_secs(30);
/// How many connections to one endpoint are kept for next pushes.
const IDLE_MAX: usize = 100;
/// How much of an answer's body is read, so that its connection can be used again.
const BODY_BYTES_MAX: usize = 65_536;
/// How long that may take.
const BODY_PATIENCE: Duration = Duration::from_secs(1);

/// TLS cannot be had.
#[derive(Debug, thiserror::Error)]
#[error("TLS for pushes: {0}")]
pub struct TlsFault(#[from] rustls::Error);

/// Sends pushes. A clone shares its connections.
#[derive(Clone)]
pub struct PushClient {
    inner: Client<HttpsConnector<JudgedConnector>, Full<Bytes>>,
}

/// What is left of an answer.
#[derive(Default)]
pub struct AnswerRest(Option<Incoming>);

impl PushClient {
    /// A client that goes so far.
    ///
    /// # Errors
    /// [`TlsFault`].
    pub fn new(reach: PushReach) -> Result<Self, TlsFault> {
        let connector = HttpsConnectorBuilder::new()
            .with_provider_and_webpki_roots(rustls::crypto::ring::default_provider())?
            .https_or_http()
            .enable_http1()
            .wrap_connector(JudgedConnector(reach));
        let inner = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(IDLE_MAX)
            .build(connector);
        Ok(Self { inner })
    }

    /// Sends a push that may take so long. Redirects are not followed: they are answers as any other.
    pub async fn send(
        &self,
        mut request: Request<Full<Bytes>>,
        within: Duration,
    ) -> (PushOutcome, AnswerRest) {
        let is_processed = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&is_processed);
        hyper::ext::on_informational(&mut request, move |interim| {
            if interim.status() == StatusCode::PROCESSING {
                seen.store(true, Ordering::Relaxed);
            }
        });
        let outcome = match timeout(within, self.inner.request(request)).await {
            // A final status decides, whatever came before.
            Ok(Ok(answer)) => {
                let outcome = PushOutcome::Status(answer.status().as_u16());
                return (outcome, AnswerRest(Some(answer.into_body())));
            }
            _ if is_processed.load(Ordering::Relaxed) => PushOutcome::Processing,
            Ok(Err(error)) => fault(&error),
            Err(_) => PushOutcome::Late,
        };
        (outcome, AnswerRest(None))
    }
}

impl AnswerRest {
    /// Reads what is left, within bounds; else the connection is closed.
    pub async fn read(self) {
        if let Some(body) = self.0 {
            drop(timeout(BODY_PATIENCE, Limited::new(body, BODY_BYTES_MAX).collect()).await);
        }
    }
}

/// Why there is no answer.
fn fault(error: &Error) -> PushOutcome {
    let mut cause = error.source();
    while let Some(deeper) = cause {
        if let Some(ConnectFault::Forbidden) = deeper.downcast_ref() {
            return PushOutcome::Forbidden;
        }
        cause = deeper.source();
    }
    if error.is_connect() { PushOutcome::Unreachable } else { PushOutcome::Broken }
}
