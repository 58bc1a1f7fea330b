//! Sockets: life and death of a session, and peers that mean no good.

mod batches;
mod before_auth;
mod chatting;
mod commits;
mod crowds;
mod device;
mod handshake;
mod hostile;
mod lifetime;
mod limits;
mod pauses;
mod pings;
mod presence;
mod rates;

use crate::harness::Server;

#[actix_web::test]
async fn two_users_talk() {
    let server = Server::start().await;
    let (alice, bob) = (server.user("alice").await, server.user("bob").await);
    let (mut a, mut b) = (server.login(&alice).await, server.login(&bob).await);
    let send = serde_json::json!({"type": "chat", "payload":
        {"type": "send", "chat_id": alice.room(&bob), "content": "안녕"}});
    let echo = a.ask(send).await;
    assert_eq!(b.recv().await, echo);
    a.expect_nothing().await;
    a.close().await;
    b.close().await;
    server.stop().await;
}
