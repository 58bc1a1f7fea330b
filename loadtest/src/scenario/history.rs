//! Paging: session `2i` writes a conversation with session `2i + 1`, then both page through it from
//! the end to the beginning, again and again.

use std::collections::VecDeque;

use crate::args;
use crate::check::{Flow, Line};
use crate::net::{End, Net};
use crate::number::{index, long};
use crate::record::meter::Meter;
use crate::rewind::scan::Chat;
use crate::rewind::stamp::Stamp;
use crate::rewind::write;

use super::pairs::{RETRY, SOON};
use super::walk::Walk;
use super::{Desk, Mode, Stage};

/// Messages that wait for their acknowledgement while a conversation is written.
const FILL: u32 = 16;

#[derive(Debug, Default)]
struct Talk {
    room: u64,
    flow: Flow,
    line: Line,
    /// Whether a session of it has ended.
    ended: bool,
}

impl Talk {
    fn is_written(&self, messages: u32) -> bool {
        let all = self.flow.sent() >= messages && self.flow.waiting() == 0;
        self.ended || all && !self.line.missing(messages).any(|seq| self.flow.is_acked(seq))
    }
}

/// The mode.
#[derive(Debug)]
pub struct History {
    messages: u32,
    page: u32,
    size: usize,
    talks: Vec<Talk>,
    /// The walk of each session, and whether a page of it is asked for.
    walks: Vec<(Walk, bool)>,
    written: bool,
    retries: VecDeque<(u64, u32)>,
    /// Pages that can no longer come.
    unanswered: u64,
}

impl History {
    /// Two users a conversation.
    pub fn new(args: &args::History) -> Self {
        Self {
            messages: args.messages,
            page: args.page.max(1),
            size: args.size.max(crate::rewind::stamp::LENGTH),
            talks: (0..args.pairs).map(|_| Talk::default()).collect(),
            walks: (0..args.pairs * 2).map(|_| (Walk::default(), false)).collect(),
            written: false,
            retries: VecDeque::new(),
            unanswered: 0,
        }
    }

    fn send(&mut self, desk: &mut Desk, net: &mut Net, session: u32) {
        let Some(talk) = self.talks.get_mut(index(session / 2)) else { return };
        if talk.flow.sent() >= self.messages || desk.stage == Stage::Draining {
            return;
        }
        let flow = session & !1;
        desk.book.trouble.requests_due += 1;
        let stamp = Stamp { run: desk.run, flow, seq: talk.flow.send(), at: net.now() };
        let (room, size) = (talk.room, self.size);
        net.say(flow, |out, key| write::send(out, key, room, stamp, size));
    }

    fn begin(&mut self, desk: &mut Desk, net: &mut Net, session: u32) {
        let Some(talk) = self.talks.get(index(session / 2)) else { return };
        if let Some(walk) = self.walks.get_mut(index(session)).filter(|_| net.is_ready(session)) {
            desk.book.due(&[(0, 1)], net.now());
            *walk = (Walk::begin(net, session, talk.room, self.page), true);
        }
    }

    fn written(&mut self, desk: &mut Desk, net: &mut Net, session: u32, chat: &Chat<'_>) {
        let Some(stamp) = Stamp::parse(chat.content.as_bytes()) else { return };
        if stamp.run != desk.run {
            return;
        }
        let author = session & !1;
        let talk = self.talks.get_mut(index(session / 2));
        let size = self.size;
        let good = |talk: &&mut Talk| {
            stamp.flow == author && stamp.seq < talk.flow.sent() && stamp.fills(&chat.content, size)
        };
        let Some(talk) = talk.filter(good) else {
            return desk.book.check.foreign(session, &chat.content);
        };
        if session == author {
            desk.book.check.ack(talk.flow.ack(stamp.seq), author, stamp.seq);
            desk.book.count("acknowledged", net.now());
            self.send(desk, net, session);
        } else {
            desk.book.check.fit(talk.line.take(stamp.seq), session, author, stamp.seq);
        }
    }
}

/// The flows of a session's conversation; the odd one is empty.
fn flows<'a>(talk: &'a Talk, session: u32, nothing: &'a Flow) -> [(u32, &'a Flow); 2] {
    [(session & !1, &talk.flow), (session | 1, nothing)]
}

impl Mode for History {
    fn accounts(&self) -> Vec<u32> {
        (0..crate::number::short(self.walks.len())).collect()
    }

    fn start(&mut self, desk: &mut Desk, net: &mut Net) {
        desk.book.meters = vec![Meter::new("page")];
        for (session, talk) in (0_u32..).step_by(2).zip(&mut self.talks) {
            talk.room = net.user(session) ^ net.user(session + 1);
            talk.ended = !net.is_ready(session) || !net.is_ready(session + 1);
        }
        for _ in 0..FILL {
            for session in (0..crate::number::short(self.walks.len())).step_by(2) {
                self.send(desk, net, session);
            }
        }
    }

    fn is_prepared(&self) -> bool {
        self.written
    }

    fn tick(&mut self, desk: &mut Desk, net: &mut Net) -> u64 {
        let now = net.now();
        if self.written || desk.stage == Stage::Draining {
            return now + SOON;
        }
        while let Some((due, session)) =
            self.retries.front().copied().filter(|(due, _)| *due <= now)
        {
            self.retries.pop_front();
            debug_assert!(due <= now, "only what is due");
            // What was refused has used up its number: one more takes its place.
            self.send(desk, net, session);
        }
        if self.talks.iter().all(|talk| talk.is_written(self.messages)) {
            self.written = true;
            for session in 0..crate::number::short(self.walks.len()) {
                self.begin(desk, net, session);
            }
        }
        now + SOON
    }

    fn chat(&mut self, desk: &mut Desk, net: &mut Net, session: u32, chat: &Chat<'_>) {
        if !self.written {
            return self.written(desk, net, session, chat);
        }
        if let Some((walk, _)) = self.walks.get_mut(index(session)) {
            walk.take(desk.run, self.size, chat);
            desk.book.count("loaded", net.now());
        }
    }

    fn mark(&mut self, desk: &mut Desk, net: &mut Net, session: u32, at: u64) {
        let talk = self.talks.get(index(session / 2));
        let (Some(talk), Some((walk, asked))) = (talk, self.walks.get_mut(index(session))) else {
            return;
        };
        desk.book.count("pages", net.now());
        desk.book.time(0, at, net.now());
        let (nothing, check) = (Flow::default(), &mut desk.book.check);
        let flows = flows(talk, session, &nothing);
        let more = walk.end_page(check, session, self.page, flows);
        *asked = more && desk.stage != Stage::Draining;
        if *asked {
            desk.book.due(&[(0, 1)], net.now());
            return walk.ask(net, session, talk.room, self.page);
        }
        if !more {
            walk.settle(check, session, flows);
            desk.book.count("walks", net.now());
        }
        if desk.stage != Stage::Draining {
            self.begin(desk, net, session);
        }
    }

    fn refused(&mut self, desk: &mut Desk, net: &mut Net, session: u32, _: u16) {
        if self.written {
            return; // A page; its mark comes all the same, and what lacks is found.
        }
        let talk = self.talks.get_mut(index(session / 2));
        if talk.and_then(|talk| talk.flow.refuse()).is_some() && desk.stage != Stage::Draining {
            self.retries.push_back((net.now() + RETRY, session));
        }
    }

    fn ended(&mut self, _: &mut Desk, _: &mut Net, session: u32, _: &End) {
        if let Some(talk) = self.talks.get_mut(index(session / 2)) {
            talk.ended = true;
            if session & 1 == 0 {
                talk.flow.cut();
            }
        }
        if let Some((_, asked)) = self.walks.get_mut(index(session)) {
            self.unanswered += u64::from(std::mem::take(asked));
        }
    }

    fn is_drained(&self) -> bool {
        self.walks.iter().all(|(_, asked)| !asked)
    }

    fn settle(&mut self, desk: &mut Desk) {
        for (author, talk) in (0_u32..).step_by(2).zip(&self.talks) {
            desk.book.check.settle(&talk.flow, author, &talk.line, talk.ended);
            desk.book.check.settle_author(&talk.flow);
        }
        let waiting = self.walks.iter().filter(|(_, asked)| *asked).count();
        desk.book.check.unanswered += self.unanswered + long(waiting);
    }

    fn conditions(&self) -> Vec<(&'static str, String)> {
        vec![
            ("load", "closed loop, each session asks for one page after the other".to_owned()),
            ("conversations", format!("{}, paged by both users", self.talks.len())),
            ("messages in each", format!("{} of {} bytes", self.messages, self.size)),
            ("page", format!("{} messages", self.page)),
        ]
    }

    fn rates(&self) -> Vec<(&'static str, &'static str)> {
        vec![("pages", "pages"), ("loaded", "messages"), ("walks", "conversations")]
    }

    fn unit(&self) -> (&'static str, &'static str) {
        ("pages", "page")
    }

    fn is_closed_loop(&self) -> bool {
        true
    }
}
