//! What is said in rooms is published: once, in order, and whatever becomes of topic, bridge and hub.

use tradewind::domain::pubsub::refusal::PubsubStatus;
use tradewind::domain::pubsub::topic::PublishTopic;
use tradewind::store::pubsub::subscriptions::NewSubscriptionRow;
use tradewind::store::pubsub::writes;

use super::*;
use crate::harness::Backend;

/// Makes the topic and a subscription in one transaction, so that nothing is published in between.
pub(super) async fn make_topic_with(server: &Server, id: &str) {
    let (store, mint) = (&server.running().store, server.mint());
    let (name, config) = (topic(), TopicConfig::default());
    let new = PublishTopic { id: mint.topic().unwrap(), name, config };
    let config = SubscriptionConfig { is_ordered: true, ..SubscriptionConfig::default() };
    let (id, name, now) = (mint.subscription().unwrap(), named(id), server.now());
    let row = NewSubscriptionRow { id, name, config, now };
    let (made, subscribed) = tokio::join!(
        store.run(writes::create_topic(new, 10)),
        store.run(writes::create_subscription(row, topic(), 10)),
    );
    made.unwrap().unwrap();
    subscribed.unwrap().unwrap();
}

on_both!(
    what_is_said_to_one_another_comes_in_order,
    a_group_comes_edited_and_deleted,
    what_was_said_while_the_hub_was_down_comes_once,
    a_bridge_waits_for_its_topic,
    steps_are_bounded_and_all_comes,
);

async fn what_is_said_to_one_another_comes_in_order(backend: Backend) {
    let server = Server::with(backend, |_| {}).await;
    let (alice, bob) = (server.user("alice").await, server.user("bob").await);
    let (room, source) = direct(&alice, &bob);
    make_topic(&server).await;
    subscribe(&server, "all", |_| {}).await;
    say(&server, &alice, room, "before").await;
    add_bridge(&server, "out", BridgeRoute::Out { source, topic: topic() }).await.unwrap();
    until_runs(&server, "out").await;
    let (mut wanted, mut first) = (Vec::new(), None);
    for number in 0..50 {
        let by = if number % 3 == 0 { &bob } else { &alice };
        let said = say(&server, by, room, &number.to_string()).await;
        wanted.push(said.id.to_string());
        first.get_or_insert(said);
    }
    let pulled = pull(&server, "all", 50).await;
    let ids: Vec<String> =
        pulled.iter().map(|one| json(one)["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(ids, wanted);
    let (one, first) = (&pulled[0], first.unwrap());
    let draft = &one.message.draft;
    assert_eq!(draft.ordering_key, room.address().to_string());
    let attribute = |name: &str| draft.attributes.get(name).cloned().unwrap();
    assert_eq!(attribute("event"), "sent");
    assert_eq!(attribute("kind"), "dm");
    assert_eq!(attribute("room"), draft.ordering_key);
    assert_eq!(attribute("author"), bob.id().to_string());
    assert_eq!(attribute("message"), first.id.to_string());
    let data = json(one);
    assert_eq!((&data["content"], &data["seq"]), (&"0".into(), &first.seq.into()));
    assert_eq!(data["edited_at"], Value::Null);
    // Another pair is another room.
    let carol = server.user("carol").await;
    say(&server, &alice, direct(&alice, &carol).0, "elsewhere").await;
    say(&server, &bob, room, "last").await;
    assert_eq!(told(&server, "all", 1).await, events(&[("sent", "last")]));
    server.stop().await;
}

async fn a_group_comes_edited_and_deleted(backend: Backend) {
    let server = Server::with(backend, |_| {}).await;
    let (alice, bob) = (server.user("alice").await, server.user("bob").await);
    let group = group(&server, &alice, &[&bob]).await;
    let room = RoomKey::Group(group);
    let old = say(&server, &alice, room, "before").await;
    bridge_out(&server, BridgeSource::Group { group }).await;
    let one = say(&server, &alice, room, "one").await;
    assert_eq!(told(&server, "all", 1).await, events(&[("sent", "one")]));
    edit(&server, &alice, &one, "one more").await;
    assert_eq!(told(&server, "all", 1).await, events(&[("edited", "one more")]));
    delete(&server, &alice, &one).await;
    assert_eq!(told(&server, "all", 1).await, events(&[("deleted", "")]));
    // What was said before is no news, but what becomes of it is.
    edit(&server, &alice, &old, "after").await;
    let pulled = pull(&server, "all", 1).await;
    let data = json(&pulled[0]);
    assert_eq!((&data["event"], &data["content"]), (&"edited".into(), &"after".into()));
    assert_eq!((&data["kind"], &data["room"]), (&"group".into(), &group.to_string().into()));
    nothing_waits(&server, "all").await;
    server.stop().await;
}

async fn what_was_said_while_the_hub_was_down_comes_once(backend: Backend) {
    let mut server = Server::with(backend, |_| {}).await;
    let (alice, bob) = (server.user("alice").await, server.user("bob").await);
    let (room, source) = direct(&alice, &bob);
    bridge_out(&server, source).await;
    let said = say(&server, &alice, room, "one").await;
    assert_eq!(told(&server, "all", 1).await, events(&[("sent", "one")]));
    // The topic is away meanwhile, so that all of this is found after the start.
    pubsub(&server).delete_topic(&topic()).await.unwrap();
    say(&server, &bob, room, "two").await;
    edit(&server, &alice, &said, "one!").await;
    edit(&server, &alice, &said, "one!!").await;
    let three = say(&server, &alice, room, "three").await;
    edit(&server, &alice, &three, "three!").await;
    let four = say(&server, &bob, room, "four").await;
    delete(&server, &bob, &four).await;
    until_paused(&server, "out").await;
    server.restart(|_| {}).await;
    until_paused(&server, "out").await;
    make_topic_with(&server, "again").await;
    // In the order of the last change of each: how a message is now, and that it is new if it is.
    // What was deleted before anybody was told of it does not come.
    let expected = [("sent", "two"), ("edited", "one!!"), ("sent", "three!")];
    assert_eq!(told(&server, "again", 3).await, events(&expected));
    say(&server, &bob, room, "end").await;
    assert_eq!(told(&server, "again", 1).await, events(&[("sent", "end")]));
    nothing_waits(&server, "again").await;
    server.stop().await;
}

async fn a_bridge_waits_for_its_topic(backend: Backend) {
    let server = Server::with(backend, |_| {}).await;
    let (alice, bob) = (server.user("alice").await, server.user("bob").await);
    let (room, source) = direct(&alice, &bob);
    let route = BridgeRoute::Out { source, topic: topic() };
    let refused = add_bridge(&server, "out", route.clone()).await.unwrap_err();
    assert_eq!(refused.status, PubsubStatus::NotFound, "no topic");
    bridge_out(&server, source).await;
    let refused = add_bridge(&server, "out", route.clone()).await.unwrap_err();
    assert_eq!(refused.status, PubsubStatus::AlreadyExists);
    pubsub(&server).delete_topic(&topic()).await.unwrap();
    say(&server, &alice, room, "while it is away").await;
    assert!(until_paused(&server, "out").await.contains("projects/p/topics/chat"));
    let metrics = &server.running().metrics.bridges;
    assert_eq!((metrics.bridges.get(), metrics.paused.get()), (1, 1));
    assert!(metrics.failures.with_label_values(&["not_found"]).get() > 0);
    // Chat goes on, and what was said comes once the topic is there; nobody has to ask.
    make_topic(&server).await;
    until_runs(&server, "out").await;
    until("all of it", || metrics.published.get() == 1).await;
    assert_eq!((metrics.paused.get(), metrics.rooms_behind.get()), (0, 0));
    // A bridge that is removed publishes nothing, and its name is free.
    subscribe(&server, "new", |_| {}).await;
    pubsub(&server).remove_bridge(bridge_name("out")).await.unwrap();
    let again = pubsub(&server).remove_bridge(bridge_name("out")).await.unwrap_err();
    assert_eq!(again.status, PubsubStatus::NotFound);
    until("the end", || state(&server, "out").is_none()).await;
    say(&server, &alice, room, "nobody follows").await;
    add_bridge(&server, "out", route).await.unwrap();
    until_runs(&server, "out").await;
    say(&server, &alice, room, "from now on").await;
    assert_eq!(told(&server, "new", 1).await, events(&[("sent", "from now on")]));
    server.stop().await;
}

async fn steps_are_bounded_and_all_comes(backend: Backend) {
    let server = Server::with(backend, |config| {
        config.pubsub.bridge_step_max = 3;
        config.pubsub.bridges_max = 2;
    })
    .await;
    let (alice, bob) = (server.user("alice").await, server.user("bob").await);
    let (room, source) = direct(&alice, &bob);
    make_topic(&server).await;
    subscribe(&server, "all", |_| {}).await;
    let route = || BridgeRoute::Out { source, topic: topic() };
    for name in ["one", "two"] {
        add_bridge(&server, name, route()).await.unwrap();
    }
    let refused = add_bridge(&server, "three", route()).await.unwrap_err();
    assert_eq!(refused.status, PubsubStatus::ResourceExhausted);
    // Now and then all of them are found in one look.
    let mut said = Vec::new();
    for number in 0..20 {
        said.push(say(&server, &alice, room, &number.to_string()).await);
    }
    for message in &said {
        edit(&server, &alice, message, &format!("{}!", message.content)).await;
    }
    until("both", || {
        ["one", "two"].iter().all(|name| state(&server, name) == Some(BridgeState::Running))
    })
    .await;
    // Each bridge tells of each message once as new, and of its last text once.
    let mut last = vec![0; 20];
    let mut new = vec![0; 20];
    while last.iter().sum::<i32>() < 40 {
        for (event, text) in told(&server, "all", 1).await {
            let number: usize = text.trim_end_matches('!').parse().unwrap();
            new[number] += i32::from(event == "sent");
            last[number] += i32::from(text.ends_with('!'));
        }
    }
    assert_eq!((new, last), (vec![2; 20], vec![2; 20]));
    nothing_waits(&server, "all").await;
    server.stop().await;
}

#[actix_web::test]
async fn without_a_bridge_nobody_follows_rooms() {
    let server = Server::start().await;
    let (alice, bob) = (server.user("alice").await, server.user("bob").await);
    let (room, source) = direct(&alice, &bob);
    let store = server.running().store.clone();
    let alone = store.subscribers().await;
    say(&server, &alice, room, "hello").await;
    assert_eq!(store.subscribers().await, alone);
    bridge_out(&server, source).await;
    assert_eq!(store.subscribers().await, alone + 1);
    pubsub(&server).remove_bridge(bridge_name("out")).await.unwrap();
    // Whoever has ended is forgotten with the next batch, also if nobody new comes.
    soon("the end of it", async {
        while store.subscribers().await > alone {
            store.flush().await;
        }
    })
    .await;
    server.stop().await;
}
