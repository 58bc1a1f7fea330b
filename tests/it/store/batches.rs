//! Group commit: what fails fails alone, what is accepted is answered, queues are bounded.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use diesel::connection::SimpleConnection;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tradewind::domain::accounts::login::Which;
use tradewind::domain::clock::{Clock, Timestamp};
use tradewind::domain::id::{MessageId, UserId};
use tradewind::store::accounts::{users, writes as accounts};
use tradewind::store::admin::writes as admin;
use tradewind::store::chat::writes as chat;
use tradewind::store::{ChatCommand, Observer, Store, StoreError};

use super::done::users_of;
use super::harness::*;

/// Holds the writing thread until dropped.
pub struct Plug {
    _release: mpsc::Sender<()>,
}

/// A clock that cannot tell the time.
struct Broken;

impl Clock for Broken {
    fn now(&self) -> Timestamp {
        panic!("on purpose")
    }

    fn steady(&self) -> Duration {
        Duration::ZERO
    }
}

/// A clock that holds whoever asks for the time.
struct Holding {
    entered: UnboundedSender<()>,
    released: Mutex<mpsc::Receiver<()>>,
}

impl Clock for Holding {
    fn now(&self) -> Timestamp {
        self.entered.send(()).unwrap_or_default();
        self.released.lock().unwrap().recv().unwrap_or_default();
        at(0)
    }

    fn steady(&self) -> Duration {
        Duration::ZERO
    }
}

/// A write that touches all, and does nothing but ask a clock for the time.
async fn ask_time(store: &Store, clock: Arc<dyn Clock>) -> Result<(), StoreError> {
    store.run(chat::delete_account(id(1_000_000), String::new(), clock)).await.map(drop)
}

/// Returns once the writing thread is held, so that whatever is submitted gathers into a batch.
pub async fn plug(store: &Store) -> Plug {
    let (release, released) = mpsc::channel::<()>();
    let (entered, mut has_entered) = unbounded_channel();
    let clock = Arc::new(Holding { entered, released: Mutex::new(released) });
    let store = store.clone();
    actix::spawn(async move { ask_time(&store, clock).await.unwrap_or_default() });
    within(has_entered.recv()).await.unwrap();
    Plug { _release: release }
}

fn posts(live: &Live, count: usize) -> Vec<ChatCommand> {
    (0..count).map(|number| live.post(2, 4, &format!("text {number}"))).collect()
}

on_both! {
    fn a_bad_change_fails_alone_and_order_is_kept(db) {
        run(async {
            let live = Live::start(&db);
            make_users(&live.database, &[2, 4]);
            let taken = live.posted(2, 4, "first").await.id;
            let plug = plug(&live.store).await;
            let mut changes = posts(&live, 5);
            changes[2].id = Some(taken);
            changes[3].by = UserId::new(1_000).unwrap();
            for (ticket, change) in (0..).zip(changes) {
                live.store.submit(ticket, change).unwrap();
            }
            drop(plug);
            let outcomes = live.next().await;
            let tickets: Vec<u64> = outcomes.iter().map(|(ticket, _)| *ticket).collect();
            assert_eq!(tickets, [0, 1, 2, 3, 4]);
            let seq = |at: usize| match &outcomes[at].1 {
                Ok(Done::Posted(message, _)) => Ok(message.seq),
                Ok(other) => panic!("{other:?}"),
                Err(error) => Err(error.is_unique_violation()),
            };
            // An id that is taken is minted again.
            assert_eq!([0, 1, 2, 3, 4].map(seq), [Ok(2), Ok(3), Ok(4), Err(false), Ok(5)]);
            let Ok(Done::Posted(again, _)) = &outcomes[2].1 else { panic!() };
            assert_ne!(again.id, taken);
            assert_eq!(live.counters(2, 4), Some((5, 5)));
        });
    }

    fn a_panic_fails_alone_and_the_thread_goes_on(db) {
        run(async {
            let live = Live::start(&db);
            make_users(&live.database, &[2, 4]);
            let plug = plug(&live.store).await;
            live.store.submit(0, live.post(2, 4, "before")).unwrap();
            let bad = ask_time(&live.store, Arc::new(Broken));
            let all = Which::AllBut(None);
            let good = live.store.yielded(accounts::end_logins(id(4), all, live.clock.clone()));
            let rest = async {
                // After both writes have been polled once, and so submitted.
                live.store.submit(1, live.post(2, 4, "after")).unwrap();
                drop(plug);
            };
            let (bad, good, ()) = within(async { tokio::join!(bad, good, rest) }).await;
            assert!(matches!(bad, Err(StoreError::Panicked)));
            let good = good.unwrap();
            let told: Vec<_> = good.news.iter().flat_map(|news| users_of(&news.recipients)).collect();
            assert_eq!((good.answer, told), (0, vec![id(4)]));
            let outcomes = live.next().await;
            assert!(matches!(outcomes[..], [(0, Ok(Done::Posted(..))), (1, Ok(Done::Posted(..)))]));
            live.posted(2, 4, "and on").await;
            assert_eq!(live.counters(2, 4), Some((3, 3)));
        });
    }

    fn a_commit_that_fails_acknowledges_nothing_of_the_bad_one(db) {
        run(async {
            let live = Live::start(&db);
            make_users(&live.database, &[2, 4]);
            fail_late(&db, &live.database, "UPDATE ON users");
            let plug = plug(&live.store).await;
            live.store.submit(0, live.post(2, 4, "before")).unwrap();
            let bad = live.store.run(accounts::set_last_seen(vec![(id(2), at(1))]));
            let rest = async {
                live.store.submit(1, live.post(2, 4, "after")).unwrap();
                drop(plug);
            };
            let (bad, ()) = within(async { tokio::join!(bad, rest) }).await;
            assert!(matches!(bad, Err(StoreError::Database(_))), "{bad:?}");
            let outcomes = live.next().await;
            assert!(matches!(outcomes[..], [(0, Ok(Done::Posted(..))), (1, Ok(Done::Posted(..)))]));
            assert_eq!(live.counters(2, 4), Some((2, 2)));
        });
    }

    fn the_queue_is_bounded_in_operations_and_all_accepted_is_answered(db) {
        let db = db.with(|settings| {
            settings.pending_ops_max = 8;
            settings.batch_ops_max = 3;
        });
        run(async {
            let live = Live::start(&db);
            make_users(&live.database, &[2, 4]);
            let plug = plug(&live.store).await;
            // The plug itself is the eighth.
            for (ticket, change) in (0..).zip(posts(&live, 7)) {
                live.store.submit(ticket, change).unwrap();
            }
            let over = live.store.submit(7, live.post(2, 4, "over"));
            assert!(matches!(over, Err(StoreError::Busy)));
            let over = within(live.store.run(admin::probe())).await;
            assert!(matches!(over, Err(StoreError::Busy)));
            drop(plug);
            let (mut tickets, mut sizes) = (Vec::new(), Vec::new());
            while tickets.len() < 7 {
                let outcomes = live.next().await;
                assert!(outcomes.iter().all(|(_, done)| matches!(done, Ok(Done::Posted(..)))));
                sizes.push(outcomes.len());
                tickets.extend(outcomes.iter().map(|(ticket, _)| *ticket));
            }
            assert_eq!(tickets, [0, 1, 2, 3, 4, 5, 6]);
            assert_eq!(sizes, [3, 3, 1], "batches are as large as allowed");
            live.store.flush().await;
            live.posted(2, 4, "there is room again").await;
        });
    }

    fn the_queue_is_bounded_in_bytes(db) {
        let db = db.with(|settings| settings.pending_bytes_max = 1_000);
        run(async {
            let live = Live::start(&db);
            make_users(&live.database, &[2, 4]);
            let too_long = live.store.submit(0, live.post(2, 4, &"x".repeat(1_001)));
            assert!(matches!(too_long, Err(StoreError::Busy)));
            live.posted(2, 4, &"x".repeat(1_000)).await;
            let plug = plug(&live.store).await;
            live.store.submit(1, live.post(2, 4, &"x".repeat(500))).unwrap();
            let over = live.store.submit(2, live.post(2, 4, &"x".repeat(500)));
            assert!(matches!(over, Err(StoreError::Busy)), "the plug counts too");
            drop(plug);
            assert!(matches!(live.next().await[..], [(1, Ok(Done::Posted(..)))]));
        });
    }

    fn flush_and_close_wait_for_all_that_was_accepted(db) {
        run(async {
            let live = Live::start(&db);
            make_users(&live.database, &[2, 4]);
            for (ticket, change) in (0..).zip(posts(&live, 300)) {
                live.store.submit(ticket, change).unwrap();
            }
            within(live.store.flush()).await;
            assert_eq!(live.counters(2, 4), Some((300, 300)));
            for (ticket, change) in (300..).zip(posts(&live, 300)) {
                live.store.submit(ticket, change).unwrap();
            }
            within(live.store.clone().close()).await;
            assert_eq!(live.counters(2, 4), Some((600, 600)));
            let mut tickets = Vec::new();
            while tickets.len() < 600 {
                tickets.extend(live.next().await.iter().map(|(ticket, _)| *ticket));
            }
            assert_eq!(tickets, (0..600).collect::<Vec<u64>>());
            let late = live.store.submit(600, live.post(2, 4, "late"));
            assert!(matches!(late, Err(StoreError::Closed)));
            assert!(matches!(live.store.run(admin::probe()).await, Err(StoreError::Closed)));
            assert!(matches!(live.store.ping().await, Err(StoreError::Closed)));
        });
    }

    fn a_write_is_done_also_if_the_caller_goes_away(db) {
        run(async {
            let live = Live::start(&db);
            make_users(&live.database, &[2, 4]);
            let plug = plug(&live.store).await;
            let see = live.store.run(accounts::set_last_seen(vec![(id(2), at(7))]));
            // Polls once, then drops it.
            tokio::select! {
                biased;
                done = see => panic!("{done:?}"),
                () = async {} => (),
            }
            drop(plug);
            within(live.store.flush()).await;
            let seen = live.store.read(|conn| users::last_seen(conn, &[id(2)])).await.unwrap();
            assert_eq!(seen[&id(2)], at(7));
        });
    }

    fn reads_are_bounded_harmless_and_survive_a_panic(db) {
        let db = db.with(|settings| {
            settings.pending_reads_max = 1;
            settings.readers = 1;
        });
        run(async {
            let live = Live::start(&db);
            make_users(&live.database, &[2, 4]);
            for _ in 0..3 {
                let bad = live.store.read::<()>(|_| panic!("on purpose")).await;
                assert!(matches!(bad, Err(StoreError::Panicked)));
            }
            let change = live.store.read(|conn| Ok(conn.batch_execute("DELETE FROM users")?)).await;
            assert!(matches!(change, Err(StoreError::Failed { .. })), "{change:?}");
            live.store.ping().await.unwrap();
            let (first, second) = tokio::join!(
                live.store.read(users::count),
                live.store.read(users::count),
            );
            assert_eq!(first.unwrap(), 2);
            assert!(matches!(second, Err(StoreError::Busy)));
        });
    }

    fn while_the_lock_is_held_elsewhere_all_fail_alike_and_soon(db) {
        let db = db.with(|settings| settings.busy_timeout_ms = 500);
        run(async {
            let live = Live::start(&db);
            make_users(&live.database, &[2, 4]);
            let elsewhere = Live::start(&db);
            let plug = plug(&elsewhere.store).await;
            for (ticket, change) in (0..).zip(posts(&live, 200)) {
                live.store.submit(ticket, change).unwrap();
            }
            let mut answered = 0;
            while answered < 200 {
                for (ticket, outcome) in live.next().await {
                    let error = outcome.unwrap_err();
                    assert!(matches!(*error, StoreError::Unavailable { .. }), "{error:?}");
                    assert_eq!(ticket, answered);
                    answered += 1;
                }
            }
            drop(plug);
            within(elsewhere.store.flush()).await;
            assert_eq!(live.posted(2, 4, "on it goes").await.seq, 1);
        });
    }

    fn the_observer_is_told(db) {
        #[derive(Default)]
        struct Told {
            batches: AtomicUsize,
            ops: AtomicUsize,
            pending: AtomicUsize,
            pending_max: AtomicUsize,
        }
        impl Observer for Told {
            fn batch_committed(&self, ops: usize, _took: Duration) {
                self.batches.fetch_add(1, Ordering::SeqCst);
                self.ops.fetch_add(ops, Ordering::SeqCst);
            }
            fn pending(&self, ops: usize) {
                self.pending.store(ops, Ordering::SeqCst);
                self.pending_max.fetch_max(ops, Ordering::SeqCst);
            }
        }
        let told = Arc::new(Told::default());
        run(async {
            let live = Live::observed(&db, told.clone());
            make_users(&live.database, &[2, 4]);
            let plug = plug(&live.store).await;
            for (ticket, change) in (0..).zip(posts(&live, 5)) {
                live.store.submit(ticket, change).unwrap();
            }
            assert_eq!(told.pending.load(Ordering::SeqCst), 6);
            drop(plug);
            assert_eq!(live.next().await.len(), 5);
            // Two markers, since a batch is reported after it is answered.
            within(live.store.flush()).await;
            within(live.store.flush()).await;
            let now = [&told.ops, &told.batches, &told.pending, &told.pending_max];
            let [ops, batches, pending, max] = now.map(|count| count.load(Ordering::SeqCst));
            assert!(ops >= 7 && batches >= 3, "{ops} {batches}");
            assert_eq!((pending, max), (0, 6));
        });
    }

    fn a_restart_finds_what_was_committed_and_the_floor_of_ids(db) {
        let last = Arc::new(Mutex::new(None));
        run(async {
            let live = Live::start(&db);
            make_users(&live.database, &[2, 4]);
            assert_eq!(live.database.id_floor().unwrap(), 4);
            *last.lock().unwrap() = Some(live.posted(2, 4, "kept").await);
        });
        let message = last.lock().unwrap().clone().unwrap();
        let database = db.open();
        let floor = database.id_floor().unwrap();
        assert!(floor >= message.id.get());
        let found = database.read(|conn| tradewind::store::chat::messages::find(conn, message.id));
        assert_eq!(found.unwrap().unwrap(), message);
        assert_eq!(MessageId::new(floor).map(MessageId::get), Some(floor));
    }
}
