//! Readers shared fairly: who asks for much waits for himself.

use std::sync::{Arc, Mutex, mpsc};

use futures_util::future::join_all;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tradewind::store::{Line, Store};

use super::harness::*;

/// Begins a look-up that holds a reader.
async fn hold(store: &Store, line: Line) -> (mpsc::Sender<()>, UnboundedReceiver<()>) {
    let (end, wait) = mpsc::channel::<()>();
    let (begin, mut begun) = unbounded_channel();
    let (finish, finished) = unbounded_channel();
    let (store, wait) = (store.clone(), Mutex::new(wait));
    actix::spawn(async move {
        let held = store.read_for(line, move |_| {
            begin.send(()).unwrap_or_default();
            wait.lock().unwrap().recv().unwrap_or_default();
            Ok(())
        });
        held.await.unwrap_or_default();
        finish.send(()).unwrap_or_default();
    });
    within(begun.recv()).await.expect("it begins");
    (end, finished)
}

#[test]
fn the_lines_of_users_take_turns() {
    let db = TestDb::sqlite().with(|settings| settings.readers = 1);
    run(async {
        let live = Live::start(&db);
        let (end, _) = hold(&live.store, Line::Nobody).await;
        let order = Arc::new(Mutex::new(Vec::new()));
        let ask = |line: Line| {
            let (order, store) = (Arc::clone(&order), live.store.clone());
            async move {
                let look = move |_: &mut _| {
                    order.lock().unwrap().push(line);
                    Ok(())
                };
                store.read_for(line, look).await.unwrap();
            }
        };
        let (much, little) = (Line::Heavy(id(2)), Line::Heavy(id(4)));
        let asked = (0..100).map(|_| ask(much)).chain([ask(little), ask(Line::Nobody)]);
        let asked = actix::spawn(join_all(asked));
        while live.store.pending_reads() < 103 {
            tokio::task::yield_now().await;
        }
        drop(end);
        within(asked).await.unwrap();
        let order = order.lock().unwrap();
        let place = |line| order.iter().position(|one| *one == line).unwrap();
        assert_eq!((order.len(), place(little), place(Line::Nobody)), (102, 1, 2));
    });
}

#[test]
fn one_user_never_has_all_readers() {
    let db = TestDb::sqlite().with(|settings| {
        settings.readers = 2;
        settings.pending_reads_per_user_max = 3;
    });
    run(async {
        let live = Live::start(&db);
        let mine = Line::Heavy(id(2));
        let (end, _) = hold(&live.store, mine).await;
        let ask = async |line| live.store.read_for(line, |_| Ok(())).await;
        let waiting = join_all((0..3).map(|_| ask(mine)));
        let others = async {
            // Behind the others of his own there is no room for more.
            assert!(ask(mine).await.unwrap_err().is_busy());
            for line in [Line::Heavy(id(4)), Line::Nobody, Line::Light(id(6))] {
                within(ask(line)).await.unwrap();
            }
            drop(end);
        };
        let (mine, ()) = within(async { tokio::join!(waiting, others) }).await;
        assert!(mine.iter().all(Result::is_ok));
        assert_eq!(live.store.pending_reads(), 0);
    });
}
