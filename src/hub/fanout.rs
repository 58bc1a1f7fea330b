//! Fan-out: an event is written once per kind of session and shared by all who get it.
//!
//! What one commit has for a session leaves in one message, in the order of the commit.

use std::collections::HashMap;

use super::delivery::Delivery;
use crate::dialect::{Frame, Kind};
use crate::domain::event::{Event, Viewer};
use crate::domain::id::SessionId;

/// Deliveries that leave together.
#[derive(Default)]
pub struct Fanout {
    /// In the order of first mention, so that no session is served twice before others once.
    order: Vec<SessionId>,
    items: HashMap<SessionId, Vec<Delivery>>,
}

impl Fanout {
    /// Adds one thing for a session.
    pub fn add(&mut self, session: SessionId, delivery: Delivery) {
        let order = &mut self.order;
        self.items
            .entry(session)
            .or_insert_with(|| {
                order.push(session);
                Vec::new()
            })
            .push(delivery);
    }

    /// Takes out all deliveries, session by session.
    pub fn into_deliveries(mut self) -> impl Iterator<Item = (SessionId, Vec<Delivery>)> {
        self.order.into_iter().filter_map(move |id| self.items.remove(&id).map(|items| (id, items)))
    }
}

/// An event, with the forms in which it has been written so far.
pub struct Broadcast {
    event: Event,
    written: Vec<(Kind, Frame)>,
}

impl Broadcast {
    /// An event that nobody has been told of.
    pub fn new(event: Event) -> Self {
        Self { event, written: Vec::new() }
    }

    /// The event as a session of this kind sees it, if it is told at all.
    pub fn frame(&mut self, kind: Kind, viewer: Viewer) -> Option<Frame> {
        if !kind.tells(&self.event, viewer) {
            return None;
        }
        if let Some((_, frame)) = self.written.iter().find(|(written, _)| *written == kind) {
            return Some(frame.clone());
        }
        let frame = kind.event(&self.event);
        self.written.push((kind, frame.clone()));
        Some(frame)
    }
}
