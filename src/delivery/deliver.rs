//! What the hub has for a session: news, answers, the end.

use std::sync::Arc;

use actix::Message;

use crate::domain::close::CloseReason;
use crate::domain::error::Refusal;
use crate::wire::Frame;

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
    /// It seems that the session must end for this reason: read what waits in the socket, and end unless
    /// there is a sign of life.
    LastCall(CloseReason),
    /// The session must end.
    Evict(CloseReason),
}

impl Delivery {
    /// Bytes that count towards the session's bound. Answers do not: a session that waits for
    /// answers asks nothing more, so that there are never many.
    fn bytes(&self) -> usize {
        match self {
            Self::Push(frame) => frame.len(),
            Self::Answer(..)
            | Self::Done(_)
            | Self::Refused(..)
            | Self::Ping
            | Self::LastCall(_)
            | Self::Evict(_) => 0,
        }
    }
}

/// Things for a session, in order.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub enum Deliver {
    /// For this session alone.
    Own(Vec<Delivery>),
    /// For several sessions.
    Shared(SharedFrames),
}

impl Deliver {
    /// Bytes that count towards the session's bound.
    pub fn bytes(&self) -> usize {
        match self {
            Self::Own(items) => items.iter().map(Delivery::bytes).sum(),
            Self::Shared(news) => news.bytes,
        }
    }
}

/// News, written, that several sessions get, in order.
#[derive(Clone, Debug)]
pub struct SharedFrames {
    frames: Arc<[Frame]>,
    bytes: usize,
}

impl SharedFrames {
    /// These frames.
    pub fn new(frames: Arc<[Frame]>) -> Self {
        let bytes = frames.iter().map(Frame::len).sum();
        Self { frames, bytes }
    }

    /// The frames.
    pub fn frames(&self) -> &Arc<[Frame]> {
        &self.frames
    }

    /// The frames alone.
    pub fn into_frames(self) -> Arc<[Frame]> {
        self.frames
    }

    /// Bytes that count towards a session's bound.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether they are one and the same list.
    pub fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.frames, &other.frames)
    }
}
