//! A connection that speaks HTTP/2, and what its peer may do.
//!
//! The time of a request's head and body is that of its call ([`super::door`]); here are the bounds of the connection
//! itself. A peer that does not answer a PING is gone, so half a head holds up nobody for long.

use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http2::Builder;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;

use super::door::Door;

/// Calls at once. Clients keep one open for each subscription they listen to, and make others beside.
const STREAMS_MAX: u32 = 1_000;
/// The lines of a head.
const HEAD_BYTES_MAX: u32 = 16 << 10;
const FRAME_BYTES_MAX: u32 = 64 << 10;
/// What a peer may send of a call before it is read, and of all of them.
const CALL_WINDOW_BYTES: u32 = 1 << 20;
const CONNECTION_WINDOW_BYTES: u32 = 4 << 20;
/// What waits to be sent of a call.
const SEND_BYTES_MAX: usize = 1 << 20;
/// How often a peer is asked for a sign of life, and how long it has to give one.
const PING_INTERVAL: Duration = Duration::from_secs(30);
const PING_TIMEOUT: Duration = Duration::from_secs(20);

/// Serves a connection until its end, or until it is stopped and its calls have ended.
pub async fn serve<C: AsyncRead + AsyncWrite + Unpin>(
    connection: C,
    door: Arc<Door>,
    mut stop: watch::Receiver<bool>,
) {
    let answer = service_fn(move |request| {
        let door = Arc::clone(&door);
        async move { Ok::<_, Infallible>(door.answer(request).await) }
    });
    let mut serving = pin!(builder().serve_connection(TokioIo::new(connection), answer));
    let ended = tokio::select! {
        ended = &mut serving => ended,
        _ = stop.wait_for(|stop| *stop) => {
            serving.as_mut().graceful_shutdown();
            serving.await
        }
    };
    if let Err(error) = ended {
        log::debug!("a connection of gRPC has ended: {error}");
    }
}

fn builder() -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS_MAX)
        .max_header_list_size(HEAD_BYTES_MAX)
        .max_frame_size(FRAME_BYTES_MAX)
        .initial_stream_window_size(CALL_WINDOW_BYTES)
        .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
        .max_send_buf_size(SEND_BYTES_MAX)
        .keep_alive_interval(PING_INTERVAL)
        .keep_alive_timeout(PING_TIMEOUT);
    builder
}
