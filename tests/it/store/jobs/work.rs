//! Workers, and a kind of job that ends as the test says.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::io;

use futures_util::future::LocalBoxFuture;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;
use tradewind::clock::SystemClock;
use tradewind::domain::clock::Timestamp;
use tradewind::jobs::{JobEnd, JobFault, JobPolicy};
use tradewind::store::jobs::queue::{self, Look};
use tradewind::store::jobs::{self, NewJob};

use super::*;
use crate::harness::until;

const KIND: &str = "errand";
const FIRST_MS: u64 = 1_000;

/// How a job ended.
type Ended = Result<JobEnd, JobFault>;

/// A job that was begun: which one, and the way to say how it ends.
type Begun = (String, oneshot::Sender<Ended>);

struct Errands {
    begun: UnboundedSender<Begun>,
    seen: Rc<Cell<i64>>,
    at_once_max: u32,
}

impl JobKind for Errands {
    fn policy(&self) -> JobPolicy {
        let (at_once_max, attempts_max) = (self.at_once_max, 3);
        let (retry_first_ms, retry_max_ms) = (FIRST_MS, 60_000);
        JobPolicy {
            kind: KIND,
            done: "run",
            at_once_max,
            attempts_max,
            retry_first_ms,
            retry_max_ms,
        }
    }

    fn waiting(&self, jobs: i64) {
        self.seen.set(jobs);
    }

    fn run(&self, payload: String) -> LocalBoxFuture<'_, Ended> {
        Box::pin(async move {
            let (end, ended) = oneshot::channel();
            self.begun.send((payload, end)).unwrap_or_default();
            ended.await.expect("the test says how it ends")
        })
    }
}

/// A worker of errands.
struct Runner {
    office: Office,
    begun: UnboundedReceiver<Begun>,
    /// How many jobs it has seen in its last look.
    seen: Rc<Cell<i64>>,
}

impl Runner {
    fn start(db: &TestDb, node: i16, at_once_max: u32) -> Self {
        let live = Live::start(db);
        let clock: Arc<dyn Clock> = live.clock.clone();
        Self::by(live, clock, (node, LEASE), at_once_max)
    }

    fn by(
        live: Live,
        clock: Arc<dyn Clock>,
        (node, lease): (i16, Duration),
        at_once_max: u32,
    ) -> Self {
        let (sender, begun) = unbounded_channel();
        let seen = Rc::new(Cell::new(-1));
        let errands = Errands { begun: sender, seen: Rc::clone(&seen), at_once_max };
        let duty = Duty { lease, ..Duty::of(node, errands) };
        Self { office: Office::by(live, clock, duty), begun, seen }
    }

    async fn insert(&self, key: &'static str) {
        let due_at = self.office.live.clock.now();
        let new = NewJob { kind: KIND, key, payload: key, due_at };
        assert!(self.office.live.database.write(|conn| jobs::insert(conn, &new)).unwrap());
        self.wake();
    }

    fn wake(&self) {
        self.office.queue.wake();
    }

    /// Waits until it has looked, and seen so many jobs that are not done.
    async fn sees(&self, jobs: i64) {
        self.wake();
        until("a look", || self.seen.get() == jobs).await;
    }

    async fn begins(&mut self) -> Begun {
        self.wake();
        within(self.begun.recv()).await.expect("the worker lives")
    }

    fn begins_nothing(&mut self) {
        assert!(self.begun.try_recv().is_err());
    }

    fn look(&self) -> Look {
        self.office.live.database.read(|conn| queue::look(conn, KIND)).unwrap()
    }

    /// Dies without a word.
    async fn die(self) {
        self.office.task.abort();
        assert!(self.office.task.await.unwrap_err().is_cancelled());
    }
}

fn fault() -> Box<dyn std::error::Error> {
    Box::new(io::Error::other("out of order"))
}

on_both! {
    fn two_workers_on_one_database_do_each_job_once(db) {
        run(async {
            const KEYS: [&str; 12] = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"];
            let runners = [Runner::start(&db, 0, 2), Runner::start(&db, 1, 2)];
            let done = Rc::new(RefCell::new(Vec::new()));
            let look = {
                let database = runners[0].office.live.database.clone();
                move || database.read(|conn| queue::look(conn, KIND)).unwrap()
            };
            for key in KEYS {
                runners[0].insert(key).await;
                runners[1].wake();
            }
            let [one, other] = runners.map(|runner| {
                let done = Rc::clone(&done);
                actix::spawn(async move {
                    let mut runner = runner;
                    while let Some((key, end)) = runner.begun.recv().await {
                        done.borrow_mut().push(key);
                        end.send(Ok(JobEnd::Done)).unwrap();
                    }
                })
            });
            until("all jobs", || look().waiting == 0).await;
            let (count, once) = (done.borrow().len(), BTreeSet::from_iter(done.borrow().clone()));
            assert_eq!((count, once), (KEYS.len(), KEYS.map(str::to_owned).into()));
            one.abort();
            other.abort();
        });
    }

    fn a_worker_that_dies_leaves_its_job_to_another(db) {
        run(async {
            let mut one = Runner::start(&db, 0, 1);
            one.insert("a").await;
            let (_, _end) = one.begins().await;
            let mut other = Runner::start(&db, 1, 1);
            other.sees(1).await;
            other.begins_nothing();
            one.die().await;
            other.office.live.clock.step(LEASE.as_micros().try_into().unwrap());
            let (key, end) = other.begins().await;
            assert_eq!(key, "a");
            end.send(Ok(JobEnd::Done)).unwrap();
            other.sees(0).await;
            other.office.close().await;
        });
    }

    fn a_worker_that_comes_back_late_changes_nothing(db) {
        run(async {
            let mut one = Runner::start(&db, 0, 1);
            one.insert("a").await;
            let (_, late) = one.begins().await;
            let mut other = Runner::start(&db, 1, 1);
            other.office.live.clock.step(LEASE.as_micros().try_into().unwrap());
            let (_, end) = other.begins().await;
            // While the other is at it, and when it is done.
            late.send(Err(JobFault::Passing(fault()))).unwrap();
            one.sees(1).await;
            one.begins_nothing();
            end.send(Ok(JobEnd::Done)).unwrap();
            other.sees(0).await;
            one.sees(0).await;
            one.office.close().await;
            other.office.close().await;
        });
    }

    fn a_worker_that_stops_gives_its_job_back(db) {
        run(async {
            let mut one = Runner::start(&db, 0, 1);
            one.insert("a").await;
            let (_, _end) = one.begins().await;
            let mut other = Runner::start(&db, 1, 1);
            other.sees(1).await;
            other.begins_nothing();
            one.office.close().await;
            let (_, end) = other.begins().await;
            end.send(Ok(JobEnd::Done)).unwrap();
            other.sees(0).await;
            other.office.close().await;
        });
    }

    fn a_node_that_was_killed_goes_on_at_its_next_start(db) {
        run(async {
            let mut one = Runner::start(&db, 7, 1);
            one.insert("a").await;
            let (_, _end) = one.begins().await;
            one.die().await;
            let mut again = Runner::start(&db, 7, 1);
            let (_, end) = again.begins().await;
            end.send(Ok(JobEnd::Void)).unwrap();
            again.sees(0).await;
            again.office.close().await;
        });
    }

    fn a_long_job_keeps_its_lease(db) {
        run(async {
            const SHORT: Duration = Duration::from_millis(1_500);
            let clock: Arc<dyn Clock> = Arc::new(SystemClock::start());
            let start = |node| Runner::by(Live::start(&db), Arc::clone(&clock), (node, SHORT), 1);
            let mut one = start(0);
            one.insert("a").await;
            let (_, end) = one.begins().await;
            let mut other = start(1);
            let over = clock.now().after(2 * SHORT);
            until("two leases", || {
                other.wake();
                clock.now() > over
            })
            .await;
            other.begins_nothing();
            end.send(Ok(JobEnd::Done)).unwrap();
            other.sees(0).await;
            one.office.close().await;
            other.office.close().await;
        });
    }

    fn no_more_jobs_are_done_at_once_than_their_kind_allows(db) {
        run(async {
            let mut runner = Runner::start(&db, 0, 2);
            for key in ["a", "b", "c", "d"] {
                runner.insert(key).await;
            }
            let ((first, end), (second, _second)) = (runner.begins().await, runner.begins().await);
            assert_eq!((first.as_str(), second.as_str()), ("a", "b"));
            runner.insert("e").await;
            runner.sees(5).await;
            runner.begins_nothing();
            end.send(Ok(JobEnd::Done)).unwrap();
            let (third, _third) = runner.begins().await;
            assert_eq!(third, "c");
            runner.begins_nothing();
            runner.office.close().await;
        });
    }

    fn what_fails_is_tried_later_and_later_and_given_up(db) {
        run(async {
            let mut runner = Runner::start(&db, 0, 1);
            runner.insert("a").await;
            for wait_ms in [FIRST_MS, 2 * FIRST_MS] {
                let (_, end) = runner.begins().await;
                end.send(Err(JobFault::Passing(fault()))).unwrap();
                let clock = Arc::clone(&runner.office.live.clock);
                let due_at = clock.now().after(Duration::from_millis(wait_ms));
                until("a failure", || runner.look().next_at == Some(due_at)).await;
                runner.begins_nothing();
                clock.step(i64::try_from(wait_ms).unwrap() * 1_000);
            }
            let (_, end) = runner.begins().await;
            end.send(Err(JobFault::Passing(fault()))).unwrap();
            runner.sees(0).await;
            // Nobody tries again what cannot succeed.
            runner.insert("b").await;
            let (_, end) = runner.begins().await;
            end.send(Err(JobFault::Permanent(fault()))).unwrap();
            runner.sees(0).await;
            assert_eq!(runner.look().next_at, None::<Timestamp>);
            runner.office.close().await;
        });
    }
}
