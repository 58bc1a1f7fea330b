//! Sweeps: by one process at a time, and never a write in vain.

use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};

use diesel::RunQueryDsl as _;
use diesel::dsl::sql;
use diesel::sql_types::BigInt;
use futures_util::future::LocalBoxFuture;
use tradewind::jobs::sweeps;
use tradewind::jobs::{JobEnd, JobFault, JobPolicy};
use tradewind::store::accounts::mails::KIND;
use tradewind::store::accounts::registrations::{self, Mail, NewRegistration};
use tradewind::store::engine::Connection;
use tradewind::store::jobs::Lease;
use tradewind::store::jobs::leases::Hold;
use tradewind::store::jobs::queue;
use tradewind::store::{Database, Observer};

use super::*;
use crate::harness::until;

const LOOKS: usize = 5;

/// A kind without jobs, which counts how often it is looked at.
struct Looked(Rc<Cell<usize>>);

impl JobKind for Looked {
    fn policy(&self) -> JobPolicy {
        JobPolicy {
            kind: "none",
            done: "done",
            at_once_max: 1,
            attempts_max: 1,
            retry_first_ms: 1,
            retry_max_ms: 1,
        }
    }

    fn waiting(&self, jobs: i64) {
        assert_eq!(jobs, 0);
        self.0.set(self.0.get() + 1);
    }

    fn run(&self, _: String) -> LocalBoxFuture<'_, Result<JobEnd, JobFault>> {
        unreachable!("there are none")
    }
}

/// Counts transactions of the writer.
#[derive(Default)]
struct Batches(AtomicUsize);

impl Observer for Batches {
    fn batch_committed(&self, _: usize, _: Duration) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// What SQLite counts up with each commit of another connection.
fn data_version(database: &Database) -> i64 {
    let version = |conn: &mut Connection| match conn {
        Connection::Sqlite(sqlite) => Ok(sql::<BigInt>("PRAGMA data_version").get_result(sqlite)?),
        Connection::Postgres(_) => Ok(0),
    };
    database.read(version).unwrap()
}

fn register(live: &Live, email_text: &str) {
    let created_at = live.clock.now();
    let new = NewRegistration {
        name: &name("ann"),
        email: &email(email_text),
        password_hash: "hash",
        created_at,
        expires_at: created_at.after(Duration::from_secs(60)),
    };
    live.database.write(|conn| registrations::create(conn, &new, Mail::Each)).unwrap();
}

on_both! {
    fn a_sweep_with_nothing_to_do_writes_nothing(db) {
        run(async {
            let db = db.with(|settings| settings.readers = 1);
            let batches = Arc::new(Batches::default());
            let live = Live::observed(&db, batches.clone());
            make_users(&live.database, &[2, 4]);
            live.posted(2, 4, "kept").await;
            register(&live, "ann@x.org");
            let watcher = db.open();
            let (version, written) = (data_version(&watcher), batches.0.load(Ordering::Relaxed));
            let looks = Rc::new(Cell::new(0));
            let mut duty = Duty::of(0, Looked(Rc::clone(&looks)));
            // Each time, so that a look is a look at everything.
            let unseen = (Duration::from_secs(60), Duration::from_secs(60));
            duty.timers = sweeps::all(Rc::new(|_| panic!("no log-in has expired")), unseen)
                .into_iter()
                .map(|timer| Timer { every: Duration::ZERO, ..timer })
                .collect();
            let office = Office::open(live, duty);
            until("looks", || {
                office.queue.wake();
                looks.get() >= LOOKS
            })
            .await;
            assert_eq!(batches.0.load(Ordering::Relaxed), written);
            assert_eq!(data_version(&watcher), version);
            // The same worker sweeps what there is: the registration and its mail go, in one transaction.
            office.live.clock.step(60_000_000);
            office.queue.wake();
            until("a sweep", || batches.0.load(Ordering::Relaxed) > written).await;
            let left = |conn: &mut _| {
                let mails = queue::look(conn, KIND)?.waiting;
                Ok((registrations::has_expired(conn, at(i64::MAX))?, mails))
            };
            assert_eq!(watcher.read(left).unwrap(), (false, 0));
            if db.is_sqlite() {
                assert_ne!(data_version(&watcher), version);
            }
            office.close().await;
        });
    }

    fn of_two_one_sweeps_and_a_dead_one_is_waited_for(db) {
        run(async {
            let live = Live::start(&db);
            let timer = sweeps::unverified();
            let lease = Duration::from_secs(30);
            let sweep = async |by| {
                let now = live.clock.now();
                let hold = Hold { name: timer.name, lease: Lease { by, until: now.after(lease) }, now };
                (timer.bit)(live.store.clone(), hold).await.unwrap()
            };
            let expired = |address| {
                register(&live, address);
                live.clock.step(61_000_000);
            };
            expired("ann@x.org");
            assert_eq!(sweep(0).await, Some(1));
            register(&live, "bob@x.org");
            live.clock.step(29_000_000);
            assert_eq!((sweep(1).await, sweep(0).await), (None, Some(0)));
            live.clock.step(29_000_000);
            assert_eq!(sweep(1).await, None, "it was renewed");
            live.clock.step(61_000_000);
            assert_eq!((sweep(1).await, sweep(0).await), (Some(1), None));
        });
    }
}
