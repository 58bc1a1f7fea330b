//! What an HTTP connection is at: how long it may wait for what, and how many one peer may have.
//!
//! actix-http bounds the time of the first head on a connection and that between two requests, but
//! not that of a second head which has begun; and it counts nothing by peer. Here each connection is
//! in one phase, whose time the listener watches. A connection that has an answer to wait for, or whose
//! head has not come whole, is an unfinished request; one that waits between two requests is idle.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::net::IpAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Poll, Waker};
use std::time::Duration;

use super::Settings;
use crate::auth::concurrency::{AddressPermit, PerAddress};

/// How long a peer that was refused may take to read that.
const REFUSAL_TIMEOUT: Duration = Duration::from_secs(1);

/// How long connections may wait, and how many one peer may have.
#[derive(Clone, Debug)]
pub struct ConnectionBounds {
    /// For the whole head of a request, from its first byte, or from the connection's beginning.
    pub head_timeout: Duration,
    /// For the next request.
    pub keep_alive: Duration,
    /// Connections of one peer with a request that is not finished.
    pub unfinished: Arc<PerAddress>,
    /// Connections of one peer without such a request. A further connection is closed rather than kept.
    pub idle: Arc<PerAddress>,
}

impl ConnectionBounds {
    /// As set, and so many of one peer in a phase. Connections of a trusted proxy are not counted; its
    /// requests are, by whom it speaks for.
    pub fn new(settings: &Settings, unfinished_max: Option<usize>) -> Self {
        let max = unfinished_max.filter(|_| !settings.trust_proxy);
        Self {
            head_timeout: settings.head_timeout(),
            keep_alive: settings.keep_alive(),
            unfinished: PerAddress::new(max),
            idle: PerAddress::new(max),
        }
    }
}

/// The phase of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectionPhase {
    /// A head is to come, or has come in part.
    Head,
    Serving,
    /// Between two requests.
    Idle,
    /// The peer was refused, and has a moment to read that: a close while the peer still sends would take
    /// the answer away.
    Refused,
    Over,
}

/// The state of a connection, shared by the listener and whoever answers its requests.
#[derive(Debug)]
pub struct ConnectionState {
    bounds: ConnectionBounds,
    peer: IpAddr,
    phase: Cell<ConnectionPhase>,
    /// Whether the timer does not know of the phase yet.
    changed: Cell<bool>,
    permit: RefCell<Option<AddressPermit>>,
    /// Whether the peer has ended its side.
    is_gone: Cell<bool>,
    /// Who waits for that.
    waits_for_end: RefCell<Option<Waker>>,
}

impl ConnectionState {
    /// A connection that has just been accepted, and is counted nowhere.
    pub fn new(bounds: ConnectionBounds, peer: IpAddr) -> Self {
        let (phase, changed) = (Cell::new(ConnectionPhase::Head), Cell::new(false));
        let (is_gone, waits_for_end) = (Cell::new(false), RefCell::default());
        let permit = RefCell::default();
        Self { bounds, peer, phase, changed, permit, is_gone, waits_for_end }
    }

    /// The present phase.
    pub fn phase(&self) -> ConnectionPhase {
        self.phase.get()
    }

    /// Begins a phase, and its time.
    pub fn enter(&self, phase: ConnectionPhase) {
        self.phase.set(phase);
        self.changed.set(true);
    }

    /// Ends the connection, whose time is over; gives what it was at.
    pub fn end(&self) -> ConnectionPhase {
        self.phase.replace(ConnectionPhase::Over)
    }

    /// Whether a phase has begun since this was asked last.
    pub fn has_changed(&self) -> bool {
        self.changed.replace(false)
    }

    /// The peer has ended its side: nothing more comes from it, and nobody may be there to be answered.
    pub fn end_of_peer(&self) {
        self.is_gone.set(true);
        if let Some(waker) = self.waits_for_end.take() {
            waker.wake();
        }
    }

    /// Waits until the peer has ended its side. One may wait at a time: whose request is answered.
    pub async fn gone(&self) {
        poll_fn(|task| {
            if self.is_gone.get() {
                return Poll::Ready(());
            }
            self.waits_for_end.replace(Some(task.waker().clone()));
            Poll::Pending
        })
        .await;
    }

    /// How long the phase may last.
    pub fn allowed(&self) -> Option<Duration> {
        match self.phase.get() {
            ConnectionPhase::Head => Some(self.bounds.head_timeout),
            ConnectionPhase::Idle => Some(self.bounds.keep_alive),
            ConnectionPhase::Serving => None,
            ConnectionPhase::Refused => Some(REFUSAL_TIMEOUT),
            ConnectionPhase::Over => Some(Duration::ZERO),
        }
    }

    /// Counts the connection among the unfinished ones; false if there are too many.
    pub fn count(&self) -> bool {
        let counted = self.bounds.unfinished.open(self.peer);
        counted.map(|permit| self.permit.replace(permit)).is_ok()
    }

    /// Counts the connection among the idle ones; false if there are too many.
    pub fn rest(&self) -> bool {
        let counted = self.bounds.idle.open(self.peer);
        counted.map(|permit| self.permit.replace(permit)).is_ok()
    }

    /// A request begins: its head has come whole. The request lasts as long as the value that is given.
    pub fn serve(self: &Rc<Self>) -> Serving {
        // Pipelined: it came while another one was answered.
        if self.phase.get() == ConnectionPhase::Idle {
            self.count();
        }
        self.enter(ConnectionPhase::Serving);
        Serving { connection: Rc::clone(self), closes: false, is_socket: false }
    }
}

/// A request that is being answered; dropped with the end of the answer.
#[derive(Debug)]
pub struct Serving {
    connection: Rc<ConnectionState>,
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
        self.connection.permit.take();
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        if self.closes {
            return;
        }
        // A socket that has ended is nothing to wait on: its peer waits for the end of the connection.
        let goes_on = !self.is_socket && self.connection.rest();
        self.connection.enter(if goes_on { ConnectionPhase::Idle } else { ConnectionPhase::Over });
    }
}
