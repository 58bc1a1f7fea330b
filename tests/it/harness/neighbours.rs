//! Two users who talk all the while somebody else misbehaves.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use actix_web::rt::task::JoinHandle;
use serde_json::{Value, json};
use tokio::sync::oneshot;

use super::{Account, Client};

/// What any exchange may take while others misbehave. Far above what it takes on a machine that
/// does nothing else, and far below every timeout of the server.
const ROUND_TRIP_MAX: Duration = Duration::from_secs(4);

/// A pair that exchanges messages, one at a time.
pub struct Neighbours {
    stop: oneshot::Sender<()>,
    task: JoinHandle<usize>,
}

/// A message to another user.
pub fn send(from: &Account, to: &Account, content: &str) -> Value {
    let payload = json!({"type": "send", "chat_id": from.room(to), "content": content});
    json!({"type": "chat", "payload": payload})
}

impl Neighbours {
    /// Lets two users talk until told to stop.
    pub async fn start(address: SocketAddr, pair: [&Account; 2]) -> Self {
        let [alice, bob] = pair.map(Account::clone);
        let mut here = Client::open(address, "/ws").await;
        let mut there = Client::open(address, "/ws").await;
        here.identify(&alice.token).await;
        there.identify(&bob.token).await;
        let (stop, mut stopped) = oneshot::channel();
        let task = actix_web::rt::spawn(async move {
            let mut exchanges = 0;
            while stopped.try_recv().is_err() {
                exchange((&mut here, &alice), (&mut there, &bob), exchanges).await;
                exchange((&mut there, &bob), (&mut here, &alice), exchanges).await;
                here.expect_nothing().await;
                there.expect_nothing().await;
                exchanges += 1;
            }
            here.close().await;
            there.close().await;
            exchanges
        });
        Self { stop, task }
    }

    /// Ends the talk; everything that was said has arrived, in time. At least one exchange was made.
    pub async fn stop(self) {
        self.stop.send(()).expect("the neighbours still talk");
        let exchanges = self.task.await.expect("the neighbours were not disturbed");
        assert!(exchanges > 0);
    }
}

async fn exchange(
    (from, author): (&mut Client, &Account),
    (to, peer): (&mut Client, &Account),
    number: usize,
) {
    let start = Instant::now();
    let content = format!("{number} of {}", author.user.name);
    let echo = from.ask(send(author, peer, &content)).await;
    assert_eq!(echo["payload"]["content"], content);
    assert_eq!(to.recv().await, echo);
    let took = start.elapsed();
    assert!(took < ROUND_TRIP_MAX, "a neighbour waited {took:?}");
}
