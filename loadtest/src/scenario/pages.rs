//! Pages of conversations that are there already, before moments drawn at random: how long a page takes
//! must not depend on how much there is, or on how far back it lies.

use anyhow::{Context as _, ensure};
use jiff::civil::DateTime;
use jiff::{SignedDuration, Unit};

use crate::args;
use crate::check::{Fit, Line};
use crate::net::{End, Net};
use crate::number::{index, long, short};
use crate::record::meter::Meter;
use crate::rewind::scan::Chat;
use crate::rewind::stamp::Stamp;
use crate::rewind::{cursor, write};

use super::pairs::SOON;
use super::{Desk, Mode, Stage};

/// The run of messages that were not sent but filled in (`benchmarks/fill.py`): their flow is their
/// conversation, and their numbers have no holes.
const FILLED: u64 = 0;

/// The moments that pages end before, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    first: DateTime,
    micros: u64,
}

impl Span {
    /// Reads FIRST..LAST, or one moment.
    pub fn parse(text: &str) -> anyhow::Result<Self> {
        let (first, last) = text.split_once("..").unwrap_or((text, text));
        let moment = |text: &str| {
            text.trim().parse::<DateTime>().with_context(|| format!("--before {text}: no moment"))
        };
        let (first, last) = (moment(first)?, moment(last)?);
        ensure!(first <= last, "--before {text}: the first moment is after the last");
        let micros = first.until((Unit::Second, last))?.total(Unit::Microsecond)?;
        Ok(Self { first, micros: crate::number::whole(micros) })
    }

    /// The moment so many microseconds after the first, as the hub writes it.
    pub fn at(&self, micros: u64) -> String {
        let after = SignedDuration::from_micros(i64::try_from(micros).unwrap_or_default());
        self.first.saturating_add(after).strftime("%Y-%m-%d %H:%M:%S.%6f").to_string()
    }
}

/// A page that is asked for.
#[derive(Debug, Default)]
struct Page {
    /// What all its messages come before.
    before: String,
    /// The time of the last message that came.
    newest: String,
    messages: u32,
    /// The conversation and the numbers of its messages, if they were filled in.
    line: Option<(u32, Line)>,
    waiting: bool,
}

/// The mode.
#[derive(Debug)]
pub struct Pages {
    pairs: u32,
    count: u32,
    span: Span,
    pages: Vec<Page>,
    /// Pages that can no longer come.
    unanswered: u64,
}

impl Pages {
    /// Sessions of both users of each conversation.
    pub fn new(args: &args::Pages) -> anyhow::Result<Self> {
        Ok(Self {
            pairs: args.pairs.max(1),
            count: args.page.max(1),
            span: Span::parse(&args.before)?,
            pages: (0..args.connections).map(|_| Page::default()).collect(),
            unanswered: 0,
        })
    }

    /// Sessions take the users in turn.
    fn account(&self, session: u32) -> u32 {
        session % (self.pairs * 2)
    }

    fn ask(&mut self, desk: &mut Desk, net: &mut Net, session: u32) {
        let account = self.account(session);
        let room = net.user(account) ^ net.user(account ^ 1);
        let before = self.span.at(net.random(self.span.micros + 1));
        let (cursor, count) = (cursor::before(&before), self.count);
        let Some(page) = self.pages.get_mut(index(session)) else { return };
        net.say(session, |out, key| write::load(out, key, room, &cursor, count));
        let waiting = net.mark(session);
        if waiting {
            desk.book.due(&[(0, 1)], net.now());
        }
        *page = Page { before, waiting, ..Page::default() };
    }
}

impl Page {
    /// Takes a message; what is wrong with it.
    fn take(&mut self, chat: &Chat<'_>) -> Option<&'static str> {
        let wrong = if *chat.created_at >= *self.before {
            Some("is not before the moment asked for")
        } else if *chat.created_at <= *self.newest {
            Some("is not after the one before it")
        } else {
            self.is_next(chat).err()
        };
        self.messages += 1;
        self.newest.clear();
        self.newest.push_str(&chat.created_at);
        wrong
    }

    /// Whether the numbers have no hole.
    fn is_next(&mut self, chat: &Chat<'_>) -> Result<(), &'static str> {
        let stamp = Stamp::parse(chat.content.as_bytes()).filter(|stamp| stamp.run == FILLED);
        let Some(stamp) = stamp else { return Ok(()) };
        let (flow, line) = self.line.get_or_insert_with(|| (stamp.flow, Line::starting(stamp.seq)));
        if *flow != stamp.flow {
            return Err("is of another conversation");
        }
        let next = line.next();
        match line.take(stamp.seq) {
            Fit::Ahead if stamp.seq == next => Ok(()),
            Fit::Ahead => Err("comes after a hole"),
            Fit::Late | Fit::Again => Err("has come before"),
        }
    }
}

impl Mode for Pages {
    fn accounts(&self) -> Vec<u32> {
        (0..short(self.pages.len())).map(|session| self.account(session)).collect()
    }

    fn start(&mut self, desk: &mut Desk, net: &mut Net) {
        desk.book.meters = vec![Meter::new("page")];
        for session in 0..short(self.pages.len()) {
            self.ask(desk, net, session);
        }
    }

    fn tick(&mut self, _: &mut Desk, net: &mut Net) -> u64 {
        net.now() + SOON
    }

    fn chat(&mut self, desk: &mut Desk, net: &mut Net, session: u32, chat: &Chat<'_>) {
        let Some(page) = self.pages.get_mut(index(session)) else { return };
        desk.book.count("loaded", net.now());
        if let Some(wrong) = page.take(chat) {
            desk.book.check.disordered += 1;
            let at = &chat.created_at;
            desk.book.check.example(|| format!("session {session}: the message of {at} {wrong}"));
        }
    }

    fn mark(&mut self, desk: &mut Desk, net: &mut Net, session: u32, at: u64) {
        let Some(page) = self.pages.get_mut(index(session)) else { return };
        desk.book.count("pages", net.now());
        desk.book.time(0, at, net.now());
        if page.messages < self.count {
            desk.book.count("not full", net.now());
        }
        page.waiting = false;
        if desk.stage != Stage::Draining {
            self.ask(desk, net, session);
        }
    }

    fn ended(&mut self, _: &mut Desk, _: &mut Net, session: u32, _: &End) {
        if let Some(page) = self.pages.get_mut(index(session)) {
            self.unanswered += u64::from(std::mem::take(&mut page.waiting));
        }
    }

    fn settle(&mut self, desk: &mut Desk) {
        let waiting = self.pages.iter().filter(|page| page.waiting).count();
        desk.book.check.unanswered += self.unanswered + long(waiting);
    }

    fn is_drained(&self) -> bool {
        self.pages.iter().all(|page| !page.waiting)
    }

    fn conditions(&self) -> Vec<(&'static str, String)> {
        let (first, last) = (self.span.at(0), self.span.at(self.span.micros));
        vec![
            ("load", "closed loop, each session asks for one page after the other".to_owned()),
            ("sessions", self.pages.len().to_string()),
            ("conversations", self.pairs.to_string()),
            ("page", format!("{} messages before a moment", self.count)),
            ("moments", format!("from {first} to {last}")),
        ]
    }

    fn rates(&self) -> Vec<(&'static str, &'static str)> {
        vec![("pages", "pages"), ("loaded", "messages"), ("not full", "pages")]
    }

    fn unit(&self) -> (&'static str, &'static str) {
        ("pages", "page")
    }

    fn is_closed_loop(&self) -> bool {
        true
    }
}
