//! HTTP: routes, bodies, errors. Each dialect's HTTP half has a folder of its own.
//!
//! It speaks to the service, and to `ws` to hand a socket over; it does not know what is stored, nor what
//! is said on a socket.

mod body;
pub mod chatting;
pub mod connection;
pub mod console;
mod device;
mod error;
mod exchange;
mod health;
mod linked;
mod origin;
pub mod owl;
mod page;
mod peer;
mod ppcom;
pub mod pubsub;
pub mod rewind;
mod sdk;
mod settings;
mod text;
pub mod v1;
mod widget;

use std::net::IpAddr;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use actix_web::http::header::{AUTHORIZATION, USER_AGENT};
use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpRequest, Resource, Route, guard};

use crate::auth::concurrency::PerAddress;
use crate::service::Service;
use crate::service::accounts::Peer;
use crate::session::{NoSeat, Seat, Shared};
use crate::telemetry::Metrics;
use crate::wire::chatting::Chatting;
use crate::wire::console as wire_console;
use crate::wire::rewind::Rewind;

use self::error::ApiError;
pub use self::exchange::exchange;
pub use self::origin::Origins;
pub use self::page::PageFiles;
pub use self::settings::Settings;

/// What all requests share.
pub struct State {
    pub settings: Settings,
    /// Whose pages may connect.
    pub origins: Origins,
    pub service: Service,
    pub metrics: Metrics,
    /// Requests that are not finished, by the address that a trusted proxy names.
    pub unfinished: Arc<PerAddress>,
    /// Whether a request has come by a proxy that is not trusted.
    pub proxy_seen: AtomicBool,
    pub sessions: Arc<Shared>,
    /// The console of apps.
    pub console: wire_console::Settings,
    pub pubsub: pubsub::Settings,
    pub owl: owl::OwlRest,
    pub page_files: PageFiles,
    /// Where mails are kept as files, if they are.
    pub mail_folder: Option<PathBuf>,
}

impl State {
    /// REWIND.
    fn rewind(&self) -> &Rewind {
        self.sessions.common.dialects.rewind()
    }

    /// The dialect of game lobbies.
    fn chatting(&self) -> &Chatting {
        self.sessions.common.dialects.chatting()
    }

    /// The address of who is asking, that limits count by.
    fn address(&self, request: &HttpRequest) -> IpAddr {
        peer::address(request, self.settings.trust_proxy)
    }

    /// Who is asking, as far as the connection tells.
    fn peer(&self, request: &HttpRequest) -> Peer {
        let agent = request.headers().get(USER_AGENT);
        let agent = agent.map(|agent| String::from_utf8_lossy(agent.as_bytes()).into_owned());
        Peer { address: self.address(request), agent }
    }

    /// The right to open one more session; a refusal is counted.
    fn seat(&self, request: &HttpRequest) -> Result<Seat, NoSeat> {
        self.sessions.seats.take(self.address(request)).inspect_err(|refused| {
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
    linked::routes(app);
    page::routes(app);
    console::routes(app);
    rewind::routes(app);
    chatting::routes(app);
    ppcom::routes(app);
    device::routes(app);
    owl::routes(app);
    pubsub::pushes::routes(app);
    health::routes(app);
    sdk::routes(app);
    widget::routes(app);
    app.default_service(web::to(error::not_found));
}

/// What a handler's argument is made of, once it is there.
type Extracted<T, E> = Pin<Box<dyn Future<Output = Result<T, E>>>>;

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
