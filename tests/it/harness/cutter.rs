//! A wire to PostgreSQL that is cut when a writer commits, or to anybody, and cut at will.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

/// When the wire is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// Before the COMMIT has arrived.
    Before,
    /// When its answer is due.
    After,
}

/// The wire.
pub struct Cutter {
    /// Where to connect to.
    pub address: SocketAddr,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    /// What happens at the next COMMIT of a writer.
    armed: Mutex<Option<Cut>>,
    /// Nobody gets through who comes now.
    closed: AtomicBool,
    /// How many did not.
    refused: AtomicUsize,
    /// The far ends of those who got through.
    through: Mutex<Vec<TcpStream>>,
}

impl Cutter {
    /// A whole wire to an address.
    pub fn to(target: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let state = Arc::<State>::default();
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for peer in listener.incoming() {
                let peer = peer.expect("a peer");
                if shared.closed.load(Ordering::SeqCst) {
                    shared.refused.fetch_add(1, Ordering::SeqCst);
                } else {
                    carry(peer, target, &shared);
                }
            }
        });
        Self { address, state }
    }

    /// Cuts the next COMMIT of a writer.
    pub fn arm(&self, cut: Cut) {
        *self.state.armed.lock().expect("no panic") = Some(cut);
    }

    /// Whether the wire has not been cut yet.
    pub fn is_armed(&self) -> bool {
        self.state.armed.lock().expect("no panic").is_some()
    }

    /// Lets nobody through who comes from now on, or everybody again.
    pub fn close(&self, closed: bool) {
        self.state.closed.store(closed, Ordering::SeqCst);
    }

    /// Cuts off all who are there now.
    pub fn cut(&self) {
        for end in self.state.through.lock().expect("no panic").drain(..) {
            drop(end.shutdown(Shutdown::Both));
        }
    }

    /// How many were not let through.
    pub fn refused(&self) -> usize {
        self.state.refused.load(Ordering::SeqCst)
    }
}

fn carry(peer: TcpStream, target: SocketAddr, state: &Arc<State>) {
    let server = TcpStream::connect(target).expect("the server is there");
    for end in [&peer, &server] {
        end.set_nodelay(true).expect("no delay");
    }
    let (answers, takes) = (server.try_clone().expect("cloned"), peer.try_clone().expect("cloned"));
    state.through.lock().expect("no panic").push(server.try_clone().expect("cloned"));
    let mute = Arc::new(AtomicBool::new(false));
    let muted = Arc::clone(&mute);
    thread::spawn(move || pass(answers, takes, |_| !muted.load(Ordering::SeqCst)));
    let state = Arc::clone(state);
    let mut writes = false;
    thread::spawn(move || {
        pass(peer, server, |bytes| {
            writes |= says(bytes, b"pg_advisory_xact_lock");
            if !writes || !says(bytes, b"COMMIT") {
                return true;
            }
            let cut = state.armed.lock().expect("no panic").take();
            // What comes back from now on is the answer.
            mute.store(cut == Some(Cut::After), Ordering::SeqCst);
            cut != Some(Cut::Before)
        });
    });
}

fn says(bytes: &[u8], word: &[u8]) -> bool {
    bytes.windows(word.len()).any(|found| found == word)
}

/// Passes on what comes as long as it may, then ends both.
fn pass(mut from: TcpStream, mut to: TcpStream, mut may: impl FnMut(&[u8]) -> bool) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(read @ 1..) = from.read(&mut buffer) {
        if !may(&buffer[..read]) || to.write_all(&buffer[..read]).is_err() {
            break;
        }
    }
    for end in [from, to] {
        drop(end.shutdown(Shutdown::Both));
    }
}
