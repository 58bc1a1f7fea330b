//! Conversations of an app: one, all of them, and those of one user.

use diesel::RunQueryDsl as _;
use tradewind::domain::id::UserId;
use tradewind::domain::uuid::Uuid;

use super::outward::make_topic_with;
use super::*;
use crate::contract::ppcom::shop::Shop;
use crate::harness::Backend;

on_both!(
    conversations_come_of_an_app_a_user_and_one_by_one,
    a_conversation_that_cannot_be_read_holds_up_no_other,
);

fn user(uuid: &str) -> UserId {
    Uuid::parse(uuid).and_then(UserId::of_uuid).expect("a user")
}

async fn conversations_come_of_an_app_a_user_and_one_by_one(backend: Backend) {
    let mut shop = Shop::open(backend).await;
    let agent = shop.agent("agent").await;
    let (ann, ben) = (shop.visitor("ann").await, shop.visitor("ben").await);
    let (of_ann, app) = (shop.conversation(&ann).await, shop.app.id);
    shop.say((&ann.token, &ann.user), &of_ann, "u-1", "before").await;
    make_topic(&shop.server).await;
    let group = Uuid::parse(&of_ann).and_then(GroupId::of_uuid).expect("a conversation");
    for (name, source) in [
        ("app", BridgeSource::App { app }),
        ("ann", BridgeSource::User { app, user: user(&ann.user) }),
        ("agent", BridgeSource::User { app, user: user(&agent.user) }),
        ("one", BridgeSource::Conversation { app, group }),
    ] {
        let to = TopicName::new("p", &format!("of-{name}")).unwrap();
        let new = NewTopic { name: to.clone(), config: TopicConfig::default() };
        pubsub(&shop.server).create_topic(new).await.unwrap();
        let config = SubscriptionConfig { is_ordered: true, ..SubscriptionConfig::default() };
        let new = NewSubscription { name: named(name), topic: to.clone(), config };
        pubsub(&shop.server).create_subscription(new).await.unwrap();
        add_bridge(&shop.server, name, BridgeRoute::Out { source, topic: to }).await.unwrap();
        until_runs(&shop.server, name).await;
    }
    shop.say((&ann.token, &ann.user), &of_ann, "u-2", "from ann").await;
    shop.say((&agent.token, &agent.user), &of_ann, "u-3", "to ann").await;
    // A conversation that begins later, and while a hub was down.
    let of_ben = shop.conversation(&ben).await;
    shop.say((&ben.token, &ben.user), &of_ben, "u-4", "from ben").await;
    shop.server.restart(|_| {}).await;
    shop.say((&agent.token, &agent.user), &of_ben, "u-5", "to ben").await;
    let of_all = ["from ann", "to ann", "from ben", "to ben"];
    for (name, expected) in
        [("app", &of_all[..]), ("agent", &of_all), ("ann", &of_all[..2]), ("one", &of_all[..2])]
    {
        let pulled = pull(&shop.server, name, expected.len()).await;
        let mut texts: Vec<String> =
            pulled.iter().map(|one| json(one)["content"].as_str().unwrap().to_owned()).collect();
        // Between rooms there is no order.
        texts.sort_by_key(|text| expected.iter().position(|one| one == text));
        assert_eq!(texts, expected, "{name}");
        let data = json(&pulled[0]);
        assert_eq!(data["kind"], "conversation");
        assert_eq!(data["app"], app.uuid().to_string());
        nothing_waits(&shop.server, name).await;
    }
    shop.close().await;
}

/// Makes the ids of all messages of a room bad, or good again.
fn spoil(server: &Server, room: i64) {
    let spoilt = server.database().write(|conn| {
        let of_room = format!("SELECT id FROM messages WHERE room_id = {room}");
        for table in ["nonces", "conversation_messages", "pushes"] {
            let rows = format!("DELETE FROM {table} WHERE message_id IN ({of_room})");
            diesel::sql_query(rows).execute(conn)?;
        }
        let query = format!("UPDATE messages SET id = -id WHERE room_id = {room}");
        Ok(diesel::sql_query(query).execute(conn)?)
    });
    assert!(spoilt.expect("written") > 0);
}

async fn a_conversation_that_cannot_be_read_holds_up_no_other(backend: Backend) {
    let shop = Shop::open(backend).await;
    shop.agent("agent").await;
    let (ann, ben) = (shop.visitor("ann").await, shop.visitor("ben").await);
    let (of_ann, of_ben) = (shop.conversation(&ann).await, shop.conversation(&ben).await);
    bridge_out(&shop.server, BridgeSource::App { app: shop.app.id }).await;
    // Both are said before the bridge can go on.
    pubsub(&shop.server).delete_topic(&topic()).await.unwrap();
    shop.say((&ann.token, &ann.user), &of_ann, "u-1", "from ann").await;
    shop.say((&ben.token, &ben.user), &of_ben, "u-2", "from ben").await;
    until_paused(&shop.server, "out").await;
    let group = Uuid::parse(&of_ann).and_then(GroupId::of_uuid).expect("a conversation");
    spoil(&shop.server, group.get());
    make_topic_with(&shop.server, "again").await;
    assert_eq!(told(&shop.server, "again", 1).await, events(&[("sent", "from ben")]));
    let room = RoomKey::Group(group).address();
    assert!(until_paused(&shop.server, "out").await.contains(&format!("room {room}")));
    spoil(&shop.server, group.get());
    assert_eq!(told(&shop.server, "again", 1).await, events(&[("sent", "from ann")]));
    until_runs(&shop.server, "out").await;
    shop.close().await;
}
