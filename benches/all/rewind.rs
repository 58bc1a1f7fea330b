//! REWIND: from text to command, from event to text.

use std::hint::black_box;

use criterion::Criterion;
use tradewind::clock::SystemClock;
use tradewind::domain::command::Command;
use tradewind::domain::event::{Event, Viewer};
use tradewind::wire::rewind::features::Features;
use tradewind::wire::rewind::{Form, Mode};
use tradewind::wire::{Decoded, Kind, Phase, Scene};

use crate::stage::{message, user_id};

const KIND: Kind = Kind::Rewind(Form { mode: Mode::Readme, features: Features::NONE });

pub fn bench(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("rewind");
    let (me, peer) = (user_id(0), user_id(1));
    let clock = SystemClock::start();
    let scene = Scene { phase: Phase::Ready(me), clock: &clock };
    let room = me.get() ^ peer.get();
    let send = format!(
        r#"{{"type":"chat","payload":{{"type":"send","chat_id":"{room}","content":"{}"}}}}"#,
        "how are you? ".repeat(4),
    );
    let decoded = KIND.decode(&send, scene);
    assert!(matches!(decoded, Decoded::Command(Command::Write(_))), "{decoded:?}");
    group.bench_function("decode a send", |bencher| {
        bencher.iter(|| KIND.decode(black_box(&send), scene));
    });
    let heartbeat = r#"{"type":"heartbeat","payload":{"count":1234}}"#;
    assert!(matches!(KIND.decode(heartbeat, scene), Decoded::Heartbeat(_)));
    group.bench_function("decode and echo a heartbeat", |bencher| {
        bencher.iter(|| KIND.decode(black_box(heartbeat), scene));
    });
    let event = Event::MessagePosted(message(me, peer));
    group.bench_function("encode a message", |bencher| {
        bencher.iter(|| KIND.event(black_box(&event), Viewer::Peer));
    });
    group.finish();
}
