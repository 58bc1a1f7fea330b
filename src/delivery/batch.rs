//! What leaves for sessions: news, answers, the end; for all sessions of a thread in one message.
//!
//! A message of its own would cost a session a turn of its task, which is more than what it is told
//! costs. The thread's dispatcher knows its sessions by their slots.

use std::sync::Arc;

use actix::{Message, Recipient};
use smallvec::{SmallVec, smallvec};

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
    /// All that the session is told of what was committed before it asked has come.
    Told,
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
            | Self::Told
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
    /// Whether it is nothing but news.
    pub fn is_news(&self) -> bool {
        match self {
            Self::Own(items) => items.iter().all(|item| matches!(item, Delivery::Push(_))),
            Self::Shared(_) => true,
        }
    }

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
        Self { bytes: frames.iter().map(Frame::len).sum(), frames }
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

/// Where a session is among those of its thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionSlot {
    /// The number of the slot, free again when its session has gone.
    pub index: u32,
    /// How many sessions have had that number before.
    pub generation: u32,
}

/// What several sessions of a thread get, in order.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct ThreadBatch(pub Vec<BatchPart>);

/// A part of a batch: the same for each of some sessions. What is not shared is for one alone.
#[derive(Debug)]
pub struct BatchPart {
    pub slots: SmallVec<[SessionSlot; 2]>,
    pub deliver: Deliver,
}

/// A thread that serves sessions.
pub struct Thread {
    /// Who takes batches there.
    pub dispatcher: Recipient<ThreadBatch>,
    /// How many things may be on their way to one of its sessions.
    pub messages_max: u32,
}

/// The way to a session.
pub struct SessionRoute {
    pub thread: Arc<Thread>,
    pub slot: SessionSlot,
}

/// Batches for several threads, which leave together.
#[derive(Default)]
pub struct Batches {
    threads: Vec<(Arc<Thread>, Vec<BatchPart>)>,
}

impl Batches {
    /// Adds something for a session.
    pub fn add(&mut self, route: &SessionRoute, deliver: Deliver) {
        let is_known = |(thread, _): &&mut (Arc<Thread>, _)| Arc::ptr_eq(thread, &route.thread);
        let Some((_, parts)) = self.threads.iter_mut().find(is_known) else {
            let part = BatchPart { slots: smallvec![route.slot], deliver };
            return self.threads.push((Arc::clone(&route.thread), vec![part]));
        };
        match (parts.last_mut(), &deliver) {
            (Some(BatchPart { slots, deliver: Deliver::Shared(last) }), Deliver::Shared(news))
                if last.is(news) =>
            {
                slots.push(route.slot);
            }
            _ => parts.push(BatchPart { slots: smallvec![route.slot], deliver }),
        }
    }

    /// Sends them off.
    pub fn send(self) {
        for (thread, parts) in self.threads {
            // Past any bound of the mailbox: each session's own has been kept.
            thread.dispatcher.do_send(ThreadBatch(parts));
        }
    }
}
