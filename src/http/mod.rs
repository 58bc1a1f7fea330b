//! HTTP: routes, bodies, errors. Each dialect's HTTP half has a folder of its own.
//!
//! It speaks to the store for accounts and to `ws` to hand a socket over; it does not know how
//! rows look, nor what is said on a socket.

mod body;
pub mod chatting;
pub mod connection;
mod error;
mod exchange;
mod health;
mod logins;
mod origin;
mod peer;
mod proof;
mod reset;
pub mod rewind;
mod sdk;
mod text;
pub mod v1;

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use actix_web::http::header::AUTHORIZATION;
use actix_web::middleware::from_fn;
use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpRequest, Resource, Route, guard};

use crate::auth::concurrency::PerAddress;
use crate::auth::limits::RateLimits;
use crate::auth::password::Passwords;
use crate::auth::token::{TokenError, Tokens};
use crate::domain::accounts::login::{Claims, Proof};
use crate::domain::accounts::name::NameRule;
use crate::domain::accounts::password::PasswordRule;
use crate::domain::clock::Clock;
use crate::domain::error::Refusal;
use crate::domain::mint::IdMint;
use crate::hub::Hub;
use crate::session::{NoSeat, Seat, Shared};
use crate::store::Store;
use crate::store::accounts::registrations;
use crate::store::jobs::Queue;
use crate::telemetry::Metrics;
use crate::wire::chatting::Chatting;
use crate::wire::rewind::Mode;

use self::error::ApiError;
pub use self::exchange::exchange;
pub use self::origin::Origins;

/// Settings of the HTTP side.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Whose pages may connect.
    pub origins: Origins,
    /// Whether the peer's address is what a proxy says it is.
    pub trust_proxy: bool,
    /// The longest request body, in bytes.
    pub body_bytes_max: usize,
    /// How long a short body may take.
    pub body_timeout: Duration,
    /// Which passwords may be chosen.
    pub passwords: PasswordRule,
    /// Which names may be had.
    pub names: NameRule,
    /// Domains of which addresses may register; empty for any.
    pub allowed_email_domains: Vec<String>,
    /// What becomes of mails to an address that several register.
    pub registration_mail: registrations::Mail,
    /// Log-ins kept of one user; `None` for any number.
    pub logins_per_user_max: Option<usize>,
    /// How long a link in a mail works.
    pub verification_lifetime: Duration,
    /// How long a link to a new password works.
    pub reset_lifetime: Duration,
    /// The mode of REWIND for clients that ask for none.
    pub default_mode: Mode,
}

/// What all requests share.
pub struct State {
    /// Settings of the HTTP side.
    pub settings: Settings,
    /// Where accounts are kept.
    pub store: Store,
    /// Where user ids come from.
    pub mint: Arc<IdMint>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The counters.
    pub metrics: Metrics,
    /// Hashes and compares passwords.
    pub passwords: Passwords,
    /// Makes and checks tokens.
    pub tokens: Tokens,
    /// Rates of log-ins and registrations.
    pub limits: RateLimits,
    /// Requests that are not finished, by the address that a trusted proxy names.
    pub unfinished: Arc<PerAddress>,
    /// Whether a request has come by a proxy that is not trusted.
    pub proxy_seen: AtomicBool,
    /// Where mails are left to be sent.
    pub mail: Queue,
    /// What sessions share.
    pub sessions: Arc<Shared>,
}

impl State {
    /// The way to the hub.
    fn hub(&self) -> &Hub {
        &self.sessions.hub
    }

    /// The dialect of game lobbies.
    fn chatting(&self) -> &Chatting {
        self.sessions.dialects.chatting()
    }

    /// Who is asking: the address that limits count by.
    fn peer(&self, request: &HttpRequest) -> IpAddr {
        peer::address(request, self.settings.trust_proxy)
    }

    /// A peer came too often: counted, and logged now and then.
    fn limited(&self, what: &str, peer: IpAddr) {
        self.metrics.refusals.with_label_values(&[what]).inc();
        if self.limits.is_news(peer) {
            log::warn!(peer:%, what; "a peer tries more often than it may");
        }
    }

    /// What a good token says; `None` of any other.
    async fn claims(&self, token: &str) -> Result<Option<Claims>, Refusal> {
        match self.tokens.verify(token, self.clock.now()) {
            Ok(claims) => Ok(Some(claims)),
            Err(TokenError::Unknown(claims)) => match self.hub().confirm(&claims).await? {
                Proof::Lives => Ok(Some(*claims)),
                Proof::Ended | Proof::NoUser => Ok(None),
            },
            Err(TokenError::Signature | TokenError::Revoked | TokenError::Payload) => Ok(None),
        }
    }

    /// The right to open one more session; a refusal is counted.
    fn seat(&self, request: &HttpRequest) -> Result<Seat, NoSeat> {
        self.sessions.seats.take(self.peer(request)).inspect_err(|refused| {
            let reason = match refused {
                NoSeat::Full => "sessions",
                NoSeat::Address => "sockets_before_auth",
            };
            self.metrics.refusals.with_label_values(&[reason]).inc();
        })
    }
}

/// Mounts every route.
pub fn routes(app: &mut ServiceConfig) {
    v1::routes(app);
    app.service(
        web::resource("/reset/{key}")
            .route(web::get().to(reset::show))
            .route(web::post().to(reset::submit))
            .default_service(web::to(|| async {
                Err::<&str, _>(ApiError::Method { allow: "GET, POST" })
            }))
            .wrap(from_fn(text::path_is_text::<ApiError>)),
    );
    rewind::routes(app);
    chatting::routes(app);
    health::routes(app);
    sdk::routes(app);
    app.default_service(web::to(error::not_found));
}

/// What comes after `Bearer` in the header `Authorization`.
fn bearer(request: &HttpRequest) -> Option<&str> {
    let value = request.headers().get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.trim().split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

/// A path that serves the methods of `allow` only, and names them to those who try another
/// (RFC 9110, section 15.5.6).
fn only(path: &str, allow: &'static str, route: Route) -> Resource {
    let served = guard::fn_guard(move |request| {
        allow.split(", ").any(|method| request.head().method == method)
    });
    let refuse = move || async move { Err::<&str, _>(ApiError::Method { allow }) };
    web::resource(path).route(route.guard(served)).default_service(web::to(refuse))
}
