//! The doors of the app-server console: its page, its log-in, its scripts and its socket.
//!
//! It stands at two places: below `/console` of the main listener, and at `/` of a listener of its own
//! (`app_server.bind`), as clients made for RationalOwl's sample want it. A log-in works at both.

mod access;
mod assets;
mod error;
mod login;
mod page;
mod socket;

use actix_web::guard::{self, GuardContext};
use actix_web::http::Method;
use actix_web::http::header::UPGRADE;
use actix_web::web::{self, ServiceConfig};

use super::error::{self as answers, ApiError};
use super::only;

const LOGIN: &str = "/console/login";

/// The listener that a request came by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ConsoleDoor {
    Main,
    Own,
}

impl ConsoleDoor {
    /// The path of the page.
    const fn home(self) -> &'static str {
        match self {
            Self::Main => "/console",
            Self::Own => "/",
        }
    }
}

/// Mounts the routes of the main listener. Before those of others: a socket at `/` is nobody's there.
pub fn routes(app: &mut ServiceConfig) {
    app.app_data(ConsoleDoor::Main)
        .service(
            web::resource("/")
                .guard(guard::fn_guard(is_upgrade))
                .default_service(web::to(answers::not_found)),
        )
        .service(only(ConsoleDoor::Main.home(), "GET, HEAD", web::to(page::show)));
    both(app);
}

/// Mounts the routes of the listener of its own.
pub fn own_routes(app: &mut ServiceConfig) {
    app.app_data(ConsoleDoor::Own)
        .service(
            web::resource(ConsoleDoor::Own.home())
                .guard(guard::fn_guard(is_upgrade))
                .default_service(web::to(socket::open)),
        )
        .service(only(ConsoleDoor::Own.home(), "GET, HEAD", web::to(page::show)));
    both(app);
    app.default_service(web::to(answers::not_found));
}

fn both(app: &mut ServiceConfig) {
    let refuse = || async { Err::<&str, _>(ApiError::Method { allow: "GET, HEAD, POST" }) };
    app.service(
        web::resource(LOGIN)
            .route(web::get().to(login::show))
            .route(web::head().to(login::show))
            .route(web::post().to(login::submit))
            .default_service(web::to(refuse)),
    )
    .service(only("/console/logout", "POST", web::to(login::log_out)))
    .service(only("/console/ws", "GET", web::to(socket::open)))
    .service(only("/static/assets/{path:.*}", "GET, HEAD", web::to(assets::show)));
}

/// Whether a socket is asked for.
fn is_upgrade(request: &GuardContext<'_>) -> bool {
    let head = request.head();
    let mut protocols = head.headers.get_all(UPGRADE);
    head.method == Method::GET
        && protocols.any(|value| value.as_bytes().trim_ascii().eq_ignore_ascii_case(b"websocket"))
}
