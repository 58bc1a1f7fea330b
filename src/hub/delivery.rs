//! What the hub has for a session: news, answers, the end.

use actix::Message;

use crate::dialect::Frame;
use crate::domain::close::CloseReason;

/// One thing for a session.
#[derive(Debug)]
pub enum Delivery {
    /// Something happened.
    Push(Frame),
    /// A request of the session has this answer.
    Answer(u64, Frame),
    /// The session must end.
    Evict(CloseReason),
}

impl Delivery {
    /// Bytes that count towards the session's bound. Answers do not: a session that waits for
    /// answers asks nothing more, so that there are never many.
    fn bytes(&self) -> usize {
        match self {
            Self::Push(frame) => frame.len(),
            Self::Answer(_, _) | Self::Evict(_) => 0,
        }
    }
}

/// Things for a session, in order.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Deliver {
    items: Vec<Delivery>,
    bytes: usize,
}

impl Deliver {
    /// Puts deliveries together.
    pub fn new(items: Vec<Delivery>) -> Self {
        let bytes = items.iter().map(Delivery::bytes).sum();
        Self { items, bytes }
    }

    /// Bytes that count towards the session's bound.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// The deliveries.
    pub fn into_items(self) -> Vec<Delivery> {
        self.items
    }
}
