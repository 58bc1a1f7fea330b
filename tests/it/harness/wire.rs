//! A TCP connection through the test, which can hold it up or cut it.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// What the wire does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Lets everything through.
    Whole,
    /// Lets nothing through, and tells nobody.
    Frozen,
    /// Ends what is open, and everything that comes.
    Cut,
}

/// A wire to an address. It has a thread of its own, so nobody it serves can stop it.
pub struct Wire {
    /// Where to connect to.
    pub address: SocketAddr,
    state: watch::Sender<State>,
}

impl Wire {
    /// A whole wire to an address.
    pub fn to(target: SocketAddr) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        listener.set_nonblocking(true).expect("not blocking");
        let (state, watch) = watch::channel(State::Whole);
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(serve(listener, target, watch));
        });
        Self { address, state }
    }

    /// Changes what it does, from now on.
    pub fn set(&self, state: State) {
        self.state.send_replace(state);
    }
}

/// Ends with the wire.
async fn serve(
    listener: std::net::TcpListener,
    target: SocketAddr,
    mut state: watch::Receiver<State>,
) {
    let listener = TcpListener::from_std(listener).expect("a listener");
    loop {
        tokio::select! {
            peer = listener.accept() => {
                let (peer, _) = peer.expect("a peer");
                tokio::spawn(carry(peer, target, state.clone()));
            }
            changed = state.changed() => if changed.is_err() { return },
        }
    }
}

async fn carry(mut peer: TcpStream, target: SocketAddr, mut state: watch::Receiver<State>) {
    // A frozen wire ends its connection only when it is cut: by then both ends have given up.
    while *state.borrow_and_update() == State::Frozen {
        if state.changed().await.is_err() {
            return;
        }
    }
    if *state.borrow() == State::Cut {
        return;
    }
    let mut server = TcpStream::connect(target).await.expect("the server is there");
    let passed = copy_bidirectional(&mut peer, &mut server);
    let stopped = state.wait_for(|state| *state != State::Whole);
    let frozen = tokio::select! {
        _ = passed => return,
        state = stopped => state.is_ok_and(|state| *state == State::Frozen),
    };
    if frozen {
        drop(
            tokio::time::timeout(
                Duration::from_secs(60),
                state.wait_for(|it| *it != State::Frozen),
            )
            .await,
        );
    }
}
