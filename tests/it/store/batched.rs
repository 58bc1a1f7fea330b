//! Questions that gather: each gets its own answer, and together they cost few transactions.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, mpsc};
use std::task::Poll;

use tokio::sync::mpsc::unbounded_channel;
use tradewind::store::engine::Connection;
use tradewind::store::{Batched, Store, StoreError};

use super::harness::*;

const FAIL: i64 = -1;
const PANIC: i64 = -2;
const QUESTIONS: i64 = 200;

static LOADS: AtomicUsize = AtomicUsize::new(0);

/// Doubles.
fn load(_: &mut Connection, keys: &[i64]) -> Result<Vec<i64>, StoreError> {
    LOADS.fetch_add(1, Ordering::Relaxed);
    assert!(!keys.contains(&PANIC), "on purpose");
    if keys.contains(&FAIL) {
        return Err(StoreError::Unsupported("on purpose"));
    }
    Ok(keys.iter().map(|key| 2 * key).collect())
}

/// Holds the only reading thread until dropped.
async fn hold(store: &Store) -> mpsc::Sender<()> {
    let (release, released) = mpsc::channel::<()>();
    let (entered, mut has_entered) = unbounded_channel();
    let released = Mutex::new(released);
    let store = store.clone();
    actix::spawn(async move {
        let held = store.read(move |_| {
            entered.send(()).unwrap_or_default();
            released.lock().unwrap().recv().unwrap_or_default();
            Ok(())
        });
        held.await.unwrap_or_default();
    });
    within(has_entered.recv()).await.unwrap();
    release
}

type Answer = Pin<Box<dyn Future<Output = Result<i64, StoreError>>>>;

/// Asks, without waiting for the answer.
async fn ask(batched: &Batched<i64, i64>, key: i64) -> Answer {
    let batched = batched.clone();
    let mut answer: Answer = Box::pin(async move { batched.get(key).await });
    let pending = poll_fn(|task| Poll::Ready(answer.as_mut().poll(task).is_pending())).await;
    assert!(pending, "the reader is held");
    answer
}

fn one_reader() -> TestDb {
    TestDb::sqlite().with(|settings| settings.readers = 1)
}

// One test, because the counter is shared.
#[test]
fn each_question_has_its_own_answer_and_many_share_a_transaction() {
    let db = one_reader();
    run(async {
        let live = Live::start(&db);
        let batched = Batched::new(live.store.clone(), load);
        assert_eq!(within(batched.get(21)).await.unwrap(), 42);

        let held = hold(&live.store).await;
        let before = LOADS.load(Ordering::Relaxed);
        let mut answers = Vec::new();
        for key in 0..QUESTIONS {
            answers.push(ask(&batched, key).await);
        }
        // One has gone before it is answered.
        drop(answers.pop());
        drop(held);
        for (key, answer) in (0..).zip(answers) {
            assert_eq!(within(answer).await.unwrap(), 2 * key);
        }
        assert_eq!(LOADS.load(Ordering::Relaxed) - before, 4);

        for bad in [FAIL, PANIC] {
            let held = hold(&live.store).await;
            let others = [ask(&batched, 1).await, ask(&batched, bad).await, ask(&batched, 2).await];
            drop(held);
            for answer in others {
                assert!(matches!(within(answer).await, Err(StoreError::Together(_))));
            }
            assert_eq!(within(batched.get(4)).await.unwrap(), 8, "the reader goes on");
        }
    });
}

#[test]
fn when_no_more_may_be_read_all_who_wait_are_told() {
    let db = one_reader().with(|settings| settings.pending_reads_max = 1);
    run(async {
        let live = Live::start(&db);
        let batched = Batched::new(live.store.clone(), |_, keys: &[i64]| Ok(keys.to_vec()));
        let held = hold(&live.store).await;
        assert!(within(batched.get(1)).await.unwrap_err().is_busy());
        assert!(within(batched.get(2)).await.unwrap_err().is_busy());
        drop(held);
        // The reader gives back its room before it answers.
        let free = async {
            loop {
                if live.store.pending_reads() == 0 {
                    break;
                }
                tokio::task::yield_now().await;
            }
        };
        within(free).await;
        assert_eq!(within(batched.get(3)).await.unwrap(), 3);
    });
}
