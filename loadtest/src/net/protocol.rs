//! What servers speak. REWIND is what the tester is for; the others are spoken by servers that do less
//! and show what the machine can do. What they echo or spread must be the tester's own messages.

use std::borrow::Cow;

use clap::ValueEnum;

use super::conn::Phase;
use super::{Event, Handler, Net, Target};
use crate::rewind::scan::Chat;
use crate::rewind::stamp::Stamp;
use crate::rewind::write;
use crate::wire::Opcode;
use crate::wire::encode::frame;
use crate::wire::handshake;

/// What the server speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Protocol {
    /// REWIND
    Rewind,
    /// WebSocket; a text is a message
    Websocket,
    /// Socket.IO over WebSocket; sessions are only opened
    SocketIo,
    /// TCP; a line is a message
    Tcp,
}

impl Protocol {
    /// What an address begins with.
    pub fn scheme(self, is_encrypted: bool) -> &'static str {
        match (self, is_encrypted) {
            (Self::Rewind | Self::Websocket | Self::SocketIo, false) => "ws",
            (Self::Rewind | Self::Websocket | Self::SocketIo, true) => "wss",
            (Self::Tcp, false) => "tcp",
            (Self::Tcp, true) => "tls",
        }
    }

    /// Whether there are users who log in and send heartbeats.
    pub fn has_users(self) -> bool {
        self == Self::Rewind
    }
}

impl std::fmt::Display for Protocol {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Rewind => "rewind",
            Self::Websocket => "websocket",
            Self::SocketIo => "socket-io",
            Self::Tcp => "tcp",
        })
    }
}

/// What is said on a new connection.
pub(super) fn first_words(target: &Target) -> Vec<u8> {
    match target.protocol {
        Protocol::Rewind | Protocol::Websocket | Protocol::SocketIo => {
            handshake::request(&target.host, &target.path)
        }
        Protocol::Tcp => Vec::new(),
    }
}

/// A message that is nothing but its content.
fn bare(content: &[u8]) -> Option<Chat<'_>> {
    let content = Cow::Borrowed(std::str::from_utf8(content).ok()?);
    Some(Chat { sent: true, author: 0, content, created_at: Cow::Borrowed("") })
}

impl Net {
    /// Says a message of a size on a session that is open; whether it could. Only REWIND has rooms.
    pub fn post(&mut self, session: u32, room: u64, stamp: Stamp, size: usize) -> bool {
        let protocol = self.target.protocol;
        self.say(session, |out, key| match protocol {
            Protocol::Rewind => write::send(out, key, room, stamp, size),
            Protocol::Websocket | Protocol::SocketIo => {
                frame(out, Opcode::Text, key, |out| stamp.write(out, size));
            }
            Protocol::Tcp => {
                stamp.write(out, size);
                out.push(b'\n');
            }
        })
    }

    /// A text of a server that speaks no REWIND.
    pub(super) fn bare_text(&mut self, session: u32, text: &[u8], handler: &mut dyn Handler) {
        match self.conn(session).map(|conn| conn.phase) {
            Some(Phase::Ready) => {
                let event = bare(text).map_or(Event::Nonsense, Event::Chat);
                handler.event(self, session, event);
            }
            Some(Phase::Upgrading | Phase::Greeting | Phase::Closing) | None => {}
        }
    }

    /// A packet of Socket.IO: `0` opens the transport, `2` asks for a `3`, `40` opens the session.
    pub(super) fn packet(&mut self, session: u32, packet: &[u8], handler: &mut dyn Handler) {
        let phase = self.conn(session).map(|conn| conn.phase);
        let mut answer = |text: &[u8]| {
            self.put(session, |out, key| {
                frame(out, Opcode::Text, key, |out| out.extend_from_slice(text));
            });
        };
        match (phase, packet) {
            (Some(Phase::Greeting), [b'0', ..]) => answer(b"40"),
            (Some(Phase::Greeting), [b'4', b'0', ..]) => self.ready(session, handler),
            (Some(_), b"2") => answer(b"3"),
            _ => {}
        }
    }

    /// Lines of a server that speaks TCP only.
    pub(super) fn lines(&mut self, session: u32, bytes: &[u8], handler: &mut dyn Handler) {
        let Some(conn) = self.conn(session) else { return };
        let mut rest = std::mem::take(&mut conn.head);
        let joined = if rest.is_empty() {
            bytes
        } else {
            rest.extend_from_slice(bytes);
            &rest
        };
        let whole = joined.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        let (lines, beginning) = joined.split_at_checked(whole).unwrap_or_default();
        for line in lines.split_inclusive(|byte| *byte == b'\n') {
            self.traffic.frames_in += 1;
            let line = line.strip_suffix(b"\n").unwrap_or(line);
            self.bare_text(session, line, handler);
        }
        let beginning = beginning.to_vec();
        if let Some(conn) = self.conn(session) {
            conn.head = beginning;
        }
    }
}
