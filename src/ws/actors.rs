//! The adapter over actix-web-actors: the session runs in a `WebsocketContext`.
//!
//! While a peer does not read, actix-http does not poll the context at all: the session sleeps,
//! timers included. The hub's byte bound then puts it out of the tables, and `TCP_USER_TIMEOUT`
//! ends the socket. The context's own reader is given nothing; ours takes its place.

use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context as Task, Poll, ready};
use std::time::Duration;

use actix::fut::ActorFuture;
use actix::{Actor, ActorContext as _, AsyncContext as _, StreamHandler};
use actix_web::web::Payload;
use actix_web::{Error, HttpRequest, HttpResponse};
use actix_web_actors::ws::{self, Message, ProtocolError, WebsocketContext};
use bytes::Bytes;
use bytestring::ByteString;
use futures_core::Stream as _;
use futures_util::stream;

use super::decode::In;
use super::handshake;
use super::inbound::{Inbound, ReadPause};
use crate::domain::close::CloseReason;
use crate::session::{Adapter, Endpoint, Input, Session, Settings, Socket};
use crate::wire::Frame;

/// Messages of one socket that are handed over before others get their turn.
const MESSAGES_PER_WAKE: usize = 16;

/// The socket's side of an endpoint.
pub struct Actors {
    pause: Rc<ReadPause>,
    close_timeout: Duration,
    closing: bool,
}

/// Answers the handshake and starts an endpoint on the socket.
///
/// # Errors
/// 400, 405 or 426, if the request is no WebSocket handshake.
pub fn accept<E>(
    request: &HttpRequest,
    payload: Payload,
    settings: &Settings,
    endpoint: impl FnOnce(Actors) -> E + 'static,
) -> Result<HttpResponse, Error>
where
    E: Endpoint<Socket = Actors> + Actor<Context = WebsocketContext<E>>,
    // Required by the context, and never called: its reader is given no bytes.
    E: StreamHandler<Result<Message, ProtocolError>>,
{
    let mut response = handshake::answer(request)?;
    let pause = Rc::new(ReadPause::new(settings.first_frame_bytes_max()));
    let feed = Feed(Inbound::new(payload, Rc::clone(&pause)));
    let socket = Actors { pause, close_timeout: settings.close_timeout(), closing: false };
    let context = WebsocketContext::with_factory(stream::pending(), move |ctx| {
        ctx.spawn(feed);
        endpoint(socket)
    });
    Ok(response.streaming(context))
}

impl<E: Actor<Context = WebsocketContext<E>>> Socket<E> for Actors {
    fn text(&mut self, text: &ByteString, ctx: &mut WebsocketContext<E>) {
        if !self.closing {
            ctx.text(text.clone());
        }
    }

    fn binary(&mut self, payload: &Bytes, ctx: &mut WebsocketContext<E>) {
        if !self.closing {
            ctx.binary(payload.clone());
        }
    }

    fn close(&mut self, code: u16, text: String, ctx: &mut WebsocketContext<E>) {
        self.closing = true;
        self.pause.set(Input::Flow);
        let description = Some(text).filter(|text| !text.is_empty());
        ctx.close(Some(ws::CloseReason { code: code.into(), description }));
        ctx.run_later(self.close_timeout, |_, ctx| ctx.stop());
    }
}

impl Adapter for Actors {
    type Context = WebsocketContext<Session<Self>>;

    fn push(&mut self, frame: &Frame, ctx: &mut Self::Context) {
        // Bounded by the hub, whose deliveries wait while the context is not polled.
        Socket::<Session<Self>>::text(self, frame.as_text(), ctx);
    }

    fn ping(&mut self, ctx: &mut Self::Context) {
        if !self.closing {
            ctx.ping(b"");
        }
    }

    fn wake(&mut self) {
        // The context writes after each poll, whatever was polled in it.
    }

    fn is_congested(&self) -> bool {
        // The actor is not polled while much waits to be written.
        false
    }

    fn set_input(&mut self, input: Input) {
        self.pause.set(input);
    }

    fn set_frame_bytes_max(&mut self, frame_bytes_max: usize) {
        self.pause.set_frame_bytes_max(frame_bytes_max);
    }
}

/// Hands over what the peer sends.
struct Feed(Inbound<Payload>);

impl<E> ActorFuture<E> for Feed
where
    E: Endpoint<Socket = Actors> + Actor<Context = WebsocketContext<E>>,
{
    type Output = ();

    fn poll(
        mut self: Pin<&mut Self>,
        endpoint: &mut E,
        ctx: &mut WebsocketContext<E>,
        task: &mut Task<'_>,
    ) -> Poll<()> {
        let left = self.feed(endpoint, ctx, task);
        endpoint.fed(ctx);
        if left.is_ready() {
            ctx.stop();
        }
        left
    }
}

impl Feed {
    /// Hands over what is there; ready at the end.
    fn feed<E>(
        &mut self,
        endpoint: &mut E,
        ctx: &mut WebsocketContext<E>,
        task: &mut Task<'_>,
    ) -> Poll<()>
    where
        E: Endpoint<Socket = Actors> + Actor<Context = WebsocketContext<E>>,
    {
        for _ in 0..MESSAGES_PER_WAKE {
            match ready!(Pin::new(&mut self.0).poll_next(task)) {
                Some(item) => handle(endpoint, item, ctx),
                None => return Poll::Ready(()),
            }
            if ctx.waiting() {
                return Poll::Pending;
            }
        }
        task.waker().wake_by_ref();
        Poll::Pending
    }
}

fn handle<E>(endpoint: &mut E, item: Result<In, CloseReason>, ctx: &mut WebsocketContext<E>)
where
    E: Endpoint<Socket = Actors> + Actor<Context = WebsocketContext<E>>,
{
    let socket = endpoint.socket();
    match item {
        Ok(In::Close(_)) if socket.closing => ctx.stop(),
        _ if socket.closing => {}
        Ok(In::Text(text)) => endpoint.text(text, ctx),
        Ok(In::Binary(payload)) => endpoint.binary(payload, ctx),
        Ok(In::Ping(payload)) => ctx.pong(&payload),
        Ok(In::Pong) => endpoint.pong(),
        Ok(In::Close(code)) => {
            socket.closing = true;
            ctx.close(code.map(|code| ws::CloseCode::from(code).into()));
            ctx.stop();
        }
        Err(reason) => endpoint.end(reason, ctx),
    }
}

/// Required by the context, and never called: its reader is given no bytes.
impl StreamHandler<Result<Message, ProtocolError>> for Session<Actors> {
    fn handle(&mut self, _: Result<Message, ProtocolError>, _: &mut Self::Context) {}

    fn finished(&mut self, _: &mut Self::Context) {}
}
