//! The floor of a fan-out: what comes on one WebSocket goes to all, and nothing else is done.
//!
//! One thread, the standard library's sockets, and one write to each session for all messages of
//! one read. It takes what the tester sends as it is (its key is known, its frames come whole) and
//! asks nobody who he is. What this costs, the system costs.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::fd::AsRawFd as _;

use rustix::buffer::spare_capacity;
use rustix::event::epoll;
use tradewind_loadtest::wire::encode::mask;

/// What is read at once.
const BUFFER: usize = 64 << 10;
/// Sockets told about at once.
const BATCH: usize = 1_024;
/// The answer to the tester's key, which is the example of RFC 6455.
const WELCOME: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

/// Takes the first masked frame off; its opcode and payload.
fn first<'a>(rest: &mut &'a mut [u8]) -> Option<(u8, &'a mut [u8])> {
    let (head, body) = std::mem::take(rest).split_at_mut_checked(2)?;
    let [one, two] = head else { return None };
    let (length, body) = match *two & 0x7f {
        126 => {
            let (bytes, body) = body.split_at_mut_checked(2)?;
            (u16::from_be_bytes([*bytes.first()?, *bytes.get(1)?]), body)
        }
        short => (u16::from(short), body),
    };
    let (key, body) = body.split_at_mut_checked(4)?;
    let key = u32::from_be_bytes(key.try_into().ok()?);
    let (payload, body) = body.split_at_mut_checked(usize::from(length))?;
    mask(payload, key);
    *rest = body;
    Some((*one & 0x0f, payload))
}

/// The texts in some bytes, as a server writes them.
fn texts(mut read: &mut [u8]) -> Vec<u8> {
    let mut out = Vec::new();
    while let Some((opcode, payload)) = first(&mut read) {
        if opcode != 1 {
            continue;
        }
        out.push(0x81);
        match u8::try_from(payload.len()) {
            Ok(short) if short < 126 => out.push(short),
            _ => {
                out.push(126);
                out.extend(u16::try_from(payload.len()).unwrap_or_default().to_be_bytes());
            }
        }
        out.extend_from_slice(payload);
    }
    out
}

fn main() -> std::io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    println!("listens on {}", listener.local_addr()?.port());
    let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
    let flags = epoll::EventFlags::IN;
    epoll::add(&epoll, &listener, epoll::EventData::new_u64(u64::MAX), flags)?;
    // Whether they have been welcomed, by descriptor.
    let mut sessions: BTreeMap<u64, (TcpStream, bool)> = BTreeMap::new();
    let mut buffer = vec![0; BUFFER];
    loop {
        let mut events = Vec::with_capacity(BATCH);
        epoll::wait(&epoll, spare_capacity(&mut events), None)?;
        for event in events {
            let number = event.data.u64();
            if number == u64::MAX {
                let (socket, _) = listener.accept()?;
                socket.set_nodelay(true)?;
                let number = u64::try_from(socket.as_raw_fd()).unwrap_or_default();
                epoll::add(&epoll, &socket, epoll::EventData::new_u64(number), flags)?;
                sessions.insert(number, (socket, false));
                continue;
            }
            let Some((socket, welcomed)) = sessions.get_mut(&number) else { continue };
            let count = socket.read(&mut buffer).unwrap_or(0);
            if count == 0 {
                sessions.remove(&number);
            } else if !*welcomed {
                *welcomed = true;
                socket.write_all(WELCOME)?;
            } else {
                let out = texts(buffer.get_mut(..count).unwrap_or_default());
                for (socket, _) in sessions.values_mut() {
                    socket.write_all(&out)?;
                }
            }
        }
    }
}
