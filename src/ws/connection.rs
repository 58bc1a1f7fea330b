//! A socket that its session and the thread's dispatcher both write to.

use std::cell::RefCell;
use std::io;
use std::pin::Pin;
use std::task::{Context as Task, Poll, Waker};

use actix_http::ws::{OpCode, Parser};
use actix_web::rt::net::TcpStream;
use bytes::{Buf as _, BytesMut};
use socket2::SockRef;
use tokio::io::AsyncWrite as _;
use tokio_util::io::poll_read_buf;

use crate::session::Bypass;
use crate::wire::Frame;

/// The socket and what waits for it.
pub struct WsConnection {
    stream: TcpStream,
    pub outbox: BytesMut,
    pub state: SocketState,
    /// Of the actor, as of the pump's last turn.
    waker: Option<Waker>,
}

/// How far a socket is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum SocketState {
    /// Everything may be said.
    Open,
    /// More waits to be written than may.
    Overflowed,
    /// Our Close frame is on its way; the peer's is waited for.
    Closing,
    /// Nothing is left but to write the outbox.
    Leaving,
}

impl WsConnection {
    /// A socket to which nothing has been said.
    pub fn new(stream: TcpStream) -> Self {
        Self { stream, outbox: BytesMut::new(), state: SocketState::Open, waker: None }
    }

    /// Queues a frame.
    pub fn write(&mut self, opcode: OpCode, payload: &[u8]) {
        Parser::write_message(&mut self.outbox, payload, opcode, true, false);
    }

    /// Writes what the socket takes; whether everything is out.
    pub fn flush(&mut self, task: &mut Task<'_>) -> io::Result<bool> {
        while !self.outbox.is_empty() {
            match Pin::new(&mut self.stream).poll_write(task, &self.outbox) {
                Poll::Ready(Ok(0)) => return Err(io::ErrorKind::WriteZero.into()),
                Poll::Ready(Ok(written)) => self.outbox.advance(written),
                Poll::Ready(Err(error)) => return Err(error),
                Poll::Pending => return Ok(false),
            }
        }
        // A session keeps nothing for the next burst: most are idle most of the time.
        if self.outbox.capacity() > 0 {
            self.outbox = BytesMut::new();
        }
        Ok(true)
    }

    /// Reads once, behind what `buf` holds; `None` if nothing is there, zero at the end.
    pub fn read(&mut self, buf: &mut BytesMut, task: &mut Task<'_>) -> io::Result<Option<usize>> {
        match poll_read_buf(Pin::new(&mut self.stream), task, buf) {
            Poll::Ready(read) => read.map(Some),
            Poll::Pending => Ok(None),
        }
    }

    /// Whom to wake when something else than its task has changed it.
    pub fn set_waker(&mut self, task: &Task<'_>) {
        if !self.waker.as_ref().is_some_and(|waker| waker.will_wake(task.waker())) {
            self.waker = Some(task.waker().clone());
        }
    }

    /// Has the pump look again.
    pub fn wake(&self) {
        if let Some(waker) = &self.waker {
            waker.wake_by_ref();
        }
    }
}

impl Bypass for RefCell<WsConnection> {
    fn write(&self, frame: &Frame, bytes: &mut BytesMut) {
        Parser::write_message(bytes, frame.as_text().as_bytes(), OpCode::Text, true, false);
    }

    fn pass(&self, news: &[u8]) -> bool {
        let connection = &mut *self.borrow_mut();
        if connection.state != SocketState::Open || !connection.outbox.is_empty() {
            return false;
        }
        // Past tokio, whose note of what can be written is one more thing to fetch; what is blocked
        // or broken is for the session's own turn to see.
        let Ok(written) = SockRef::from(&connection.stream).send(news) else { return false };
        if let Some(rest) = news.get(written..).filter(|rest| !rest.is_empty()) {
            connection.outbox.extend_from_slice(rest);
            connection.wake();
        }
        true
    }
}
