//! A batch does what its changes would do one by one, and what has changed can be caught up on.

use std::future::{Future as _, poll_fn};
use std::task::Poll;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use tradewind::domain::accounts::block::BlockVerb;
use tradewind::domain::chat::command::ChatWrite;
use tradewind::domain::chat::message::{Message, Nonce};
use tradewind::domain::id::MessageId;
use tradewind::store::chat::{changes, messages, rooms, writes as chat};
use tradewind::store::engine::Connection;
use tradewind::store::{ChatCommand, Database, Store};

use super::batches::plug;
use super::harness::{self, *};

/// Something done by one of three users to another.
#[derive(Clone, Debug)]
enum Op {
    Post {
        author: i64,
        peer: i64,
        nonce: Option<u8>,
    },
    /// The message of an earlier post, if that was this author's; without text a deletion.
    Edit {
        author: i64,
        peer: i64,
        post: usize,
        text: bool,
    },
    /// Makes a block or lifts it, and forgets nonces: jobs that touch all.
    Jobs,
}

fn op() -> impl Strategy<Value = Op> {
    let user = || (1_i64..4).prop_map(|number| 2 * number);
    let nonce = prop::option::weighted(0.3, 0_u8..3);
    prop_oneof![
        6 => (user(), user(), nonce)
            .prop_map(|(author, peer, nonce)| Op::Post { author, peer, nonce }),
        3 => (user(), user(), 0_usize..12, any::<bool>())
            .prop_map(|(author, peer, post, text)| Op::Edit { author, peer, post, text }),
        1 => Just(Op::Jobs),
    ]
}

/// What a store is asked for.
#[derive(Clone, Debug)]
enum Asked {
    Command(ChatCommand),
    Jobs { verb: BlockVerb, below: i64 },
}

/// What is asked for, with the same ids whatever database it is for.
fn asked(live: &Live, ops: &[Op]) -> Vec<Asked> {
    let ids: Vec<MessageId> = ops.iter().map(|_| live.mint.message().unwrap()).collect();
    let posts: Vec<MessageId> = ops
        .iter()
        .zip(&ids)
        .filter(|(op, _)| matches!(op, Op::Post { .. }))
        .map(|(_, id)| *id)
        .collect();
    let mut verbs = [BlockVerb::Block, BlockVerb::Unblock].into_iter().cycle();
    let ask = |(number, op): (usize, &Op)| match op {
        Op::Post { author, peer, nonce } => {
            let nonce = nonce.and_then(|nonce| Nonce::new(format!("n{nonce}")));
            let text = format!("text {number}");
            let command = post(*author, room(*author, Some(*peer)), &text, nonce);
            Asked::Command(ChatCommand { id: Some(ids[number]), ..command })
        }
        Op::Edit { author, peer, post, text } => {
            let (room, message) = (room(*author, Some(*peer)), posts.get(*post).copied());
            let content = text.then(|| content(&format!("edited {number}")));
            Asked::Command(harness::asked(*author, ChatWrite::Edit { room, message, content }))
        }
        Op::Jobs => Asked::Jobs { verb: verbs.next().unwrap(), below: ids[number / 2].get() },
    };
    ops.iter().enumerate().map(ask).collect()
}

/// Does both jobs; what came of them.
async fn jobs(store: Store, verb: BlockVerb, below: i64) -> String {
    let block = store.yielded(chat::block(id(4), Some(id(2)), verb, at(1)));
    let sweep = store.run(chat::sweep_nonces(below, 100));
    let (blocked, swept) = tokio::join!(block, sweep);
    format!("{:?} {:?}", blocked.unwrap(), swept.unwrap())
}

/// Every message, by room and seq.
fn all(conn: &mut Connection) -> Result<Vec<Message>, tradewind::store::StoreError> {
    let mut messages = Vec::new();
    for (a, b) in [(2, 4), (2, 6), (4, 6)] {
        if let Some(room) = rooms::of_pair(conn, pair(a, b))? {
            for me in [a, b] {
                messages.extend(changes::changes(conn, &room, id(me), 0, u32::MAX)?);
            }
        }
    }
    messages.sort_by_key(|message| (message.room, message.seq));
    messages.dedup();
    Ok(messages)
}

/// Does everything in one batch, or each for itself; what came of it and what is there then.
async fn outcome(live: &Live, asked: Vec<Asked>, together: bool) -> (Vec<Done>, Vec<String>) {
    let held = if together { Some(plug(&live.store).await) } else { None };
    let (mut done, mut answers, mut submitted) = (Vec::new(), Vec::new(), 0);
    let mut calls = Vec::new();
    for asked in asked {
        match asked {
            Asked::Command(command) if together => {
                live.store.submit(submitted, command).unwrap();
                submitted += 1;
            }
            Asked::Command(command) => done.push(live.apply(command).await),
            Asked::Jobs { verb, below } => {
                let mut call = Box::pin(jobs(live.store.clone(), verb, below));
                if together {
                    // Polled once, and so submitted in its place.
                    let pending =
                        poll_fn(|task| Poll::Ready(call.as_mut().poll(task).is_pending())).await;
                    assert!(pending);
                    calls.push(call);
                } else {
                    answers.push(call.await);
                }
            }
        }
    }
    drop(held);
    for call in calls {
        answers.push(within(call).await);
    }
    while u64::try_from(done.len()).unwrap() < submitted {
        done.extend(live.next().await.into_iter().map(|(_, outcome)| outcome.unwrap()));
    }
    (done, answers)
}

fn stored(database: &Database) -> Vec<Message> {
    database.read(all).unwrap()
}

on_both! {
    fn a_batch_does_what_its_changes_do_one_by_one(db) {
        let config = Config { cases: 24, failure_persistence: None, ..Config::default() };
        let ops = prop::collection::vec(op(), 1..40);
        let outcome = TestRunner::new(config).run(&ops, |ops| {
            run(async {
                let (one, other) = (db.another(), db.another());
                let (together, alone) = (Live::start(&one), Live::start(&other));
                for live in [&together, &alone] {
                    make_users(&live.database, &[2, 4, 6]);
                }
                let asked = asked(&together, &ops);
                let expected = outcome(&alone, asked.clone(), false).await;
                assert_eq!(outcome(&together, asked, true).await, expected);
                assert_eq!(stored(&together.database), stored(&alone.database));
                for (a, b) in [(2, 4), (2, 6), (4, 6)] {
                    assert_eq!(together.counters(a, b), alone.counters(a, b));
                }
            });
            Ok(())
        });
        outcome.unwrap();
    }

    fn changes_since_a_revision_are_those_of_the_model(db) {
        let config = Config { cases: 12, failure_persistence: None, ..Config::default() };
        let edits = prop::collection::vec((0_usize..30, any::<bool>()), 0..30);
        let queries = prop::collection::vec((-1_i64..70, 0_u32..40), 1..10);
        let history = (1_usize..30, edits, queries);
        let outcome = TestRunner::new(config).run(&history, |(sent, edits, queries)| {
            run(async {
                let db = db.another();
                let live = Live::start(&db);
                make_users(&live.database, &[2, 4]);
                let mut model: Vec<Message> = Vec::new();
                for (number, (target, text)) in edits.iter().enumerate() {
                    if number < sent {
                        model.push(live.posted(2, 4, "text").await);
                    }
                    let message = model[target % model.len()].id;
                    let text = text.then_some("edited");
                    if let Done::Edited { message: edited, .. } = live.edit(2, 4, message, text).await {
                        let place = model.iter().position(|m| m.id == message).unwrap();
                        model[place] = edited;
                    }
                }
                model.push(live.posted(4, 2, "last").await);
                model.sort_by_key(|message| message.rev);
                let room = live.database.read(|conn| rooms::of_pair(conn, pair(2, 4)));
                let room = room.unwrap().unwrap();
                assert_eq!(Some(room.rev()), model.last().map(|message| message.rev));
                for (since, limit) in queries {
                    let mut expected = model.clone();
                    expected.retain(|message| message.rev > since);
                    expected.truncate(usize::try_from(limit).unwrap());
                    let read = |conn: &mut _| changes::changes(conn, &room, id(2), since, limit);
                    assert_eq!(live.database.read(read).unwrap(), expected);
                }
                for message in &model {
                    let found = live.database.read(|conn| messages::find(conn, message.id));
                    assert_eq!(found.unwrap().as_ref(), Some(message));
                }
            });
            Ok(())
        });
        outcome.unwrap();
    }
}
