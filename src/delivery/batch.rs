//! Batches: what a thread's sessions are told leaves in one message for the thread.
//!
//! A message of its own would cost a session a turn of its task, which is more than what it is told
//! costs. The thread's dispatcher knows its sessions by their slots.

use std::sync::Arc;

use actix::{Message, Recipient};

use super::deliver::{Deliver, Delivery, SharedFrames};

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

/// A part of a batch.
#[derive(Debug)]
pub enum BatchPart {
    /// Things for one session.
    Unicast(SessionSlot, Vec<Delivery>),
    /// News for each of several.
    Multicast(Vec<SessionSlot>, SharedFrames),
}

impl BatchPart {
    fn new(slot: SessionSlot, deliver: Deliver) -> Self {
        match deliver {
            Deliver::Own(items) => Self::Unicast(slot, items),
            Deliver::Shared(news) => Self::Multicast(vec![slot], news),
        }
    }
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
            let part = BatchPart::new(route.slot, deliver);
            return self.threads.push((Arc::clone(&route.thread), vec![part]));
        };
        match (parts.last_mut(), deliver) {
            (Some(BatchPart::Multicast(slots, last)), Deliver::Shared(news)) if last.is(&news) => {
                slots.push(route.slot);
            }
            (_, deliver) => parts.push(BatchPart::new(route.slot, deliver)),
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
