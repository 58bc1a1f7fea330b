//! What the tester's own framing saves: the CPU of a message read and of one written, beside the same
//! by `tungstenite`.
//!
//!     cargo run --release -p tradewind-loadtest --example framing
//!
//! Reads bring 8 messages each, as they come from a hub; 8 messages make a write.

use std::hint::black_box;
use std::io::{self, Read, Write};
use std::ops::ControlFlow;
use std::time::Instant;

use tradewind_loadtest::wire::Opcode;
use tradewind_loadtest::wire::decode::{Inbox, Message};
use tradewind_loadtest::wire::encode;
use tungstenite::protocol::{Role, WebSocket};

/// Bytes of a text: those of a message of 100 in REWIND.
const TEXT: usize = 257;
const BATCH: usize = 8;
const READS: usize = 100_000;
const ROUNDS: usize = 7;

/// A socket that brings the same bytes again and again, and forgets what is written.
struct Memory {
    batch: Vec<u8>,
    /// How much of the batch has been read.
    at: usize,
    /// Batches still to come.
    left: usize,
}

impl Read for Memory {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let mut rest = self.batch.get(self.at..).unwrap_or_default();
        let length = rest.read(into)?;
        self.at += length;
        if self.at == self.batch.len() {
            (self.at, self.left) = (0, self.left - 1);
        }
        Ok(length)
    }
}

impl Write for Memory {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(black_box(bytes).len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn main() -> anyhow::Result<()> {
    let text = "x".repeat(TEXT);
    let [high, low] = u16::try_from(TEXT)?.to_be_bytes();
    let frame = [&[0x81, 126, high, low], text.as_bytes()].concat();
    let batch = frame.repeat(BATCH);
    let memory = || Memory { batch: batch.clone(), at: 0, left: READS };
    println!("nanoseconds a message of {TEXT} bytes, best of {ROUNDS}: own, tungstenite");
    let read = (best(|| read_own(memory())), best(|| read_by_tungstenite(memory())));
    println!("read   {:6.1} {:6.1}", read.0?, read.1?);
    let write =
        (best(|| write_own(memory(), &text)), best(|| write_by_tungstenite(memory(), &text)));
    println!("write  {:6.1} {:6.1}", write.0?, write.1?);
    Ok(())
}

/// Nanoseconds a message, for a run that tells how many it has passed.
fn best(mut run: impl FnMut() -> anyhow::Result<usize>) -> anyhow::Result<f64> {
    let mut best = f64::INFINITY;
    for _ in 0..ROUNDS {
        let begin = Instant::now();
        anyhow::ensure!(run()? == READS * BATCH, "a message is missing");
        best = best.min(begin.elapsed().as_secs_f64());
    }
    Ok(best * 1e9 / f64::from(u32::try_from(READS * BATCH)?))
}

fn read_own(mut socket: Memory) -> anyhow::Result<usize> {
    let mut buffer = vec![0; 1 << 16];
    let (mut inbox, mut seen) = (Inbox::default(), 0);
    while let Ok(length) = socket.read(&mut buffer) {
        let read = buffer.get(..length).unwrap_or_default();
        let fed = inbox.feed(read, |message| {
            seen += usize::from(matches!(black_box(message), Message::Text(_)));
            ControlFlow::Continue(())
        });
        fed.map_err(|fault| anyhow::anyhow!(fault.0))?;
    }
    Ok(seen)
}

fn read_by_tungstenite(socket: Memory) -> anyhow::Result<usize> {
    let mut socket = WebSocket::from_raw_socket(socket, Role::Client, None);
    let mut seen = 0;
    while let Ok(message) = socket.read() {
        seen += usize::from(black_box(message).is_text());
    }
    Ok(seen)
}

fn write_own(mut socket: Memory, text: &str) -> anyhow::Result<usize> {
    let mut out = Vec::new();
    for key in 0..READS {
        out.clear();
        for _ in 0..BATCH {
            let key = u32::try_from(key)?;
            encode::frame(&mut out, Opcode::Text, key, |out| out.extend(text.as_bytes()));
        }
        socket.write_all(&out)?;
    }
    Ok(READS * BATCH)
}

fn write_by_tungstenite(socket: Memory, text: &str) -> anyhow::Result<usize> {
    let mut socket = WebSocket::from_raw_socket(socket, Role::Client, None);
    for _ in 0..READS {
        for _ in 0..BATCH {
            socket.write(text.into())?;
        }
        socket.flush()?;
    }
    Ok(READS * BATCH)
}
