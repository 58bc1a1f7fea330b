//! What was published is pushed, whatever becomes of the hub in between.

use std::collections::BTreeSet;

use super::{make_topic, publish, subscribe, until_tries};
use crate::harness::process::run;
use crate::harness::receiver::{OK, Receiver};
use crate::harness::{Backend, Process, Server};

async fn pushes_go_on(backend: Backend) {
    let mut server = Server::with(backend, |_| {}).await;
    let mut receiver = Receiver::start().await;
    make_topic(&server).await;
    subscribe(&server, "sub", &receiver.url("/"), |_| {}).await;
    publish(&server, &["taken", "held", "waiting"]).await;
    receiver.next().await.answer(OK);
    until_tries(&server, "sub", 1).await;
    let held = receiver.next().await;
    server.restart(|_| {}).await;
    drop(held);
    // Nobody has asked for anything: what was held and what waited come by themselves, and what was taken does not.
    let mut rest = Vec::new();
    while rest.len() < 2 || !rest.contains(&"waiting".to_owned()) {
        let push = receiver.next().await;
        rest.push(push.payload());
        push.answer(OK);
    }
    rest.sort_unstable();
    rest.dedup();
    assert_eq!(rest, ["held", "waiting"]);
    server.stop().await;
}

#[actix_web::test]
async fn pushes_go_on_after_a_start() {
    pushes_go_on(Backend::Sqlite).await;
}

#[actix_web::test]
async fn pushes_go_on_after_a_start_on_postgres() {
    pushes_go_on(Backend::Postgres).await;
}

/// Kills a hub that pushes, again and again: all that was answered to the publisher comes, and nobody has to ask.
#[actix_web::test]
async fn pushes_go_on_after_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let mut receiver = Receiver::start().await;
    let command = |args: &[&str]| {
        let output = run(folder, &[], args);
        assert!(output.status.success(), "{output:?}");
    };
    let (topic, sub) = ("projects/p/topics/news", "projects/p/subscriptions/sub");
    let mut hub = Process::start(folder, &[]);
    command(&["topic", "add", topic]);
    command(&["subscription", "add", sub, "--topic", topic, "--push", &receiver.url("/?token=s")]);
    let (mut wanted, mut taken) = (BTreeSet::new(), BTreeSet::new());
    for round in 0..3 {
        for number in 0..4 {
            let text = format!("{round} {number}");
            command(&["topic", "publish", topic, "--data", &text]);
            wanted.insert(text);
        }
        // One is under way at the kill; it may be taken and not noted.
        let under_way = receiver.next().await;
        hub.kill();
        taken.insert(under_way.payload());
        under_way.answer(OK);
        hub = Process::start(folder, &[]);
        while taken != wanted {
            let push = receiver.next().await;
            assert!(wanted.contains(&push.payload()), "{}", push.payload());
            taken.insert(push.payload());
            push.answer(OK);
        }
    }
    assert!(!hub.log().contains("token=s"), "{}", hub.log());
    hub.stop();
}
