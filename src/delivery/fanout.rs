//! Fan-out: an event is encoded once a variant of a dialect and shared by all who get it.
//!
//! What one commit has for a session leaves together, in the order of the commit. Sessions of a user
//! that are only told, and have asked nothing, are told the same: they share one list, and so do
//! users who are told the same, one after another. What happens in one room, one thing after another,
//! costs each of its members one entry.

use foldhash::HashMap;
use smallvec::SmallVec;

use super::batch::{Deliver, Delivery, SharedFrames};
use crate::domain::error::Refusal;
use crate::domain::event::{Event, Viewer};
use crate::domain::id::{SessionId, UserId};
use crate::domain::news::{News, Recipients};
use crate::domain::principal::Mailbox;
use crate::wire::{Dialects, Frame, Variant};

/// Deliveries that leave together.
#[derive(Default)]
pub struct Fanout {
    events: Vec<EncodedEvent>,
    runs: Vec<Run>,
    /// Whether the last of the runs may go on: nothing else has been added since.
    is_running: bool,
    /// What there is for each mailbox, in the order of first mention, so that nobody is served twice
    /// before others once.
    lists: Vec<(Mailbox, List)>,
    /// Where the list of a mailbox is.
    indexes: HashMap<Mailbox, usize>,
}

/// News that the same hear, while there are none for others. One entry for each user stands for all of it.
struct Run {
    recipients: Recipients,
    events: Vec<RunEvent>,
}

/// One of them.
struct RunEvent {
    event: EventKey,
    by: Option<UserId>,
    /// The session that has asked for it, and is answered, if it is that user's.
    asker: Option<(SessionId, u64)>,
}

/// What there is for a mailbox, in order; for most of many it is one thing.
type List = SmallVec<[ListItem; 1]>;

/// Something for a mailbox.
#[derive(PartialEq, Eq)]
enum ListItem {
    /// The run with this number.
    Run(usize),
    Entry(FanoutEntry),
}

/// One thing for the sessions of a mailbox.
#[derive(Clone, PartialEq, Eq)]
enum FanoutEntry {
    /// An event, for all but one.
    Push { event: EventKey, viewer: Viewer, except: Option<SessionId> },
    /// Something for one alone.
    Only(SessionId, SoleEntry),
}

/// One thing for one session alone.
#[derive(Clone, PartialEq, Eq)]
enum SoleEntry {
    Push(EventKey, Viewer),
    /// A request has this event as its answer.
    Answer(u64, EventKey),
    /// A request is done, and not answered.
    Done(u64),
    Refused(u64, Refusal),
}

/// An event of a fan-out.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct EventKey(usize);

/// An event, with the forms in which it has been written so far.
struct EncodedEvent {
    event: Event,
    /// What was written so far; `None` for those to whom it is not delivered.
    written: Vec<EncodedFrame>,
}

/// An event as sessions of a variant read it.
struct EncodedFrame {
    variant: Variant,
    viewer: Viewer,
    /// Whether it is written as for who has done it.
    is_own: bool,
    frame: Option<Frame>,
}

/// The events of a fan-out, and who can write them.
struct Events<'a> {
    dialects: &'a Dialects,
    encoded: Vec<EncodedEvent>,
}

impl Fanout {
    /// Takes up an event; nobody is told yet.
    pub fn event(&mut self, event: impl Into<Event>) -> EventKey {
        self.events.push(EncodedEvent { event: event.into(), written: Vec::new() });
        EventKey(self.events.len().saturating_sub(1))
    }

    /// Tells news to all who hear of them. If they are a user's doing, the session of that user that has
    /// asked for it is answered by them.
    pub fn tell(&mut self, news: News, asker: Option<(SessionId, u64)>) -> EventKey {
        let News { event, by, recipients } = news;
        let event = self.event(event);
        let told = RunEvent { event, by, asker };
        // Anybody else may be answered, but hears of nothing.
        let is_in_it = by.is_none_or(|by| recipients.includes(by));
        if self.is_running
            && is_in_it
            && let Some(run) = self.runs.last_mut()
            && run.recipients.are_same(&recipients)
        {
            run.events.push(told);
            return event;
        }
        let most = recipients.count();
        self.lists.reserve(most);
        self.indexes.reserve(most);
        for mailbox in recipients.others(by).chain(by.map(Mailbox::User)) {
            self.enter(mailbox, ListItem::Run(self.runs.len()));
        }
        self.runs.push(Run { recipients, events: vec![told] });
        self.is_running = is_in_it;
        event
    }

    /// Tells all sessions of a mailbox but one.
    pub fn push(
        &mut self,
        event: EventKey,
        (mailbox, viewer): (impl Into<Mailbox>, Viewer),
        except: Option<SessionId>,
    ) {
        self.add(mailbox, FanoutEntry::Push { event, viewer, except });
    }

    /// Tells one session of a mailbox.
    pub fn push_to(
        &mut self,
        event: EventKey,
        (mailbox, viewer): (impl Into<Mailbox>, Viewer),
        session: SessionId,
    ) {
        self.add(mailbox, FanoutEntry::Only(session, SoleEntry::Push(event, viewer)));
    }

    /// Refuses a request of a session that is answered at a mailbox.
    pub fn refuse(
        &mut self,
        refusal: Refusal,
        mailbox: impl Into<Mailbox>,
        (session, request): (SessionId, u64),
    ) {
        self.add(mailbox, FanoutEntry::Only(session, SoleEntry::Refused(request, refusal)));
    }

    /// Answers a request of a user's session with an event.
    pub fn answer_event(&mut self, event: EventKey, user: UserId, to: (SessionId, u64)) {
        let (session, request) = to;
        self.add(user, FanoutEntry::Only(session, SoleEntry::Answer(request, event)));
    }

    /// Ends a request of a user's session without an answer.
    pub fn done(&mut self, user: UserId, (session, request): (SessionId, u64)) {
        self.add(user, FanoutEntry::Only(session, SoleEntry::Done(request)));
    }

    fn add(&mut self, mailbox: impl Into<Mailbox>, entry: FanoutEntry) {
        self.enter(mailbox.into(), ListItem::Entry(entry));
        self.is_running = false;
    }

    fn enter(&mut self, mailbox: Mailbox, item: ListItem) {
        let lists = &mut self.lists;
        let index = *self.indexes.entry(mailbox).or_insert_with(|| {
            lists.push((mailbox, List::new()));
            lists.len().saturating_sub(1)
        });
        if let Some((_, list)) = lists.get_mut(index) {
            list.push(item);
        }
    }

    /// Hands over what there is for each session: `sessions` names those of a mailbox, `give` takes
    /// what one of them gets.
    pub fn deliver<S: Iterator<Item = (SessionId, Variant)>>(
        self,
        dialects: &Dialects,
        sessions: impl Fn(Mailbox) -> S,
        mut give: impl FnMut(SessionId, Deliver),
    ) {
        let Self { events: encoded, runs, lists, .. } = self;
        let mut events = Events { dialects, encoded };
        // Whoever is answered comes after those who are only told: what he then asks others about
        // is on its way to them.
        let mut last = Vec::new();
        // What the user before was told: members of a group are told the same.
        let (mut before, mut entries) = (List::new(), Vec::new());
        let mut shared = Vec::<(Variant, SharedFrames)>::new();
        for (mailbox, list) in lists {
            let has_acted = list.iter().any(|item| item.is_by(mailbox, &runs));
            if has_acted || list != before {
                entries.clear();
                list.iter().for_each(|item| item.write_out(mailbox, &runs, &mut entries));
                shared.clear();
            }
            for (session, variant) in sessions(mailbox) {
                if entries.iter().any(|entry| entry.singles_out(session)) {
                    let own =
                        entries.iter().filter_map(|entry| entry.own(&mut events, session, variant));
                    let own: Vec<Delivery> = own.collect();
                    if !own.is_empty() {
                        last.push((session, Deliver::Own(own)));
                    }
                    continue;
                }
                let known = shared.iter().find(|(known, _)| *known == variant);
                let news = known.map(|(_, news)| news.clone()).unwrap_or_else(|| {
                    let told = entries.iter().filter_map(|entry| entry.told(&mut events, variant));
                    let news = SharedFrames::new(told.collect());
                    shared.push((variant, news.clone()));
                    news
                });
                if !news.frames().is_empty() {
                    give(session, Deliver::Shared(news));
                }
            }
            // What one who has acted is told is his alone.
            before = if has_acted { List::new() } else { list };
        }
        last.into_iter().for_each(|(session, deliver)| give(session, deliver));
    }
}

impl RunEvent {
    /// Whether the mailbox's user has done it.
    fn is_by(&self, mailbox: Mailbox) -> bool {
        self.by.is_some_and(|by| Mailbox::User(by) == mailbox)
    }
}

impl ListItem {
    /// Whether the mailbox's user has done any of it.
    fn is_by(&self, mailbox: Mailbox, runs: &[Run]) -> bool {
        match self {
            Self::Run(number) => {
                let events = runs.get(*number).map_or(&[][..], |run| &run.events);
                events.iter().any(|event| event.is_by(mailbox))
            }
            Self::Entry(_) => false,
        }
    }

    /// What it is for a mailbox, in order.
    fn write_out(&self, mailbox: Mailbox, runs: &[Run], entries: &mut Vec<FanoutEntry>) {
        let number = match self {
            Self::Run(number) => *number,
            Self::Entry(entry) => return entries.push(entry.clone()),
        };
        for told in runs.get(number).map_or(&[][..], |run| &run.events) {
            let RunEvent { event, asker, .. } = told;
            if !told.is_by(mailbox) {
                entries.push(FanoutEntry::Push {
                    event: *event,
                    viewer: Viewer::Peer,
                    except: None,
                });
                continue;
            }
            let except = asker.map(|(session, _)| session);
            entries.push(FanoutEntry::Push { event: *event, viewer: Viewer::OwnOther, except });
            if let Some((session, request)) = *asker {
                entries.push(FanoutEntry::Only(session, SoleEntry::Answer(request, *event)));
            }
        }
    }
}

impl FanoutEntry {
    /// Whether it is something else for this session than for others of the mailbox.
    fn singles_out(&self, who: SessionId) -> bool {
        match self {
            Self::Push { except, .. } => *except == Some(who),
            Self::Only(session, _) => *session == who,
        }
    }

    /// What it is for a session that is singled out.
    fn own(&self, events: &mut Events<'_>, who: SessionId, variant: Variant) -> Option<Delivery> {
        match self {
            Self::Push { except, .. } if *except == Some(who) => None,
            Self::Push { .. } => self.told(events, variant).map(Delivery::Push),
            Self::Only(session, entry) => {
                (*session == who).then(|| entry.delivery(events, variant)).flatten()
            }
        }
    }

    /// What it is for the others.
    fn told(&self, events: &mut Events<'_>, variant: Variant) -> Option<Frame> {
        match self {
            Self::Push { event, viewer, .. } => events.frame(*event, variant, *viewer),
            Self::Only(..) => None,
        }
    }
}

impl SoleEntry {
    /// What it is for its session.
    fn delivery(&self, events: &mut Events<'_>, variant: Variant) -> Option<Delivery> {
        match *self {
            Self::Push(event, viewer) => events.frame(event, variant, viewer).map(Delivery::Push),
            Self::Answer(request, event) => {
                // Whoever has no frame for it is not kept waiting for one.
                Some(match events.frame(event, variant, Viewer::Author) {
                    Some(frame) => Delivery::Answer(request, frame),
                    None => Delivery::Done(request),
                })
            }
            Self::Done(request) => Some(Delivery::Done(request)),
            Self::Refused(request, refusal) => Some(Delivery::Refused(request, refusal)),
        }
    }
}

impl Events<'_> {
    /// The event as a session of this variant sees it, if it is told at all. A dialect is asked once
    /// for all of them.
    fn frame(&mut self, event: EventKey, variant: Variant, viewer: Viewer) -> Option<Frame> {
        let EncodedEvent { event, written } = self.encoded.get_mut(event.0)?;
        let same = |one: &&EncodedFrame| one.variant == variant && one.viewer == viewer;
        if let Some(one) = written.iter().find(same) {
            return one.frame.clone();
        }
        let (dialect, options) = (self.dialects.get(variant), variant.options());
        let is_own = viewer != Viewer::Peer && dialect.differs_for_author(event, options);
        let frame = if dialect.delivers(event, viewer, options) {
            let alike = |one: &&EncodedFrame| one.variant == variant && one.is_own == is_own;
            let known = written.iter().filter(alike).find_map(|one| one.frame.clone());
            known.or_else(|| dialect.event(event, viewer, options))
        } else {
            None
        };
        written.push(EncodedFrame { variant, viewer, is_own, frame: frame.clone() });
        frame
    }
}

#[cfg(test)]
#[path = "fanout_tests.rs"]
mod tests;
