//! The store: 256 posts that come at once, until all are committed and the outcomes are back.
//!
//! On a real SQLite file, over rooms that are there before. `synced` waits for the disk, `relaxed`
//! for the operating system. The file grows while it is measured.

use std::sync::atomic::{AtomicI64, Ordering};

use actix::{Actor, Arbiter, Context, Handler, System};
use criterion::{BenchmarkId, Criterion, Throughput};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tradewind::domain::chat::command::{Absent, ChatWrite};
use tradewind::domain::chat::room::RoomKey;
use tradewind::domain::id::MessageId;
use tradewind::store::{BatchEntry, ChatCommand, ChatOutcome, Committed, Durability, Store};

use crate::stage::{Stage, content, user_id};

const BATCH: usize = 256;
/// 201 users make 20,100 pairs.
const USERS: usize = 201;
/// Few rooms, which are always at hand, and many.
const ROOMS: [usize; 2] = [64, 20_000];
/// A prime: its multiples go through all rooms, in no order that a page cache likes.
const STRIDE: usize = 7_919;

struct Subscriber(UnboundedSender<usize>);

impl Actor for Subscriber {
    type Context = Context<Self>;
}

impl Handler<Committed> for Subscriber {
    type Result = ();

    fn handle(&mut self, committed: Committed, _: &mut Context<Self>) {
        let is_posted = |entry: &BatchEntry<_>| {
            matches!(entry, BatchEntry::Command(_, Ok(ChatOutcome::Told { .. })))
        };
        assert!(committed.entries.iter().all(is_posted), "all are stored");
        self.0.send(committed.entries.len()).unwrap_or_default();
    }
}

/// A store with somebody who hears of its commits.
struct Live<'a> {
    store: Store,
    committed: UnboundedReceiver<usize>,
    pairs: &'a [(usize, usize)],
    next: usize,
}

/// Ids for messages, which do not come from the mint: there they would be waited for.
static NEXT_ID: AtomicI64 = AtomicI64::new(1);

impl<'a> Live<'a> {
    /// Must run in an actix system.
    fn start(stage: &Stage, durability: Durability, pairs: &'a [(usize, usize)]) -> Self {
        let (sender, committed) = unbounded_channel();
        let store = stage.store(durability, &Arbiter::current());
        store.subscribe(Subscriber(sender).start().recipient());
        Self { store, committed, pairs, next: 0 }
    }

    /// Makes rooms up to a number, by a post in each.
    async fn make_rooms(&mut self, rooms: usize) {
        for _ in (0..rooms).step_by(BATCH) {
            self.post(BATCH, rooms).await;
        }
    }

    /// As many posts in that many rooms.
    async fn post(&mut self, posts: usize, rooms: usize) {
        for ticket in 0..posts {
            let (author, peer) = self.pairs[self.next % rooms];
            self.next += STRIDE;
            let room = RoomKey::direct(user_id(author), user_id(peer));
            let (content, absent) = (content(), Absent::Kept);
            let command = ChatCommand {
                by: user_id(author),
                change: ChatWrite::Post { room, content, nonce: None, absent }.into(),
                id: MessageId::new(NEXT_ID.fetch_add(1, Ordering::Relaxed)),
            };
            self.store.submit(ticket as u64, command).expect("room in the queue");
        }
        let mut left = posts;
        while left > 0 {
            left -= self.committed.recv().await.expect("the store lives");
        }
    }
}

pub fn bench(criterion: &mut Criterion) {
    let system = System::new();
    let stage = Stage::new(USERS);
    let pairs: Vec<(usize, usize)> =
        (0..USERS).flat_map(|low| (low + 1..USERS).map(move |high| (low, high))).collect();
    let mut group = criterion.benchmark_group("store: 256 posts");
    group.throughput(Throughput::Elements(BATCH as u64));
    let mut rooms_made = 0;
    for (name, durability) in [("synced", Durability::Synced), ("relaxed", Durability::Relaxed)] {
        for rooms in ROOMS {
            // Criterion comes here once a sample; one that is left out costs nothing.
            let mut live = None;
            group.bench_function(BenchmarkId::new(name, format!("{rooms} rooms")), |bencher| {
                let live = live.get_or_insert_with(|| {
                    system.block_on(async {
                        let mut live = Live::start(&stage, durability, &pairs);
                        if rooms > rooms_made {
                            live.make_rooms(rooms).await;
                            rooms_made = rooms;
                        }
                        live
                    })
                });
                bencher.iter(|| system.block_on(live.post(BATCH, rooms)));
            });
            if let Some(live) = live {
                system.block_on(live.store.close());
            }
        }
    }
    group.finish();
}
