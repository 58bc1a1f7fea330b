//! Topics, backlogs, snapshots, and what is forgotten of them.

use std::sync::Arc;

use diesel::prelude::*;
use diesel::sql_types::BigInt;
use tradewind::domain::clock::{Clock, Timestamp};
use tradewind::domain::id::{PublishedId, SubscriptionId};
use tradewind::domain::pubsub::message::{MessageDraft, Publish};
use tradewind::domain::pubsub::name::{SnapshotName, SubscriptionName, TopicName};
use tradewind::domain::pubsub::snapshot::Snapshot;
use tradewind::domain::pubsub::subscription::{DeadLetterPolicy, SubscriptionConfig};
use tradewind::domain::pubsub::topic::{Labels, PublishTopic, TopicConfig};
use tradewind::jobs::sweeps;
use tradewind::store::pubsub::acks::DeadLetter;
use tradewind::store::pubsub::seek::SeekPoint;
use tradewind::store::pubsub::subscriptions::NewSubscriptionRow;
use tradewind::store::pubsub::{lookups, writes};

use super::harness::*;

const DAY: i64 = 86_400_000_000;
const TABLES: [&str; 4] = ["ps_messages", "ps_backlog", "ps_retained", "ps_snapshot_messages"];

pub(super) struct Stage {
    pub live: Live,
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

pub(super) fn topic_name(id: &str) -> TopicName {
    TopicName::new("p", id).unwrap()
}

pub(super) fn subscription_name(id: &str) -> SubscriptionName {
    SubscriptionName::new("p", id).unwrap()
}

impl Stage {
    /// With a topic.
    pub async fn open(db: &TestDb) -> Self {
        let stage = Self { live: Live::start(db) };
        stage.topic("news").await;
        stage
    }

    async fn topic(&self, id: &str) {
        let new = PublishTopic {
            id: self.live.mint.topic().unwrap(),
            name: topic_name(id),
            config: TopicConfig::default(),
        };
        self.live.store.run(writes::create_topic(new, 10)).await.unwrap().unwrap();
    }

    pub async fn subscription(&self, id: &str, config: SubscriptionConfig) -> SubscriptionId {
        let row = NewSubscriptionRow {
            id: self.live.mint.subscription().unwrap(),
            name: subscription_name(id),
            config,
            now: self.live.clock.now(),
        };
        let made = writes::create_subscription(row, topic_name("news"), 10);
        self.live.store.run(made).await.unwrap().unwrap().id
    }

    pub async fn publish(&self, texts: &[&str]) -> Vec<PublishedId> {
        let drafts = texts.iter().map(draft).collect();
        let clock: Arc<dyn Clock> = Arc::<Hand>::clone(&self.live.clock);
        let publish = Publish { topic: topic_name("news"), drafts };
        let outcomes = self.live.store.run(writes::publish(vec![publish], clock)).await.unwrap();
        outcomes.into_iter().next().unwrap().unwrap()
    }

    async fn ack(&self, subscription: SubscriptionId, ids: &[PublishedId]) {
        let ids = ids.to_vec();
        self.live.store.run(writes::acknowledge(subscription, ids)).await.unwrap();
    }

    /// The texts that wait, in order.
    pub async fn waiting(&self, subscription: SubscriptionId) -> Vec<String> {
        let look = lookups::backlog(subscription, 0, (100, usize::MAX));
        let page = self.live.store.read(look).await.unwrap();
        let text =
            |id: PublishedId| String::from_utf8(page.loaded[&id].draft.data.clone()).unwrap();
        page.waiting.iter().map(|waiting| text(waiting.id)).collect()
    }

    async fn seek(&self, subscription: SubscriptionId, to: SeekPoint) {
        while self.live.store.run(writes::seek_step(subscription, to)).await.unwrap() {}
    }

    async fn snapshot(&self, id: &str, of: &str) -> Snapshot {
        let new = Snapshot {
            id: self.live.mint.snapshot().unwrap(),
            name: SnapshotName::new("p", id).unwrap(),
            topic: self.live.mint.topic().unwrap(),
            topic_name: None,
            expires_at: self.live.clock.now().after(std::time::Duration::from_secs(7 * 86_400)),
            labels: Labels::new(),
        };
        let made = writes::create_snapshot(new, subscription_name(of));
        self.live.store.run(made).await.unwrap().unwrap()
    }

    fn rows(&self) -> [i64; 4] {
        TABLES.map(|table| {
            let count = diesel::sql_query(format!("SELECT count(*) AS count FROM {table}"));
            let found = |conn: &mut _| Ok(count.get_result::<Count>(conn)?);
            self.live.database.read(found).unwrap().count
        })
    }

    pub async fn sweep(&self) -> usize {
        let timer = sweeps::pubsub();
        sweep(&self.live.store, &timer, self.live.clock.now()).await
    }
}

fn draft(text: &&str) -> Arc<MessageDraft> {
    let attributes = [("text".to_owned(), (*text).to_owned())].into();
    let data = text.as_bytes().to_vec();
    Arc::new(MessageDraft { data, attributes, ordering_key: String::new() })
}

pub(super) fn plain() -> SubscriptionConfig {
    SubscriptionConfig::default()
}

on_both! {
    fn a_message_is_kept_as_long_as_somebody_waits_for_it(db) {
        run(async {
            let stage = Stage::open(&db).await;
            stage.publish(&["nobody"]).await;
            assert_eq!(stage.rows(), [0; 4], "nobody waits");
            let one = stage.subscription("one", plain()).await;
            let filter = "attributes.text = \"b\"".to_owned();
            let few = stage.subscription("few", SubscriptionConfig { filter, ..plain() }).await;
            let ids = stage.publish(&["a", "b", "c"]).await;
            assert_eq!(stage.waiting(one).await, ["a", "b", "c"]);
            assert_eq!(stage.waiting(few).await, ["b"]);
            assert_eq!(stage.rows(), [3, 4, 0, 0]);
            stage.ack(one, &ids).await;
            assert_eq!((stage.waiting(one).await.len(), stage.rows()), (0, [1, 1, 0, 0]));
            stage.ack(few, &ids).await;
            stage.ack(few, &ids).await;
            assert_eq!(stage.rows(), [0; 4]);
        });
    }

    fn publishes_in_one_transaction_each_have_their_own_ids(db) {
        run(async {
            let stage = Stage::open(&db).await;
            stage.topic("other").await;
            let one = stage.subscription("one", plain()).await;
            let publish = |topic: &str, texts: &[&str]| Publish {
                topic: topic_name(topic),
                drafts: texts.iter().map(draft).collect(),
            };
            let all = vec![
                publish("news", &["a", "b"]),
                publish("nowhere", &["x"]),
                publish("other", &["y"]),
                publish("news", &["c"]),
            ];
            let clock: Arc<dyn Clock> = Arc::<Hand>::clone(&stage.live.clock);
            let outcomes = stage.live.store.run(writes::publish(all, clock)).await.unwrap();
            let counts: Vec<_> = outcomes.iter().map(|ids| ids.as_ref().map(Vec::len).ok()).collect();
            assert_eq!(counts, [Some(2), None, Some(1), Some(1)]);
            assert_eq!(stage.waiting(one).await, ["a", "b", "c"]);
            let [ab, c] = [0, 3].map(|place: usize| outcomes[place].clone().unwrap());
            stage.ack(one, &[ab[1], c[0]]).await;
            assert_eq!(stage.waiting(one).await, ["a"], "each id is its own message's");
        });
    }

    fn ids_grow_whatever_the_clock_does_and_over_restarts(db) {
        let last = std::cell::Cell::new(0);
        for step in [0, -3_600_000_000, 10] {
            run(async {
                let stage = Stage { live: Live::start(&db) };
                if last.get() == 0 {
                    stage.topic("news").await;
                    stage.subscription("one", plain()).await;
                }
                stage.live.clock.step(step);
                let ids = stage.publish(&["a", "b"]).await;
                assert!(last.get() < ids[0].get() && ids[0] < ids[1]);
                last.set(ids[1].get());
                let page = stage.live.store.read(lookups::subscription(subscription_name("one"))).await.unwrap().unwrap();
                // The last one is gone from the table, and its id is not given again.
                stage.ack(page.id, &ids).await;
            });
        }
    }

    fn what_was_acknowledged_comes_back_where_it_is_retained(db) {
        run(async {
            let stage = Stage::open(&db).await;
            let keeper = SubscriptionConfig { retains_acked: true, ..plain() };
            let (keeper, plain) = (stage.subscription("keeper", keeper).await, stage.subscription("plain", plain()).await);
            let ids = stage.publish(&["a", "b", "c"]).await;
            for subscription in [keeper, plain] {
                stage.ack(subscription, &ids).await;
            }
            assert_eq!(stage.rows(), [3, 0, 3, 0]);
            for subscription in [keeper, plain] {
                stage.seek(subscription, SeekPoint::Before(ids[1].get())).await;
            }
            assert_eq!(stage.waiting(keeper).await, ["b", "c"]);
            assert!(stage.waiting(plain).await.is_empty());
            stage.seek(keeper, SeekPoint::Before(i64::MAX)).await;
            assert!(stage.waiting(keeper).await.is_empty(), "purged");
            stage.seek(keeper, SeekPoint::Before(0)).await;
            assert_eq!(stage.waiting(keeper).await, ["a", "b", "c"]);
        });
    }

    fn a_snapshot_brings_back_what_waited_then_and_all_that_came_since(db) {
        run(async {
            let stage = Stage::open(&db).await;
            let (one, other) = (stage.subscription("one", plain()).await, stage.subscription("other", plain()).await);
            let ids = stage.publish(&["a", "b", "c"]).await;
            stage.ack(one, &ids[..1]).await;
            let snapshot = stage.snapshot("snap", "one").await;
            let later = stage.publish(&["d"]).await;
            for subscription in [one, other] {
                stage.ack(subscription, &ids).await;
                stage.ack(subscription, &later).await;
            }
            for subscription in [one, other] {
                assert!(stage.waiting(subscription).await.is_empty());
                stage.seek(subscription, SeekPoint::Snapshot(snapshot.id)).await;
                assert_eq!(stage.waiting(subscription).await, ["b", "c", "d"]);
            }
            // Without the snapshot nothing is kept any more but what waits.
            stage.live.store.run(writes::delete_snapshot(snapshot.name)).await.unwrap().unwrap();
            while stage.sweep().await > 0 {}
            assert_eq!(stage.rows(), [3, 6, 0, 0]);
            let all = [&ids[..], &later].concat();
            for subscription in [one, other] {
                stage.ack(subscription, &all).await;
            }
            assert_eq!(stage.rows(), [0; 4]);
        });
    }

    fn a_dead_letter_moves_once_if_somebody_is_there(db) {
        run(async {
            let stage = Stage::open(&db).await;
            stage.topic("dead").await;
            let policy = DeadLetterPolicy { topic: topic_name("dead"), attempts_max: 5 };
            let config = SubscriptionConfig { dead_letter: Some(policy), ..plain() };
            let one = stage.subscription("one", config).await;
            let ids = stage.publish(&["a", "b"]).await;
            stage.live.store.run(writes::note_failures(one, vec![(ids[0], 5)])).await.unwrap();
            let bury = async || {
                let clock: Arc<dyn Clock> = Arc::<Hand>::clone(&stage.live.clock);
                let dead = vec![DeadLetter { id: ids[0], failures: 5 }];
                let time: fn(Timestamp) -> String = |at| at.micros().to_string();
                let of = (one, subscription_name("one"));
                let moved = writes::move_dead_letters(of, topic_name("dead"), dead, (clock, time));
                stage.live.store.run(moved).await.unwrap()
            };
            assert!(!bury().await, "nobody is there");
            assert_eq!(stage.waiting(one).await, ["a", "b"]);
            let row = NewSubscriptionRow {
                id: stage.live.mint.subscription().unwrap(),
                name: subscription_name("grave"),
                config: plain(),
                now: stage.live.clock.now(),
            };
            let grave = writes::create_subscription(row, topic_name("dead"), 10);
            let grave = stage.live.store.run(grave).await.unwrap().unwrap().id;
            for _ in 0..2 {
                assert!(bury().await);
                assert_eq!((stage.waiting(one).await, stage.waiting(grave).await), (vec!["b".to_owned()], vec!["a".to_owned()]));
            }
            let page = stage.live.store.read(lookups::backlog(grave, 0, (10, 100_000))).await.unwrap();
            let copy = &page.loaded[&page.waiting[0].id].draft;
            let at = ids[0].get().to_string();
            for (name, value) in [
                ("text", "a"),
                ("CloudPubSubDeadLetterSourceSubscription", "one"),
                ("CloudPubSubDeadLetterSourceSubscriptionProject", "p"),
                ("CloudPubSubDeadLetterSourceDeliveryCount", "5"),
                ("CloudPubSubDeadLetterSourceTopicPublishTime", &at),
            ] {
                assert_eq!(copy.attributes[name], value);
            }
        });
    }

    fn what_has_had_its_time_is_forgotten(db) {
        run(async {
            let stage = Stage::open(&db).await;
            let keeper = SubscriptionConfig { retains_acked: true, ..plain() };
            let (one, keeper) = (stage.subscription("one", plain()).await, stage.subscription("keeper", keeper).await);
            let ids = stage.publish(&["a", "b"]).await;
            stage.ack(keeper, &ids).await;
            stage.snapshot("snap", "one").await;
            assert_eq!((stage.sweep().await, stage.rows()), (0, [2, 2, 2, 2]));
            stage.live.clock.step(6 * DAY);
            stage.publish(&["c"]).await;
            assert_eq!((stage.sweep().await, stage.rows()), (0, [3, 4, 2, 2]));
            stage.live.clock.step(DAY + 10);
            while stage.sweep().await > 0 {}
            assert_eq!((stage.waiting(one).await, stage.rows()), (vec!["c".to_owned()], [1, 2, 0, 0]));
            // Nobody has used them for 31 days.
            stage.live.store.run(writes::touch(one, stage.live.clock.now())).await.unwrap();
            stage.live.clock.step(30 * DAY);
            while stage.sweep().await > 0 {}
            let found = async |id: &str| stage.live.store.read(lookups::subscription(subscription_name(id))).await.unwrap().is_some();
            assert_eq!((found("one").await, found("keeper").await, stage.rows()), (true, false, [0; 4]));
        });
    }

    fn a_subscription_that_is_deleted_leaves_nothing(db) {
        run(async {
            let stage = Stage::open(&db).await;
            let texts: Vec<String> = (0..1_000).map(|number| number.to_string()).collect();
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            let one = stage.subscription("one", plain()).await;
            for _ in 0..3 {
                stage.publish(&texts).await;
            }
            stage.live.store.run(writes::delete_subscription(subscription_name("one"))).await.unwrap().unwrap();
            // Another of the same name has nothing of it.
            let again = stage.subscription("one", plain()).await;
            stage.publish(&["new"]).await;
            assert_ne!(one, again);
            assert_eq!(stage.waiting(again).await, ["new"]);
            assert!(stage.sweep().await >= 3_000);
            assert_eq!(stage.rows(), [1, 1, 0, 0]);
        });
    }
}
