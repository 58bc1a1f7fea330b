//! One socket.

use std::io::{ErrorKind, Write as _};
use std::net::{SocketAddr, TcpStream};

use rustix::event::epoll;
use rustix::net::sockopt;
use socket2::{Domain, Protocol, Socket, Type};

use super::tls::{Cipher, Tls};
use super::{End, Net, Slot, Target, protocol};
use crate::number::index;
use crate::wire::decode::Inbox;
use crate::wire::handshake;

/// How far a session is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    Upgrading,
    /// What opens a session is sent, such as the first heartbeat and auth.
    Greeting,
    /// Logged in.
    Ready,
    /// We have said goodbye.
    Closing,
}

/// A session's socket and buffers.
#[derive(Debug)]
pub struct Conn {
    pub socket: TcpStream,
    pub phase: Phase,
    pub account: u32,
    /// The HTTP answer so far, or the beginning of a line or a message.
    pub head: Vec<u8>,
    pub inbox: Inbox,
    /// What is to be written.
    pub out: Vec<u8>,
    /// Whether it stands in the list of those with something to write.
    pub dirty: bool,
    /// Whether it was logged in once.
    pub was_ready: bool,
    /// Whether it says nothing but heartbeats.
    pub listens: bool,
    pub cipher: Option<Box<Cipher>>,
}

impl Conn {
    /// Writes what there is. Returns the bytes written.
    pub fn flush(&mut self) -> std::io::Result<usize> {
        if let Some(cipher) = &mut self.cipher {
            return cipher.write(&mut self.out, &mut self.socket);
        }
        let (socket, out) = (&mut self.socket, &self.out);
        let written = pour(|written| {
            let rest = out.get(written..).filter(|rest| !rest.is_empty())?;
            Some(socket.write(rest))
        })?;
        self.out.drain(..written);
        if self.listens {
            self.acknowledge_at_once()?;
        }
        Ok(written)
    }

    /// What it means that the server has ended the connection.
    pub fn hung_up(&self) -> End {
        let encrypting = self.cipher.as_ref().is_some_and(|cipher| cipher.is_handshaking());
        match self.phase {
            Phase::Closing => End::Done,
            Phase::Upgrading if encrypting => {
                End::Tls("the server ended the connection before it was encrypted".to_owned())
            }
            Phase::Upgrading => handshake::refusal(&self.head)
                .map_or(End::Dropped, |refusal| End::Http(refusal.status, refusal.words)),
            Phase::Greeting | Phase::Ready => End::Dropped,
        }
    }

    /// Whether there is something to write.
    pub fn has_news(&self) -> bool {
        !self.out.is_empty() || self.cipher.as_ref().is_some_and(|cipher| cipher.wants_write())
    }

    /// Has the system acknowledge what is read when it is read, until something is written again.
    ///
    /// Linux lets a socket that has written in answer to something wait until there is more to
    /// acknowledge, and then does so where that comes from: over the loopback on the CPU of the
    /// server. A server whose sessions log in would pay for that, and one whose sessions never say a
    /// word would not.
    pub fn acknowledge_at_once(&self) -> std::io::Result<()> {
        Ok(sockopt::set_tcp_quickack(&self.socket, true)?)
    }
}

/// Writes until there is nothing left, which `write` says by `None`, or no more is taken. `write` is told how
/// many bytes were written before. Returns the bytes written.
pub fn pour(
    mut write: impl FnMut(usize) -> Option<std::io::Result<usize>>,
) -> std::io::Result<usize> {
    let mut written = 0;
    while let Some(outcome) = write(written) {
        match outcome {
            Ok(count) => written += count,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            // Not connected yet, or full: epoll will tell.
            Err(error)
                if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::NotConnected) =>
            {
                break;
            }
            Err(error) => return Err(error),
        }
    }
    Ok(written)
}

fn connect(target: &Target, session: u32) -> std::io::Result<TcpStream> {
    let domain = Domain::for_address(target.address);
    let socket = Socket::new(domain, Type::STREAM.nonblocking().cloexec(), Some(Protocol::TCP))?;
    socket.set_tcp_nodelay(true)?;
    if let Some(source) = target.sources.iter().cycle().nth(index(session) % turn(target)) {
        socket.bind(&SocketAddr::new(*source, 0).into())?;
    }
    match socket.connect(&target.address.into()) {
        Err(error)
            if error.raw_os_error() == Some(rustix::io::Errno::INPROGRESS.raw_os_error()) => {}
        other => other?,
    }
    Ok(socket.into())
}

fn turn(target: &Target) -> usize {
    target.sources.len().max(1)
}

impl Net {
    /// Opens the session of a number, which must be free, for the user of an account.
    pub fn open(&mut self, session: u32, account: u32) -> Result<(), End> {
        let socket = connect(&self.target, session).map_err(|error| End::io(&error))?;
        let cipher = self.target.tls.as_ref().map(Tls::session).transpose().map_err(End::Tls)?;
        while self.slots.len() <= index(session) {
            self.slots.push(Slot::default());
        }
        let out = protocol::first_words(&self.target, self.account(account));
        let Some(slot) = self.slots.get_mut(index(session)) else { return Ok(()) };
        slot.generation = slot.generation.wrapping_add(1);
        let generation = slot.generation;
        let data = epoll::EventData::new_u64(u64::from(generation) << 32 | u64::from(session));
        let flags = epoll::EventFlags::IN
            | epoll::EventFlags::OUT
            | epoll::EventFlags::RDHUP
            | epoll::EventFlags::ET;
        epoll::add(&self.epoll, &socket, data, flags).map_err(|error| End::io(&error.into()))?;
        slot.conn = Some(Conn {
            socket,
            phase: Phase::Upgrading,
            account,
            head: Vec::new(),
            inbox: Inbox::default(),
            out,
            dirty: false,
            was_ready: false,
            listens: false,
            cipher,
        });
        let due = self.now.saturating_add(self.target.deadline);
        self.deadlines.push_back((due, session, generation));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;
    use std::net::TcpListener;

    use super::*;

    /// Whether a session's system acknowledges at once after it has written in answer.
    fn acknowledges(listens: bool) -> bool {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut conn = Conn {
            socket: TcpStream::connect(listener.local_addr().unwrap()).unwrap(),
            phase: Phase::Ready,
            account: 0,
            head: Vec::new(),
            inbox: Inbox::default(),
            out: Vec::new(),
            dirty: false,
            was_ready: true,
            listens,
            cipher: None,
        };
        let (mut server, _) = listener.accept().unwrap();
        for _ in 0..8 {
            server.write_all(b"?").unwrap();
            conn.socket.read_exact(&mut [0]).unwrap();
            conn.out.push(b'!');
            conn.flush().unwrap();
        }
        sockopt::tcp_quickack(&conn.socket).unwrap()
    }

    #[test]
    fn who_listens_acknowledges_at_once_also_after_having_written() {
        assert_eq!([true, false].map(acknowledges), [true, false]);
    }
}
