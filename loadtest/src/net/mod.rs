//! Many sessions on one thread: epoll, one read for many frames, one write for many frames.

mod conn;
mod end;
mod input;
mod poll;
mod protocol;
mod streamed;
pub mod tls;

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::os::fd::OwnedFd;
use std::time::Instant;

use rustix::event::epoll;

use crate::accounts::Account;
use crate::number::{index, nanos};
use crate::rewind::scan::{Chat, Group};
use crate::rewind::write;
use crate::topics::nats::Message;
use conn::{Conn, Phase};
pub use end::End;
pub use protocol::Protocol;
use tls::Tls;

/// What happens to a session.
#[derive(Debug)]
pub enum Event<'a> {
    Upgraded,
    /// It is logged in.
    Ready,
    Chat(Chat<'a>),
    /// The echo of a heartbeat.
    Heartbeat(u64),
    Group(Group),
    /// What an app says to a console or a device.
    Text(&'a [u8]),
    /// The answer to a request of Pub/Sub's: its status and body.
    Answer(u16, &'a [u8]),
    /// A message of NATS.
    Published(Message<'a>),
    /// A heartbeat that was due at a moment is on its way.
    Beat(u64),
    /// An error frame.
    Refused(u16, String),
    /// A frame that no hub should send.
    Nonsense,
    /// It has ended, and its number is free again.
    Ended {
        end: End,
        /// Whether it had been logged in.
        was_ready: bool,
    },
}

impl Event<'_> {
    /// Whether the hub has said something.
    pub fn is_answer(&self) -> bool {
        match self {
            Self::Upgraded
            | Self::Ready
            | Self::Chat(_)
            | Self::Heartbeat(_)
            | Self::Group(_)
            | Self::Text(_)
            | Self::Answer(..)
            | Self::Published(_)
            | Self::Refused(..)
            | Self::Nonsense => true,
            Self::Beat(_) | Self::Ended { .. } => false,
        }
    }
}

/// Who is told.
pub trait Handler {
    /// Something happens to the session of a number.
    fn event(&mut self, net: &mut Net, session: u32, event: Event<'_>);
}

/// Where to connect and how long to wait.
#[derive(Clone, Debug)]
pub struct Target {
    pub address: SocketAddr,
    pub protocol: Protocol,
    pub path: String,
    /// Addresses to connect from, in turn; none: the system's choice.
    pub sources: Vec<IpAddr>,
    /// How long opening or closing may take, in nanoseconds.
    pub deadline: u64,
    /// The time between heartbeats, in nanoseconds.
    pub heartbeat: u64,
    /// Whether to look for news without ever sleeping.
    pub spin: bool,
    /// Whether sessions want to hear of groups.
    pub groups: bool,
    /// What the server is called in requests: host, and port if it is not the usual one.
    pub host: String,
    /// How to encrypt, if at all.
    pub tls: Option<Tls>,
}

/// What went over the wire.
#[derive(Clone, Copy, Debug, Default, serde::Serialize)]
pub struct Traffic {
    /// Frames from the hub.
    pub frames_in: u64,
    /// Frames to the hub.
    pub frames_out: u64,
    /// Bytes from the hub.
    pub bytes_in: u64,
    /// Bytes to the hub.
    pub bytes_out: u64,
    /// Reads that brought something.
    pub reads: u64,
    pub writes: u64,
}

/// A place for a session.
#[derive(Debug, Default)]
struct Slot {
    /// Goes up with each session, so that what belongs to an earlier one is known.
    generation: u32,
    conn: Option<Conn>,
}

/// All sessions.
#[derive(Debug)]
pub struct Net {
    epoll: OwnedFd,
    start: Instant,
    now: u64,
    target: Target,
    accounts: Vec<Account>,
    slots: Vec<Slot>,
    dirty: Vec<u32>,
    scratch: Vec<u8>,
    /// Deadlines of opening and closing: when, whose, of which generation.
    deadlines: VecDeque<(u64, u32, u32)>,
    /// When whose heartbeat is due.
    beats: BinaryHeap<Reverse<(u64, u32, u32)>>,
    random: u64,
    pub traffic: Traffic,
}

impl Net {
    /// No session yet.
    pub fn new(target: Target, accounts: Vec<Account>, random: u64) -> anyhow::Result<Self> {
        Ok(Self {
            epoll: epoll::create(epoll::CreateFlags::CLOEXEC)?,
            start: Instant::now(),
            now: 0,
            target,
            accounts,
            slots: Vec::new(),
            dirty: Vec::new(),
            scratch: vec![0; 64 << 10],
            deadlines: VecDeque::new(),
            beats: BinaryHeap::new(),
            random: random | 1,
            traffic: Traffic::default(),
        })
    }

    /// The time of what is being handled, in nanoseconds since the start.
    pub fn now(&self) -> u64 {
        self.now
    }

    /// Looks at the clock.
    pub fn look(&mut self) -> u64 {
        self.now = nanos(self.start.elapsed().as_secs_f64());
        self.now
    }

    /// A moment in nanoseconds since the start.
    pub fn moment(&self, at: Instant) -> u64 {
        nanos(at.saturating_duration_since(self.start).as_secs_f64())
    }

    /// What the server is called in requests.
    pub fn host(&self) -> String {
        self.target.host.clone()
    }

    /// The user of an account; accounts are used in turn.
    pub fn user(&self, account: u32) -> u64 {
        self.account(account).map_or(0, |account| account.id)
    }

    /// The name of an account; empty if it is not known.
    pub fn name(&self, account: u32) -> String {
        let name = self.account(account).and_then(Account::plain_name);
        name.unwrap_or_default().to_owned()
    }

    fn account(&self, account: u32) -> Option<&Account> {
        self.accounts.get(index(account) % self.accounts.len().max(1))
    }

    /// A number below a bound, good enough for masks and pauses.
    pub fn random(&mut self, bound: u64) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random % bound.max(1)
    }

    fn key(&mut self) -> u32 {
        u32::try_from(self.random(1 << 32)).unwrap_or_default()
    }

    fn conn(&mut self, session: u32) -> Option<&mut Conn> {
        self.slots.get_mut(index(session))?.conn.as_mut()
    }

    fn generation(&self, session: u32) -> u32 {
        self.slots.get(index(session)).map_or(0, |slot| slot.generation)
    }

    fn is_live(&self, session: u32, generation: u32) -> bool {
        let slot = self.slots.get(index(session));
        slot.is_some_and(|slot| slot.generation == generation && slot.conn.is_some())
    }

    /// Whether a session is logged in.
    pub fn is_ready(&self, session: u32) -> bool {
        let conn = self.slots.get(index(session)).and_then(|slot| slot.conn.as_ref());
        conn.is_some_and(|conn| conn.phase == Phase::Ready)
    }

    /// What waits to be written.
    pub fn backlog(&self, session: u32) -> usize {
        let conn = self.slots.get(index(session)).and_then(|slot| slot.conn.as_ref());
        conn.map_or(0, |conn| conn.out.len())
    }

    /// Says something on a session that is logged in; whether it could.
    pub fn say(&mut self, session: u32, write: impl FnOnce(&mut Vec<u8>, u32)) -> bool {
        self.is_ready(session) && self.put(session, write)
    }

    fn put(&mut self, session: u32, write: impl FnOnce(&mut Vec<u8>, u32)) -> bool {
        let key = self.key();
        let Some(conn) = self.conn(session) else { return false };
        write(&mut conn.out, key);
        if !std::mem::replace(&mut conn.dirty, true) {
            self.dirty.push(session);
        }
        self.traffic.frames_out += 1;
        true
    }

    /// Has a session do nothing but listen, heartbeats aside; the same for it whatever the server.
    pub fn listen(&mut self, session: u32) {
        let Some(conn) = self.conn(session) else { return };
        conn.listens = true;
        // What cannot be set now is said when it reads or writes next.
        drop(conn.acknowledge_at_once());
    }

    /// Closes a session in good order; its end is told.
    pub fn close(&mut self, session: u32) {
        if self.put(session, write::close) {
            let due = self.now.saturating_add(self.target.deadline);
            let generation = self.generation(session);
            if let Some(conn) = self.conn(session) {
                conn.phase = Phase::Closing;
            }
            self.deadlines.push_back((due, session, generation));
        }
    }

    /// Says goodbye to all, and does not wait for the answers.
    pub fn farewell(&mut self) {
        if self.target.protocol.has_frames() {
            for session in 0..crate::number::short(self.slots.len()) {
                self.put(session, write::close);
            }
            self.flush(&mut Deaf);
        }
        self.slots.clear();
    }
}

/// Nobody.
struct Deaf;

impl Handler for Deaf {
    fn event(&mut self, _: &mut Net, _: u32, _: Event<'_>) {}
}
