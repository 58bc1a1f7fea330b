//! What servers speak. REWIND is what the tester is for; the others are spoken by servers that do less
//! and show what the machine can do. What they echo or spread must be the tester's own messages.

use std::borrow::Cow;

use clap::ValueEnum;

use super::conn::Phase;
use super::{End, Event, Handler, Net, Target};
use crate::accounts::{Account, Role};
use crate::apps::scan::{ToDevice, to_device};
use crate::apps::{CONSOLE_PATH, DEVICE_PATH};
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
    /// A console of an app, and its devices; the mode `devices` speaks nothing else
    Apps,
    /// WebSocket; a text is a message
    Websocket,
    /// Socket.IO over WebSocket; sessions are only opened
    SocketIo,
    /// TCP; a line is a message
    Tcp,
    /// Pub/Sub: published by REST, consumed by gRPC; only the mode `topics` speaks it, and it nothing else but `nats`
    Pubsub,
    /// NATS JetStream
    Nats,
}

impl Protocol {
    /// What an address begins with.
    pub fn scheme(self, is_encrypted: bool) -> &'static str {
        match (self, is_encrypted) {
            (Self::Rewind | Self::Apps | Self::Websocket | Self::SocketIo, false) => "ws",
            (Self::Rewind | Self::Apps | Self::Websocket | Self::SocketIo, true) => "wss",
            (Self::Tcp, false) => "tcp",
            (Self::Tcp, true) => "tls",
            (Self::Pubsub, false) => "http",
            (Self::Pubsub, true) => "https",
            (Self::Nats, _) => "nats",
        }
    }

    /// Whether there are users who log in and send heartbeats.
    pub fn has_users(self) -> bool {
        self == Self::Rewind
    }

    /// Whether sessions are WebSockets.
    pub(super) fn has_frames(self) -> bool {
        match self {
            Self::Rewind | Self::Apps | Self::Websocket | Self::SocketIo => true,
            Self::Tcp | Self::Pubsub | Self::Nats => false,
        }
    }
}

impl std::fmt::Display for Protocol {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Rewind => "rewind",
            Self::Apps => "apps",
            Self::Websocket => "websocket",
            Self::SocketIo => "socket-io",
            Self::Tcp => "tcp",
            Self::Pubsub => "pubsub",
            Self::Nats => "nats",
        })
    }
}

/// What is said on a new connection.
pub(super) fn first_words(target: &Target, account: Option<&Account>) -> Vec<u8> {
    let role = account.map(|account| (&account.role, &*account.token));
    match target.protocol {
        Protocol::Apps => match role {
            Some((Role::Console, token)) => {
                handshake::request(&target.host, CONSOLE_PATH, Some(token))
            }
            Some((Role::Device(_) | Role::User, _)) | None => {
                handshake::request(&target.host, DEVICE_PATH, None)
            }
        },
        Protocol::Rewind | Protocol::Websocket | Protocol::SocketIo => {
            handshake::request(&target.host, &target.path, None)
        }
        Protocol::Tcp | Protocol::Pubsub | Protocol::Nats => Vec::new(),
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
            Protocol::Apps | Protocol::Websocket | Protocol::SocketIo => {
                frame(out, Opcode::Text, key, |out| stamp.write(out, size));
            }
            Protocol::Tcp => {
                stamp.write(out, size);
                out.push(b'\n');
            }
            // Only the mode `topics` speaks these, and by itself.
            Protocol::Pubsub | Protocol::Nats => {}
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

    /// A text of an app: what a device is told first says whether it is let in.
    pub(super) fn app_text(&mut self, session: u32, text: &[u8], handler: &mut dyn Handler) {
        match self.conn(session).map(|conn| conn.phase) {
            Some(Phase::Greeting) => match to_device(text) {
                ToDevice::Auth(1) => self.ready(session, handler),
                ToDevice::Auth(code) => {
                    let words = format!("a device was not let in: {code}");
                    self.end(session, End::Auth(0, words), handler);
                }
                ToDevice::Messages(_) | ToDevice::Error | ToDevice::Other | ToDevice::Nonsense => {
                    handler.event(self, session, Event::Nonsense);
                }
            },
            Some(Phase::Ready) => handler.event(self, session, Event::Text(text)),
            Some(Phase::Upgrading | Phase::Closing) | None => {}
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
