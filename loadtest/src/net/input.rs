//! What the hub says to a session.

use std::ops::ControlFlow;

use super::conn::Phase;
use super::{End, Event, Handler, Net, Protocol};
use crate::accounts::{Account, Role};
use crate::apps;
use crate::rewind::scan::{Said, scan};
use crate::rewind::write;
use crate::topics::nats;
use crate::wire::Opcode;
use crate::wire::decode::Message;
use crate::wire::encode::frame;
use crate::wire::handshake::{self, Answer, Refusal};

impl Net {
    /// Takes the bytes of one read.
    pub(super) fn feed(&mut self, session: u32, bytes: &[u8], handler: &mut dyn Handler) {
        match self.target.protocol {
            Protocol::Tcp => return self.lines(session, bytes, handler),
            Protocol::Pubsub | Protocol::Nats => return self.streamed(session, bytes, handler),
            Protocol::Rewind | Protocol::Apps | Protocol::Websocket | Protocol::SocketIo => {}
        }
        let Some(conn) = self.conn(session) else { return };
        if conn.phase != Phase::Upgrading {
            return self.frames(session, bytes, handler);
        }
        conn.head.extend_from_slice(bytes);
        let head = std::mem::take(&mut conn.head);
        match handshake::answer(&head) {
            Ok(None) => conn.head = head,
            Ok(Some(Answer::Upgraded(used))) => {
                self.greet(session, handler);
                self.frames(session, head.get(used..).unwrap_or_default(), handler);
            }
            Ok(Some(Answer::Refused(Refusal { status, words }))) => {
                self.end(session, End::Http(status, words), handler);
            }
            Err(broken) => self.end(session, End::Broken(broken.0), handler),
        }
    }

    /// Takes the bytes of one read that are encrypted.
    pub(super) fn decrypt(&mut self, session: u32, bytes: &[u8], handler: &mut dyn Handler) {
        let generation = self.generation(session);
        let Some(conn) = self.conn(session) else { return };
        let Some(cipher) = &mut conn.cipher else { return };
        let mut plain = Vec::new();
        let outcome = cipher.decrypt(bytes, &mut plain);
        // An answer of the handshake, or what has waited for its end.
        if conn.has_news() && !std::mem::replace(&mut conn.dirty, true) {
            self.dirty.push(session);
        }
        if !plain.is_empty() {
            self.feed(session, &plain, handler);
        }
        if let Err(words) = outcome
            && self.is_live(session, generation)
        {
            self.end(session, End::Tls(words), handler);
        }
    }

    /// Opens the session, where there is more to it than the connection.
    pub(super) fn greet(&mut self, session: u32, handler: &mut dyn Handler) {
        let Some(conn) = self.conn(session) else { return };
        conn.phase = Phase::Greeting;
        let account = conn.account;
        let is_open = match self.target.protocol {
            Protocol::Rewind => {
                self.log_in(session, account);
                false
            }
            Protocol::Apps => !self.show_device(session, account),
            Protocol::Websocket | Protocol::Tcp | Protocol::Pubsub => true,
            Protocol::SocketIo => false,
            Protocol::Nats => {
                self.put(session, |out, _| out.extend_from_slice(nats::HELLO));
                false
            }
        };
        handler.event(self, session, Event::Upgraded);
        if is_open {
            self.ready(session, handler);
        }
    }

    /// Says which device it is, if it is one.
    fn show_device(&mut self, session: u32, account: u32) -> bool {
        let Some(Account { token, role: Role::Device(device), .. }) =
            self.account(account).cloned()
        else {
            return false;
        };
        self.put(session, |out, key| apps::write::auth(out, key, &token, &device))
    }

    /// The first heartbeat and auth leave in one write; the hub handles them in order.
    fn log_in(&mut self, session: u32, account: u32) {
        let count = self.now << 1 | 1;
        let token = self.account(account).map(|account| account.token.clone()).unwrap_or_default();
        self.put(session, |out, key| write::heartbeat(out, key, count));
        let groups = self.target.groups;
        self.put(session, |out, key| write::auth(out, key, &token, groups));
    }

    /// The session is open.
    pub(super) fn ready(&mut self, session: u32, handler: &mut dyn Handler) {
        if let Some(conn) = self.conn(session) {
            conn.phase = Phase::Ready;
            conn.was_ready = true;
        }
        if self.target.protocol.has_users() {
            self.start_beats(session, self.generation(session));
        }
        handler.event(self, session, Event::Ready);
    }

    fn frames(&mut self, session: u32, bytes: &[u8], handler: &mut dyn Handler) {
        let generation = self.generation(session);
        let Some(conn) = self.conn(session) else { return };
        let mut inbox = std::mem::take(&mut conn.inbox);
        let outcome = inbox.feed(bytes, |message| {
            self.traffic.frames_in += 1;
            self.message(session, message, handler);
            if self.is_live(session, generation) {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            }
        });
        if !self.is_live(session, generation) {
            return;
        }
        if let Err(broken) = outcome {
            self.end(session, End::Broken(broken.0), handler);
        } else if let Some(conn) = self.conn(session) {
            conn.inbox = inbox;
        }
    }

    fn message(&mut self, session: u32, message: Message<'_>, handler: &mut dyn Handler) {
        match message {
            Message::Text(text) => match self.target.protocol {
                Protocol::Rewind => self.text(session, text, handler),
                Protocol::Apps => self.app_text(session, text, handler),
                Protocol::Websocket | Protocol::Tcp => self.bare_text(session, text, handler),
                Protocol::SocketIo => self.packet(session, text, handler),
                Protocol::Pubsub | Protocol::Nats => {}
            },
            Message::Binary(_) => handler.event(self, session, Event::Nonsense),
            Message::Pong => {}
            Message::Ping(data) => {
                self.put(session, |out, key| {
                    frame(out, Opcode::Pong, key, |out| out.extend_from_slice(data));
                });
            }
            Message::Close(reason) => self.closed(session, reason, handler),
        }
    }

    fn text(&mut self, session: u32, text: &[u8], handler: &mut dyn Handler) {
        let Some(phase) = self.conn(session).map(|conn| conn.phase) else { return };
        let said = scan(text);
        match (phase, said) {
            (Phase::Greeting, Said::Auth) => self.ready(session, handler),
            (Phase::Greeting, Said::Error { code, reason }) => {
                self.end(session, End::Auth(code, reason), handler);
            }
            (Phase::Ready, Said::Chat(chat)) => handler.event(self, session, Event::Chat(chat)),
            (Phase::Ready, Said::Heartbeat(Some(count))) => {
                handler.event(self, session, Event::Heartbeat(count));
            }
            (Phase::Ready, Said::Error { code, reason }) => {
                handler.event(self, session, Event::Refused(code, reason));
            }
            (Phase::Ready, Said::Group(group)) => {
                handler.event(self, session, Event::Group(group));
            }
            (_, Said::Nonsense) => handler.event(self, session, Event::Nonsense),
            (_, Said::Chat(_) | Said::Heartbeat(_) | Said::Group(_) | Said::Auth | Said::Other)
            | (Phase::Upgrading | Phase::Closing, Said::Error { .. }) => {}
        }
    }

    /// A close frame came: either the answer to ours, or the hub's own, which is answered.
    fn closed(&mut self, session: u32, reason: &[u8], handler: &mut dyn Handler) {
        let Some(conn) = self.conn(session) else { return };
        if conn.phase == Phase::Closing {
            return; // The hub ends the connection next.
        }
        let (code, words) = match reason {
            [a, b, words @ ..] => (u16::from_be_bytes([*a, *b]), String::from_utf8_lossy(words)),
            _ => (1005, "".into()),
        };
        let end = End::Closed(code, words.into_owned());
        self.put(session, write::close);
        if let Some(conn) = self.conn(session) {
            drop(conn.flush());
        }
        self.end(session, end, handler);
    }
}
