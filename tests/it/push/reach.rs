//! Where nothing is pushed to, whoever asks.

use tradewind::domain::pubsub::refusal::PubsubStatus;
use tradewind::domain::pubsub::subscription::{PushConfig, SubscriptionConfig};
use tradewind::http::pubsub::pushes::settings::PrivatePush;

use super::{make_topic, name, publish, pubsub, state, subscribe, try_subscribe};
use crate::harness::receiver::Receiver;
use crate::harness::{Backend, Server, until};

async fn public_only() -> Server {
    Server::with(Backend::Sqlite, |config| config.pubsub.allow_private_push = PrivatePush::No).await
}

#[actix_web::test]
async fn addresses_are_refused_where_they_are_said() {
    let server = public_only().await;
    make_topic(&server).await;
    subscribe(&server, "sub", "https://receiver.example/", |_| {}).await;
    for (endpoint, is_good) in [
        ("http://8.8.8.8/", true),
        ("http://localhost:1/", true),
        ("http://127.0.0.1:1/?token=x", false),
        ("http://0x7f000001/", false),
        ("http://[::1]/", false),
        ("http://[::ffff:10.0.0.1]/", false),
        ("http://192.168.0.1/", false),
        ("http://169.254.169.254/latest/meta-data/", false),
        ("http://[fe80::1]/", false),
    ] {
        let made = try_subscribe(&server, "new", endpoint, |_| {}).await;
        let push = PushConfig { endpoint: endpoint.to_owned(), ..PushConfig::default() };
        let modified = pubsub(&server).modify_push(&name("sub"), Some(push.clone())).await;
        let new = SubscriptionConfig { push: Some(push), ..SubscriptionConfig::default() };
        let mask = vec!["push_config".to_owned()];
        let patched = pubsub(&server).update_subscription(&name("sub"), new, mask).await;
        let refusals = [made.clone().err(), modified.err(), patched.err()];
        for refusal in refusals {
            let status = refusal.map(|refusal| {
                assert!(!refusal.message.contains("token"), "{refusal}");
                refusal.status
            });
            assert_eq!(status.is_none(), is_good, "{endpoint}");
            assert!(
                status.is_none_or(|status| status == PubsubStatus::InvalidArgument),
                "{endpoint}"
            );
        }
        if made.is_ok() {
            pubsub(&server).delete_subscription(&name("new")).await.unwrap();
        }
    }
    server.stop().await;
}

#[actix_web::test]
async fn a_name_is_judged_by_the_address_it_leads_to() {
    let server = public_only().await;
    let mut receiver = Receiver::start().await;
    make_topic(&server).await;
    let endpoint = format!("http://localhost:{}/", receiver.address.port());
    subscribe(&server, "sub", &endpoint, |_| {}).await;
    publish(&server, &["x"]).await;
    until("a failure", || state(&server, "sub").is_some_and(|state| state.failures > 0)).await;
    let last = state(&server, "sub").unwrap().last.unwrap();
    assert_eq!(last.to_string(), "an address that is not pushed to");
    assert!(receiver.try_next().is_none());
    server.stop().await;
}

#[actix_web::test]
async fn a_hub_of_this_machine_alone_pushes_to_it() {
    let server = Server::start().await;
    let mut receiver = Receiver::start().await;
    make_topic(&server).await;
    let endpoint = format!("http://localhost:{}/", receiver.address.port());
    subscribe(&server, "sub", &endpoint, |_| {}).await;
    publish(&server, &["x"]).await;
    assert_eq!(receiver.take(1).await, ["x"]);
    let refused = try_subscribe(&server, "meta", "http://169.254.169.254/", |_| {}).await;
    assert_eq!(refused.unwrap_err().status, PubsubStatus::InvalidArgument);
    server.stop().await;
}

#[actix_web::test]
async fn nothing_is_said_to_whoever_has_no_certificate() {
    use std::io::{Read as _, Write as _};
    let server = Server::start().await;
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("https://{}/", listener.local_addr().unwrap());
    let heard = std::thread::spawn(move || {
        let (mut peer, _) = listener.accept().unwrap();
        let mut bytes = vec![0; 4_096];
        let read = peer.read(&mut bytes).unwrap();
        peer.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").unwrap();
        bytes.truncate(read);
        bytes
    });
    make_topic(&server).await;
    subscribe(&server, "sub", &endpoint, |_| {}).await;
    publish(&server, &["secret"]).await;
    until("a try", || state(&server, "sub").is_some_and(|state| state.failures > 0)).await;
    assert_eq!(state(&server, "sub").unwrap().last.unwrap().to_string(), "no connection");
    // A TLS record with a handshake.
    assert_eq!(heard.join().unwrap().first(), Some(&22));
    server.stop().await;
}
