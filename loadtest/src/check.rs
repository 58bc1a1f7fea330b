//! Whether every acknowledged message arrives once and in order.

use std::collections::VecDeque;
use std::ops::Range;

use serde::Serialize;

/// What one reader has seen of one flow.
#[derive(Clone, Debug, Default)]
pub struct Line {
    /// Where it began to look.
    start: u32,
    /// One above the highest number seen.
    next: u32,
    /// What was skipped below `next`, in order.
    holes: Vec<Range<u32>>,
}

/// How a message fits behind those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fit {
    /// It is a new one; perhaps others before it are missing, which only the end tells.
    Ahead,
    /// It should have come before one that is here already.
    Late,
    /// It was here already.
    Again,
}

impl Line {
    /// A line whose first number is not 0.
    pub fn starting(start: u32) -> Self {
        Self { start, next: start, holes: Vec::new() }
    }

    /// Takes the next message that came.
    pub fn take(&mut self, seq: u32) -> Fit {
        if seq >= self.next {
            if seq > self.next {
                self.holes.push(self.next..seq);
            }
            self.next = seq.saturating_add(1);
            return Fit::Ahead;
        }
        let place = self.holes.partition_point(|hole| hole.end <= seq);
        let Some(hole) = self.holes.get(place).filter(|hole| hole.contains(&seq)).cloned() else {
            return Fit::Again;
        };
        let parts = [hole.start..seq, seq + 1..hole.end];
        self.holes.splice(place..=place, parts.into_iter().filter(|part| !part.is_empty()));
        Fit::Late
    }

    /// Whether a message has come.
    pub fn has(&self, seq: u32) -> bool {
        let place = self.holes.partition_point(|hole| hole.end <= seq);
        let hole = self.holes.get(place).is_some_and(|hole| hole.contains(&seq));
        (self.start..self.next).contains(&seq) && !hole
    }

    /// What has not come of the numbers below `sent`.
    pub fn missing(&self, sent: u32) -> impl Iterator<Item = u32> {
        let holes = self.holes.iter().cloned().flatten();
        holes.chain(self.next..sent.max(self.next))
    }

    /// What was skipped.
    pub fn holes(&self) -> impl Iterator<Item = u32> {
        self.holes.iter().cloned().flatten()
    }

    /// One above the highest number seen.
    pub fn next(&self) -> u32 {
        self.next
    }
}

/// The author's side of a flow.
#[derive(Clone, Debug, Default)]
pub struct Flow {
    sent: u32,
    /// Those not answered yet; answers come in the order of the requests.
    pending: VecDeque<u32>,
    /// Those refused, in order.
    refused: Vec<u32>,
    /// Those whose answer can no longer come, in order.
    unanswered: Vec<u32>,
}

/// What an acknowledgement means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ack {
    /// The expected one.
    Next,
    /// One that was not the oldest waiting.
    Early,
    /// One that was answered already, or never sent.
    Again,
}

impl Flow {
    /// Gives the number of the next message.
    pub fn send(&mut self) -> u32 {
        let seq = self.sent;
        self.sent += 1;
        self.pending.push_back(seq);
        seq
    }

    /// The author got its message back.
    pub fn ack(&mut self, seq: u32) -> Ack {
        if self.pending.front() == Some(&seq) {
            self.pending.pop_front();
            return Ack::Next;
        }
        match self.pending.iter().position(|waiting| *waiting == seq) {
            Some(place) => {
                self.pending.remove(place);
                Ack::Early
            }
            None => Ack::Again,
        }
    }

    /// The author got an error: the oldest waiting is refused; which one it was.
    pub fn refuse(&mut self) -> Option<u32> {
        let oldest = self.pending.pop_front();
        self.refused.extend(oldest);
        oldest
    }

    /// The author's session has ended: what waits stays unanswered.
    pub fn cut(&mut self) {
        self.unanswered.extend(self.pending.drain(..));
    }

    /// How many wait for their answer.
    pub fn waiting(&self) -> usize {
        self.pending.len()
    }

    /// How many were sent.
    pub fn sent(&self) -> u32 {
        self.sent
    }

    /// Whether the hub has said that it has this message.
    pub fn is_acked(&self, seq: u32) -> bool {
        seq < self.sent
            && self.refused.binary_search(&seq).is_err()
            && self.unanswered.binary_search(&seq).is_err()
            && !self.pending.contains(&seq)
    }

    /// The refused ones.
    pub fn refused(&self) -> &[u32] {
        &self.refused
    }
}

/// What was found in a whole run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Check {
    /// Acknowledged and not delivered.
    pub lost: u64,
    /// Acknowledged and not delivered because the hub or the network ended the reader's session.
    pub cut_off: u64,
    /// Delivered or acknowledged twice.
    pub duplicated: u64,
    /// Delivered or acknowledged out of order.
    pub disordered: u64,
    pub refused_but_delivered: u64,
    /// Delivered to the wrong session, changed on the way, or never sent.
    pub foreign: u64,
    /// Neither acknowledged nor refused; no fault, since nobody was promised anything.
    pub unanswered: u64,
    /// The first faults, in words.
    pub examples: Vec<String>,
}

impl Check {
    /// Whether the hub kept its word.
    pub fn is_good(&self) -> bool {
        self.faults() == 0
    }

    /// How often it did not.
    pub fn faults(&self) -> u64 {
        let faults = [self.lost, self.cut_off, self.duplicated, self.disordered];
        faults.iter().sum::<u64>() + self.refused_but_delivered + self.foreign
    }

    /// Keeps the first few faults.
    pub fn example(&mut self, words: impl FnOnce() -> String) {
        if self.examples.len() < 20 {
            self.examples.push(words());
        }
    }

    /// Notes a message that should not be here.
    pub fn foreign(&mut self, session: u32, content: &str) {
        self.foreign += 1;
        self.example(|| format!("session {session}: got what is not for it: {content:.60}"));
    }

    /// Notes how a delivery fits.
    pub fn fit(&mut self, fit: Fit, reader: u32, flow: u32, seq: u32) {
        match fit {
            Fit::Ahead => {}
            Fit::Late => {
                self.disordered += 1;
                self.example(|| format!("session {reader}: {flow}/{seq} came late"));
            }
            Fit::Again => {
                self.duplicated += 1;
                self.example(|| format!("session {reader}: {flow}/{seq} came again"));
            }
        }
    }

    /// Notes how an acknowledgement fits.
    pub fn ack(&mut self, ack: Ack, flow: u32, seq: u32) {
        match ack {
            Ack::Next => {}
            Ack::Early => {
                self.disordered += 1;
                self.example(|| format!("{flow}/{seq} was acknowledged before an older one"));
            }
            Ack::Again => {
                self.duplicated += 1;
                self.example(|| format!("{flow}/{seq} was acknowledged again"));
            }
        }
    }

    /// At the end: compares what was acknowledged with what a reader has; `ended` says whether the
    /// reader's session ended before the run did.
    pub fn settle(&mut self, flow: &Flow, number: u32, line: &Line, ended: bool) {
        for seq in line.missing(flow.sent()).filter(|seq| flow.is_acked(*seq)) {
            let kind = if ended { &mut self.cut_off } else { &mut self.lost };
            *kind += 1;
            self.example(|| format!("{number}/{seq} was acknowledged and not delivered"));
        }
        for seq in flow.refused().iter().filter(|seq| line.has(**seq)) {
            self.refused_but_delivered += 1;
            self.example(|| format!("{number}/{seq} was refused and delivered"));
        }
    }

    /// Counts what never got an answer.
    pub fn settle_author(&mut self, flow: &Flow) {
        self.unanswered += crate::number::long(flow.waiting() + flow.unanswered.len());
    }
}
