//! A look-up, alone and beside 100 sessions of another user that ask for as much as they can.
//!
//! The other user has 2,000 friends and asks for all of them, again and again. Besides what a look-up takes in
//! the middle, which is the figure, the slowest of a hundred is printed: it should not double.

use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use actix::{Arbiter, System};
use criterion::{BenchmarkId, Criterion};
use tradewind::domain::accounts::friendship::Friendship;
use tradewind::domain::accounts::user::UserPair;
use tradewind::domain::mint::EPOCH;
use tradewind::store::accounts::friendships;
use tradewind::store::{Durability, Line, Store};

use crate::stage::{Stage, user_id};

const FRIENDS: usize = 2_000;
const WARM_UP: usize = 100;
/// Of fewer look-ups no slowest of a hundred can be told.
const LOOK_UPS_MIN: u64 = 500;

async fn look_up(store: &Store, user: usize) {
    let me = user_id(user);
    let friends = move |conn: &mut _| Ok(friendships::friends_of(conn, &[me])?.len());
    assert!(store.read_for(Line::Heavy(me), friends).await.expect("an answer") > 0);
}

/// How long so many look-ups of a user take beside `greedy` sessions of another.
async fn measure(stage: &Stage, greedy: usize, times: u64) -> Duration {
    let store = stage.store(Durability::Relaxed, &Arbiter::current());
    let stopped = Rc::new(Cell::new(false));
    for _ in 0..greedy {
        let (store, stopped) = (store.clone(), Rc::clone(&stopped));
        actix::spawn(async move {
            while !stopped.get() {
                look_up(&store, 0).await;
            }
        });
    }
    while store.pending_reads() < greedy as i64 {
        tokio::task::yield_now().await;
    }
    // The first look-up of a connection reads the schema.
    for _ in 0..WARM_UP {
        look_up(&store, 1).await;
    }
    let mut took = Vec::new();
    for _ in 0..times.max(LOOK_UPS_MIN) {
        let asked = Instant::now();
        look_up(&store, 1).await;
        took.push(asked.elapsed());
    }
    stopped.set(true);
    while store.pending_reads() > 0 {
        tokio::task::yield_now().await;
    }
    took.sort_unstable();
    let (half, slow) = (took[took.len() / 2], took[took.len() * 99 / 100]);
    println!("lookups/beside/{greedy}: half took {half:?}, 99 % took {slow:?}");
    half * u32::try_from(times).unwrap_or(u32::MAX)
}

pub fn bench(criterion: &mut Criterion) {
    let stage = Stage::new(FRIENDS + 1);
    let pair = |other| UserPair::new(user_id(0), user_id(other)).expect("two users");
    let pairs: Vec<UserPair> = (1..=FRIENDS).map(pair).collect();
    let befriend =
        |conn: &mut _| friendships::insert_many(conn, &pairs, Friendship::Friends, EPOCH);
    stage.database(Durability::Relaxed).write(befriend).expect("stored");
    let mut group = criterion.benchmark_group("lookups");
    for greedy in [0, 100] {
        group.bench_function(BenchmarkId::new("beside", greedy), |bencher| {
            bencher.iter_custom(|times| System::new().block_on(measure(&stage, greedy, times)));
        });
    }
    group.finish();
}
