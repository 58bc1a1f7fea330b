//! What the sessions of a mailbox are told: events, written once a variant, and answers.

use crate::delivery::batch::Delivery;
use crate::domain::error::Refusal;
use crate::domain::event::{Event, Viewer};
use crate::domain::id::SessionId;
use crate::wire::{Dialects, Frame, Variant};

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
    /// A request is done, and not answered.
    Done { session: SessionId, request: u64 },
    /// A request is refused.
    Refusal { session: SessionId, request: u64, refusal: Refusal },
}

/// An event, with the forms in which it has been written so far.
pub(super) struct EncodedEvent {
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
            | Self::Done { session, .. }
            | Self::Refusal { session, .. } => *session == who,
        }
    }

    /// What it is for a session that is singled out.
    pub(super) fn own(
        &self,
        events: &mut Events<'_>,
        who: SessionId,
        variant: Variant,
    ) -> Option<Delivery> {
        match self {
            Self::Push { except, .. } if *except == Some(who) => None,
            Self::Push { .. } => self.told(events, variant).map(Delivery::Push),
            Self::EventAnswer { event, session, request } if *session == who => {
                // Whoever has no frame for it is not kept waiting for one.
                Some(match event.frame(events, variant, Viewer::Author) {
                    Some(frame) => Delivery::Answer(*request, frame),
                    None => Delivery::Done(*request),
                })
            }
            Self::PushTo { event, viewer, session } if *session == who => {
                event.frame(events, variant, *viewer).map(Delivery::Push)
            }
            Self::Done { session, request } if *session == who => Some(Delivery::Done(*request)),
            Self::Refusal { session, request, refusal } if *session == who => {
                Some(Delivery::Refused(*request, *refusal))
            }
            Self::EventAnswer { .. }
            | Self::PushTo { .. }
            | Self::Done { .. }
            | Self::Refusal { .. } => None,
        }
    }

    /// What it is for the others.
    pub(super) fn told(&self, events: &mut Events<'_>, variant: Variant) -> Option<Frame> {
        match self {
            Self::Push { event, viewer, .. } => event.frame(events, variant, *viewer),
            Self::EventAnswer { .. }
            | Self::PushTo { .. }
            | Self::Done { .. }
            | Self::Refusal { .. } => None,
        }
    }
}

/// The events of a fan-out, and who can write them.
pub(super) struct Events<'a> {
    pub(super) dialects: &'a Dialects,
    pub(super) encoded: Vec<EncodedEvent>,
}

impl EventKey {
    /// The event as a session of this variant sees it, if it is told at all. A dialect is asked once
    /// for all of them.
    fn frame(self, events: &mut Events<'_>, variant: Variant, viewer: Viewer) -> Option<Frame> {
        let EncodedEvent { event, written } = events.encoded.get_mut(self.0)?;
        let same = |one: &&EncodedFrame| one.variant == variant && one.viewer == viewer;
        if let Some(one) = written.iter().find(same) {
            return one.frame.clone();
        }
        let (dialect, options) = (events.dialects.get(variant), variant.options());
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
