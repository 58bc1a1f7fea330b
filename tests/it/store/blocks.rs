//! Blocks as the store keeps them, and what they hide for good.

use tradewind::domain::accounts::block::{BlockRefusal, BlockVerb};
use tradewind::domain::accounts::friendship::DmPolicy;
use tradewind::domain::chat::command::{ChatWrite, Signal};
use tradewind::domain::chat::invite::InviteStep;
use tradewind::domain::chat::message::Message;
use tradewind::domain::id::UserId;
use tradewind::store::Database;
use tradewind::store::accounts::blocks;
use tradewind::store::chat::history::{self, Before, Page};
use tradewind::store::chat::{changes, rooms, writes};

use super::harness::*;

async fn change(live: &Live, me: i64, target: i64, verb: BlockVerb) -> Result<(), BlockRefusal> {
    let block = writes::block(id(me), UserId::new(target), verb, at(1));
    live.store.run(block).await.unwrap()
}

fn texts(messages: Vec<Message>) -> Vec<String> {
    messages.into_iter().map(|message| message.content).collect()
}

/// What `me` finds in the history with `peer`: read in one piece, in slices, and as changes.
fn seen(database: &Database, me: i64, peer: i64) -> Vec<String> {
    let page = |count| Page {
        me: id(me),
        room: room(me, Some(peer)),
        before: Before::Moment(at(i64::MAX)),
        count,
        named: false,
    };
    let read = |conn: &mut _| history::history(conn, &page(100), DmPolicy::Anyone, 1 << 20);
    let whole = database.read(read).unwrap().unwrap();
    let whole = texts(whole.messages);
    let sliced = database.read(|conn| {
        let mut slice = history::history(conn, &page(100), DmPolicy::Anyone, 1)?.unwrap();
        let mut all = slice.messages;
        while let Some(rest) = slice.next {
            slice = history::history_rest(conn, &rest, 1)?;
            all.extend(slice.messages);
        }
        Ok(all)
    });
    assert_eq!(texts(sliced.unwrap()), whole);
    // The newest two are two, whatever is hidden among them.
    let newest = database
        .read(|conn| history::history(conn, &page(2), DmPolicy::Anyone, 1))
        .unwrap()
        .unwrap();
    let start = whole.len().saturating_sub(2);
    assert_eq!(texts(newest.messages).first(), whole.get(start));
    let changes = database.read(|conn| {
        let room = rooms::of_pair(conn, pair(me, peer))?.unwrap();
        changes::changes(conn, &room, id(me), 0, 100)
    });
    let mut changes = changes.unwrap();
    changes.retain(|message| !message.deleted);
    changes.sort_by_key(|message| message.seq);
    assert_eq!(texts(changes), whole);
    whole
}

on_both! {
    fn blocks_are_kept_oldest_first_and_once(db) {
        run(async {
            let live = Live::start(&db);
            make_users(&live.database, &[2, 4, 6, 8]);
            for target in [6, 8, 6, 4] {
                assert_eq!(change(&live, 2, target, BlockVerb::Block).await, Ok(()));
            }
            let list = |me: i64| live.database.read(|conn| blocks::of(conn, id(me))).unwrap();
            assert_eq!(list(2), [id(6), id(8), id(4)]);
            assert_eq!(list(6), []);
            assert_eq!(change(&live, 2, 8, BlockVerb::Unblock).await, Ok(()));
            let refused = change(&live, 2, 8, BlockVerb::Unblock).await;
            assert_eq!(refused, Err(BlockRefusal::NotBlocked));
            for verb in [BlockVerb::Block, BlockVerb::Unblock] {
                assert_eq!(change(&live, 2, 2, verb).await, Err(BlockRefusal::Oneself));
                for nobody in [0, 7, 10] {
                    let refused = change(&live, 2, nobody, verb).await;
                    assert_eq!(refused, Err(BlockRefusal::NoSuchUser));
                }
            }
            assert_eq!(list(2), [id(6), id(4)]);
        });
    }

    fn what_was_written_under_a_block_stays_hidden(db) {
        run(async {
            let live = Live::start(&db);
            make_users(&live.database, &[2, 4, 6]);
            let early = live.posted(4, 2, "early").await;
            let changed = live.posted(4, 2, "changed later").await;
            change(&live, 2, 4, BlockVerb::Block).await.unwrap();
            let hidden = live.posted(4, 2, "hidden").await;
            assert!(hidden.hidden && !early.hidden);
            assert!(!live.posted(2, 4, "of the blocker").await.hidden);
            assert!(!live.posted(4, 6, "elsewhere").await.hidden);
            match live.edit(4, 2, changed.id, Some("changed")).await {
                Done::Edited { message, .. } => assert!(message.hidden),
                other => panic!("{other:?}"),
            }
            change(&live, 2, 4, BlockVerb::Unblock).await.unwrap();
            live.posted(4, 2, "late").await;
            match live.edit(4, 2, hidden.id, Some("hidden, edited")).await {
                Done::Edited { message, .. } => assert!(message.hidden, "for good"),
                other => panic!("{other:?}"),
            }
            assert_eq!(seen(&live.database, 2, 4), ["early", "of the blocker", "late"]);
            let own = ["early", "changed", "hidden, edited", "of the blocker", "late"];
            assert_eq!(seen(&live.database, 4, 2), own);
            // Nobody's numbers have a hole but the blocker's.
            assert_eq!(live.counters(2, 4), Some((5, 7)));
        });
    }

    fn a_signal_is_ruled_as_a_message_and_stores_nothing(db) {
        run(async {
            let live = Live::start(&db);
            let friends = live.among(DmPolicy::Friends);
            make_users(&live.database, &[2, 4]);
            let signal = |author: i64, peer: i64| {
                let signal = Signal::Invite(InviteStep::Open);
                asked(author, ChatWrite::Signal { peer: id(peer), signal })
            };
            assert!(!hidden(live.apply(signal(4, 2)).await));
            assert!(!hidden(friends.apply(signal(4, 4)).await));
            assert!(matches!(friends.apply(signal(4, 2)).await, Done::Refused(_)));
            change(&live, 2, 4, BlockVerb::Block).await.unwrap();
            assert!(hidden(live.apply(signal(4, 2)).await));
            assert!(!hidden(live.apply(signal(2, 4)).await));
            assert_eq!(live.counters(2, 4), None);
        });
    }
}

/// Whether a signal is hidden from anybody.
fn hidden(done: Done) -> bool {
    match done {
        Done::Signalled(recipients) => !recipients.hidden_from.is_empty(),
        done => panic!("{done:?}"),
    }
}
