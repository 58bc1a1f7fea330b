//! Rounds: what a thread's sessions are told leaves in one message for the thread.
//!
//! A message of its own would cost a session a turn of its task, which is more than what it is told
//! costs. The thread's postman (`session::post`) knows the sessions by their places.

use std::sync::Arc;

use actix::{Message, Recipient};

use super::delivery::{Deliver, Delivery, News};

/// A session among those of its thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Its number, free again when it has gone.
    pub index: u32,
    /// Whose turn it is to have that number.
    pub turn: u32,
}

/// What several sessions of a thread get, in order.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Round(pub Vec<Load>);

/// A part of a round.
#[derive(Debug)]
pub enum Load {
    /// Things for one session.
    One(Place, Vec<Delivery>),
    /// News for each of several.
    Many(Vec<Place>, News),
}

impl Load {
    fn new(place: Place, deliver: Deliver) -> Self {
        match deliver {
            Deliver::Own(items) => Self::One(place, items),
            Deliver::Shared(news) => Self::Many(vec![place], news),
        }
    }
}

/// A thread that serves sessions.
pub struct Thread {
    /// Who takes rounds there.
    pub post: Recipient<Round>,
    /// How many things may be on their way to one of its sessions.
    pub messages_max: u32,
}

/// The way to a session.
pub struct Way {
    /// Its thread.
    pub thread: Arc<Thread>,
    /// Its place there.
    pub place: Place,
}

/// Rounds that leave together.
#[derive(Default)]
pub struct Rounds {
    threads: Vec<(Arc<Thread>, Vec<Load>)>,
}

impl Rounds {
    /// Adds something for a session.
    pub fn add(&mut self, way: &Way, deliver: Deliver) {
        let is_known = |(thread, _): &&mut (Arc<Thread>, _)| Arc::ptr_eq(thread, &way.thread);
        let Some((_, loads)) = self.threads.iter_mut().find(is_known) else {
            let load = Load::new(way.place, deliver);
            return self.threads.push((Arc::clone(&way.thread), vec![load]));
        };
        match (loads.last_mut(), deliver) {
            (Some(Load::Many(places, last)), Deliver::Shared(news)) if last.is(&news) => {
                places.push(way.place);
            }
            (_, deliver) => loads.push(Load::new(way.place, deliver)),
        }
    }

    /// Sends them off.
    pub fn send(self) {
        for (thread, loads) in self.threads {
            // Past any bound of the mailbox: each session's own has been kept.
            thread.post.do_send(Round(loads));
        }
    }
}
