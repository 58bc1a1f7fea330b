//! A connection whose time is watched, until it is a socket.
//!
//! What the connection is at ([`ConnectionState`]) is shared with the HTTP side, which begins and ends
//! requests. The one timer of a connection is looked at when its peer is read from.

use std::future::poll_fn;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use actix_web::rt::net::TcpStream;
use actix_web::rt::time::{Sleep, sleep};
use bytes::BytesMut;
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::http::connection::{ConnectionBounds, ConnectionPhase, ConnectionState};

const TOO_MANY: &[u8] = b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 1\r\n\
    Connection: close\r\nContent-Length: 0\r\n\r\n";
const LATE: &[u8] =
    b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";

/// How HTTP/2 by prior knowledge begins (RFC 9113, 3.4). No request of HTTP/1 does.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// A TCP connection that is watched.
pub struct HttpConnection {
    io: TcpStream,
    state: Rc<ConnectionState>,
    timer: Pin<Box<Sleep>>,
    /// The first bytes, read to tell HTTP/2 from HTTP/1, to be read again.
    begun: BytesMut,
}

impl HttpConnection {
    /// Watches a connection that has just been accepted; `None`, and its peer is told, if the peer has
    /// too many.
    pub fn accept(
        io: TcpStream,
        peer: Option<SocketAddr>,
        bounds: ConnectionBounds,
    ) -> Option<Self> {
        let peer = peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.ip());
        let timer = Box::pin(sleep(bounds.head_timeout));
        let state = Rc::new(ConnectionState::new(bounds, peer));
        let connection = Self { io, state, timer, begun: BytesMut::new() };
        if connection.state.count() {
            return Some(connection);
        }
        connection.refuse();
        connection.state.rest().then_some(connection)
    }

    /// Its state.
    pub fn state(&self) -> Rc<ConnectionState> {
        Rc::clone(&self.state)
    }

    /// Whether the peer has begun to speak HTTP/2; waits no longer for that than for a head. From then on
    /// the connection counts as one unfinished request until it ends, and has all the time it wants.
    ///
    /// # Errors
    /// The connection is broken.
    pub async fn speaks_http2(&mut self) -> io::Result<bool> {
        while self.begun.len() < PREFACE.len() && PREFACE.starts_with(&self.begun) {
            let missing = PREFACE.len().saturating_sub(self.begun.len());
            if poll_fn(|task| self.poll_begin(task, missing)).await? == 0 {
                break;
            }
        }
        let is_http2 = self.begun == PREFACE;
        if is_http2 {
            self.state.enter(ConnectionPhase::Serving);
        }
        Ok(is_http2)
    }

    /// Reads up to so many bytes of what the peer begins with; zero at the end.
    fn poll_begin(&mut self, task: &mut Context<'_>, bytes_max: usize) -> Poll<io::Result<usize>> {
        let mut bytes = [0; PREFACE.len()];
        let (bytes, _) = bytes.split_at_mut(bytes_max.min(PREFACE.len()));
        let mut buf = ReadBuf::new(bytes);
        ready!(self.poll_fresh(task, &mut buf))?;
        self.begun.extend_from_slice(buf.filled());
        Poll::Ready(Ok(buf.filled().len()))
    }

    fn refuse(&self) {
        self.say(TOO_MANY);
        self.state.enter(ConnectionPhase::Refused);
    }

    /// Says a last word, if it can be said at once.
    fn say(&self, word: &[u8]) {
        // By itself: tokio does not know yet that a fresh connection can be written to.
        if let Err(error) = SockRef::from(&self.io).send(word) {
            log::debug!("a peer could not be told why it is refused: {error}");
        }
    }

    /// Whether the time of the phase is over.
    fn is_late(&mut self, task: &mut Context<'_>) -> bool {
        let Some(allowed) = self.state.allowed() else { return false };
        if self.state.has_changed() {
            self.timer.as_mut().set(sleep(allowed));
        }
        self.timer.as_mut().poll(task).is_ready()
    }

    /// Reads what nobody has read yet.
    fn poll_fresh(
        &mut self,
        task: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        while Pin::new(&mut self.io).poll_read(task, buf)?.is_ready() {
            if buf.filled().len() == before {
                if buf.remaining() > 0 {
                    self.state.end_of_peer();
                }
                return Poll::Ready(Ok(()));
            }
            if self.state.phase() == ConnectionPhase::Idle {
                self.state.enter(ConnectionPhase::Head);
                if !self.state.count() {
                    self.refuse();
                }
            }
            if self.state.phase() != ConnectionPhase::Refused {
                return Poll::Ready(Ok(()));
            }
            buf.set_filled(before);
        }
        if !self.is_late(task) {
            return Poll::Pending;
        }
        if self.state.end() == ConnectionPhase::Head {
            self.say(LATE);
        }
        Poll::Ready(Ok(()))
    }
}

/// The bare connection; nothing that was read is left in it.
impl From<HttpConnection> for TcpStream {
    fn from(connection: HttpConnection) -> Self {
        debug_assert!(connection.begun.is_empty(), "a head was read, and so its beginning");
        connection.io
    }
}

impl AsyncRead for HttpConnection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let begun = &mut self.begun;
        if begun.is_empty() {
            return self.poll_fresh(task, buf);
        }
        let again = begun.split_to(begun.len().min(buf.remaining()));
        buf.put_slice(&again);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for HttpConnection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(task, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.io).poll_flush(task))?;
        // An answer may have ended: the timer of what follows starts here.
        if self.is_late(task) {
            task.waker().wake_by_ref();
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(task)
    }
}
