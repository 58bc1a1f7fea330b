//! The adapter over actix-web-actors: the session runs in a `WebsocketContext`.
//!
//! While a peer does not read, actix-http does not poll the context at all: the session sleeps,
//! timers included. The hub's byte bound then puts it out of the tables, and `TCP_USER_TIMEOUT`
//! ends the socket. The context's own reader is given nothing; ours takes its place.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use actix::{ActorContext, AsyncContext, StreamHandler};
use actix_web::web::Payload;
use actix_web::{Error, HttpRequest, HttpResponse};
use actix_web_actors::ws::{self, Message, ProtocolError, WebsocketContext};
use futures_util::stream;

use super::Settings;
use super::decode::{Decoder, In};
use super::inbound::{Gate, Inbound};
use crate::dialect::{Frame, Kind};
use crate::domain::close::CloseReason;
use crate::session::{Adapter, Input, Seat, Session, Shared};

/// The socket's side of a session.
pub struct Actors {
    gate: Rc<Gate>,
    close_timeout: Duration,
    closing: bool,
}

/// Answers the handshake and starts a session of a kind on the socket.
///
/// # Errors
/// 400, 405 or 426, if the request is no WebSocket handshake.
pub fn accept(
    request: &HttpRequest,
    payload: Payload,
    settings: Settings,
    (kind, shared, seat): (Kind, Arc<Shared>, Seat),
) -> Result<HttpResponse, Error> {
    let mut response = ws::handshake(request)?;
    let gate = Rc::new(Gate::default());
    let decoder = Decoder::new(settings.frame_bytes_max);
    let inbound = Inbound::new(payload, decoder, Rc::clone(&gate));
    let adapter = Actors { gate, close_timeout: settings.close_timeout, closing: false };
    let context = WebsocketContext::with_factory(stream::pending(), move |ctx| {
        ctx.add_stream(inbound);
        Session::new(kind, shared, seat, adapter)
    });
    Ok(response.streaming(context))
}

impl Adapter for Actors {
    type Context = WebsocketContext<Session<Self>>;

    fn answer(&mut self, ctx: &mut Self::Context, frame: &Frame) {
        if !self.closing {
            ctx.text(frame.as_text().clone());
        }
    }

    fn push(&mut self, ctx: &mut Self::Context, frame: &Frame) {
        // Bounded by the hub, whose deliveries wait while the context is not polled.
        self.answer(ctx, frame);
    }

    fn close(&mut self, ctx: &mut Self::Context, code: u16, text: String) {
        self.closing = true;
        self.gate.set(Input::Flow);
        let description = Some(text).filter(|text| !text.is_empty());
        ctx.close(Some(ws::CloseReason { code: code.into(), description }));
        ctx.run_later(self.close_timeout, |_, ctx| ctx.stop());
    }

    fn wake(&mut self) {
        // The context writes after each poll, whatever was polled in it.
    }

    fn is_congested(&self) -> bool {
        // The actor is not polled while much waits to be written.
        false
    }

    fn set_input(&mut self, input: Input) {
        self.gate.set(input);
    }

    fn set_mailbox(ctx: &mut Self::Context, messages_max: usize) {
        ctx.set_mailbox_capacity(messages_max);
    }
}

impl StreamHandler<Result<In, CloseReason>> for Session<Actors> {
    fn handle(&mut self, item: Result<In, CloseReason>, ctx: &mut Self::Context) {
        match item {
            Ok(In::Close(_)) if self.adapter.closing => ctx.stop(),
            _ if self.adapter.closing => {}
            Ok(In::Text(text)) => self.text(&text, ctx),
            Ok(In::Binary) => self.binary(ctx),
            Ok(In::Ping(payload)) => ctx.pong(&payload),
            Ok(In::Pong) => {}
            Ok(In::Close(code)) => {
                self.adapter.closing = true;
                ctx.close(code.map(|code| ws::CloseCode::from(code).into()));
                ctx.stop();
            }
            Err(reason) => self.end(reason, ctx),
        }
    }

    fn finished(&mut self, ctx: &mut Self::Context) {
        ctx.stop();
    }
}

/// Required by the context, and never called: its reader is given no bytes.
impl StreamHandler<Result<Message, ProtocolError>> for Session<Actors> {
    fn handle(&mut self, _: Result<Message, ProtocolError>, _: &mut Self::Context) {}

    fn finished(&mut self, _: &mut Self::Context) {}
}
