//! What the writer remembers of rooms is never older than what is stored.

use tradewind::domain::accounts::block::BlockVerb;
use tradewind::domain::chat::refusal::ChatRefusal;
use tradewind::domain::error::Refusal;
use tradewind::store::accounts::{blocks, users};
use tradewind::store::chat::rooms;
use tradewind::store::engine::Connection;
use tradewind::store::{Database, StoreError};

use super::batches::plug;
use super::harness::*;

fn block(conn: &mut Connection, verb: BlockVerb) -> Result<(), StoreError> {
    blocks::change(conn, id(4), Some(id(2)), verb, at(1))?.unwrap();
    Ok(())
}

fn close(conn: &mut Connection) -> Result<(), StoreError> {
    let room = rooms::of_pair(conn, pair(2, 4))?.unwrap();
    rooms::close(conn, room.id)
}

/// The number of the next message, and whether it is hidden from somebody.
async fn next(live: &Live) -> (i64, bool) {
    let message = live.posted(2, 4, "text").await;
    (message.seq, message.hidden)
}

/// `write` does something to the database; what the store does next is as if it had always looked.
async fn notices(live: &Live, write: impl AsyncFn(fn(&mut Connection) -> Result<(), StoreError>)) {
    make_users(&live.database, &[2, 4]);
    assert_eq!((next(live).await, next(live).await), ((1, false), (2, false)));
    write(|conn| block(conn, BlockVerb::Block)).await;
    assert_eq!((next(live).await, next(live).await), ((3, true), (4, true)));
    write(|conn| block(conn, BlockVerb::Unblock)).await;
    assert_eq!(next(live).await, (5, false));
    write(close).await;
    let refused = live.apply(live.post(2, 4, "text")).await;
    assert!(
        matches!(refused, Done::Refused(Refusal::Chat(ChatRefusal::NoSuchPeer))),
        "{refused:?}"
    );
}

on_both! {
    fn what_others_do_is_noticed(db) {
        run(async {
            let live = Live::start(&db);
            // As another process would.
            let other = Database::open(&db.settings).unwrap();
            notices(&live, async |op| other.write(op).unwrap()).await;
        });
    }

    fn what_the_same_process_does_beside_the_queue_is_noticed(db) {
        run(async {
            let live = Live::start(&db);
            notices(&live, async |op| live.database.write(op).unwrap()).await;
        });
    }

    fn what_is_done_in_the_queue_is_noticed(db) {
        run(async {
            let live = Live::start(&db);
            notices(&live, async |op| live.store.write(op).await.unwrap()).await;
        });
    }

    fn two_stores_number_one_room(db) {
        run(async {
            let stores = [Live::start(&db), Live::start(&db)];
            make_users(&stores[0].database, &[2, 4]);
            let mut seqs = Vec::new();
            for turn in [0, 0, 1, 0, 1, 1, 1, 0] {
                // Two mints would give the same ids.
                match stores[turn].apply(stores[0].post(2, 4, "text")).await {
                    Done::Posted(message, _) => seqs.push(message.seq),
                    other => panic!("{other:?}"),
                }
            }
            assert_eq!(seqs, [1, 2, 3, 4, 5, 6, 7, 8]);
        });
    }

    fn what_is_rolled_back_was_never_there(db) {
        run(async {
            let live = Live::start(&db);
            make_users(&live.database, &[2, 4]);
            assert_eq!(next(&live).await, (1, false));
            let held = plug(&live.store).await;
            live.store.submit(0, live.post(2, 4, "with one that fails")).unwrap();
            let fails = live.store.write_beside(|conn| {
                block(conn, BlockVerb::Block)?;
                Err::<(), _>(StoreError::Panicked)
            });
            // In this order: both are in the queue when it goes on.
            let (failed, ()) = tokio::join!(fails, async { drop(held) });
            assert!(matches!(failed, Err(StoreError::Panicked)), "{failed:?}");
            let outcomes = live.next().await;
            let Ok(Done::Posted(message, _)) = &outcomes[0].1 else { panic!("{outcomes:?}") };
            assert_eq!((message.seq, message.hidden), (2, false));
            assert_eq!(next(&live).await, (3, false));
        });
    }

    fn what_is_done_beside_forgets_nothing_and_is_stored(db) {
        run(async {
            let live = Live::start(&db);
            make_users(&live.database, &[2, 4]);
            assert_eq!(next(&live).await, (1, false));
            let write = |conn: &mut _| users::set_last_seen(conn, &[(id(2), at(77))]);
            live.store.write_beside(write).await.unwrap();
            let seen = live.store.read(|conn| users::last_seen(conn, &[id(2)])).await.unwrap();
            assert_eq!(seen[&id(2)], at(77));
            assert_eq!(next(&live).await, (2, false));
        });
    }
}
