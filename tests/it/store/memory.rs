//! What the writer remembers of rooms is never older than what is stored.

use tradewind::domain::accounts::block::BlockVerb;
use tradewind::domain::chat::refusal::ChatRefusal;
use tradewind::domain::error::Refusal;
use tradewind::store::accounts::{blocks, users, writes as accounts};
use tradewind::store::chat::{rooms, writes as chat};
use tradewind::store::engine::Connection;
use tradewind::store::{Database, StoreError};

use super::batches::plug;
use super::harness::*;

/// What may be done to the room of two users.
#[derive(Clone, Copy)]
enum Deed {
    Block,
    Unblock,
    Close,
}

impl Deed {
    fn verb(self) -> Option<BlockVerb> {
        match self {
            Self::Block => Some(BlockVerb::Block),
            Self::Unblock => Some(BlockVerb::Unblock),
            Self::Close => None,
        }
    }

    /// Does it to a database.
    fn to(self, database: &Database) {
        let deed = |conn: &mut Connection| match self.verb() {
            Some(verb) => {
                blocks::change(conn, id(4), Some(id(2)), verb, at(1))?.unwrap();
                Ok(())
            }
            None => {
                let room = rooms::of_pair(conn, pair(2, 4))?.unwrap();
                rooms::close(conn, room.id)
            }
        };
        database.write(deed).unwrap();
    }

    /// Asks a store for it.
    async fn asked_of(self, live: &Live) {
        match self.verb() {
            Some(verb) => {
                let block = chat::block(id(4), Some(id(2)), verb, at(1));
                live.store.run(block).await.unwrap().unwrap();
            }
            None => {
                let hash = "hash".to_owned();
                let delete = chat::delete_account(id(4), hash, live.clock.clone());
                live.store.run(delete).await.unwrap().unwrap();
            }
        }
    }
}

/// The number of the next message, and whether it is hidden from somebody.
async fn next(live: &Live) -> (i64, bool) {
    let message = live.posted(2, 4, "text").await;
    (message.seq, message.hidden)
}

/// `does` something to the database; what the store does next is as if it had always looked.
async fn notices(live: &Live, does: impl AsyncFn(Deed)) {
    make_users(&live.database, &[2, 4]);
    assert_eq!((next(live).await, next(live).await), ((1, false), (2, false)));
    does(Deed::Block).await;
    assert_eq!((next(live).await, next(live).await), ((3, true), (4, true)));
    does(Deed::Unblock).await;
    assert_eq!(next(live).await, (5, false));
    does(Deed::Close).await;
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
            notices(&live, async |deed| deed.to(&other)).await;
        });
    }

    fn what_the_same_process_does_beside_the_queue_is_noticed(db) {
        run(async {
            let live = Live::start(&db);
            notices(&live, async |deed| deed.to(&live.database)).await;
        });
    }

    fn what_is_done_in_the_queue_is_noticed(db) {
        run(async {
            let live = Live::start(&db);
            notices(&live, async |deed| deed.asked_of(&live).await).await;
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
            fail_late(&db, &live.database, "INSERT ON blocks");
            let held = plug(&live.store).await;
            live.store.submit(0, live.post(2, 4, "before one that fails")).unwrap();
            let fails = live.store.run(chat::block(id(4), Some(id(2)), BlockVerb::Block, at(1)));
            let rest = async {
                live.store.submit(1, live.post(2, 4, "after it, in the same batch")).unwrap();
                drop(held);
            };
            // In this order: all three are in the queue when it goes on.
            let (failed, ()) = tokio::join!(fails, rest);
            assert!(matches!(failed, Err(StoreError::Database(_))), "{failed:?}");
            let outcomes = live.next().await;
            let posted = outcomes.iter().map(|(_, outcome)| match outcome {
                Ok(Done::Posted(message, _)) => (message.seq, message.hidden),
                other => panic!("{other:?}"),
            });
            assert_eq!(posted.collect::<Vec<_>>(), [(2, false), (3, false)]);
            assert_eq!(next(&live).await, (4, false));
        });
    }

    fn what_is_done_beside_forgets_nothing_and_is_stored(db) {
        run(async {
            let live = Live::start(&db);
            make_users(&live.database, &[2, 4]);
            assert_eq!(next(&live).await, (1, false));
            live.store.run(accounts::set_last_seen(vec![(id(2), at(77))])).await.unwrap();
            let seen = live.store.read(|conn| users::last_seen(conn, &[id(2)])).await.unwrap();
            assert_eq!(seen[&id(2)], at(77));
            assert_eq!(next(&live).await, (2, false));
        });
    }
}
