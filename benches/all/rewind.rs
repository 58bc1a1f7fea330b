//! REWIND: from text to command, from event to text.

use std::hint::black_box;

use criterion::Criterion;
use tradewind::clock::SystemClock;
use tradewind::domain::chat::event::ChatEvent;
use tradewind::domain::event::{Event, Viewer};
use tradewind::domain::principal::Principal;
use tradewind::server;
use tradewind::server::Config;
use tradewind::wire::rewind::features::Features;
use tradewind::wire::rewind::{Mode, RewindOptions};
use tradewind::wire::{Context, Decoded, Phase};

use crate::stage::{message, user_id};

const OPTIONS: RewindOptions = RewindOptions { mode: Mode::Readme, features: Features::NONE };

pub fn bench(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("rewind");
    let (me, peer) = (user_id(0), user_id(1));
    let clock = SystemClock::start();
    let dialects = server::dialects(&Config::default());
    let (dialect, options) = (dialects.get(OPTIONS.variant()), OPTIONS.options());
    let phase = Phase::Ready(Principal::User(me));
    let context = Context { options, phase, clock: &clock };
    let room = me.get() ^ peer.get();
    let send = format!(
        r#"{{"type":"chat","payload":{{"type":"send","chat_id":"{room}","content":"{}"}}}}"#,
        "how are you? ".repeat(4),
    );
    let decoded = dialect.decode(&send, context);
    assert!(matches!(decoded, Decoded::Write(_)), "{decoded:?}");
    group.bench_function("decode a send", |bencher| {
        bencher.iter(|| dialect.decode(black_box(&send), context));
    });
    let heartbeat = r#"{"type":"heartbeat","payload":{"count":1234}}"#;
    assert!(matches!(dialect.decode(heartbeat, context), Decoded::Heartbeat(_)));
    group.bench_function("decode and echo a heartbeat", |bencher| {
        bencher.iter(|| dialect.decode(black_box(heartbeat), context));
    });
    let event: Event = ChatEvent::MessagePosted(message(me, peer)).into();
    group.bench_function("encode a message", |bencher| {
        bencher.iter(|| dialect.event(black_box(&event), Viewer::Peer, options));
    });
    group.finish();
}
