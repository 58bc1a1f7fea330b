//! What the hub has for a session: news, answers, the end.

use std::sync::Arc;

use actix::Message;

use crate::dialect::Frame;
use crate::domain::close::CloseReason;
use crate::domain::error::Refusal;

/// One thing for a session.
#[derive(Debug)]
pub enum Delivery {
    /// Something happened.
    Push(Frame),
    /// A request of the session has this answer.
    Answer(u64, Frame),
    /// A request of the session is done, and not answered.
    Done(u64),
    /// A request of the session is refused.
    Refused(u64, Refusal),
    /// Find out whether the peer is there.
    Ping,
    /// The session must end.
    Evict(CloseReason),
}

impl Delivery {
    /// Bytes that count towards the session's bound. Answers do not: a session that waits for
    /// answers asks nothing more, so that there are never many.
    fn bytes(&self) -> usize {
        match self {
            Self::Push(frame) => frame.len(),
            Self::Answer(..) | Self::Done(_) | Self::Refused(..) | Self::Ping | Self::Evict(_) => 0,
        }
    }
}

/// Things for a session, in order.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Deliver {
    items: Items,
    bytes: usize,
}

/// What is delivered.
#[derive(Debug)]
pub enum Items {
    /// Things for this session alone.
    Own(Vec<Delivery>),
    /// News that several sessions get.
    Shared(Arc<[Frame]>),
}

impl Deliver {
    /// Things for one session.
    pub fn own(items: Vec<Delivery>) -> Self {
        let bytes = items.iter().map(Delivery::bytes).sum();
        Self { items: Items::Own(items), bytes }
    }

    /// News for one of several sessions.
    pub fn shared(frames: Arc<[Frame]>) -> Self {
        let bytes = frames.iter().map(Frame::len).sum();
        Self { items: Items::Shared(frames), bytes }
    }

    /// Bytes that count towards the session's bound.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// What there is.
    pub fn into_items(self) -> Items {
        self.items
    }
}
