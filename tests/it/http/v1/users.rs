//! Who somebody is, and what a list of conversations shows of others. Who may look up whom on the sockets
//! is in `contract/features/users.jsonl`, by the same look-up.

use serde_json::{Value, json};
use tradewind::domain::chat::group::Role;
use tradewind::domain::id::GroupId;
use tradewind::store::chat::groups::{self, RosterEntry};
use tradewind::store::chat::read_marks;

use crate::harness::{Account, Backend, Server};

async fn get(server: &Server, who: &Account, path: &str) -> Value {
    server.api(who, "GET", path, Value::Null).await.expect(200).clone()
}

fn ids(list: &Value) -> Vec<&str> {
    let users = list["users"].as_array().expect("users").iter();
    users.map(|user| user["id"].as_str().expect("an id")).collect()
}

/// A group of `owner` with members, by its id.
async fn group(server: &Server, owner: &Account, members: &[&Account]) -> String {
    let made = server.api(owner, "POST", "/groups", json!({"title": "Tea"})).await;
    let group = made.expect(201)["id"].as_str().expect("an id").to_owned();
    for member in members {
        server.befriend(owner, member).await;
        let path = format!("/groups/{group}/members/{}", member.id());
        server.api(owner, "PUT", &path, Value::Null).await.expect(200);
    }
    group
}

async fn post(server: &Server, who: &Account, room: &str, text: &str) -> Value {
    let path = format!("/rooms/{room}/messages");
    server.api(who, "POST", &path, json!({"content": text})).await.expect(201).clone()
}

#[actix_web::test]
async fn whoever_sees_something_of_a_user_may_look_him_up() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let server = Server::with(backend, |_| {}).await;
        let [alice, bob, carol, dave] = [
            server.user("alice").await,
            server.user("bob").await,
            server.user("carol").await,
            server.user("dave").await,
        ];
        let group = group(&server, &alice, &[&bob, &carol]).await;
        let all = format!("/users?ids={},{},{},{}", dave.id(), carol.id(), bob.id(), alice.id());
        let [a, b, c, d] = [&alice, &bob, &carol, &dave].map(|one| one.id().to_string());
        assert_eq!(ids(&get(&server, &bob, &all).await), [&c, &b, &a]);
        // Somebody who wrote and left, and somebody who only left.
        post(&server, &bob, &group, "I was here").await;
        for one in [&bob, &carol] {
            server
                .api(one, "POST", &format!("/groups/{group}/leave"), Value::Null)
                .await
                .expect(204);
        }
        server.befriend(&alice, &dave).await;
        let add = format!("/groups/{group}/members/{}", dave.id());
        server.api(&alice, "PUT", &add, Value::Null).await.expect(200);
        assert_eq!(ids(&get(&server, &dave, &all).await), [&d, &b, &a]);
        let one = get(&server, &dave, &format!("/users/{b}")).await;
        assert_eq!(one, json!({"id": b, "name": "bob", "profile": null}));
        let friend = get(&server, &dave, &format!("/users/{a}")).await;
        assert_eq!(
            friend,
            json!({"id": a, "name": "alice", "profile": null, "room": alice.room(&dave)})
        );
        // The page that shows his message says who he is.
        let page = get(&server, &dave, &format!("/rooms/{group}/messages")).await;
        assert_eq!(page["users"], json!([one]));
        let page = get(&server, &dave, &format!("/rooms/{group}/messages?after_seq=1")).await;
        assert_eq!(page["users"], json!([]));
        server.stop().await;
    }
}

#[actix_web::test]
async fn nobody_can_tell_who_is_hidden_from_who_is_not() {
    let server = Server::start().await;
    let (alice, stranger) = (server.user("alice").await, server.user("stranger").await);
    let mut answers = Vec::new();
    for nobody in [
        &stranger.id().to_string(),
        "9007199254740990",
        "7",
        "0",
        "-4",
        "stranger",
        "@stranger",
        "99999999999999999999",
    ] {
        let answer = server.api(&alice, "GET", &format!("/users/{nobody}"), Value::Null).await;
        answer.expect_problem(404, "no_such_user");
        answers.push(answer.text);
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:?}");
    let many = |count: i64| (1..=count).map(|n| (2 * n).to_string()).collect::<Vec<_>>().join(",");
    for (query, status) in [
        (String::new(), 400),
        ("?ids=x".to_owned(), 400),
        (format!("?ids={}", many(101)), 400),
        (format!("?ids={}", many(100)), 200),
        ("?ids=".to_owned(), 200),
        ("?ids=,,7,-4,0".to_owned(), 200),
    ] {
        let answer = server.api(&alice, "GET", &format!("/users{query}"), Value::Null).await;
        match status {
            200 => assert_eq!(answer.expect(200), &json!({"users": []}), "{query}"),
            _ => answer.expect_problem(400, "parameter_invalid"),
        }
    }
    server.stop().await;
}

#[actix_web::test]
async fn rooms_show_the_last_message_and_who_has_read() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let server = Server::with(backend, |_| {}).await;
        let (alice, bob) = (server.user("alice").await, server.user("bob").await);
        let group = group(&server, &alice, &[&bob]).await;
        let room = alice.room(&bob);
        let said = post(&server, &bob, &room, "hello").await;
        let read = format!("/rooms/{room}/read");
        server.api(&bob, "PUT", &read, json!({"seq": 1})).await.expect(200);
        let rooms = get(&server, &alice, "/rooms").await;
        let by_id = |id: &str| {
            let mut rooms = rooms["rooms"].as_array().expect("rooms").iter();
            rooms.find(|room| room["id"] == id).expect("the room").clone()
        };
        let (dm, empty) = (by_id(&room), by_id(&group));
        let mut last = said.clone();
        last.as_object_mut().expect("a message").remove("duplicate");
        assert_eq!((&dm["last"], &dm["last_at"]), (&last, &said["created_at"]));
        assert_eq!(dm["user"]["room"], room);
        let marks = json!({bob.id().to_string(): 1});
        assert_eq!(dm["readers"], marks);
        assert_eq!((&empty["last"], &empty["last_at"]), (&Value::Null, &Value::Null));
        assert_eq!(empty["readers"], json!({}));
        let readers = get(&server, &alice, &format!("/rooms/{room}/readers")).await;
        assert_eq!(readers, json!({"readers": marks}));
        let readers = get(&server, &bob, &format!("/rooms/{room}/readers")).await;
        assert_eq!(readers, json!({"readers": {}}));
        for (nowhere, status, code) in [("x", 404, "no_such_room"), ("7", 403, "not_member")] {
            let path = format!("/rooms/{nowhere}/readers");
            server.api(&alice, "GET", &path, Value::Null).await.expect_problem(status, code);
        }
        server.stop().await;
    }
}

#[actix_web::test]
async fn marks_of_more_than_100_members_are_for_those_who_ask() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let server = Server::with(backend, |_| {}).await;
        let alice = server.user("alice").await;
        let group = group(&server, &alice, &[]).await;
        post(&server, &alice, &group, "hello").await;
        let key = GroupId::new(group.parse().expect("an id")).expect("a group");
        let mut members = Vec::new();
        for number in 1..=100 {
            members.push(server.user(&format!("member {number}")).await.user.id);
        }
        let sit = async |some: Vec<_>| {
            let now = server.now();
            let seat = move |conn: &mut _| {
                for user in &some {
                    let seat = RosterEntry { user: *user, role: Role::Member, unaware: false };
                    groups::seat(conn, key, seat, now)?;
                    read_marks::set(conn, *user, key.room(), 1)?;
                }
                groups::touch(conn, key)
            };
            server.database().write(seat).expect("they are members");
        };
        let listed = async || {
            let rooms = get(&server, &alice, "/rooms").await;
            rooms["rooms"][0]["readers"].as_object().expect("readers").len()
        };
        let last = members.pop().expect("a member");
        sit(members).await;
        assert_eq!(listed().await, 99);
        sit(vec![last]).await;
        assert_eq!(listed().await, 0);
        let asked = get(&server, &alice, &format!("/rooms/{group}/readers")).await;
        assert_eq!(asked["readers"].as_object().expect("readers").len(), 100);
        server.stop().await;
    }
}
