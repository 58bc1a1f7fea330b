//! Waiting, writing, deadlines and heartbeats.

use std::cmp::Reverse;
use std::io::{ErrorKind, Read as _};

use rustix::buffer::spare_capacity;
use rustix::event::{Timespec, epoll};

use super::conn::Phase;
use super::{End, Event, Handler, Net};
use crate::number::{index, long};
use crate::rewind::write;

/// Sockets told about at once.
const BATCH: usize = 512;

impl Net {
    /// Waits until something happens, at most until a moment, and handles it.
    pub fn poll(&mut self, until: u64, handler: &mut dyn Handler) -> anyhow::Result<()> {
        let until = self.next_due().map_or(until, |due| due.min(until));
        let now = self.look();
        let wait = if self.target.spin { 0 } else { until.saturating_sub(now) };
        let timeout = Timespec {
            tv_sec: i64::try_from(wait / 1_000_000_000).unwrap_or(1),
            tv_nsec: i64::try_from(wait % 1_000_000_000).unwrap_or_default(),
        };
        let mut events = Vec::with_capacity(BATCH);
        match epoll::wait(&self.epoll, spare_capacity(&mut events), Some(&timeout)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        for event in events {
            let (data, flags) = (event.data.u64(), event.flags);
            let session = u32::try_from(data & u64::from(u32::MAX)).unwrap_or_default();
            let generation = u32::try_from(data >> 32).unwrap_or_default();
            let ends = epoll::EventFlags::RDHUP | epoll::EventFlags::HUP | epoll::EventFlags::ERR;
            if self.is_live(session, generation) && flags.contains(epoll::EventFlags::OUT) {
                if !flags.intersects(ends) {
                    self.connected(session, handler);
                }
                self.write(session, handler);
            }
            let readable = flags.intersects(ends | epoll::EventFlags::IN);
            if self.is_live(session, generation) && readable {
                self.read(session, flags.intersects(ends), handler);
            }
        }
        self.expire(handler);
        self.beat(handler);
        self.flush(handler);
        Ok(())
    }

    fn next_due(&self) -> Option<u64> {
        let deadline = self.deadlines.front().map(|(due, _, _)| *due);
        let beat = self.beats.peek().map(|Reverse((due, _, _))| *due);
        deadline.into_iter().chain(beat).min()
    }

    /// But for WebSockets, the connection is all there is to the answer to an opening.
    fn connected(&mut self, session: u32, handler: &mut dyn Handler) {
        let upgrading = self.conn(session).is_some_and(|conn| conn.phase == Phase::Upgrading);
        if upgrading && !self.target.protocol.has_frames() {
            self.greet(session, handler);
        }
    }

    /// Reads all there is.
    fn read(&mut self, session: u32, ends: bool, handler: &mut dyn Handler) {
        let mut scratch = std::mem::take(&mut self.scratch);
        let generation = self.generation(session);
        while self.is_live(session, generation) {
            let Some(conn) = self.conn(session) else { break };
            let is_encrypted = conn.cipher.is_some();
            match conn.socket.read(&mut scratch) {
                Ok(0) => {
                    let end = conn.hung_up();
                    self.end(session, end, handler);
                }
                Ok(count) => {
                    self.look();
                    self.traffic.reads += 1;
                    self.traffic.bytes_in += long(count);
                    let bytes = scratch.get(..count).unwrap_or_default();
                    if is_encrypted {
                        self.decrypt(session, bytes, handler);
                    } else {
                        self.feed(session, bytes, handler);
                    }
                    // A short read of a stream has emptied it.
                    if count < scratch.len() && !ends {
                        break;
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => {
                    let done = conn.phase == Phase::Closing;
                    let end = if done { End::Done } else { End::io(&error) };
                    self.end(session, end, handler);
                }
            }
        }
        self.scratch = scratch;
    }

    fn write(&mut self, session: u32, handler: &mut dyn Handler) {
        let Some(conn) = self.conn(session) else { return };
        if !conn.has_news() {
            return;
        }
        match conn.flush() {
            Ok(count) => {
                self.traffic.writes += 1;
                self.traffic.bytes_out += long(count);
            }
            Err(error) => self.end(session, End::io(&error), handler),
        }
    }

    /// Writes what all sessions have to say.
    pub fn flush(&mut self, handler: &mut dyn Handler) {
        let mut dirty = std::mem::take(&mut self.dirty);
        for session in dirty.drain(..) {
            if let Some(conn) = self.conn(session) {
                conn.dirty = false;
            }
            self.write(session, handler);
        }
        // Who was told of an end may have said something meanwhile.
        if self.dirty.is_empty() {
            self.dirty = dirty;
        }
    }

    /// Takes a session out, and tells.
    pub(super) fn end(&mut self, session: u32, end: End, handler: &mut dyn Handler) {
        let conn = self.slots.get_mut(index(session)).and_then(|slot| slot.conn.take());
        if let Some(conn) = conn {
            let was_ready = conn.was_ready;
            handler.event(self, session, Event::Ended { end, was_ready });
        }
    }

    fn expire(&mut self, handler: &mut dyn Handler) {
        while let Some((due, session, generation)) = self.deadlines.front().copied() {
            if due > self.now {
                break;
            }
            self.deadlines.pop_front();
            if !self.is_live(session, generation) {
                continue;
            }
            match self.conn(session).map(|conn| conn.phase) {
                Some(Phase::Upgrading) => self.end(session, End::Deadline("upgrade"), handler),
                Some(Phase::Greeting) => self.end(session, End::Deadline("auth"), handler),
                Some(Phase::Closing) => self.end(session, End::Deadline("close"), handler),
                Some(Phase::Ready) | None => {}
            }
        }
    }

    /// Starts the heartbeats of a session, the first at any moment of the period.
    pub(super) fn start_beats(&mut self, session: u32, generation: u32) {
        let due = self.now.saturating_add(self.random(self.target.heartbeat));
        self.beats.push(Reverse((due, session, generation)));
    }

    /// Sends the heartbeats that are due; their count is the moment they were due at, times two.
    fn beat(&mut self, handler: &mut dyn Handler) {
        while let Some(Reverse((due, session, generation))) = self.beats.peek().copied() {
            if due > self.now {
                break;
            }
            self.beats.pop();
            let same = self.generation(session) == generation;
            if same && self.say(session, |out, key| write::heartbeat(out, key, due << 1)) {
                let next = due.saturating_add(self.target.heartbeat);
                self.beats.push(Reverse((next, session, generation)));
                handler.event(self, session, Event::Beat(due));
            }
        }
    }

    /// Asks for an echo that marks the end of what was asked before.
    pub fn mark(&mut self, session: u32) -> bool {
        self.mark_as(session, self.now)
    }

    /// Asks for an echo with a number; odd counts are marks.
    pub fn mark_as(&mut self, session: u32, number: u64) -> bool {
        self.say(session, |out, key| write::heartbeat(out, key, number << 1 | 1))
    }
}
