//! A bare echo server on the product's own sockets, for tests of conformance with RFC 6455
//! (`scripts/autobahn`).
//!
//!     cargo run --example echo -- upgraded
//!     cargo run --example echo -- actors
//!
//! The argument is the adapter that holds sockets. It prints where it listens, on a port that the
//! system has chosen, and ends by a signal.

use std::io;
use std::net::TcpListener;
use std::time::Duration;

use actix::{Actor, Context, StreamHandler};
use actix_web::web::{self, Payload};
use actix_web::{App, Error, HttpRequest, HttpResponse};
use actix_web_actors::ws::{Message, ProtocolError, WebsocketContext};
use bytes::Bytes;
use bytestring::ByteString;
use tradewind::auth::concurrency::PerAddress;
use tradewind::domain::close::CloseReason;
use tradewind::http::connection::ConnectionBounds;
use tradewind::net::{self, HttpListener, Listeners, Protocols, Sockets};
use tradewind::session::{AdapterChoice, Endpoint, Settings, Socket};
use tradewind::wire::rewind::{Mode, encode};
use tradewind::ws::actors::{self, Actors};
use tradewind::ws::upgraded::{self, Upgraded};

/// The longest message; the cases go up to 16 MiB.
const MESSAGE_BYTES_MAX: usize = 32 * 1024 * 1024;
/// Longer than the cases wait for a close.
const CLOSE_TIMEOUT_MS: u64 = 5_000;
const USER_TIMEOUT: Duration = Duration::from_secs(30);

/// Sends back what comes, as what it came.
struct Echo<S> {
    socket: S,
}

impl<S> Echo<S> {
    fn new(socket: S) -> Self {
        Self { socket }
    }
}

impl Actor for Echo<Upgraded> {
    type Context = Context<Self>;
}

impl Actor for Echo<Actors> {
    type Context = WebsocketContext<Self>;
}

impl<S: Socket<Self>> Endpoint for Echo<S>
where
    Self: Actor,
{
    type Socket = S;

    fn socket(&mut self) -> &mut S {
        &mut self.socket
    }

    fn text(&mut self, text: ByteString, ctx: &mut Self::Context) {
        self.socket.text(&text, ctx);
    }

    fn binary(&mut self, payload: Bytes, ctx: &mut Self::Context) {
        self.socket.binary(&payload, ctx);
    }

    fn fed(&mut self, _: &mut Self::Context) {}

    fn drained(&mut self, _: &mut Self::Context) {}

    fn end(&mut self, reason: CloseReason, ctx: &mut Self::Context) {
        // The codes of the product.
        let (code, text) = encode::close(Mode::Wind.into(), reason);
        self.socket.close(code, text, ctx);
    }
}

/// Required by the context, and never called.
impl StreamHandler<Result<Message, ProtocolError>> for Echo<Actors> {
    fn handle(&mut self, _: Result<Message, ProtocolError>, _: &mut Self::Context) {}

    fn finished(&mut self, _: &mut Self::Context) {}
}

async fn open(
    request: HttpRequest,
    payload: Payload,
    adapter: AdapterChoice,
) -> Result<HttpResponse, Error> {
    let settings = Settings {
        frame_bytes_max: MESSAGE_BYTES_MAX,
        frame_before_auth_bytes_max: MESSAGE_BYTES_MAX,
        outbox_bytes_max: MESSAGE_BYTES_MAX,
        close_timeout_ms: CLOSE_TIMEOUT_MS,
        ..Settings::default()
    };
    match adapter {
        AdapterChoice::Upgraded => upgraded::accept(&request, &settings, Echo::new),
        AdapterChoice::Actors => actors::accept(&request, payload, &settings, Echo::new),
    }
}

const DAY: Duration = Duration::from_secs(86_400);

#[actix_web::main]
async fn main() -> io::Result<()> {
    let adapter = match std::env::args().nth(1).as_deref() {
        Some("upgraded") => AdapterChoice::Upgraded,
        Some("actors") => AdapterChoice::Actors,
        _ => return Err(io::Error::other("usage: echo upgraded|actors")),
    };
    let address = TcpListener::bind("127.0.0.1:0")?;
    println!("echo listens on ws://{}", address.local_addr()?);
    let settings = net::Settings { workers: 1, connections_max: 64, shutdown_seconds: 1 };
    let listener = HttpListener {
        address,
        sockets: match adapter {
            AdapterChoice::Upgraded => Sockets::Given,
            AdapterChoice::Actors => Sockets::Kept,
        },
        protocols: Protocols::Http1,
        // Nobody tells connections here that their heads have come: they have time.
        bounds: ConnectionBounds {
            head_timeout: DAY,
            keep_alive: DAY,
            unfinished: PerAddress::new(None),
            idle: PerAddress::new(None),
        },
        user_timeout: USER_TIMEOUT,
    };
    let app = move || {
        let open = move |request, payload| open(request, payload, adapter);
        App::new().default_service(web::get().to(open))
    };
    Listeners::new(&settings).listen(listener, app)?.run().await
}
