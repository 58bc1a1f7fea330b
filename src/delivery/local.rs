//! The sessions of a thread, as its dispatcher reaches them. All of it stays on the thread.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use actix::{Actor as _, Recipient};
use bytes::BytesMut;

use super::backlog::Backlog;
use super::batch::{SessionRoute, SessionSlot, Thread};
use super::deliver::{Deliver, SharedFrames};
use super::dispatcher::ThreadDispatcher;
use crate::telemetry::Metrics;
use crate::wire::Frame;

/// Slots made at once, at least.
const SLOTS_MIN: usize = 64;

/// A way into a socket past its session. Only the session's thread uses it.
pub trait Bypass {
    /// Takes all of some news, unless something else waits to be written, or nothing can be: then
    /// none of them.
    fn pass(&self, news: &SharedFrames, written: &mut WrittenNews) -> bool;
}

/// News as sockets get them, kept from one session to the next.
#[derive(Default)]
pub struct WrittenNews {
    of: Option<SharedFrames>,
    bytes: BytesMut,
}

impl WrittenNews {
    /// The bytes of some news; `write` appends a frame.
    pub fn of(&mut self, news: &SharedFrames, write: impl Fn(&mut BytesMut, &Frame)) -> &[u8] {
        if !self.of.as_ref().is_some_and(|of| of.is(news)) {
            self.bytes.clear();
            news.frames().iter().for_each(|frame| write(&mut self.bytes, frame));
            self.of = Some(news.clone());
        }
        &self.bytes
    }
}

/// A session as its thread's dispatcher sees it.
pub struct LocalSession {
    /// Past its mailbox, if its socket lets news in.
    pub bypass: Option<Rc<dyn Bypass>>,
    pub mailbox: Recipient<Deliver>,
    pub backlog: Arc<Backlog>,
}

impl LocalSession {
    /// Gives news to the session, or past it if the session would only write them.
    pub(super) fn tell(&self, news: &SharedFrames, written: &mut WrittenNews, metrics: &Metrics) {
        let passes = self.backlog.may_pass()
            && self.bypass.as_ref().is_some_and(|bypass| bypass.pass(news, written));
        if passes {
            let frames = u64::try_from(news.frames().len()).unwrap_or(u64::MAX);
            metrics.frames_out.inc_by(frames);
            self.backlog.passed(news.bytes());
        } else {
            self.mail(Deliver::Shared(news.clone()));
        }
    }

    /// Puts something into the mailbox.
    pub(super) fn mail(&self, deliver: Deliver) {
        self.backlog.mailed();
        // Past the mailbox's bound: the hub has kept it.
        self.mailbox.do_send(deliver);
    }
}

/// The sessions of a thread, each at the index of its slot.
#[derive(Default)]
pub(super) struct LocalSessions {
    slots: Vec<LocalSlot>,
    free: Vec<u32>,
}

struct LocalSlot {
    generation: u32,
    session: Option<LocalSession>,
}

impl LocalSessions {
    fn insert(&mut self, session: LocalSession) -> SessionSlot {
        let next = u32::try_from(self.slots.len()).unwrap_or(u32::MAX);
        let index = self.free.pop().unwrap_or(next);
        match self.slot(index) {
            Some(slot) => slot.session = Some(session),
            None => {
                if self.slots.len() == self.slots.capacity() {
                    // By less than half: there may be many.
                    self.slots.reserve_exact(SLOTS_MIN.max(self.slots.len() / 8));
                }
                self.slots.push(LocalSlot { generation: 0, session: Some(session) });
            }
        }
        let generation = self.slot(index).map_or(0, |slot| slot.generation);
        SessionSlot { index, generation }
    }

    fn remove(&mut self, at: SessionSlot) {
        if self.get(at).is_some()
            && let Some(slot) = self.slot(at.index)
        {
            *slot = LocalSlot { generation: slot.generation.wrapping_add(1), session: None };
            self.free.push(at.index);
        }
    }

    fn slot(&mut self, index: u32) -> Option<&mut LocalSlot> {
        self.slots.get_mut(usize::try_from(index).ok()?)
    }

    /// The session in a slot, if it has not gone.
    pub(super) fn get(&self, at: SessionSlot) -> Option<&LocalSession> {
        let slot = self.slots.get(usize::try_from(at.index).ok()?)?;
        slot.session.as_ref().filter(|_| slot.generation == at.generation)
    }
}

thread_local! {
    static LOCAL: RefCell<LocalThread> = RefCell::default();
}

/// This thread, with its dispatcher if there is one yet.
#[derive(Default)]
struct LocalThread {
    sessions: Rc<RefCell<LocalSessions>>,
    thread: Option<Arc<Thread>>,
}

/// Makes a session of this thread known to its dispatcher. To be followed by [`leave`].
pub fn join(session: LocalSession, messages_max: usize, metrics: &Metrics) -> SessionRoute {
    LOCAL.with_borrow_mut(|local| {
        let slot = local.sessions.borrow_mut().insert(session);
        // A thread may outlive what runs on it.
        let known = local.thread.take().filter(|thread| thread.dispatcher.connected());
        let thread = known.unwrap_or_else(|| {
            let sessions = Rc::clone(&local.sessions);
            let dispatcher = ThreadDispatcher::new(sessions, metrics.clone()).start().recipient();
            let messages_max = u32::try_from(messages_max).unwrap_or(u32::MAX);
            Arc::new(Thread { dispatcher, messages_max })
        });
        local.thread = Some(Arc::clone(&thread));
        SessionRoute { thread, slot }
    })
}

/// Takes a session of this thread out again.
pub fn leave(slot: SessionSlot) {
    LOCAL.with_borrow(|local| local.sessions.borrow_mut().remove(slot));
}
