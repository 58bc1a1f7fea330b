//! Pages through a conversation from its newest message to the first of this run, and checks that
//! each message is there once and in order.

use crate::check::{Check, Fit, Flow, Line};
use crate::net::Net;
use crate::rewind::scan::Chat;
use crate::rewind::stamp::Stamp;
use crate::rewind::{cursor, write};

/// A walk through a conversation of two flows, an even and an odd one.
#[derive(Debug, Default)]
pub struct Walk {
    /// What has been seen of each flow, from the newest back.
    lines: [Line; 2],
    page: Vec<Stamp>,
    /// Messages of this page that are not as they were sent.
    changed: u32,
    /// Frames of this page, those of earlier runs included.
    frames: u32,
    /// The time of the oldest message of this page.
    oldest: String,
    /// Whether a message of an earlier run, or another client, was seen.
    reached_others: bool,
}

impl Walk {
    /// Asks for the first page.
    pub fn begin(net: &mut Net, session: u32, room: u64, count: u32) -> Self {
        let walk = Self { oldest: cursor::NOW.to_owned(), ..Self::default() };
        walk.ask(net, session, room, count);
        walk
    }

    /// Asks for the next page.
    pub fn ask(&self, net: &mut Net, session: u32, room: u64, count: u32) {
        let cursor = cursor::before(&self.oldest);
        net.say(session, |out, key| write::load(out, key, room, &cursor, count));
        net.mark(session);
    }

    /// A message of the page.
    pub fn take(&mut self, run: u64, size: usize, chat: &Chat<'_>) {
        if self.frames == 0 {
            self.oldest.clear();
            self.oldest.push_str(&chat.created_at);
        }
        self.frames += 1;
        match Stamp::parse(chat.content.as_bytes()).filter(|stamp| stamp.run == run) {
            Some(stamp) if stamp.fills(&chat.content, size) => self.page.push(stamp),
            Some(_) => self.changed += 1,
            None => self.reached_others = true,
        }
    }

    /// The page has ended; says whether there is another one. The flows are those of the
    /// conversation, with their numbers.
    pub fn end_page(
        &mut self,
        check: &mut Check,
        session: u32,
        count: u32,
        flows: [(u32, &Flow); 2],
    ) -> bool {
        for stamp in self.page.iter().rev() {
            let known = flows.iter().zip(&mut self.lines).find(|((n, _), _)| *n == stamp.flow);
            let Some(((_, flow), line)) = known.filter(|((_, f), _)| stamp.seq < f.sent()) else {
                check.foreign(session, "a page of history");
                continue;
            };
            let fit = line.take(flow.sent() - 1 - stamp.seq);
            if fit != Fit::Ahead {
                check.fit(fit, session, stamp.flow, stamp.seq);
            }
        }
        for _ in 0..std::mem::take(&mut self.changed) {
            check.foreign(session, "a page of history");
        }
        self.page.clear();
        let full = self.frames >= count;
        self.frames = 0;
        full && !self.reached_others
    }

    /// At the end of the walk: what was acknowledged must have been there.
    pub fn settle(&self, check: &mut Check, session: u32, flows: [(u32, &Flow); 2]) {
        for (line, (number, flow)) in self.lines.iter().zip(flows) {
            let there = |seq: u32| line.has(flow.sent() - 1 - seq);
            for seq in (0..flow.sent()).filter(|seq| !there(*seq) && flow.is_acked(*seq)) {
                check.lost += 1;
                check.example(|| format!("session {session}: {number}/{seq} is not in history"));
            }
            for seq in flow.refused().iter().filter(|seq| there(**seq)) {
                check.refused_but_delivered += 1;
                check.example(|| format!("session {session}: {number}/{seq} was refused"));
            }
        }
    }
}
