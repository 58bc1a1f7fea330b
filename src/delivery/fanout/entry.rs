//! What a user's sessions are told: events, written once per kind of session, and answers.

use crate::delivery::deliver::Delivery;
use crate::domain::error::Refusal;
use crate::domain::event::{Event, Viewer};
use crate::domain::id::SessionId;
use crate::wire::{Frame, Kind};

/// An event of a fan-out.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct EventKey(pub(super) usize);

/// One thing for the sessions of a user.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum FanoutEntry {
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
pub(super) struct EncodedEvent {
    event: Event,
    /// By kind of session, and for whom it is.
    written: Vec<(Kind, bool, Frame)>,
}

impl EncodedEvent {
    /// Not written yet.
    pub(super) fn new(event: Event) -> Self {
        Self { event, written: Vec::new() }
    }
}

impl FanoutEntry {
    /// Whether it is something else for this session than for others of the user.
    pub(super) fn singles_out(&self, who: SessionId) -> bool {
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
    pub(super) fn own(
        &self,
        events: &mut [EncodedEvent],
        who: SessionId,
        kind: Kind,
    ) -> Option<Delivery> {
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
    pub(super) fn told(&self, events: &mut [EncodedEvent], kind: Kind) -> Option<Frame> {
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
    fn frame(self, events: &mut [EncodedEvent], kind: Kind, viewer: Viewer) -> Option<Frame> {
        let EncodedEvent { event, written } = events.get_mut(self.0)?;
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
