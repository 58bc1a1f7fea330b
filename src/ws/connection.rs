//! A connection before it is a socket: how long it may wait for what, and how many one peer may have.
//!
//! actix-http bounds the time of the first head on a connection and that between two requests, but
//! not that of a second head which has begun; and it counts nothing by peer. Here each connection is
//! in one `Phase`, with one timer. What has an answer to wait for, or whose head has not come whole,
//! is an unfinished request; what waits between two requests is idle.

use std::cell::{Cell, RefCell};
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use actix_web::rt::net::TcpStream;
use actix_web::rt::time::{Sleep, sleep};
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::auth::concurrency::{PerAddress, Permit};

const TOO_MANY: &[u8] = b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 1\r\n\
    Connection: close\r\nContent-Length: 0\r\n\r\n";
const LATE: &[u8] =
    b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";

/// How long a peer that was refused may take to read that.
const REFUSAL_TIMEOUT: Duration = Duration::from_secs(1);

/// How long connections may wait, and how many one peer may have.
#[derive(Clone, Debug)]
pub struct Bounds {
    /// For the whole head of a request, from its first byte, or from the connection's beginning.
    pub head_timeout: Duration,
    /// For the next request.
    pub keep_alive: Duration,
    /// Connections of one peer with a request that is not finished.
    pub unfinished: Arc<PerAddress>,
    /// Those without. One more is closed rather than kept.
    pub idle: Arc<PerAddress>,
}

/// What a connection is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// A head is to come, or has come in part.
    Head,
    /// A request is being answered.
    Serving,
    /// Between two requests.
    Idle,
    /// It was refused, and has a moment to read that: to close it while the peer still sends would take
    /// the answer from it.
    Refused,
    /// It ends.
    Over,
}

/// The state of a connection, shared with whoever answers its requests.
#[derive(Debug)]
pub struct Life {
    bounds: Bounds,
    peer: IpAddr,
    phase: Cell<Phase>,
    /// Whether the timer does not know of the phase yet.
    changed: Cell<bool>,
    permit: RefCell<Option<Permit>>,
}

impl Life {
    fn enter(&self, phase: Phase) {
        self.phase.set(phase);
        self.changed.set(true);
    }

    /// Counts the connection among the unfinished ones; false if there are too many.
    fn count(&self) -> bool {
        let counted = self.bounds.unfinished.open(self.peer);
        counted.map(|permit| self.permit.replace(permit)).is_ok()
    }

    /// Counts the connection among the idle ones; false if there are too many.
    fn rest(&self) -> bool {
        let counted = self.bounds.idle.open(self.peer);
        counted.map(|permit| self.permit.replace(permit)).is_ok()
    }

    /// A request begins: its head has come whole. It lasts as long as what is given.
    pub fn serve(self: &Rc<Self>) -> Serving {
        // Pipelined: it came while another one was answered.
        if self.phase.get() == Phase::Idle {
            self.count();
        }
        self.enter(Phase::Serving);
        Serving { life: Rc::clone(self), closes: false, is_socket: false }
    }

    fn allowed(&self) -> Option<Duration> {
        match self.phase.get() {
            Phase::Head => Some(self.bounds.head_timeout),
            Phase::Idle => Some(self.bounds.keep_alive),
            Phase::Serving => None,
            Phase::Refused => Some(REFUSAL_TIMEOUT),
            Phase::Over => Some(Duration::ZERO),
        }
    }
}

/// A request that is being answered; dropped with the end of the answer.
#[derive(Debug)]
pub struct Serving {
    life: Rc<Life>,
    closes: bool,
    is_socket: bool,
}

impl Serving {
    /// The connection ends with this answer, and counts until it has.
    pub fn closes(&mut self) {
        self.closes = true;
    }

    /// The connection has become a socket, which is counted elsewhere.
    pub fn upgraded(&mut self) {
        self.is_socket = true;
        self.life.permit.take();
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        if self.closes {
            return;
        }
        // A socket that has ended is nothing to wait on: its peer waits for the end of the connection.
        let goes_on = !self.is_socket && self.life.rest();
        self.life.enter(if goes_on { Phase::Idle } else { Phase::Over });
    }
}

/// A TCP connection that is watched.
pub struct Connection {
    io: TcpStream,
    life: Rc<Life>,
    timer: Pin<Box<Sleep>>,
}

impl Connection {
    /// Watches a connection that has just been accepted; `None`, and its peer is told, if the peer has
    /// too many.
    pub fn accept(io: TcpStream, peer: Option<SocketAddr>, bounds: Bounds) -> Option<Self> {
        let peer = peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.ip());
        let timer = Box::pin(sleep(bounds.head_timeout));
        let (phase, changed) = (Cell::new(Phase::Head), Cell::new(false));
        let life = Life { bounds, peer, phase, changed, permit: RefCell::default() };
        let connection = Self { io, life: Rc::new(life), timer };
        if connection.life.count() {
            return Some(connection);
        }
        connection.refuse();
        connection.life.rest().then_some(connection)
    }

    fn refuse(&self) {
        self.say(TOO_MANY);
        self.life.enter(Phase::Refused);
    }

    /// Its state.
    pub fn life(&self) -> Rc<Life> {
        Rc::clone(&self.life)
    }

    /// The bare connection.
    pub fn into_inner(self) -> TcpStream {
        self.io
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
        let Some(allowed) = self.life.allowed() else { return false };
        if self.life.changed.replace(false) {
            self.timer.as_mut().set(sleep(allowed));
        }
        self.timer.as_mut().poll(task).is_ready()
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let this = &mut *self;
        while Pin::new(&mut this.io).poll_read(task, buf)?.is_ready() {
            if buf.filled().len() == before {
                return Poll::Ready(Ok(()));
            }
            if this.life.phase.get() == Phase::Idle {
                this.life.enter(Phase::Head);
                if !this.life.count() {
                    this.refuse();
                }
            }
            if this.life.phase.get() != Phase::Refused {
                return Poll::Ready(Ok(()));
            }
            buf.set_filled(before);
        }
        if !this.is_late(task) {
            return Poll::Pending;
        }
        if this.life.phase.replace(Phase::Over) == Phase::Head {
            this.say(LATE);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Connection {
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
