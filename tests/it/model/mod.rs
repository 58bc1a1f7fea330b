//! Random histories: users with several sessions write, edit, delete, read, block, change groups, and lose
//! their connections at any point. In the end every client that follows the protocol must have exactly what
//! the database has for its user: nothing lost, nothing doubled, nothing out of order.

mod history;
mod replica;
mod rng;
mod truth;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::harness::{Backend, Server};
use rng::Rng;

/// Histories under way at once.
const AT_ONCE: u64 = 8;

async fn play(backend: Backend, histories: u64) {
    let base = rng::seed();
    let server = Arc::new(
        Server::with(backend, |config| {
            // What is lost with the power is not the matter here.
            config.store.durability = tradewind::store::Durability::Relaxed;
            config.presence.offline_grace_ms = 0;
        })
        .await,
    );
    let next = Arc::new(AtomicU64::new(0));
    let workers = (0..AT_ONCE).map(|_| {
        let (server, next) = (Arc::clone(&server), Arc::clone(&next));
        actix_web::rt::spawn(async move {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= histories {
                    return;
                }
                history::play(&server, number, base.wrapping_add(number)).await;
            }
        })
    });
    for worker in workers.collect::<Vec<_>>() {
        if let Err(error) = worker.await {
            panic!("a history failed, see above: {error}");
        }
    }
    let Ok(server) = Arc::try_unwrap(server) else { panic!("nobody else has the server") };
    server.stop().await;
}

#[actix_web::test]
async fn two_thousand_histories_on_sqlite() {
    play(Backend::Sqlite, 2_000).await;
}

#[actix_web::test]
async fn two_hundred_histories_on_postgres() {
    play(Backend::Postgres, 200).await;
}
