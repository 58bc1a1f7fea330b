//! One live socket: the actor's shell around the pure machine.
//!
//! The machine decides, the shell does: it owns the link to the hub and to the socket, and turns
//! the machine's effects into messages, look-ups and frames. It names no WebSocket crate: an
//! [`Adapter`] says what the actor's context is and how a frame gets out of it, and knows the session
//! as an [`Endpoint`].

mod adapter;
mod alive;
mod brake;
mod effect;
mod identify;
mod lookup;
pub mod machine;
mod opening;
mod paces;
mod seats;
mod settings;
mod waiting;

use std::collections::VecDeque;
use std::mem;
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix::fut::WrapFuture as _;
use actix::{Actor, ActorFutureExt as _, AsyncContext as _, Handler};
use bytes::Bytes;
use bytestring::ByteString;

use crate::auth::rates::Rates;
pub use crate::delivery::Bypass;
use crate::delivery::{self, Backlog, Deliver, Delivery, LocalSession, SessionHandle, SessionSlot};
use crate::domain::close::CloseReason;
use crate::domain::command::Write;
use crate::domain::id::SessionId;
use crate::hub::Hub;
use crate::hub::messages::{Closed, Ended, Open, Submit};
use crate::service::Service;
use crate::service::authenticators::Authenticators;
use crate::telemetry::Metrics;
use crate::wire::Phase;
pub use adapter::{Adapter, Endpoint, Input, Socket};
use brake::Brake;
use effect::{Effect, Request};
use lookup::SlicesLeft;
use machine::{Common, Machine};
pub use opening::Opening;
pub use paces::Paces;
pub use seats::{NoSeat, Seat, Seats};
pub use settings::{AdapterChoice, Settings};

/// How long a peer may take to close its socket itself, after the last frame for it.
const FAREWELL: Duration = Duration::from_secs(1);

/// What all sessions share.
pub struct Shared {
    pub hub: Hub,
    pub service: Service,
    pub authenticators: Authenticators,
    /// What sessions speak, the time, and the machine's bounds.
    pub common: Arc<Common>,
    pub rates: Arc<Rates>,
    pub settings: Settings,
    /// Messages of one page of history.
    pub page_max: u32,
    pub metrics: Metrics,
    /// The right to open sessions.
    pub seats: Seats,
}

/// The actor of one socket.
pub struct Session<A: Adapter> {
    id: SessionId,
    machine: Machine,
    effects: VecDeque<Effect>,
    /// What goes on when there is room for it.
    rest: Option<Box<SlicesLeft>>,
    /// Changes that the hub has not been asked for yet.
    writes: Vec<(Request, Write)>,
    brake: Brake,
    backlog: Arc<Backlog>,
    /// Where the thread's dispatcher finds it.
    slot: Option<SessionSlot>,
    shared: Arc<Shared>,
    seat: Seat,
    pub adapter: A,
}

impl<A: Adapter> Session<A> {
    /// A session of a socket that has just been opened.
    pub fn new(opening: Opening, shared: Arc<Shared>, seat: Seat, mut adapter: A) -> Self {
        if let Some(bytes) = shared.common.dialects.get(opening.variant).frame_bytes() {
            adapter.set_frame_bytes_max(bytes.first);
        }
        let mut machine =
            Machine::new(opening.variant, Arc::clone(&shared.common), shared.rates.stranger());
        let mut effects = VecDeque::new();
        if let Some(credential) = opening.credential {
            machine.show(credential, opening.variant.options(), &mut effects);
        }
        Self {
            id: shared.hub.next_session(),
            machine,
            effects,
            rest: None,
            writes: Vec::new(),
            brake: Brake::default(),
            backlog: Arc::new(Backlog::new(shared.common.clock.steady())),
            slot: None,
            shared,
            seat,
            adapter,
        }
    }

    /// Does not read for a while if too much waits for the disk already: better that the peer waits
    /// than that it is refused.
    fn slow_down(&mut self, ctx: &mut A::Context) {
        if self.machine.has_ended() {
            return;
        }
        let Some(pause) = self.brake.press(self.shared.hub.is_pressed()) else { return };
        self.adapter.set_input(self.brake.input());
        ctx.run_later(pause, |session, ctx| {
            session.brake.release();
            session.slow_down(ctx);
            if !session.machine.has_ended() {
                session.adapter.set_input(session.brake.input());
                session.adapter.wake();
            }
        });
    }

    /// Turns the machine's effects into deeds, until there are none.
    fn run(&mut self, ctx: &mut A::Context) {
        while let Some(effect) = self.effects.pop_front() {
            match effect {
                Effect::Send(frame) => {
                    self.shared.metrics.frames_out.inc();
                    self.adapter.text(frame.as_text(), ctx);
                }
                Effect::Push(frame) => {
                    self.shared.metrics.frames_out.inc();
                    self.adapter.push(&frame, ctx);
                }
                Effect::PushAll(frames) => {
                    self.shared.metrics.frames_out.inc_by(count(frames.len()));
                    self.adapter.push_all(&frames, ctx);
                }
                Effect::Close(reason) => self.close(reason, ctx),
                Effect::CloseSoon(reason) => {
                    ctx.run_later(FAREWELL, move |session, ctx| {
                        session.effects.push_back(Effect::Close(reason));
                        session.run(ctx);
                        session.adapter.wake();
                    });
                }
                Effect::Alive => self.beat(),
                Effect::Input(input) => {
                    self.brake.hold(input);
                    self.adapter.set_input(self.brake.input());
                }
                Effect::Limited => {
                    self.shared.metrics.refusals.with_label_values(&["commands"]).inc();
                }
                Effect::Identify { request, credential, options } => {
                    self.identify(request, (&credential, options), ctx);
                }
                Effect::Write { request, write } => self.writes.push((request, write)),
                Effect::Query { request, query, by } => self.look_up(request, by, query, ctx),
                Effect::Apps { request, asked, by } => self.ask_app(request, by, asked, ctx),
            }
        }
        self.backlog.congest(self.adapter.is_congested());
        // Most sessions are idle most of the time: nothing is kept for the next frame.
        self.effects = VecDeque::new();
        self.backlog.set_open(self.machine.takes_news());
    }

    /// Says goodbye to the peer and to the hub.
    fn close(&mut self, reason: CloseReason, ctx: &mut A::Context) {
        self.rest = None;
        // What was asked for before the end is still done.
        self.submit();
        // When the hub stops it waits until the goodbye has been written.
        if !matches!(reason, CloseReason::Restart { .. }) {
            self.shared.hub.ended(Ended { session: self.id, reason });
        }
        log::debug!("session {} ends: {}", self.id, reason.name());
        let variant = self.machine.variant();
        let dialect = self.shared.common.dialects.get(variant);
        let (code, text) = dialect.close(reason, variant.options());
        self.adapter.close(code, text, ctx);
    }

    /// Asks the hub for the changes that have gathered.
    fn submit(&mut self) {
        let writes = mem::take(&mut self.writes);
        let Phase::Ready(by) = self.machine.phase() else { return };
        if writes.is_empty() {
            return;
        }
        let requests: Vec<Request> = writes.iter().map(|(request, _)| *request).collect();
        let submit = Submit { session: self.id, by, writes, at: Instant::now() };
        if let Err(refusal) = self.shared.hub.submit(submit) {
            for request in requests {
                self.refused(request, refusal);
            }
        }
    }

    fn delivered(&mut self, delivery: Delivery, ctx: &mut A::Context) {
        match delivery {
            Delivery::Push(frame) => self.machine.pushed(frame, &mut self.effects),
            Delivery::Answer(request, frame) => {
                self.machine.answered(request, [frame], &mut self.effects);
            }
            Delivery::Done(request) => {
                self.machine.answered(request, None, &mut self.effects);
            }
            Delivery::Told => self.told(ctx),
            Delivery::Refused(request, refusal) => {
                self.machine.refused(request, refusal, &mut self.effects);
            }
            Delivery::Ping => self.adapter.ping(ctx),
            Delivery::LastCall(reason) => self.last_call(reason, ctx),
            Delivery::Evict(reason) => self.machine.dismiss(reason, &mut self.effects),
        }
    }

    /// Runs a future, then handles its outcome in turn with everything else.
    fn later<T: 'static>(
        &self,
        ctx: &mut A::Context,
        future: impl Future<Output = T> + 'static,
        then: impl FnOnce(&mut Self, T, &mut A::Context) + 'static,
    ) {
        ctx.spawn(future.into_actor(self).map(|outcome, session, ctx| {
            then(session, outcome, ctx);
            session.run(ctx);
            session.fed(ctx);
            session.adapter.wake();
        }));
    }

    fn is_ready(&self) -> bool {
        matches!(self.machine.phase(), Phase::Ready(_))
    }
}

impl<A: Adapter> Actor for Session<A> {
    type Context = A::Context;

    fn started(&mut self, ctx: &mut Self::Context) {
        let (mailbox, backlog) = (ctx.address().recipient(), Arc::clone(&self.backlog));
        let local = LocalSession { bypass: self.adapter.bypass(), mailbox, backlog };
        let messages_max = self.shared.settings.mailbox_max;
        let route = delivery::join(local, messages_max, &self.shared.metrics);
        self.slot = Some(route.slot);
        let variant = self.machine.variant();
        let dialect = self.shared.common.dialects.get(variant);
        let handle = SessionHandle::new(variant, route, Arc::clone(&self.backlog))
            .passing_over(dialect.is_brought_what_waits(variant.options()));
        if self.shared.hub.open(Open { session: self.id, handle }).is_err() {
            self.end(CloseReason::Overload, ctx);
        } else if !self.effects.is_empty() {
            self.run(ctx);
        }
    }

    fn stopped(&mut self, _: &mut Self::Context) {
        if let Some(slot) = self.slot.take() {
            delivery::leave(slot);
        }
        self.shared.hub.closed(Closed { session: self.id });
    }
}

impl<A: Adapter> Endpoint for Session<A> {
    type Socket = A;

    fn socket(&mut self) -> &mut A {
        &mut self.adapter
    }

    fn text(&mut self, text: ByteString, ctx: &mut A::Context) {
        self.shared.metrics.frames_in.inc();
        self.heard();
        self.machine.text(&text, &mut self.effects);
        self.run(ctx);
    }

    fn binary(&mut self, _: Bytes, ctx: &mut A::Context) {
        self.shared.metrics.frames_in.inc();
        self.heard();
        // No dialect has a use for what is in it.
        self.machine.binary(&mut self.effects);
        self.run(ctx);
    }

    /// What came together goes to the hub together, and so into one commit and one delivery.
    fn fed(&mut self, ctx: &mut A::Context) {
        // Again, because a refusal lets frames in that have waited.
        while !self.writes.is_empty() {
            self.submit();
            self.slow_down(ctx);
            self.run(ctx);
        }
    }

    fn pong(&mut self) {
        if self.signs().include_pongs() {
            self.beat();
        }
    }

    fn drained(&mut self, ctx: &mut A::Context) {
        self.backlog.congest(self.adapter.is_congested());
        self.go_on(ctx);
    }

    fn end(&mut self, reason: CloseReason, ctx: &mut A::Context) {
        self.machine.end(reason, &mut self.effects);
        self.run(ctx);
    }
}

impl<A: Adapter> Handler<Deliver> for Session<A> {
    type Result = ();

    fn handle(&mut self, deliver: Deliver, ctx: &mut Self::Context) {
        self.backlog.took(deliver.bytes());
        match deliver {
            Deliver::Shared(news) => self.machine.told(news.into_frames(), &mut self.effects),
            Deliver::Own(items) => {
                items.into_iter().for_each(|delivery| self.delivered(delivery, ctx));
            }
        }
        self.run(ctx);
        self.fed(ctx);
    }
}

fn count(len: usize) -> u64 {
    u64::try_from(len).unwrap_or(u64::MAX)
}
