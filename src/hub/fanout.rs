//! Fan-out: an event is written once per kind of session and shared by all who get it.
//!
//! What one commit has for a session leaves together, in the order of the commit. Sessions of a user
//! that are only told, and have asked nothing, are told the same: they share one list, and so do
//! users who are told the same, one after another.

use std::collections::HashMap;

use super::delivery::{Deliver, Delivery, News};
use crate::dialect::{Frame, Kind};
use crate::domain::error::Refusal;
use crate::domain::event::{Event, Viewer};
use crate::domain::id::{SessionId, UserId};

/// Deliveries that leave together.
#[derive(Default)]
pub struct Fanout {
    events: Vec<Broadcast>,
    /// In the order of first mention, so that nobody is served twice before others once.
    order: Vec<UserId>,
    notes: HashMap<UserId, Vec<Note>>,
}

/// An event of a [`Fanout`].
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct EventKey(usize);

/// One thing for the sessions of a user.
#[derive(PartialEq, Eq)]
enum Note {
    /// An event, for all but one.
    Push { event: EventKey, viewer: Viewer, except: Option<SessionId> },
    /// An event that answers a request.
    EventAnswer { event: EventKey, session: SessionId, request: u64 },
    /// An event, for one alone.
    PushTo { event: EventKey, viewer: Viewer, session: SessionId },
    /// Another answer.
    Answer { session: SessionId, request: u64, frame: Frame },
    /// A request is done, and not answered.
    Done { session: SessionId, request: u64 },
    /// A request is refused.
    Refusal { session: SessionId, request: u64, refusal: Refusal },
}

/// An event, with the forms in which it has been written so far.
struct Broadcast {
    event: Event,
    /// By kind of session, and for whom it is.
    written: Vec<(Kind, bool, Frame)>,
}

impl Fanout {
    /// Takes up an event; nobody is told yet.
    pub fn event(&mut self, event: Event) -> EventKey {
        self.events.push(Broadcast { event, written: Vec::new() });
        EventKey(self.events.len().saturating_sub(1))
    }

    /// Tells all sessions of a user but one.
    pub fn push(
        &mut self,
        event: EventKey,
        (user, viewer): (UserId, Viewer),
        except: Option<SessionId>,
    ) {
        self.note(user, Note::Push { event, viewer, except });
    }

    /// Tells one session of a user.
    pub fn push_to(
        &mut self,
        event: EventKey,
        (user, viewer): (UserId, Viewer),
        session: SessionId,
    ) {
        self.note(user, Note::PushTo { event, viewer, session });
    }

    /// Refuses a request of a user's session.
    pub fn refuse(&mut self, refusal: Refusal, user: UserId, (session, request): (SessionId, u64)) {
        self.note(user, Note::Refusal { session, request, refusal });
    }

    /// Answers a request of a user's session with an event.
    pub fn answer_event(&mut self, event: EventKey, user: UserId, to: (SessionId, u64)) {
        let (session, request) = to;
        self.note(user, Note::EventAnswer { event, session, request });
    }

    /// Answers a request of a user's session.
    pub fn answer(&mut self, frame: Frame, user: UserId, (session, request): (SessionId, u64)) {
        self.note(user, Note::Answer { session, request, frame });
    }

    /// Ends a request of a user's session without an answer.
    pub fn done(&mut self, user: UserId, (session, request): (SessionId, u64)) {
        self.note(user, Note::Done { session, request });
    }

    fn note(&mut self, user: UserId, note: Note) {
        let order = &mut self.order;
        self.notes
            .entry(user)
            .or_insert_with(|| {
                order.push(user);
                Vec::new()
            })
            .push(note);
    }

    /// Hands over what there is for each session: `sessions` names those of a user, `give` takes
    /// what one of them gets.
    pub fn deliver<S: Iterator<Item = (SessionId, Kind)>>(
        self,
        sessions: impl Fn(UserId) -> S,
        mut give: impl FnMut(SessionId, Deliver),
    ) {
        let Self { mut events, order, mut notes } = self;
        // Whoever is answered comes after those who are only told: what he then asks others about
        // is on its way to them.
        let mut last = Vec::new();
        // What the user before was told: members of a group are told the same.
        let (mut before, mut shared) = (Vec::new(), Vec::<(Kind, News)>::new());
        for user in order {
            let notes = notes.remove(&user).unwrap_or_default();
            if notes != before {
                shared.clear();
            }
            for (session, kind) in sessions(user) {
                if notes.iter().any(|note| note.singles_out(session)) {
                    let own = notes.iter().filter_map(|note| note.own(&mut events, session, kind));
                    let own: Vec<Delivery> = own.collect();
                    if !own.is_empty() {
                        last.push((session, Deliver::Own(own)));
                    }
                    continue;
                }
                let known = shared.iter().find(|(known, _)| *known == kind);
                let news = known.map(|(_, news)| news.clone()).unwrap_or_else(|| {
                    let told = notes.iter().filter_map(|note| note.told(&mut events, kind));
                    let news = News::new(told.collect());
                    shared.push((kind, news.clone()));
                    news
                });
                if !news.frames().is_empty() {
                    give(session, Deliver::Shared(news));
                }
            }
            before = notes;
        }
        last.into_iter().for_each(|(session, deliver)| give(session, deliver));
    }
}

impl Note {
    /// Whether it is something else for this session than for others of the user.
    fn singles_out(&self, who: SessionId) -> bool {
        match self {
            Self::Push { except, .. } => *except == Some(who),
            Self::EventAnswer { session, .. }
            | Self::PushTo { session, .. }
            | Self::Answer { session, .. }
            | Self::Done { session, .. }
            | Self::Refusal { session, .. } => *session == who,
        }
    }

    /// What it is for a session that is singled out.
    fn own(&self, events: &mut [Broadcast], who: SessionId, kind: Kind) -> Option<Delivery> {
        match self {
            Self::Push { except, .. } if *except == Some(who) => None,
            Self::Push { .. } => self.told(events, kind).map(Delivery::Push),
            Self::EventAnswer { event, session, request } if *session == who => {
                // Whoever has no frame for it is not kept waiting for one.
                Some(match event.frame(events, kind, Viewer::Author) {
                    Some(frame) => Delivery::Answer(*request, frame),
                    None => Delivery::Done(*request),
                })
            }
            Self::Answer { session, request, frame } if *session == who => {
                Some(Delivery::Answer(*request, frame.clone()))
            }
            Self::PushTo { event, viewer, session } if *session == who => {
                event.frame(events, kind, *viewer).map(Delivery::Push)
            }
            Self::Done { session, request } if *session == who => Some(Delivery::Done(*request)),
            Self::Refusal { session, request, refusal } if *session == who => {
                Some(Delivery::Refused(*request, *refusal))
            }
            Self::EventAnswer { .. }
            | Self::PushTo { .. }
            | Self::Answer { .. }
            | Self::Done { .. }
            | Self::Refusal { .. } => None,
        }
    }

    /// What it is for the others.
    fn told(&self, events: &mut [Broadcast], kind: Kind) -> Option<Frame> {
        match self {
            Self::Push { event, viewer, .. } => event.frame(events, kind, *viewer),
            Self::EventAnswer { .. }
            | Self::PushTo { .. }
            | Self::Answer { .. }
            | Self::Done { .. }
            | Self::Refusal { .. } => None,
        }
    }
}

impl EventKey {
    /// The event as a session of this kind sees it, if it is told at all.
    fn frame(self, events: &mut [Broadcast], kind: Kind, viewer: Viewer) -> Option<Frame> {
        let Broadcast { event, written } = events.get_mut(self.0)?;
        if !kind.tells(event, viewer) {
            return None;
        }
        let own = viewer != Viewer::Peer && kind.tells_apart(event);
        let same = |(known, for_own, _): &&(Kind, bool, Frame)| *known == kind && *for_own == own;
        if let Some((_, _, frame)) = written.iter().find(same) {
            return Some(frame.clone());
        }
        let frame = kind.event(event, viewer)?;
        written.push((kind, own, frame.clone()));
        Some(frame)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::rewind::Mode;
    use crate::domain::clock::Timestamp;
    use crate::domain::id::MessageId;
    use crate::domain::message::Message;
    use crate::domain::room::RoomKey;

    fn user(raw: i64) -> UserId {
        UserId::new(raw).unwrap()
    }

    fn posted() -> Event {
        Event::MessagePosted(Message {
            id: MessageId::new(7).unwrap(),
            room: RoomKey::direct(user(2), user(4)).unwrap(),
            author: user(2),
            seq: 1,
            rev: 1,
            content: "hello".to_owned(),
            created_at: Timestamp::from_millis(0),
            edited_at: None,
            deleted: false,
            hidden: false,
            nonce: None,
        })
    }

    #[test]
    fn users_who_are_told_the_same_share_one_list() {
        let mut fanout = Fanout::default();
        let (first, second) = (fanout.event(posted()), fanout.event(posted()));
        for (event, users) in [(first, &[4, 6, 8][..]), (second, &[8, 10])] {
            for raw in users {
                fanout.push(event, (user(*raw), Viewer::Peer), None);
            }
        }
        let (kind, mut told) = (Kind::Rewind(Mode::Readme.into()), Vec::new());
        let session = |user: UserId| SessionId(user.get().unsigned_abs());
        fanout.deliver(
            |user| [(session(user), kind)].into_iter(),
            |_, deliver| match deliver {
                Deliver::Shared(news) => told.push(news),
                Deliver::Own(items) => panic!("{items:?}"),
            },
        );
        let [four, six, eight, ten] = &told[..] else { panic!("{told:?}") };
        assert!(four.is(six) && !four.is(eight) && !eight.is(ten));
        let counts = [four, eight, ten].map(|news| news.frames().len());
        assert_eq!(counts, [1, 2, 1]);
    }
}
