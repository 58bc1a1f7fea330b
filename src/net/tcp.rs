//! Options of every accepted connection.

use std::time::Duration;

use actix_web::rt::net::TcpStream;
use socket2::{SockRef, TcpKeepalive};

/// After so long a silence a connection is probed.
const KEEPALIVE_AFTER: Duration = Duration::from_secs(60);

/// Sends small frames at once, and gives up a peer that has taken nothing for `user_timeout`.
///
/// `TCP_USER_TIMEOUT` is Linux's; elsewhere a peer that stops reading is only put out of the hub's
/// tables, and its socket ends when the system gives it up.
pub fn tune(stream: &TcpStream, user_timeout: Duration) {
    let socket = SockRef::from(stream);
    let keepalive = TcpKeepalive::new().with_time(KEEPALIVE_AFTER);
    let tuned = stream
        .set_nodelay(true)
        .and(socket.set_tcp_keepalive(&keepalive))
        .and(set_user_timeout(&socket, user_timeout));
    if let Err(error) = tuned {
        log::debug!("a connection's options could not be set: {error}");
    }
}

#[cfg(target_os = "linux")]
fn set_user_timeout(socket: &SockRef<'_>, timeout: Duration) -> std::io::Result<()> {
    socket.set_tcp_user_timeout(Some(timeout))
}

#[cfg(not(target_os = "linux"))]
fn set_user_timeout(_: &SockRef<'_>, _: Duration) -> std::io::Result<()> {
    Ok(())
}
