//! Steps of bridges, and what becomes of messages with the acknowledgement.

use std::sync::Arc;

use tradewind::domain::apps::console::ConsoleLine;
use tradewind::domain::chat::following::RoomPlace;
use tradewind::domain::clock::Clock;
use tradewind::domain::id::{AppId, BridgeId, GroupId, RoomId};
use tradewind::domain::pubsub::bridge::{Bridge, BridgeName, BridgeRoute, BridgeSource};
use tradewind::domain::pubsub::message::MessageDraft;
use tradewind::store::apps::bridged::{self, BridgedFault};
use tradewind::store::apps::directory::{self, NewApp};
use tradewind::store::pubsub::bridge_writes::{self, BridgeStep, BridgeStepped};
use tradewind::store::pubsub::lookups;

use super::harness::*;
use super::pubsub::{Stage, plain, subscription_name, topic_name};

/// Makes an app, if it is not there.
fn seed_app(stage: &Stage, id: AppId) {
    let app = NewApp {
        id,
        name: "app".to_owned(),
        service_hash: [1; 32],
        created_at: stage.live.clock.now(),
    };
    let made = stage.live.database.write(|conn| match directory::by_id(conn, id)? {
        Some(_) => Ok(()),
        None => directory::insert(conn, &app),
    });
    made.unwrap();
}

/// A step of a bridge in one room, with texts.
fn step(bridge: BridgeId, from: Option<RoomPlace>, to: i64, texts: &[&str]) -> BridgeStep {
    let draft = |text: &&str| {
        let data = text.as_bytes().to_vec();
        Arc::new(MessageDraft { data, ..MessageDraft::default() })
    };
    let drafts = texts.iter().map(draft).collect();
    let (room, to) = (RoomId::new(7).unwrap(), RoomPlace { seq: to, rev: to });
    BridgeStep { bridge, topic: topic_name("news"), room, from, to, drafts }
}

on_both! {
    fn a_step_of_a_bridge_is_taken_once_and_forgotten_with_it(db) {
        run(async {
            let stage = Stage::open(&db).await;
            let waits = stage.subscription("one", plain()).await;
            let store = &stage.live.store;
            let group = GroupId::new(7).unwrap();
            let route = BridgeRoute::Out { source: BridgeSource::Group { group }, topic: topic_name("news") };
            let (id, name) = (stage.live.mint.bridge().unwrap(), BridgeName::new("out").unwrap());
            let bridge = Bridge { id, name: name.clone(), route, since: stage.live.clock.now() };
            store.run(bridge_writes::add_bridge(bridge.clone(), 1)).await.unwrap().unwrap();
            assert_eq!(store.read(lookups::bridges()).await.unwrap(), [bridge]);
            let clock = || -> Arc<dyn Clock> { Arc::<Hand>::clone(&stage.live.clock) };
            let take = |step| store.run(bridge_writes::publish_step(step, clock()));
            let first = step(id, None, 2, &["a", "b"]);
            assert_eq!(take(first.clone()).await.unwrap(), Ok(BridgeStepped::Published(2)));
            assert_eq!(take(first).await.unwrap(), Ok(BridgeStepped::Overtaken), "the same again");
            let place = RoomPlace { seq: 2, rev: 2 };
            let second = step(id, Some(place), 3, &[]);
            assert_eq!(take(second).await.unwrap(), Ok(BridgeStepped::Published(0)));
            assert_eq!(stage.waiting(waits).await, ["a", "b"]);
            store.run(bridge_writes::remove_bridge(name)).await.unwrap().unwrap();
            let late = step(id, Some(RoomPlace { seq: 3, rev: 3 }), 4, &["c"]);
            assert_eq!(take(late).await.unwrap(), Ok(BridgeStepped::Overtaken), "it is gone");
            assert_eq!(store.read(lookups::bridges()).await.unwrap(), []);
            assert!(stage.sweep().await > 0);
            let room = RoomId::new(7).unwrap();
            assert_eq!(store.read(lookups::bridge_place(id, room)).await.unwrap(), None);
            assert_eq!(stage.sweep().await, 0);
        });
    }

    fn what_becomes_of_a_message_is_done_once_and_acknowledges_it(db) {
        run(async {
            let stage = Stage::open(&db).await;
            let waits = stage.subscription("one", plain()).await;
            let message = stage.publish(&["a"]).await[0];
            let store = &stage.live.store;
            // Stands for what an app does; it yields a number, or fails.
            let deed = |succeeds: bool| {
                let app = AppId::new(8).unwrap();
                let subscription = subscription_name("one");
                let line = ConsoleLine::Published { subscription, at: stage.live.clock.now(), data: "a".to_owned() };
                if succeeds {
                    seed_app(&stage, app);
                }
                bridge_writes::consuming((waits, message), bridged::show_line(app, line))
            };
            assert_eq!(store.run(deed(false)).await.unwrap(), Some(Err(BridgedFault::NoApp)));
            assert_eq!(stage.waiting(waits).await, ["a"], "it is not acknowledged");
            let done = store.yielded(deed(true)).await.unwrap();
            assert_eq!((done.answer, done.news.len()), (Some(Ok(())), 1));
            assert!(stage.waiting(waits).await.is_empty());
            let again = store.yielded(deed(true)).await.unwrap();
            assert_eq!((again.answer, again.news.len()), (None, 0), "nothing is shown twice");
        });
    }
}
