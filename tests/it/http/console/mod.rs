//! The doors of the app-server console: who gets in, at which of them, and who is put out.

mod assets;
mod ends;
mod login;
mod sockets;

use std::net::SocketAddr;

use tradewind::domain::apps::app::Level;
use tradewind::server::Config;

use crate::harness::apps::{TestApp, console_login, cookie_of};
use crate::harness::{Backend, Server};

const POLICY: &str =
    "default-src 'self'; script-src 'self'; connect-src 'self' ws: wss:; frame-ancestors 'none'";

/// A server with a listener of the console's own.
async fn start_with(change: impl FnOnce(&mut Config)) -> Server {
    Server::with(Backend::Sqlite, |config| {
        config.app_server.bind = "127.0.0.1:0".to_owned();
        change(config);
    })
    .await
}

async fn start() -> Server {
    start_with(|_| {}).await
}

/// The address of the console's own listener.
fn own(server: &Server) -> SocketAddr {
    server.running().console_address.expect("a listener")
}

/// Both places, each with the path of its page.
fn doors(server: &Server) -> [(SocketAddr, &'static str); 2] {
    [(server.address, "/console"), (own(server), "/")]
}

/// The cookie of an operator who has logged in.
async fn logged_in(server: &Server, app: &TestApp) -> String {
    let (key, secret) = app.key(Level::ThirdPartyConsole);
    let answer = console_login(server.address, key, secret).await;
    assert_eq!(answer.status, 303, "{}", answer.text);
    cookie_of(&answer)
}
