//! How a bare socket leaves HTTP.
//!
//! An upgrade request goes through an App like any other. A handler that wants the socket leaves a
//! closure in the response ([`accept`]). The listener hands such requests to [`give`], which answers the
//! handshake and runs the closure on the stream. Every other answer is written piece by piece, as the
//! peer takes it, and ends the connection.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::time::Duration;

use actix_codec::{AsyncRead, AsyncWrite, Encoder as _, Framed, FramedParts};
use actix_http::body::{BodySize, BoxBody, MessageBody};
use actix_http::{ConnectionType, HttpMessage as _, Request, Response, ResponseHead, h1};
use actix_service::Service;
use actix_web::http::Method;
use actix_web::rt::net::TcpStream;
use actix_web::rt::time::timeout;
use actix_web::{Error, HttpRequest, HttpResponse};
use bytes::BytesMut;
use tokio::io::AsyncWriteExt as _;

use super::handshake::{self, HandshakeFault};

/// How long a peer that was given no socket may take nothing of the answer.
const STALL_TIMEOUT: Duration = Duration::from_secs(5);

/// In a request: its socket can be had.
struct Upgradable;

/// In a response: what starts on the socket.
struct Start(Box<dyn FnOnce(TcpStream, BytesMut)>);

/// Answers a handshake, and starts something on the socket afterwards.
///
/// # Errors
/// 400, 405 or 426, if the request is no WebSocket handshake.
pub fn accept(
    request: &HttpRequest,
    start: impl FnOnce(TcpStream, BytesMut) + 'static,
) -> Result<HttpResponse, Error> {
    let mut response = handshake::answer(request)?.finish();
    // What the dispatcher keeps cannot be had, whatever its headers say.
    if request.extensions().get::<Upgradable>().is_none() {
        return Err(HandshakeFault::Upgrade.into());
    }
    response.extensions_mut().insert(Start(Box::new(start)));
    Ok(response)
}

/// Asks the App, answers the peer, and gives the socket to whoever the answer names.
///
/// # Errors
/// The connection is broken, or its peer takes nothing.
pub async fn give<S, B, T>(
    app: Rc<S>,
    request: Request,
    socket: Framed<T, h1::Codec>,
) -> Result<(), Error>
where
    S: Service<Request, Response = Response<B>, Error = Response<BoxBody>>,
    B: MessageBody + 'static,
    T: AsyncRead + AsyncWrite + Unpin + Into<TcpStream>,
{
    request.extensions_mut().insert(Upgradable);
    let wants_body = request.method() != Method::HEAD;
    let answered = app.call(request).await;
    let response = answered.map_or_else(|error| error, Response::map_into_boxed_body);
    let (mut head, body) = response.into_parts();
    let mut parts = socket.into_parts();
    let Some(Start(start)) = head.extensions_mut().remove::<Start>() else {
        end_with(head.head_mut());
        let body = Some(body).filter(|_| wants_body);
        return refuse(&mut parts, head, body).await;
    };
    // Behind earlier answers.
    parts.codec.encode(h1::Message::Item((head, BodySize::None)), &mut parts.write_buf)?;
    flush(&mut parts).await?;
    start(parts.io.into(), parts.read_buf);
    Ok(())
}

/// The connection ends with this answer; so does a body of unknown length, since actix-http would
/// announce chunks there and write none.
pub fn end_with(head: &mut ResponseHead) {
    head.set_connection_type(ConnectionType::Close);
    head.no_chunking(true);
}

type SocketParts<T> = FramedParts<T, h1::Codec>;

/// A socket cannot go back to the dispatcher: the connection ends with the answer.
async fn refuse<T: AsyncWrite + Unpin>(
    parts: &mut SocketParts<T>,
    head: Response<()>,
    body: Option<BoxBody>,
) -> Result<(), Error> {
    let size = body.as_ref().map_or(BodySize::None, MessageBody::size);
    parts.codec.encode(h1::Message::Item((head, size)), &mut parts.write_buf)?;
    flush(parts).await?;
    let Some(mut body) = body else { return Ok(()) };
    while let Some(piece) = poll_fn(|task| Pin::new(&mut body).poll_next(task)).await {
        parts.codec.encode(h1::Message::Chunk(Some(piece?)), &mut parts.write_buf)?;
        flush(parts).await?;
    }
    Ok(())
}

/// Writes what waits. A slow peer may take its time, but must take something now and then.
async fn flush<T: AsyncWrite + Unpin>(parts: &mut SocketParts<T>) -> io::Result<()> {
    while !parts.write_buf.is_empty() {
        let written = parts.io.write_buf(&mut parts.write_buf);
        if timeout(STALL_TIMEOUT, written).await?? == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
    }
    Ok(())
}
