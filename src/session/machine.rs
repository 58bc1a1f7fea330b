//! The rules of one session, without sockets and actors; of the clock it only lends the reading.
//!
//! Text, answers and pushes go in; effects come out. The rule that shapes it: frames of a
//! session are handled one after another, and answers leave in the order of the requests. Writes
//! may be under way together, because the hub and the store keep their order; whatever must see
//! their outcome (a look-up, an identification) waits for them, and so does the reading of the
//! socket behind it.

use std::collections::VecDeque;
use std::mem;
use std::sync::Arc;
use std::time::Duration;

use super::Input;
use super::effect::{Effect, Effects, Request};
use super::paces::Paces;
use crate::auth::limits::TooMany;
use crate::auth::rates::Counter;
use crate::domain::apps::command::{AppsAnswer, AppsRequest};
use crate::domain::clock::Clock;
use crate::domain::close::CloseReason;
use crate::domain::command::{Query, Write};
use crate::domain::error::Refusal;
use crate::domain::id::UserId;
use crate::wire::{Answer, Context, Decoded, Dialect, Dialects, Frame, Phase, Variant};

mod identity;
mod news;

use news::HeldNews;

/// Heartbeats that do not come faster are never refused.
const BEAT_INTERVAL_MIN: Duration = Duration::from_secs(1);

/// What the machines of all sessions share, in one pointer: each session is small.
pub struct Common {
    pub dialects: Arc<Dialects>,
    pub clock: Arc<dyn Clock>,
    /// Requests of a session that may be under way at once.
    pub pipeline_max: usize,
    /// Bytes of news that may wait for the answer to the first identification.
    pub held_bytes_max: usize,
    /// How fast the sockets of each dialect may ask.
    pub paces: Paces,
}

/// A request that has not been answered in full, or whose answer waits for earlier ones.
enum Slot {
    /// With the user it is about.
    Pending(Option<UserId>),
    /// With nothing to be said, if so.
    Answered(Option<Frame>),
}

/// The kind of the pending requests.
#[derive(Clone, Copy, PartialEq, Eq)]
enum UnderWay {
    Nothing,
    Writes,
    /// A look-up or an identification: nothing else may be under way with it.
    Alone,
}

/// The state of one session.
pub struct Machine {
    common: Arc<Common>,
    variant: Variant,
    phase: Phase,
    /// Counts what comes: for this session alone until it is known whose it is.
    counter: Counter,
    /// Counts what comes of this socket, where its dialect bounds that. In a box, since most do not.
    pace: Option<Box<Counter>>,
    /// Up to when another heartbeat is early, in microseconds of the steady clock.
    beat_early_until: u64,
    /// Requests in order; the first has the number `first`.
    slots: VecDeque<Slot>,
    first: Request,
    pending: u32,
    under_way: UnderWay,
    /// Frames that came while they could not be handled: the text, or `None` for a binary one.
    #[expect(clippy::box_collection, reason = "sessions are many, and few have any")]
    waiting: Option<Box<VecDeque<Option<String>>>>,
    /// In a box, since most sessions hold nothing, and none for long.
    held: Option<Box<HeldNews>>,
    ended: bool,
}

impl Machine {
    /// A session that has just been opened.
    pub fn new(variant: Variant, common: Arc<Common>, counter: Counter) -> Self {
        let pace = common.paces.of(variant).map(Box::new);
        Self {
            common,
            variant,
            phase: Phase::Opened,
            counter,
            pace,
            beat_early_until: 0,
            slots: VecDeque::new(),
            first: 0,
            pending: 0,
            under_way: UnderWay::Nothing,
            waiting: None,
            held: None,
            ended: false,
        }
    }

    /// The dialect of the session, with its options.
    pub fn variant(&self) -> Variant {
        self.variant
    }

    /// How far the session has come.
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// Whether the session is over; only its goodbye may still be on the way.
    pub fn has_ended(&self) -> bool {
        self.ended
    }

    /// A text frame came.
    pub fn text(&mut self, text: &str, effects: &mut Effects) {
        self.came(Some(text), effects);
    }

    /// A binary frame came. The frame takes its turn like any other, also in being held back: its answer
    /// must not pile up behind those that are pending.
    pub fn binary(&mut self, effects: &mut Effects) {
        self.came(None, effects);
    }

    fn came(&mut self, frame: Option<&str>, effects: &mut Effects) {
        if self.ended {
            return;
        }
        if self.waiting.is_some() || !self.take(frame, effects) {
            // A copy, so that it does not keep the buffer it was read into.
            self.waiting.get_or_insert_default().push_back(frame.map(str::to_owned));
            effects.push_back(Effect::Input(Input::Hold));
        }
    }

    /// Answers a frame that asks nothing of anybody, in its turn.
    fn reply(&mut self, frame: Frame, effects: &mut Effects) {
        if self.ended {
        } else if self.slots.is_empty() {
            effects.push_back(Effect::Send(frame));
        } else {
            self.slots.push_back(Slot::Answered(Some(frame)));
        }
    }

    /// A part of the answer to `request`, the only one under way; more will follow.
    pub fn partly_answered(
        &mut self,
        frames: impl IntoIterator<Item = Frame>,
        effects: &mut Effects,
    ) {
        if !self.ended {
            effects.extend(frames.into_iter().map(Effect::Send));
        }
    }

    /// `request` has its answer: these frames, of which more than one only if it was alone; perhaps
    /// none.
    pub fn answered(
        &mut self,
        request: Request,
        frames: impl IntoIterator<Item = Frame>,
        effects: &mut Effects,
    ) {
        if self.ended {
            return;
        }
        let mut frames = frames.into_iter();
        if self.first == request {
            self.slots.pop_front();
            self.first = self.first.wrapping_add(1);
            effects.extend(frames.map(Effect::Send));
        } else if let Some(slot) = self.slot(request) {
            *slot = Slot::Answered(frames.next());
        }
        self.pending = self.pending.saturating_sub(1);
        self.advance(effects);
    }

    /// `request` was refused.
    pub fn refused(&mut self, request: Request, refusal: Refusal, effects: &mut Effects) {
        let peer = match self.slot(request) {
            Some(Slot::Pending(peer)) => *peer,
            Some(Slot::Answered(_)) | None => None,
        };
        let frame = self.dialect().refusal(refusal, peer, self.context());
        self.answered(request, [frame], effects);
    }

    /// The session ends; nothing is handled any more.
    pub fn end(&mut self, reason: CloseReason, effects: &mut Effects) {
        if !self.ended {
            self.forget_all();
            effects.push_back(Effect::Close(reason));
        }
    }

    fn forget_all(&mut self) {
        self.ended = true;
        self.waiting = None;
        self.held = None;
        self.slots.clear();
    }

    /// Handles a frame (`None`: a binary one); false if it must wait for answers to earlier ones.
    fn take(&mut self, frame: Option<&str>, effects: &mut Effects) -> bool {
        if self.under_way == UnderWay::Alone || self.slots.len() >= self.common.pipeline_max {
            return false;
        }
        let decoded = match frame {
            Some(text) => self.dialect().decode(text, self.context()),
            None => self.dialect().decode_binary(self.context()),
        };
        match decoded {
            // What says nothing costs as much to read as anything else.
            Decoded::Ignore => {
                self.allow(effects);
            }
            Decoded::Heartbeat(frame) => {
                if self.phase == Phase::Opened {
                    self.phase = Phase::Alive;
                }
                effects.push_back(Effect::Alive);
                if self.allow_beat(effects) {
                    self.reply(frame, effects);
                }
            }
            Decoded::Reply(frame) => {
                if self.allow(effects) {
                    self.reply(frame, effects);
                }
            }
            Decoded::ReplyAndClose(frame, reason) => {
                self.reply(frame, effects);
                self.end(reason, effects);
            }
            Decoded::Close(reason) => self.end(reason, effects),
            Decoded::Identify { .. } | Decoded::Query(_) | Decoded::Apps(_) if self.pending > 0 => {
                return false;
            }
            Decoded::Identify { credential, options } => self.show(credential, options, effects),
            Decoded::Write(write) => self.write(write, effects),
            Decoded::Query(query) => self.query(query, effects),
            Decoded::Apps(asked) => self.ask(asked, effects),
        }
        true
    }

    fn write(&mut self, write: Write, effects: &mut Effects) {
        let Phase::Ready(by) = self.phase else { return };
        if self.allow(effects) {
            let peer = by.user().and_then(|me| write.peer(me));
            let request = self.open(UnderWay::Writes, peer);
            effects.push_back(Effect::Write { request, write });
        }
    }

    fn query(&mut self, query: Query, effects: &mut Effects) {
        let Phase::Ready(by) = self.phase else { return };
        if self.allow(effects) {
            let peer = by.user().and_then(|me| query.peer(me));
            let request = self.open(UnderWay::Alone, peer);
            effects.push_back(Effect::Query { request, query, by });
        }
    }

    /// What is asked too fast is asked otherwise, or answered at once.
    fn ask(&mut self, asked: AppsRequest, effects: &mut Effects) {
        let Phase::Ready(by) = self.phase else { return };
        let asked = match self.count() {
            Ok(()) => asked,
            Err(over) => match self.dialect().over_rate(asked) {
                Some(instead) => {
                    effects.push_back(Effect::Limited);
                    instead
                }
                None => return self.limited(over, effects),
            },
        };
        let request = self.open(UnderWay::Alone, None);
        effects.push_back(Effect::Apps { request, asked, by });
    }

    fn count(&self) -> Result<(), TooMany> {
        if let Some(pace) = &self.pace {
            pace.check()?;
        }
        self.counter.check()
    }

    /// Whether the rate allows one more; answers it if not.
    fn allow(&mut self, effects: &mut Effects) -> bool {
        match self.count() {
            Ok(()) => true,
            Err(over) => {
                self.limited(over, effects);
                false
            }
        }
    }

    fn limited(&mut self, over: TooMany, effects: &mut Effects) {
        effects.push_back(Effect::Limited);
        let wait_ms = u64::try_from(over.retry_after.as_millis()).unwrap_or(u64::MAX);
        let wait_ms = wait_ms.saturating_add(1);
        self.reply(self.dialect().rate_limited(wait_ms, self.context()), effects);
    }

    /// The same for a heartbeat. All count, but none is refused that comes at its leisure, whatever else
    /// was asked for.
    fn allow_beat(&mut self, effects: &mut Effects) -> bool {
        let micros = |at: Duration| u64::try_from(at.as_micros()).unwrap_or(u64::MAX);
        let now = micros(self.common.clock.steady());
        let until = now.saturating_add(micros(BEAT_INTERVAL_MIN));
        if now < mem::replace(&mut self.beat_early_until, until) {
            return self.allow(effects);
        }
        self.counter.check().unwrap_or_default();
        true
    }

    /// The frame that answers a request of the session's user, if there is one.
    pub fn frame(&self, answer: Answer<'_>, me: UserId) -> Option<Frame> {
        self.dialect().answer(answer, me, self.variant.options())
    }

    /// The frame that answers a request of an app, if there is one.
    pub fn apps_frame(&self, answer: &AppsAnswer) -> Option<Frame> {
        self.dialect().apps_answer(answer, self.context())
    }

    fn dialect(&self) -> &dyn Dialect {
        self.common.dialects.get(self.variant)
    }

    fn context(&self) -> Context<'_> {
        let (options, phase) = (self.variant.options(), self.phase);
        Context { options, phase, clock: &*self.common.clock }
    }

    fn slot(&mut self, request: Request) -> Option<&mut Slot> {
        let place = usize::try_from(request.wrapping_sub(self.first)).ok()?;
        self.slots.get_mut(place)
    }

    fn open(&mut self, under_way: UnderWay, peer: Option<UserId>) -> Request {
        let ahead = u64::try_from(self.slots.len()).unwrap_or(u64::MAX);
        self.slots.push_back(Slot::Pending(peer));
        self.pending = self.pending.saturating_add(1);
        self.under_way = under_way;
        self.first.wrapping_add(ahead)
    }

    /// Sends what is answered at the front, then takes frames that waited.
    fn advance(&mut self, effects: &mut Effects) {
        while let Some(Slot::Answered(_)) = self.slots.front() {
            if let Some(Slot::Answered(Some(frame))) = self.slots.pop_front() {
                effects.push_back(Effect::Send(frame));
            }
            self.first = self.first.wrapping_add(1);
        }
        if self.pending == 0 {
            self.under_way = UnderWay::Nothing;
        }
        if self.slots.is_empty() {
            // An idle session keeps no memory for the next burst.
            self.slots = VecDeque::new();
        }
        let Some(mut waiting) = self.waiting.take() else { return };
        while let Some(frame) = waiting.pop_front() {
            if self.ended {
                return;
            }
            if !self.take(frame.as_deref(), effects) {
                waiting.push_front(frame);
                self.waiting = Some(waiting);
                return;
            }
        }
        if !self.ended {
            effects.push_back(Effect::Input(Input::Flow));
        }
    }
}

#[cfg(test)]
#[path = "machine_tests.rs"]
mod tests;
