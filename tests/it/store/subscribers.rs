//! All who subscribe hear the same, and what is large and what is small share the writer.

use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix::{Actor as _, Context, Handler};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tradewind::store::accounts::writes;
use tradewind::store::{ChatOutcome, Committed, Observer};

use super::harness::*;

/// One who only looks.
struct Tap(UnboundedSender<Vec<(u64, ChatOutcome)>>);

impl actix::Actor for Tap {
    type Context = Context<Self>;
}

impl Handler<Committed> for Tap {
    type Result = ();

    fn handle(&mut self, committed: Committed, _: &mut Context<Self>) {
        let good = |(ticket, outcome): (u64, Result<_, _>)| Some((ticket, outcome.ok()?));
        self.0.send(outcomes(&committed).filter_map(good).collect()).unwrap_or_default();
    }
}

/// Tells the size of each batch, and holds the writer's thread in it until it is let go.
struct Batches {
    sizes: UnboundedSender<usize>,
    let_go: Mutex<Receiver<()>>,
}

impl Observer for Batches {
    fn batch_committed(&self, ops: usize, _took: Duration) {
        self.sizes.send(ops).unwrap();
        self.let_go.lock().unwrap().recv_timeout(DEADLINE).unwrap();
    }
}

on_both! {
    fn all_subscribers_hear_the_same(db) {
        run(async {
            let live = Live::start(&db);
            make_users(&live.database, &[2, 4]);
            let (sender, mut heard) = unbounded_channel();
            live.store.subscribe(Tap(sender).start().recipient());
            for ticket in 0..20 {
                live.store.submit(ticket, live.post(2, 4, "text")).unwrap();
            }
            let (mut first, mut second) = (Vec::new(), Vec::new());
            while first.len() < 20 {
                first.extend(live.next().await.into_iter().map(|(at, done)| (at, done.unwrap())));
            }
            while second.len() < 20 {
                let heard = within(heard.recv()).await.unwrap();
                second.extend(heard.into_iter().map(|(at, done)| (at, Done::from(done))));
            }
            assert_eq!(first, second);
        });
    }

    fn ten_megabytes_and_256_posts_wait_for_each_other_one_batch_at_most(db) {
        run(async {
            let (sizes, mut batches) = unbounded_channel();
            let (go, let_go) = channel();
            let live = Live::observed(&db, Arc::new(Batches { sizes, let_go: Mutex::new(let_go) }));
            make_users(&live.database, &[2, 4]);
            // As if it were one: no user has that hash.
            let large = || writes::renew_hash(id(2), "none".to_owned(), "x".repeat(10 << 20));
            for is_large_first in [true, false] {
                live.store.submit(0, live.post(2, 4, "first")).unwrap();
                assert_eq!(within(batches.recv()).await, Some(1));
                // The writer is held, so that all of these are in the queue when it looks again.
                let posts = async {
                    for ticket in 1..=256 {
                        live.store.submit(ticket, live.post(2, 4, "small")).unwrap();
                    }
                };
                let open = async { (0..3).for_each(|_| go.send(()).unwrap()) };
                // Polled in this order.
                match is_large_first {
                    true => drop(within(async { tokio::join!(live.store.run(large()), posts, open) }).await),
                    false => drop(within(async { tokio::join!(posts, live.store.run(large()), open) }).await),
                }
                assert_eq!(live.next().await.len(), 1);
                assert_eq!(live.next().await.len(), 256, "all posts in one batch");
                let mut sizes = [within(batches.recv()).await, within(batches.recv()).await];
                sizes.sort_unstable();
                assert_eq!(sizes, [Some(1), Some(256)]);
            }
        });
    }
}
