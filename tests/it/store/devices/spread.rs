//! Messages to many: deliveries that are made later, step by step.

use std::rc::Rc;

use tokio::sync::watch;
use tradewind::jobs::downstream::{DevicesThere, Downstreams};
use tradewind::jobs::{LEASE, Worker};
use tradewind::store::apps::deliveries;
use tradewind::store::apps::downstreams::STEP_MAX;
use tradewind::store::apps::spread::SpreadStep;
use tradewind::store::jobs::Queue;

use super::*;
use crate::harness::until;

impl Stage {
    /// Makes some deliveries; whether there are more to make, and who is told.
    async fn step(&self, message: DownstreamId, step: SpreadStep) -> (bool, Vec<DeviceId>) {
        let step = writes::spread_downstream(message, step);
        let done = self.live.store.yielded(step).await.unwrap();
        let devices = |news: &News| told(&news.recipients.others(None).collect::<Vec<_>>());
        (done.answer, done.news.iter().flat_map(devices).collect())
    }

    async fn open_message(&self) -> DownstreamId {
        let open = self.live.store.read(lookups::next_open_downstream(self.app)).await.unwrap();
        open.expect("a message that is not delivered in full")
    }

    /// A group of so many devices.
    async fn crowd(&self, count: u32) -> (Vec<DeviceId>, String) {
        let devices = self.devices(count);
        let group = self.group(&[]).await;
        for some in devices.chunks(STEP_MAX) {
            self.line(add(&group, some)).await;
        }
        (devices, group)
    }

    fn count(&self, device: DeviceId) -> i64 {
        self.live.database.read(|conn| deliveries::count(conn, device)).unwrap()
    }
}

on_both! {
    fn two_thousand_get_it_at_once_and_more_later(db) {
        run(async {
            let stage = Stage::open(&db);
            let (devices, group) = stage.crowd(2_000).await;
            for action in [to_group("few", &group), broadcast("few")] {
                let asked = stage.ask(action).await;
                assert!(!asked.has_left_work);
                assert_eq!(asked.told[0].0.len(), 2_000);
            }
            let one = stage.devices(1);
            let asked = stage.ask(broadcast("many")).await;
            assert_eq!(code(&asked.line.unwrap()), ResultCode::Done, "as soon as it is kept");
            assert!(asked.has_left_work && asked.told.is_empty());
            stage.line(add(&group, &one)).await;
            assert!(stage.ask(to_group("many", &group)).await.has_left_work);
            assert_eq!(stage.waiting(devices[0]).await, ["few", "few"]);
        });
    }

    fn members_are_those_of_the_moment_of_sending(db) {
        run(async {
            let stage = Stage::open(&db);
            let (devices, group) = stage.crowd(2_500).await;
            stage.line(to_group("one", &group)).await;
            let late = stage.devices(1);
            stage.line(subtract(&group, &devices[2_400..])).await;
            stage.line(add(&group, &late)).await;
            stage.line(to_group("two", &group)).await;
            stage.line(broadcast("three")).await;
            let later = stage.devices(1);
            stage.line(delete(&group)).await;
            // The oldest first; nothing is swept that is still needed.
            assert_eq!(sweep(&stage.live.store, &tradewind::jobs::sweeps::device_groups(), stage.live.clock.now()).await, 0);
            let mut sizes = Vec::new();
            for _ in 0..3 {
                let message = stage.open_message().await;
                loop {
                    let (more, told) = stage.step(message, SpreadStep::Next(STEP_MAX)).await;
                    sizes.push(told.len());
                    if !more {
                        break;
                    }
                }
            }
            assert_eq!(sizes, [2_000, 500, 2_000, 401, 2_000, 501]);
            assert_eq!(stage.waiting(devices[0]).await, ["one", "two", "three"]);
            assert_eq!(stage.waiting(devices[2_499]).await, ["one", "three"]);
            assert_eq!(stage.waiting(late[0]).await, ["two", "three"]);
            assert_eq!(stage.waiting(later[0]).await, [""; 0]);
        });
    }

    fn whoever_is_there_comes_first_and_gets_it_once(db) {
        run(async {
            let stage = Stage::open(&db);
            let (devices, group) = stage.crowd(4_000).await;
            let stranger = stage.devices(1)[0];
            stage.line(to_group("hi", &group)).await;
            let message = stage.open_message().await;
            let (there, gone) = (devices[3_000], devices[3_001]);
            let among = || SpreadStep::Among(vec![there, gone, stranger]);
            let (more, told) = stage.step(message, among()).await;
            assert!(more);
            assert_eq!(HashSet::<DeviceId>::from_iter(told), [there, gone].into());
            // Done again, as after a kill, it tells nobody.
            assert_eq!(stage.step(message, among()).await, (true, vec![]));
            stage.acknowledge(there, &[message]).await;
            assert_eq!((stage.count(there), stage.count(gone)), (0, 1));
            assert_eq!(stage.step(message, among()).await, (true, vec![]), "what is acknowledged stays so");
            let (more, told) = stage.step(message, SpreadStep::Next(STEP_MAX)).await;
            assert_eq!((more, told.len()), (true, 2_000));
            assert_eq!(stage.step(message, SpreadStep::Among(vec![devices[5]])).await, (true, vec![]));
            let (more, told) = stage.step(message, SpreadStep::Next(STEP_MAX)).await;
            assert_eq!((more, told.len()), (true, 1_998));
            assert_eq!(stage.step(message, SpreadStep::Next(STEP_MAX)).await, (false, vec![]));
            assert_eq!((stage.count(there), stage.count(gone), stage.count(stranger)), (0, 1, 0));
            assert_eq!(stage.waiting(there).await, [""; 0]);
            // Nothing is left of it but what waits.
            assert_eq!(stage.step(message, SpreadStep::Next(STEP_MAX)).await, (false, vec![]));
            let open = stage.live.store.read(lookups::next_open_downstream(stage.app)).await.unwrap();
            assert_eq!(open, None);
        });
    }

    fn a_worker_delivers_all_of_it(db) {
        run(async {
            let stage = Stage::open(&db);
            let (devices, group) = stage.crowd(5_000).await;
            let there = vec![devices[4_999], devices[3]];
            let there: Rc<DevicesThere> = Rc::new(move || {
                let there = there.clone();
                Box::pin(async move { there })
            });
            let kind = Downstreams::new(stage.live.store.clone(), there);
            let (queue, stop) = (Queue::default(), watch::Sender::new(false));
            let worker = Worker {
                queue: queue.clone(),
                store: stage.live.store.clone(),
                clock: stage.live.clock.clone(),
                node: 0,
                lease: LEASE,
                kinds: vec![Box::new(kind)],
                timers: Vec::new(),
            };
            let task = actix::spawn(worker.run(stop.subscribe()));
            for text in ["one", "two"] {
                assert!(stage.ask(to_group(text, &group)).await.has_left_work);
                queue.wake();
            }
            let delivered = || stage.count(devices[4_998]) == 2 && stage.count(devices[0]) == 2;
            until("the deliveries", delivered).await;
            assert_eq!(stage.waiting(devices[4_999]).await, ["one", "two"]);
            stop.send_replace(true);
            within(task).await.unwrap();
        });
    }
}
