//! The postman of a thread: takes rounds of the hub to the thread's sessions.
//!
//! Where the actor would do nothing else, news go straight into the socket, without a turn of its
//! task: the session is told, nothing is before the news in its mailbox, and nothing waits to be
//! written. All else goes through the mailbox, in order.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context as Task, Poll};

use actix::fut::ActorFuture;
use actix::{Actor, AsyncContext as _, Context, Handler, Recipient};
use bytes::BytesMut;

use super::count;
use crate::hub::Gauge;
use crate::hub::delivery::Deliver;
pub use crate::hub::delivery::News;
use crate::hub::rounds::{Load, Place, Round, Thread, Way};
use crate::telemetry::Metrics;
use crate::wire::Frame;

/// Sessions served before others of the thread get their turn.
const STOPS_PER_TURN: usize = 128;
/// Places made at once, at least.
const ROWS_MIN: usize = 64;

/// A way into a socket past its session. Only the session's thread uses it.
pub trait Door {
    /// Takes all of some news, unless something else waits to be written, or nothing can be: then
    /// none of them.
    fn pass(&self, news: &News, sheet: &mut Sheet) -> bool;
}

/// News as they are written, kept from one session to the next.
#[derive(Default)]
pub struct Sheet {
    of: Option<News>,
    bytes: BytesMut,
}

impl Sheet {
    /// The bytes of some news; `write` appends a frame.
    pub fn of(&mut self, news: &News, write: impl Fn(&mut BytesMut, &Frame)) -> &[u8] {
        if !self.of.as_ref().is_some_and(|of| of.is(news)) {
            self.bytes.clear();
            news.frames().iter().for_each(|frame| write(&mut self.bytes, frame));
            self.of = Some(news.clone());
        }
        &self.bytes
    }
}

/// A session as its thread's postman sees it.
pub struct Stop {
    /// Past its mailbox, if its socket lets news in.
    pub door: Option<Rc<dyn Door>>,
    /// Its mailbox.
    pub mailbox: Recipient<Deliver>,
    /// What is on its way to it.
    pub gauge: Arc<Gauge>,
}

thread_local! {
    static HERE: RefCell<Here> = RefCell::default();
}

/// The postman of this thread, if there is one yet.
#[derive(Default)]
struct Here {
    stops: Rc<RefCell<Stops>>,
    thread: Option<Arc<Thread>>,
}

/// The sessions of a thread, each at the index of its place.
#[derive(Default)]
struct Stops {
    rows: Vec<Row>,
    free: Vec<u32>,
}

/// A place.
struct Row {
    turn: u32,
    stop: Option<Stop>,
}

impl Stops {
    fn insert(&mut self, stop: Stop) -> Place {
        let next = u32::try_from(self.rows.len()).unwrap_or(u32::MAX);
        let index = self.free.pop().unwrap_or(next);
        match self.row(index) {
            Some(row) => row.stop = Some(stop),
            None => {
                if self.rows.len() == self.rows.capacity() {
                    // By less than half: there may be many.
                    self.rows.reserve_exact(ROWS_MIN.max(self.rows.len() / 8));
                }
                self.rows.push(Row { turn: 0, stop: Some(stop) });
            }
        }
        let turn = self.row(index).map_or(0, |row| row.turn);
        Place { index, turn }
    }

    fn remove(&mut self, place: Place) {
        if self.get(place).is_some()
            && let Some(row) = self.row(place.index)
        {
            *row = Row { turn: row.turn.wrapping_add(1), stop: None };
            self.free.push(place.index);
        }
    }

    fn row(&mut self, index: u32) -> Option<&mut Row> {
        self.rows.get_mut(usize::try_from(index).ok()?)
    }

    fn get(&self, place: Place) -> Option<&Stop> {
        let row = self.rows.get(usize::try_from(place.index).ok()?)?;
        row.stop.as_ref().filter(|_| row.turn == place.turn)
    }
}

/// Puts a session of this thread on the postman's way. To be followed by [`leave`].
pub fn join(stop: Stop, messages_max: usize, metrics: &Metrics) -> Way {
    HERE.with_borrow_mut(|here| {
        let place = here.stops.borrow_mut().insert(stop);
        // A thread may outlive what runs on it.
        let known = here.thread.take().filter(|thread| thread.post.connected());
        let thread = known.unwrap_or_else(|| {
            let stops = Rc::clone(&here.stops);
            let post = Post::new(stops, metrics.clone()).start().recipient();
            let messages_max = u32::try_from(messages_max).unwrap_or(u32::MAX);
            Arc::new(Thread { post, messages_max })
        });
        here.thread = Some(Arc::clone(&thread));
        Way { thread, place }
    })
}

/// Takes a session of this thread off again.
pub fn leave(place: Place) {
    HERE.with_borrow(|here| here.stops.borrow_mut().remove(place));
}

/// The postman.
struct Post {
    stops: Rc<RefCell<Stops>>,
    queue: VecDeque<Load>,
    /// How many of the sessions that the first load is for have been served.
    served: usize,
    sheet: Sheet,
    metrics: Metrics,
}

impl Actor for Post {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        ctx.spawn(Walk);
    }
}

impl Handler<Round> for Post {
    type Result = ();

    fn handle(&mut self, mut round: Round, _: &mut Context<Self>) {
        for load in &mut round.0 {
            if let Load::Many(places, _) = load {
                // In the order of memory, ours and the system's, which made the sockets in it.
                places.sort_unstable_by_key(|place| place.index);
            }
        }
        self.queue.extend(round.0);
    }
}

impl Post {
    fn new(stops: Rc<RefCell<Stops>>, metrics: Metrics) -> Self {
        Self { stops, queue: VecDeque::new(), served: 0, sheet: Sheet::default(), metrics }
    }

    /// Goes one step; false at the end of the way.
    fn step(&mut self) -> bool {
        if let Some(Load::Many(places, news)) = self.queue.front()
            && let Some(place) = places.get(self.served)
        {
            self.served = self.served.saturating_add(1);
            if let Some(stop) = self.stops.borrow().get(*place) {
                stop.tell(news, &mut self.sheet, &self.metrics);
            }
            return true;
        }
        self.served = 0;
        match self.queue.pop_front() {
            None => return false,
            Some(Load::Many(..)) => {}
            Some(Load::One(place, items)) => {
                if let Some(stop) = self.stops.borrow().get(place) {
                    stop.mail(Deliver::Own(items));
                }
            }
        }
        true
    }
}

impl Stop {
    fn tell(&self, news: &News, sheet: &mut Sheet, metrics: &Metrics) {
        if self.gauge.may_pass() && self.door.as_ref().is_some_and(|door| door.pass(news, sheet)) {
            metrics.frames_out.inc_by(count(news.frames().len()));
            self.gauge.passed(news.bytes());
        } else {
            self.mail(Deliver::Shared(news.clone()));
        }
    }

    fn mail(&self, deliver: Deliver) {
        self.gauge.mailed();
        // Past the mailbox's bound: the hub has kept it.
        self.mailbox.do_send(deliver);
    }
}

/// Serves as long as there is somebody to serve. Polled after the mailbox, like a session's pump.
struct Walk;

impl ActorFuture<Post> for Walk {
    type Output = ();

    fn poll(
        self: Pin<&mut Self>,
        post: &mut Post,
        _: &mut Context<Post>,
        task: &mut Task<'_>,
    ) -> Poll<()> {
        for _ in 0..STOPS_PER_TURN {
            if !post.step() {
                // Nothing is kept for the next round.
                post.queue = VecDeque::new();
                post.sheet = Sheet::default();
                return Poll::Pending;
            }
        }
        task.waker().wake_by_ref();
        Poll::Pending
    }
}
