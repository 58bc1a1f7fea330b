//! The adapter that owns its socket: an ordinary actix actor, and one future in it that reads and
//! writes.
//!
//! The future (`Pump`) is polled after the mailbox each time the actor wakes, so everything that
//! has gathered leaves in one write. It reads into a buffer that all sessions of a thread share; a
//! session keeps only what is not a whole frame yet. The actor stays alive while its peer does not
//! read.

use std::cell::{Cell, RefCell};
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context as Task, Poll};
use std::time::Duration;

use actix::fut::ActorFuture;
use actix::{Actor, ActorContext, AsyncContext, Context};
use actix_http::ws::OpCode;
use actix_web::{Error, HttpRequest, HttpResponse};
use bytes::{Bytes, BytesMut};
use bytestring::ByteString;

use super::connection::{SocketState, WsConnection};
use super::decode::{Decoder, In};
use super::handover;
use crate::domain::close::CloseReason;
use crate::session::{Adapter, Bypass, Endpoint, Input, Session, Settings, Socket};
use crate::wire::Frame;

/// The size of the buffer that a thread reads into.
const SCRATCH_BYTES: usize = 64 * 1024;
/// Reads of one session before others get their turn.
const READS_PER_WAKE: usize = 4;
/// The longest head of a frame that is not masked.
const HEAD_BYTES_MAX: usize = 10;
/// While more than this waits to be written, nothing is read.
const SOFT_BYTES: usize = 64 * 1024;

thread_local! {
    static SCRATCH: Cell<BytesMut> = Cell::new(BytesMut::new());
}

/// The socket's side of an endpoint.
pub struct Upgraded {
    connection: Rc<RefCell<WsConnection>>,
    decoder: Decoder,
    /// The beginning of a frame whose end has not come yet.
    rest: Box<[u8]>,
    /// In 32 bits, since every session has both.
    outbox_bytes_max: u32,
    close_timeout_ms: u32,
    input: Input,
    /// Bytes of the peer mean nothing any more.
    broken: bool,
}

/// Answers the handshake and starts an endpoint on the bare socket.
///
/// # Errors
/// 400, 405 or 426, if the request is no WebSocket handshake, or one that cannot be had here.
pub fn accept<E>(
    request: &HttpRequest,
    settings: &Settings,
    endpoint: impl FnOnce(Upgraded) -> E + 'static,
) -> Result<HttpResponse, Error>
where
    E: Endpoint<Socket = Upgraded> + Actor<Context = Context<E>>,
{
    let frame_bytes_max = settings.first_frame_bytes_max();
    let outbox_bytes_max = u32::try_from(settings.outbox_bytes_max).unwrap_or(u32::MAX);
    let close_timeout_ms = u32::try_from(settings.close_timeout_ms).unwrap_or(u32::MAX);
    handover::accept(request, move |stream, rest| {
        let socket = Upgraded {
            connection: Rc::new(RefCell::new(WsConnection::new(stream))),
            decoder: Decoder::new(frame_bytes_max),
            rest: Box::from(&rest[..]),
            outbox_bytes_max,
            close_timeout_ms,
            input: Input::Flow,
            broken: false,
        };
        E::create(|ctx: &mut Context<E>| {
            ctx.spawn(Pump);
            endpoint(socket)
        });
    })
}

impl<E: Actor<Context = Context<E>>> Socket<E> for Upgraded {
    fn text(&mut self, text: &ByteString, _: &mut Context<E>) {
        self.send(OpCode::Text, text.as_bytes());
    }

    fn binary(&mut self, payload: &Bytes, _: &mut Context<E>) {
        self.send(OpCode::Binary, payload);
    }

    fn close(&mut self, code: u16, text: String, ctx: &mut Context<E>) {
        self.write(OpCode::Close, &[&code.to_be_bytes(), text.as_bytes()].concat());
        self.set_state(SocketState::Closing);
        self.input = Input::Flow;
        ctx.run_later(self.close_timeout(), |_, ctx| ctx.stop());
    }
}

impl Adapter for Upgraded {
    type Context = Context<Session<Self>>;

    fn push(&mut self, frame: &Frame, _: &mut Self::Context) {
        // Answers need no bound: while much waits to be written, nothing more is asked.
        let waits = self.connection.borrow().outbox.len();
        let fits = u32::try_from(waits).is_ok_and(|waits| waits <= self.outbox_bytes_max);
        if !fits && self.state() == SocketState::Open {
            self.set_state(SocketState::Overflowed);
        }
        self.send(OpCode::Text, frame.as_text().as_bytes());
    }

    fn push_all(&mut self, frames: &[Frame], ctx: &mut Self::Context) {
        // Once, rather than again and again while the outbox grows.
        let mut connection = self.connection.borrow_mut();
        connection.outbox.reserve(frames.iter().map(|frame| frame.len() + HEAD_BYTES_MAX).sum());
        drop(connection);
        frames.iter().for_each(|frame| self.push(frame, ctx));
    }

    fn ping(&mut self, _: &mut Self::Context) {
        self.send(OpCode::Ping, &[]);
    }

    fn wake(&mut self) {
        // The pump may have been polled before the future that queued something, or let input flow.
        self.connection.borrow().wake();
    }

    fn is_congested(&self) -> bool {
        self.connection.borrow().outbox.len() > SOFT_BYTES
    }

    fn set_input(&mut self, input: Input) {
        self.input = input;
    }

    fn set_frame_bytes_max(&mut self, frame_bytes_max: usize) {
        self.decoder.set_message_bytes_max(frame_bytes_max);
    }

    fn bypass(&self) -> Option<Rc<dyn Bypass>> {
        let connection: Rc<RefCell<WsConnection>> = Rc::clone(&self.connection);
        Some(connection)
    }
}

impl Upgraded {
    /// Queues a message, unless the goodbye has been said.
    fn send(&mut self, opcode: OpCode, payload: &[u8]) {
        let mut connection = self.connection.borrow_mut();
        if connection.state == SocketState::Open {
            connection.write(opcode, payload);
        }
    }

    fn write(&mut self, opcode: OpCode, payload: &[u8]) {
        self.connection.borrow_mut().write(opcode, payload);
    }

    fn close_timeout(&self) -> Duration {
        Duration::from_millis(self.close_timeout_ms.into())
    }

    fn state(&self) -> SocketState {
        self.connection.borrow().state
    }

    fn set_state(&mut self, state: SocketState) {
        self.connection.borrow_mut().state = state;
    }

    /// Whether anything of the peer may be handled now.
    fn may_read(&self) -> bool {
        match self.state() {
            SocketState::Open => self.input == Input::Flow && !self.is_congested(),
            SocketState::Closing => true,
            SocketState::Overflowed | SocketState::Leaving => false,
        }
    }
}

/// Reads and writes as long as there is anything to.
struct Pump;

/// What a turn of the pump came to.
enum PumpTurn {
    /// There may be more at once.
    Again,
    /// Nothing more until somebody wakes the actor.
    Wait,
    End,
}

impl<E> ActorFuture<E> for Pump
where
    E: Endpoint<Socket = Upgraded> + Actor<Context = Context<E>>,
{
    type Output = ();

    fn poll(
        self: Pin<&mut Self>,
        endpoint: &mut E,
        ctx: &mut Context<E>,
        task: &mut Task<'_>,
    ) -> Poll<()> {
        endpoint.socket().connection.borrow_mut().set_waker(task);
        for _ in 0..READS_PER_WAKE {
            match turn(endpoint, ctx, task) {
                Ok(PumpTurn::Again) => {}
                Ok(PumpTurn::Wait) => return Poll::Pending,
                Ok(PumpTurn::End) | Err(_) => {
                    ctx.stop();
                    return Poll::Ready(());
                }
            }
        }
        task.waker().wake_by_ref();
        Poll::Pending
    }
}

/// Writes, reads once, handles what came, writes again.
fn turn<E>(endpoint: &mut E, ctx: &mut Context<E>, task: &mut Task<'_>) -> io::Result<PumpTurn>
where
    E: Endpoint<Socket = Upgraded> + Actor<Context = Context<E>>,
{
    let all_out = endpoint.socket().connection.borrow_mut().flush(task)?;
    endpoint.drained(ctx);
    match endpoint.socket().state() {
        SocketState::Overflowed => endpoint.end(CloseReason::SlowConsumer, ctx),
        SocketState::Leaving if all_out => return Ok(PumpTurn::End),
        SocketState::Leaving => return Ok(PumpTurn::Wait),
        SocketState::Open | SocketState::Closing => {}
    }
    if !endpoint.socket().may_read() {
        return Ok(PumpTurn::Wait);
    }
    let mut buf = SCRATCH.take();
    buf.clear();
    buf.extend_from_slice(&std::mem::take(&mut endpoint.socket().rest));
    let handled = handle(endpoint, &mut buf, ctx);
    let read = if handled { read(endpoint.socket(), &mut buf, task) } else { Ok(None) };
    if matches!(read, Ok(Some(_))) {
        handle(endpoint, &mut buf, ctx);
    }
    endpoint.socket().rest = Box::from(&buf[..]);
    SCRATCH.set(buf);
    endpoint.fed(ctx);
    let read = read?;
    let out = endpoint.socket().connection.borrow_mut().flush(task)?;
    Ok(match read {
        Some(0) => PumpTurn::End,
        Some(_) => PumpTurn::Again,
        // Writing has made room, or has ended the goodbye: look again, since nobody else will.
        None if !handled && out => PumpTurn::Again,
        None => PumpTurn::Wait,
    })
}

/// Reads once, behind what `buf` holds; `None` if nothing is there, zero at the end.
fn read(
    socket: &mut Upgraded,
    buf: &mut BytesMut,
    task: &mut Task<'_>,
) -> io::Result<Option<usize>> {
    buf.reserve(SCRATCH_BYTES);
    socket.connection.borrow_mut().read(buf, task)
}

/// Handles whole frames; whether all of them, so that more may be read.
fn handle<E>(endpoint: &mut E, buf: &mut BytesMut, ctx: &mut Context<E>) -> bool
where
    E: Endpoint<Socket = Upgraded> + Actor<Context = Context<E>>,
{
    loop {
        let socket = endpoint.socket();
        if socket.broken {
            buf.clear();
        }
        if !socket.may_read() {
            return false;
        }
        let closing = socket.state() == SocketState::Closing;
        match socket.decoder.next(buf) {
            Ok(None) => return true,
            Ok(Some(In::Close(_))) if closing => socket.set_state(SocketState::Leaving),
            Ok(Some(_)) if closing => {}
            Ok(Some(In::Text(text))) => endpoint.text(text, ctx),
            Ok(Some(In::Binary(payload))) => endpoint.binary(payload, ctx),
            Ok(Some(In::Ping(payload))) => pong(socket, &payload),
            Ok(Some(In::Pong)) => endpoint.pong(),
            Ok(Some(In::Close(code))) => {
                let payload = code.map(u16::to_be_bytes);
                socket.write(OpCode::Close, payload.as_ref().map_or(&[], |code| &code[..]));
                socket.set_state(SocketState::Leaving);
                ctx.run_later(socket.close_timeout(), |_, ctx| ctx.stop());
            }
            Err(reason) => {
                socket.broken = true;
                endpoint.end(reason, ctx);
            }
        }
    }
}

fn pong(socket: &mut Upgraded, payload: &Bytes) {
    socket.write(OpCode::Pong, payload);
}
