//! What waits for a device: in which order it is brought, and what is dropped.

use tradewind::domain::apps::downstream::{BATCH_BYTES_MAX, DATA_BYTES_MAX, WAITING_MAX};
use tradewind::store::apps::deliveries;

use super::*;

/// What is told of the last message that was sent.
async fn sent(stage: &Stage, text: &str, to: &[DeviceId]) -> DownstreamId {
    stage.ask(multicast(text, to)).await.told[0].1.id
}

on_both! {
    fn the_oldest_batch_comes_first_and_its_newest_message(db) {
        run(async {
            let stage = Stage::open(&db);
            let own = stage.devices(1);
            let sends = (0..203).map(|number| {
                let (stage, own) = (&stage, &own);
                async move { sent(stage, &number.to_string(), own).await }
            });
            futures_util::future::join_all(sends).await;
            let batches = stage.batches(own[0]).await;
            let sizes: Vec<usize> = batches.iter().map(Vec::len).collect();
            assert_eq!(sizes, [100, 100, 3]);
            assert_eq!((batches[0][0].as_str(), batches[0][99].as_str()), ("99", "0"));
            assert_eq!(batches[2], ["202", "201", "200"]);
        });
    }

    fn a_batch_is_bounded_in_bytes(db) {
        run(async {
            let stage = Stage::open(&db);
            let own = stage.devices(1);
            // 16 of the longest are just a batch; in bytes, not in characters.
            let longest = "é".repeat(DATA_BYTES_MAX / 2);
            assert_eq!(longest.len() * 16, BATCH_BYTES_MAX);
            for text in std::iter::repeat_n(longest.as_str(), 17).chain(["last"]) {
                sent(&stage, text, &own).await;
            }
            let sizes: Vec<usize> = stage.batches(own[0]).await.iter().map(Vec::len).collect();
            assert_eq!(sizes, [16, 2]);
        });
    }

    fn the_newest_thousand_are_kept(db) {
        run(async {
            let stage = Stage::open(&db);
            let own = stage.devices(20);
            // They come in the order in which they are asked for, many in a commit.
            let sends = (0..WAITING_MAX).map(|number| {
                let (stage, own) = (&stage, &own);
                async move { sent(stage, &number.to_string(), own).await }
            });
            let ids = futures_util::future::join_all(sends).await;
            assert_eq!(stage.waiting(own[0]).await.len(), WAITING_MAX);
            assert_eq!(stage.waiting(own[0]).await[0], "0");
            // One device has room for one more.
            stage.acknowledge(own[1], &ids[5..6]).await;
            sent(&stage, "more", &own).await;
            let (full, roomy) = (stage.waiting(own[0]).await, stage.waiting(own[1]).await);
            assert_eq!((full.len(), roomy.len()), (WAITING_MAX, WAITING_MAX));
            assert_eq!((full[0].as_str(), roomy[0].as_str()), ("1", "0"));
            assert_eq!(full[WAITING_MAX - 1], "more");
            let rows = stage.live.database.read(|conn| deliveries::count(conn, own[0])).unwrap();
            assert_eq!(rows, WAITING_MAX as i64, "what is dropped is gone");
            // To one alone.
            sent(&stage, "again", &own[..1]).await;
            let (full, others) = (stage.waiting(own[0]).await, stage.waiting(own[2]).await);
            assert_eq!((full[0].as_str(), full.len()), ("2", WAITING_MAX));
            assert_eq!((others[0].as_str(), others.len()), ("1", WAITING_MAX));
        });
    }

    fn what_is_not_to_wait_pushes_out_nothing_that_is(db) {
        run(async {
            let stage = Stage::open(&db);
            let own = stage.devices(10);
            for text in ["one", "two"] {
                sent(&stage, text, &own).await;
            }
            // To many, and to one alone.
            let unqueued = (0..=WAITING_MAX).map(|number| {
                let to = if number % 2 == 0 { &own[..] } else { &own[..1] };
                stage.send_unqueued(multicast(&format!("now {number}"), to))
            });
            futures_util::future::join_all(unqueued).await;
            let waiting = stage.waiting(own[0]).await;
            assert_eq!(waiting.len(), 2 + WAITING_MAX, "each kind has a bound of its own");
            assert_eq!((waiting[0].as_str(), waiting[1].as_str()), ("one", "two"));
            assert_eq!(waiting[2], "now 1", "the oldest of its kind has gone");
            let queued = (0..WAITING_MAX).map(|number| {
                let (stage, own) = (&stage, &own);
                async move { sent(stage, &number.to_string(), own).await }
            });
            futures_util::future::join_all(queued).await;
            let waiting = stage.waiting(own[0]).await;
            assert_eq!(waiting.len(), 2 * WAITING_MAX);
            assert_eq!((waiting[0].as_str(), waiting[WAITING_MAX].as_str()), ("now 1", "0"));
            stage.live.clock.step(60_000_001);
            let waiting = stage.waiting(own[0]).await;
            assert_eq!((waiting.len(), waiting[0].as_str()), (WAITING_MAX, "0"));
        });
    }

    fn what_is_acknowledged_does_not_come_again(db) {
        run(async {
            let stage = Stage::open(&db);
            let own = stage.devices(2);
            let mut ids = Vec::new();
            for text in ["a", "b", "c"] {
                ids.push(sent(&stage, text, &own).await);
            }
            let nobodys = stage.live.mint.downstream().unwrap();
            stage.acknowledge(own[0], &[ids[1], nobodys, ids[1]]).await;
            assert_eq!(stage.waiting(own[0]).await, ["a", "c"]);
            assert_eq!(stage.waiting(own[1]).await, ["a", "b", "c"], "another device's");
            stage.acknowledge(own[0], &ids).await;
            stage.acknowledge(own[0], &ids).await;
            assert_eq!(stage.waiting(own[0]).await, [""; 0]);
        });
    }

    fn what_comes_meanwhile_is_in_a_later_batch(db) {
        run(async {
            let stage = Stage::open(&db);
            let own = stage.devices(1);
            let (first, second) = (sent(&stage, "a", &own).await, sent(&stage, "b", &own).await);
            stage.acknowledge(own[0], &[first]).await;
            let third = sent(&stage, "c", &own).await;
            let known: HashSet<DownstreamId> = [first, second].into();
            let look = lookups::waiting(own[0], known, stage.live.clock.now());
            let WaitingBatch { messages, sent } = stage.live.store.read(look).await.unwrap();
            assert_eq!(messages.iter().map(|message| message.id).collect::<Vec<_>>(), [third]);
            // What is acknowledged need not be remembered.
            assert_eq!(sent, [second].into());
        });
    }

    fn nothing_waits_for_longer_than_three_days(db) {
        run(async {
            let stage = Stage::open(&db);
            let own = stage.devices(1);
            sent(&stage, "old", &own).await;
            stage.live.clock.step(1);
            sent(&stage, "new", &own).await;
            stage.live.clock.step(KEPT.as_micros() as i64 - 2);
            assert_eq!(stage.waiting(own[0]).await, ["old", "new"]);
            stage.live.clock.step(1);
            assert_eq!(stage.waiting(own[0]).await, ["new"]);
            stage.live.clock.step(1);
            assert_eq!(stage.waiting(own[0]).await, [""; 0]);
        });
    }
}
