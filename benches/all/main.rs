//! Benchmarks of the parts that a message passes: frames, REWIND, ids, the hub, the store; and of look-ups.
//!
//!     cargo bench               measures everything, in about two minutes
//!     cargo bench -- fanout     measures what has the word in its name
//!     cargo test --bench all    only runs each once; scripts/test does so
//!
//! One binary, so that it is linked once. Each part says what its figures hold.

#![allow(
    clippy::as_conversions,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "what goes wrong here is not to be handled"
)]

mod fanout;
mod frames;
mod lookups;
mod mint;
mod rewind;
mod stage;
mod store;

use std::time::Duration;

use criterion::Criterion;

fn main() {
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_secs(1))
        .measurement_time(Duration::from_secs(4))
        .configure_from_args();
    frames::bench(&mut criterion);
    rewind::bench(&mut criterion);
    mint::bench(&mut criterion);
    fanout::bench(&mut criterion);
    store::bench(&mut criterion);
    lookups::bench(&mut criterion);
    criterion.final_summary();
}
