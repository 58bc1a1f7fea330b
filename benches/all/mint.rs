//! Ids: the work for one, and how fast they come, which is 128 a millisecond by their layout.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use criterion::Criterion;
use tradewind::clock::SystemClock;
use tradewind::domain::clock::{Clock, Timestamp};
use tradewind::domain::mint::{EPOCH, IdMint};

/// A millisecond passes whenever somebody looks, so that no id is waited for.
struct Hurried(AtomicI64);

impl Clock for Hurried {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.fetch_add(1, Ordering::Relaxed))
    }

    fn steady(&self) -> Duration {
        Duration::ZERO
    }
}

fn mint(clock: Arc<dyn Clock>) -> IdMint {
    IdMint::new(0, 0, Duration::from_secs(10), clock).expect("a mint")
}

pub fn bench(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("mint");
    let hurried = mint(Arc::new(Hurried(AtomicI64::new(EPOCH.millis() + 1))));
    group.bench_function("the work for an id", |bencher| {
        bencher.iter(|| hurried.message().expect("an id"));
    });
    let real = mint(Arc::new(SystemClock::start()));
    group.bench_function("ids one after another", |bencher| {
        bencher.iter(|| real.message().expect("an id"));
    });
    group.finish();
}
