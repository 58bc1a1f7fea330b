//! All who subscribe hear the same, and what is large and what is small share the writer.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix::{Actor as _, Context, Handler};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tradewind::store::accounts::writes;
use tradewind::store::{ChatCommand, ChatOutcome, Committed, Observer};

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

/// The number of jobs in each batch.
#[derive(Default)]
struct Batches(Mutex<Vec<usize>>);

impl Observer for Batches {
    fn batch_committed(&self, ops: usize, _took: Duration) {
        self.0.lock().unwrap().push(ops);
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
            let batches = Arc::new(Batches::default());
            let live = Live::observed(&db, batches.clone());
            make_users(&live.database, &[2, 4]);
            // As if it were one: no user has that hash.
            let large = || writes::renew_hash(id(2), "none".to_owned(), "x".repeat(10 << 20));
            let post = |_| live.post(2, 4, "small");
            for is_large_first in [true, false] {
                batches.0.lock().unwrap().clear();
                let posts: Vec<ChatCommand> = (0..256).map(post).collect();
                let submit = async {
                    for (ticket, post) in (0..).zip(posts) {
                        live.store.submit(ticket, post).unwrap();
                    }
                    live.next().await.len()
                };
                // Polled in this order: both are in the queue before the writer looks.
                let committed = match is_large_first {
                    true => within(async { tokio::join!(live.store.run(large()), submit) }).await.1,
                    false => within(async { tokio::join!(submit, live.store.run(large())) }).await.0,
                };
                assert_eq!(committed, 256, "all posts in one batch");
                live.store.flush().await;
                let mut sizes = batches.0.lock().unwrap().clone();
                sizes.truncate(2);
                sizes.sort_unstable();
                assert_eq!(sizes, [1, 256]);
            }
        });
    }
}
