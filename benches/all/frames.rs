//! Frames of a peer, from its bytes to checked text. The copy into the buffer counts.

use bytes::BytesMut;
use criterion::{Criterion, Throughput};
use tradewind::ws::decode::Decoder;

const MESSAGE_BYTES_MAX: usize = 64 * 1024;

/// A masked text frame.
fn text(len: usize) -> Vec<u8> {
    let mut frame = vec![0x81];
    match u16::try_from(len).expect("a short one") {
        short @ 0..126 => frame.push(0x80 | short as u8),
        long => {
            frame.push(0x80 | 126);
            frame.extend(long.to_be_bytes());
        }
    }
    let mask = [0x37, 0xFA, 0x21, 0x3D];
    frame.extend(mask);
    frame.extend((0..len).map(|at| b'a' ^ mask[at % 4]));
    frame
}

pub fn bench(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("frames");
    for (name, bytes, count) in
        [("100 B, alone", 100, 1), ("100 B, 16 at once", 100, 16), ("16 KiB", 16 * 1024, 1)]
    {
        let arrived = text(bytes).repeat(count);
        group.throughput(Throughput::Elements(count as u64));
        group.bench_function(name, |bencher| {
            let mut decoder = Decoder::new(MESSAGE_BYTES_MAX);
            let mut buf = BytesMut::with_capacity(arrived.len());
            bencher.iter(|| {
                buf.extend_from_slice(&arrived);
                let mut messages = 0;
                while let Some(message) = decoder.next(&mut buf).expect("good frames") {
                    messages += 1;
                    drop(std::hint::black_box(message));
                }
                assert_eq!(messages, count);
            });
        });
    }
    group.finish();
}
