//! Steps of bridges, and what becomes of messages with the acknowledgement.

use std::sync::Arc;

use tradewind::domain::apps::console::ConsoleLine;
use tradewind::domain::chat::following::{RoomAsked, RoomChange, RoomChangeKind, RoomPlace};
use tradewind::domain::chat::message::Message;
use tradewind::domain::chat::room::RoomKey;
use tradewind::domain::clock::Clock;
use tradewind::domain::id::{AppId, BridgeId, GroupId, RoomId};
use tradewind::domain::pubsub::bridge::{Bridge, BridgeName, BridgeRoute, BridgeSource};
use tradewind::domain::pubsub::message::MessageDraft;
use tradewind::store::apps::bridged::{self, BridgedFault};
use tradewind::store::apps::directory::{self, NewApp};
use tradewind::store::chat::following::room_id;
use tradewind::store::chat::lookups as rooms;
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

/// One who follows the room of two users, so many changes at a time.
struct Follower<'a> {
    live: &'a Live,
    asked: RoomAsked,
}

impl<'a> Follower<'a> {
    fn new(live: &'a Live, count: u32) -> Self {
        let key = RoomKey::Direct(pair(2, 4));
        let id = live.database.read(|conn| Ok(room_id(conn, key)?.unwrap())).unwrap();
        let (after, since, reader, bytes_max) = (None, at(0), None, usize::MAX);
        Self { live, asked: RoomAsked { id, key, after, since, reader, count, bytes_max } }
    }

    /// One step; whether there is more.
    async fn step(&mut self, told: &mut Vec<RoomChange>) -> bool {
        let after = self.asked.after;
        let changes = rooms::room_changes(move |_| Ok(after), self.asked);
        let (_, found) = self.live.store.read(changes).await.unwrap();
        assert!(found.changes.len() <= usize::try_from(self.asked.count).unwrap());
        self.asked.after = Some(found.place);
        told.extend(found.changes);
        found.more
    }

    async fn all(&mut self, told: &mut Vec<RoomChange>) {
        while self.step(told).await {}
    }
}

fn said(told: &[RoomChange]) -> Vec<(RoomChangeKind, &str)> {
    told.iter().map(|change| (change.kind, change.message.content.as_str())).collect()
}

/// Each message first comes as new, and once as it is at the last; what was never told of and is gone never comes.
fn assert_told(told: &[RoomChange], messages: &[Option<String>]) {
    let sent: std::collections::BTreeSet<i64> = told.iter().map(|one| one.message.seq).collect();
    for seq in sent {
        let of_it: Vec<&RoomChange> = told.iter().filter(|one| one.message.seq == seq).collect();
        assert_eq!(of_it[0].kind, RoomChangeKind::Sent, "{seq}: {:?}", said(told));
        assert!(of_it[1..].iter().all(|one| one.kind != RoomChangeKind::Sent), "{seq}");
        assert!(of_it.windows(2).all(|two| two[0].message.rev < two[1].message.rev), "{seq}");
    }
    for (seq, text) in (1_i64..).zip(messages) {
        let last = told.iter().rfind(|one| one.message.seq == seq);
        let told =
            last.map(|one| (one.kind != RoomChangeKind::Deleted, one.message.content.clone()));
        match text {
            Some(text) => assert_eq!(told, Some((true, text.clone())), "{seq}"),
            None => assert!(told.is_none_or(|(is_there, _)| !is_there), "{seq}"),
        }
    }
}

on_both! {
    fn a_message_comes_first_as_new_wherever_steps_end(db) {
        run(async {
            let live = Live::start(&db);
            make_users(&live.database, &[2, 4]);
            let mut posted: Vec<Message> = Vec::new();
            for text in ["1", "2", "3", "4", "5", "6"] {
                posted.push(live.posted(2, 4, text).await);
            }
            let (mut follower, mut told) = (Follower::new(&live, 2), Vec::new());
            assert!(follower.step(&mut told).await);
            live.edit(2, 4, posted[2].id, Some("3!")).await;
            live.edit(2, 4, posted[4].id, None).await;
            follower.all(&mut told).await;
            let new = RoomChangeKind::Sent;
            let mut all = vec![(new, "1"), (new, "2"), (new, "4"), (new, "3!"), (new, "6")];
            assert_eq!(said(&told), all, "five was gone before anybody was told of it");
            live.edit(2, 4, posted[2].id, Some("3!!")).await;
            live.edit(2, 4, posted[5].id, None).await;
            follower.all(&mut told).await;
            all.extend([(RoomChangeKind::Edited, "3!!"), (RoomChangeKind::Deleted, "")]);
            assert_eq!(said(&told), all);
        });
    }

    fn each_change_comes_once_whatever_is_changed_between_steps(db) {
        run(async {
            let live = Live::start(&db);
            make_users(&live.database, &[2, 4]);
            let mut posted = vec![live.posted(2, 4, "first").await];
            let mut texts = vec![Some("first".to_owned())];
            let (mut follower, mut told, mut dice) = (Follower::new(&live, 2), Vec::new(), 7_usize);
            for turn in 0..150 {
                dice = (dice * 1_103 + 12_345) % 65_536;
                let (text, at) = (format!("{turn}"), (dice / 8) % posted.len());
                match dice % 8 {
                    0..3 => {
                        posted.push(live.posted(2, 4, &text).await);
                        texts.push(Some(text));
                    }
                    3..6 if texts[at].is_some() => {
                        live.edit(2, 4, posted[at].id, Some(&text)).await;
                        texts[at] = Some(text);
                    }
                    6 if texts[at].is_some() => {
                        live.edit(2, 4, posted[at].id, None).await;
                        texts[at] = None;
                    }
                    _ => drop(follower.step(&mut told).await),
                }
            }
            follower.all(&mut told).await;
            assert_told(&told, &texts);
            let before = told.len();
            follower.all(&mut told).await;
            assert_eq!(told.len(), before, "nothing comes twice");
        });
    }

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
