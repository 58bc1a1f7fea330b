//! An HTTP listener that can give a socket away.
//!
//! `HttpServer` keeps every socket in its dispatcher, with two buffers of 8 KiB. Here an upgrade
//! request goes through an App like any other; a handler that wants the socket leaves a closure in
//! the response, and gets the bare stream once the handshake is answered.

use std::any::Any;
use std::fmt;
use std::io;
use std::net::TcpListener;
use std::rc::Rc;
use std::time::Duration;

use actix_codec::Framed;
use actix_http::body::{self, BodySize, BoxBody, MessageBody};
use actix_http::ws::HandshakeError;
use actix_http::{
    ConnectionType, Extensions, HttpMessage as _, HttpService, Request, Response, h1,
};
use actix_service::{
    IntoServiceFactory, Service, ServiceFactory, ServiceFactoryExt as _, fn_factory, fn_service,
    map_config,
};
use actix_web::dev::{AppConfig, Server};
use actix_web::rt::net::TcpStream;
use actix_web::rt::time::timeout;
use actix_web::{Error, HttpRequest, HttpResponse};
use actix_web_actors::ws::handshake;
use bytes::{Bytes, BytesMut};
use futures_util::SinkExt as _;

/// How long a refused peer may take to read why.
const REFUSAL_TIMEOUT: Duration = Duration::from_secs(5);

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
    // A request that does not come alone as an upgrade stays with the dispatcher.
    if request.extensions().get::<Upgradable>().is_none() {
        return Err(HandshakeError::NoWebsocketUpgrade.into());
    }
    let mut response = handshake(request)?.finish();
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
    on_connect: impl Fn(&dyn Any, &mut Extensions) + Send + Clone + 'static,
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
    let builder = if settings.gives_sockets {
        builder.listen("http", listener, move || {
            let (apps, on_connect) = (app.clone(), on_connect.clone());
            let upgrade = fn_factory(move || {
                let app = service(apps()).new_service(());
                async move {
                    let app = Rc::new(app.await?);
                    Ok::<_, S::InitError>(fn_service(move |(request, socket)| {
                        give(Rc::clone(&app), request, socket)
                    }))
                }
            });
            HttpService::build()
                .on_connect_ext(move |io: &TcpStream, data| on_connect(io, data))
                .upgrade(upgrade)
                .finish(service(app()))
                .tcp()
        })?
    } else {
        builder.listen("http", listener, move || {
            let on_connect = on_connect.clone();
            HttpService::build()
                .on_connect_ext(move |io: &TcpStream, data| on_connect(io, data))
                .finish(service(app()))
                .tcp()
        })?
    };
    Ok(builder.run())
}

/// An App as a service whose errors are answers.
fn service<I, S>(
    app: I,
) -> impl ServiceFactory<
    Request,
    Config = (),
    Response = S::Response,
    Error = Response<BoxBody>,
    InitError = S::InitError,
    Service = impl Service<Request, Response = S::Response, Error = Response<BoxBody>> + 'static,
>
where
    I: IntoServiceFactory<S, Request>,
    S: ServiceFactory<Request, Config = AppConfig> + 'static,
    S::Service: 'static,
    S::Error: Into<Error> + 'static,
{
    let app = app.into_factory().map_err(|error| error.into().error_response().into());
    map_config(app, |()| AppConfig::default())
}

/// Asks the App, answers the peer, and gives the socket to whoever the answer names.
async fn give<S, B>(
    app: Rc<S>,
    request: Request,
    mut socket: Framed<TcpStream, h1::Codec>,
) -> Result<(), Error>
where
    S: Service<Request, Error = Response<BoxBody>>,
    S::Response: Into<Response<B>>,
    B: MessageBody + 'static,
{
    request.extensions_mut().insert(Upgradable);
    let answered = app.call(request).await;
    let response =
        answered.map_or_else(|error| error, |answer| answer.into().map_into_boxed_body());
    let (mut head, body) = response.into_parts();
    let start = head.extensions_mut().remove::<Start>();
    let Some(Start(start)) = start else {
        let refusal = refuse(&mut socket, head, body);
        return timeout(REFUSAL_TIMEOUT, refusal).await.unwrap_or(Ok(()));
    };
    // Flushes earlier answers, too.
    socket.send(h1::Message::Item((head, BodySize::None))).await?;
    let parts = socket.into_parts();
    start(parts.io, parts.read_buf);
    Ok(())
}

/// A socket cannot go back to the dispatcher: the connection ends with the answer.
async fn refuse(
    socket: &mut Framed<TcpStream, h1::Codec>,
    mut head: Response<()>,
    body: BoxBody,
) -> Result<(), Error> {
    let bytes: Bytes = body::to_bytes(body).await.unwrap_or_default();
    head.head_mut().set_connection_type(ConnectionType::Close);
    let size = BodySize::Sized(u64::try_from(bytes.len()).unwrap_or(0));
    socket.send(h1::Message::Item((head, size))).await?;
    socket.send(h1::Message::Chunk(Some(bytes))).await?;
    socket.send(h1::Message::Chunk(None)).await?;
    Ok(())
}
