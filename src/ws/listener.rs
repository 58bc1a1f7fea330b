//! An HTTP listener that can give a socket away.
//!
//! `HttpServer` keeps every socket in its dispatcher, with two buffers of 8 KiB. Here an upgrade
//! request goes through an App like any other; a handler that wants the socket leaves a closure in
//! the response, and gets the bare stream once the handshake is answered. Every other answer is
//! written piece by piece, as the peer takes it, and ends the connection.

use std::fmt;
use std::future::poll_fn;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::pin::Pin;
use std::rc::Rc;
use std::time::Duration;

use actix_codec::{Encoder as _, Framed, FramedParts};
use actix_http::body::{BodySize, BoxBody, MessageBody};
use actix_http::error::DispatchError;
use actix_http::{
    ConnectionType, HttpMessage as _, HttpServiceBuilder, KeepAlive, Protocol, Request, Response,
    ResponseHead, h1,
};
use actix_service::{
    IntoServiceFactory, Service, ServiceFactory, ServiceFactoryExt as _, apply_fn_factory,
    fn_factory, fn_service, map_config,
};
use actix_web::dev::{AppConfig, Server};
use actix_web::http::header::{TRANSFER_ENCODING, UPGRADE};
use actix_web::http::{Method, StatusCode};
use actix_web::rt::net::TcpStream;
use actix_web::rt::time::timeout;
use actix_web::{Error, HttpRequest, HttpResponse};
use bytes::BytesMut;
use tokio::io::AsyncWriteExt as _;

use super::connection::{Bounds, Connection};
use super::handshake::{self, Fault};

/// How long a peer may take to read an answer that came before its request had been sent.
const LINGER_TIMEOUT: Duration = Duration::from_secs(2);

/// How long a peer that was given no socket may take nothing of the answer.
const STALL_TIMEOUT: Duration = Duration::from_secs(5);

/// In a request: its socket can be had.
struct Upgradable;

/// In a response: what starts on the socket.
struct Start(Box<dyn FnOnce(TcpStream, BytesMut)>);

/// How a listener runs.
pub struct Settings {
    /// Whether upgraded sockets are given away, or stay with the dispatcher.
    pub gives_sockets: bool,
    /// Threads that serve connections.
    pub workers: usize,
    /// Connections open at once and thread, sockets that were given away aside.
    pub connections_max: usize,
    /// Bounds of each connection.
    pub bounds: Bounds,
    /// Seconds that requests may still take when it stops.
    pub shutdown_seconds: u64,
}

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
        return Err(Fault::Upgrade.into());
    }
    response.extensions_mut().insert(Start(Box::new(start)));
    Ok(response)
}

/// Starts a listener for an App. `on_connect` sees each connection first.
///
/// # Errors
/// The listener cannot be used.
pub fn serve<F, I, S, B>(
    app: F,
    listener: TcpListener,
    settings: &Settings,
    on_connect: impl Fn(&TcpStream) + Send + Clone + 'static,
) -> io::Result<Server>
where
    F: Fn() -> I + Send + Clone + 'static,
    I: IntoServiceFactory<S, Request> + 'static,
    S: ServiceFactory<Request, Config = AppConfig> + 'static,
    S::Service: 'static,
    S::Error: Into<Error> + 'static,
    S::InitError: fmt::Debug,
    S::Response: Into<Response<B>> + 'static,
    B: MessageBody + 'static,
{
    let builder = Server::build()
        .workers(settings.workers)
        .max_concurrent_connections(settings.connections_max)
        .shutdown_timeout(settings.shutdown_seconds)
        .disable_signals();
    let bounds = settings.bounds.clone();
    let builder = if settings.gives_sockets {
        builder.listen("http", listener, move || {
            let apps = app.clone();
            let upgrade = fn_factory(move || {
                let app = service(apps()).new_service(());
                async move {
                    let app = Rc::new(app.await?);
                    Ok::<_, S::InitError>(fn_service(move |(request, socket)| {
                        give(Rc::clone(&app), request, socket)
                    }))
                }
            });
            let http = http().upgrade(upgrade).finish(service(app()));
            accepting(bounds.clone(), on_connect.clone()).and_then(http)
        })?
    } else {
        builder.listen("http", listener, move || {
            accepting(bounds.clone(), on_connect.clone()).and_then(http().finish(service(app())))
        })?
    };
    Ok(builder.run())
}

/// HTTP on connections that keep their own time.
fn http<S>() -> HttpServiceBuilder<Connection, S>
where
    S: ServiceFactory<Request, Config = ()>,
    S::Error: Into<Response<BoxBody>> + 'static,
    S::InitError: fmt::Debug,
    <S::Service as Service<Request>>::Future: 'static,
{
    HttpServiceBuilder::default()
        .keep_alive(KeepAlive::Os)
        .client_request_timeout(Duration::ZERO)
        .client_disconnect_timeout(LINGER_TIMEOUT)
        .on_connect_ext(|connection: &Connection, data| {
            data.insert(connection.life());
        })
}

/// Takes connections in, unless their peer has too many.
fn accepting(
    bounds: Bounds,
    on_connect: impl Fn(&TcpStream) + Clone + 'static,
) -> impl ServiceFactory<
    TcpStream,
    Config = (),
    Response = (Connection, Protocol, Option<SocketAddr>),
    Error = DispatchError,
    InitError = (),
> {
    fn_service(move |io: TcpStream| {
        on_connect(&io);
        let peer = io.peer_addr().ok();
        let accepted = Connection::accept(io, peer, bounds.clone());
        async move {
            let refused = || DispatchError::Io(io::ErrorKind::ConnectionRefused.into());
            Ok((accepted.ok_or_else(refused)?, Protocol::Http1, peer))
        }
    })
}

/// An App as a service whose errors are answers.
fn service<I, S, B>(
    app: I,
) -> impl ServiceFactory<
    Request,
    Config = (),
    Response = Response<B>,
    Error = Response<BoxBody>,
    InitError = S::InitError,
    Service = impl Service<Request, Response = Response<B>, Error = Response<BoxBody>> + 'static,
>
where
    I: IntoServiceFactory<S, Request>,
    S: ServiceFactory<Request, Config = AppConfig> + 'static,
    S::Service: 'static,
    S::Error: Into<Error> + 'static,
    S::Response: Into<Response<B>> + 'static,
    B: MessageBody + 'static,
{
    let app = app.into_factory().map_err(|error| error.into().error_response().into());
    let app = apply_fn_factory(app, |request: Request, app: &_| {
        let is_last = has_rest_of_connection(&request);
        let answered = Service::call(app, request);
        async move {
            let mut response: Response<B> = answered.await?.into();
            if is_last && response.status() != StatusCode::SWITCHING_PROTOCOLS {
                end_with(response.head_mut());
            }
            Ok(response)
        }
    });
    map_config(app, |()| AppConfig::default())
}

/// Whether actix-http takes all that follows on the connection for this request's.
fn has_rest_of_connection(request: &Request) -> bool {
    let headers = request.headers();
    let upgrades = headers
        .get_all(UPGRADE)
        .any(|value| value.as_bytes().trim_ascii().eq_ignore_ascii_case(b"websocket"));
    request.method() == Method::CONNECT || upgrades && !headers.contains_key(TRANSFER_ENCODING)
}

/// The connection ends with this answer; so does a body of unknown length, since actix-http would
/// announce chunks there and write none.
fn end_with(head: &mut ResponseHead) {
    head.set_connection_type(ConnectionType::Close);
    head.no_chunking(true);
}

/// Asks the App, answers the peer, and gives the socket to whoever the answer names.
async fn give<S, B>(
    app: Rc<S>,
    request: Request,
    socket: Framed<Connection, h1::Codec>,
) -> Result<(), Error>
where
    S: Service<Request, Response = Response<B>, Error = Response<BoxBody>>,
    B: MessageBody + 'static,
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
    start(parts.io.into_inner(), parts.read_buf);
    Ok(())
}

type Parts = FramedParts<Connection, h1::Codec>;

/// A socket cannot go back to the dispatcher: the connection ends with the answer.
async fn refuse(parts: &mut Parts, head: Response<()>, body: Option<BoxBody>) -> Result<(), Error> {
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
async fn flush(parts: &mut Parts) -> io::Result<()> {
    while !parts.write_buf.is_empty() {
        let written = parts.io.write_buf(&mut parts.write_buf);
        if timeout(STALL_TIMEOUT, written).await?? == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
    }
    Ok(())
}
