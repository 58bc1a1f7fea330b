//! HTTP listeners that can give a socket away.
//!
//! `HttpServer` keeps every socket in its dispatcher, with two buffers of 8 KiB. Here `ws` gets the bare
//! stream of an upgrade request ([`handover::give`]), if the listener gives sockets away.

use std::fmt;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use actix_http::body::{BoxBody, MessageBody};
use actix_http::error::DispatchError;
use actix_http::{HttpMessage as _, HttpServiceBuilder, KeepAlive, Protocol, Request, Response};
use actix_server::{Server, ServerBuilder};
use actix_service::{
    IntoServiceFactory, Service, ServiceFactory, ServiceFactoryExt as _, apply_fn_factory,
    fn_factory, fn_service, map_config,
};
use actix_web::Error;
use actix_web::dev::AppConfig;
use actix_web::http::header::{TRANSFER_ENCODING, UPGRADE};
use actix_web::http::{Method, StatusCode};
use actix_web::rt::net::TcpStream;

use super::connection::HttpConnection;
use super::tcp;
use crate::http::connection::ConnectionBounds;
use crate::ws::handover::{self, end_with};

/// How long a peer may take to read an answer that came before its request had been sent.
const LINGER_TIMEOUT: Duration = Duration::from_secs(2);

/// What all listeners share.
pub struct Settings {
    pub workers: usize,
    /// Connections open at once and thread, sockets that were given away aside.
    pub connections_max: usize,
    /// Seconds that requests may still take when the listeners stop.
    pub shutdown_seconds: u64,
}

/// An address with its options; its routes are an App.
pub struct HttpListener {
    pub address: TcpListener,
    /// Who gets the sockets that are upgraded.
    pub sockets: Sockets,
    pub protocols: Protocols,
    pub bounds: ConnectionBounds,
    /// How long a peer may take nothing of what was sent.
    pub user_timeout: Duration,
}

/// Who gets a socket that was upgraded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sockets {
    /// The handler that accepts the upgrade.
    Given,
    /// The dispatcher of HTTP, which keeps the socket.
    Kept,
}

/// The versions of HTTP on a listener.
#[derive(Clone)]
pub enum Protocols {
    /// HTTP/1.1, by the App.
    Http1,
    /// HTTP/1.1 by the App, and HTTP/2 by prior knowledge (RFC 9113, 3.3) by somebody else.
    Http1AndHttp2(Http2),
}

/// Speaks HTTP/2 on a connection, from its preface until its end.
pub type Http2 = Arc<dyn Fn(HttpConnection) -> Pin<Box<dyn Future<Output = ()>>> + Send + Sync>;

/// Serves a connection that is not HTTP, of a peer at an address, until its end.
pub type PlainTcp =
    Arc<dyn Fn(TcpStream, Option<SocketAddr>) -> Pin<Box<dyn Future<Output = ()>>> + Send + Sync>;

/// Listeners that share their threads.
pub struct Listeners(ServerBuilder);

impl Listeners {
    /// No listeners yet.
    pub fn new(settings: &Settings) -> Self {
        let builder = Server::build()
            .workers(settings.workers)
            .max_concurrent_connections(settings.connections_max)
            .shutdown_timeout(settings.shutdown_seconds)
            .disable_signals();
        Self(builder)
    }

    /// Adds a listener that serves an App.
    ///
    /// # Errors
    /// The address cannot be used.
    pub fn listen<F, I, S, B>(self, listener: HttpListener, app: F) -> io::Result<Self>
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
        let HttpListener { address, sockets, protocols, bounds, user_timeout } = listener;
        let accepting = move || accepting(bounds.clone(), user_timeout, protocols.clone());
        let builder = match sockets {
            Sockets::Given => self.0.listen("http", address, move || {
                let apps = app.clone();
                let upgrade = fn_factory(move || {
                    let app = service(apps()).new_service(());
                    async move {
                        let app = Rc::new(app.await?);
                        Ok::<_, S::InitError>(fn_service(move |(request, socket)| {
                            handover::give(Rc::clone(&app), request, socket)
                        }))
                    }
                });
                accepting().and_then(http().upgrade(upgrade).finish(service(app())))
            })?,
            Sockets::Kept => self.0.listen("http", address, move || {
                accepting().and_then(http().finish(service(app())))
            })?,
        };
        Ok(Self(builder))
    }

    /// Adds a listener for something else than HTTP. Its connections count among those of a thread.
    ///
    /// # Errors
    /// The address cannot be used.
    pub fn listen_plain(
        self,
        address: TcpListener,
        user_timeout: Duration,
        serve: PlainTcp,
    ) -> io::Result<Self> {
        let builder = self.0.listen("plain", address, move || {
            let serve = Arc::clone(&serve);
            fn_service(move |io: TcpStream| {
                tcp::tune(&io, user_timeout);
                let peer = io.peer_addr().ok();
                let served = serve(io, peer);
                async move {
                    served.await;
                    Ok::<_, ()>(())
                }
            })
        })?;
        Ok(Self(builder))
    }

    /// Starts all of them.
    pub fn run(self) -> Server {
        self.0.run()
    }
}

/// HTTP on connections that keep their own time.
fn http<S>() -> HttpServiceBuilder<HttpConnection, S>
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
        .on_connect_ext(|connection: &HttpConnection, data| {
            data.insert(connection.state());
        })
}

/// Takes connections in, unless their peer has too many; what is left for the App is HTTP/1.
fn accepting(
    bounds: ConnectionBounds,
    user_timeout: Duration,
    protocols: Protocols,
) -> impl ServiceFactory<
    TcpStream,
    Config = (),
    Response = (HttpConnection, Protocol, Option<SocketAddr>),
    Error = DispatchError,
    InitError = (),
> {
    fn_service(move |io: TcpStream| {
        tcp::tune(&io, user_timeout);
        let peer = io.peer_addr().ok();
        let accepted = HttpConnection::accept(io, peer, bounds.clone());
        let protocols = protocols.clone();
        async move {
            let ended = |kind: io::ErrorKind| DispatchError::Io(kind.into());
            let mut connection = accepted.ok_or_else(|| ended(io::ErrorKind::ConnectionRefused))?;
            if let Protocols::Http1AndHttp2(http2) = protocols
                && connection.speaks_http2().await.map_err(DispatchError::Io)?
            {
                // Awaited here, the connection counts as one of the listener's. No error: it is over.
                http2(connection).await;
                return Err(ended(io::ErrorKind::NotConnected));
            }
            Ok((connection, Protocol::Http1, peer))
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
