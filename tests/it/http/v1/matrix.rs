//! Who may ask what: every route of `/api/v1` as nobody, a stranger, a friend, a member, the owner.
//!
//! The routes are those of the OpenAPI document; one without a row here fails the test. What is named in a
//! path is the owner's, or stands to him as his friends stand to him.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::harness::{Account, Server};

/// Statuses for nobody, a stranger, a friend of the owner's, a member of his group, and the owner himself.
type Row = (&'static str, &'static str, [u16; 5]);

/// Method and path, the body, what comes of it. In paths `{suitor}` is a user who has asked for the owner's
/// friendship, `{asked}` one whom the owner has asked, `{user}` a member whom the owner blocks, and a friend of owner and member; `{dm}` is
/// the room of owner and friend, `{offered}` a group of the owner that is offered to the member. The casts act in the order of the columns.
const ROWS: &[Row] = &[
    ("GET /me", "", [401, 200, 200, 200, 200]),
    ("PATCH /me", "{}", [401, 200, 200, 200, 200]),
    ("DELETE /me", r#"{"password":""}"#, [401, 403, 403, 403, 403]),
    ("PUT /me/password", r#"{"old":"x","new":""}"#, [401, 400, 400, 400, 400]),
    ("GET /me/export", "", [401, 200, 200, 200, 200]),
    ("GET /friends", "", [401, 200, 200, 200, 200]),
    ("PUT /friends/{suitor}", "", [401, 404, 404, 404, 204]),
    ("DELETE /friends/{user}", "", [401, 404, 404, 204, 204]),
    ("GET /friend-requests", "", [401, 200, 200, 200, 200]),
    ("PUT /friend-requests/{user}", "", [401, 204, 204, 409, 409]),
    ("DELETE /friend-requests/{suitor}", "", [401, 404, 404, 404, 204]),
    ("DELETE /friend-requests/outgoing/{asked}", "", [401, 404, 404, 404, 204]),
    ("GET /presence", "", [401, 200, 200, 200, 200]),
    // Without ids it is no question; whom `user` knows is in `users.rs`, row by row.
    ("GET /users", "", [401, 400, 400, 400, 400]),
    ("GET /users/{user}", "", [401, 404, 404, 200, 200]),
    ("GET /users/{suitor}", "", [401, 404, 404, 404, 200]),
    ("GET /blocks", "", [401, 200, 200, 200, 200]),
    ("GET /blocks/{user}", "", [401, 404, 404, 404, 200]),
    ("PUT /blocks/{user}", "", [401, 204, 204, 204, 204]),
    ("DELETE /blocks/{user}", "", [401, 404, 404, 404, 204]),
    ("GET /sessions", "", [401, 200, 200, 200, 200]),
    ("DELETE /sessions/{session}", "", [401, 404, 404, 404, 204]),
    ("POST /auth/register", "{}", [400, 400, 400, 400, 400]),
    ("POST /auth/login", "{}", [400, 400, 400, 400, 400]),
    ("GET /auth/email_verify/{key}", "", [404, 404, 404, 404, 404]),
    ("POST /auth/refresh", "", [401, 200, 200, 200, 200]),
    ("POST /auth/logout", "", [401, 204, 204, 204, 204]),
    ("POST /auth/reset", r#"{"email":"nobody@test.example"}"#, [202, 202, 202, 202, 202]),
    ("POST /auth/reset/{key}", r#"{"password":"long enough"}"#, [404, 404, 404, 404, 404]),
    ("GET /rooms", "", [401, 200, 200, 200, 200]),
    ("GET /rooms/{room}/messages", "", [401, 403, 403, 200, 200]),
    ("GET /rooms/{dm}/messages", "", [401, 404, 200, 404, 200]),
    ("POST /rooms/{room}/messages", r#"{"content":"x"}"#, [401, 403, 403, 201, 201]),
    ("POST /rooms/{dm}/messages", r#"{"content":"x"}"#, [401, 404, 201, 404, 201]),
    ("PATCH /rooms/{room}/messages/{message}", r#"{"content":"x"}"#, [401, 403, 403, 404, 200]),
    ("PATCH /rooms/{dm}/messages/{dm_message}", r#"{"content":"x"}"#, [401, 404, 404, 404, 200]),
    ("DELETE /rooms/{room}/messages/{message}", "", [401, 403, 403, 404, 204]),
    ("DELETE /rooms/{dm}/messages/{dm_message}", "", [401, 404, 404, 404, 204]),
    // In another room than it is said to be in.
    ("DELETE /rooms/{dm}/messages/{message}", "", [401, 404, 404, 404, 404]),
    ("PUT /rooms/{room}/read", r#"{"seq":1}"#, [401, 403, 403, 200, 200]),
    ("PUT /rooms/{dm}/read", r#"{"seq":1}"#, [401, 404, 200, 404, 200]),
    ("GET /rooms/{room}/readers", "", [401, 403, 403, 200, 200]),
    ("GET /rooms/{dm}/readers", "", [401, 404, 200, 404, 200]),
    ("POST /groups", r#"{"title":"x"}"#, [401, 201, 201, 201, 201]),
    ("GET /groups/{group}", "", [401, 403, 403, 200, 200]),
    ("PATCH /groups/{group}", r#"{"title":"x"}"#, [401, 403, 403, 403, 200]),
    ("DELETE /groups/{group}", "", [401, 403, 403, 403, 204]),
    ("POST /groups/{group}/leave", "", [401, 403, 403, 204, 409]),
    ("GET /groups/{group}/members", "", [401, 403, 403, 200, 200]),
    ("PUT /groups/{group}/members/{user}", "", [401, 403, 403, 200, 200]),
    ("DELETE /groups/{group}/members/{user}", "", [401, 403, 403, 403, 200]),
    ("PUT /groups/{group}/members/{user}/role", r#"{"role":"member"}"#, [401, 403, 403, 403, 200]),
    ("PUT /groups/{group}/bans/{user}", "", [401, 403, 403, 403, 200]),
    ("DELETE /groups/{group}/bans/{user}", "", [401, 403, 403, 403, 200]),
    ("GET /group-offers", "", [401, 200, 200, 200, 200]),
    ("POST /groups/{group}/offer/accept", "", [401, 403, 403, 404, 404]),
    ("POST /groups/{group}/offer/decline", "", [401, 403, 403, 404, 404]),
    // What the member is offered is no other's to take or to decline.
    ("POST /groups/{offered}/offer/accept", "", [401, 403, 403, 200, 404]),
    ("POST /groups/{offered}/offer/decline", "", [401, 403, 403, 204, 404]),
    ("PUT /groups/{group}/owner", r#"{"user":"{user}"}"#, [401, 403, 403, 403, 200]),
];

/// What the rows call more exactly than the document does.
const EXACT: [(&str, &str); 6] = [
    ("{offered}", "{group}"),
    ("{suitor}", "{user}"),
    ("{asked}", "{user}"),
    ("{dm}", "{room}"),
    ("{dm_message}", "{message}"),
    ("{session}", "{id}"),
];

/// Users who have nothing to do with other rows, and what is the owner's.
struct Cast {
    stranger: Account,
    friend: Account,
    member: Account,
    owner: Account,
    /// What placeholders stand for.
    named: Vec<(&'static str, String)>,
}

impl Cast {
    async fn new(server: &Server, row: usize) -> Self {
        // The XOR of three of these ids is nobody's: seen from elsewhere, an address of two is nowhere.
        let user = async |name: &str, bit: i64| {
            let id = i64::try_from(row).expect("a row") << 10 | bit;
            server.user_with_id(&format!("{name} {row}"), id).await
        };
        let (stranger, friend) = (user("stranger", 2).await, user("friend", 4).await);
        let (member, owner) = (user("member", 8).await, user("owner", 16).await);
        let (target, suitor) = (user("target", 32).await, user("suitor", 64).await);
        for (a, b) in [(&owner, &friend), (&owner, &member), (&owner, &target), (&member, &target)]
        {
            server.befriend(a, b).await;
        }
        let asked = user("asked", 128).await;
        server.ask_friendship(&suitor, &owner).await;
        server.ask_friendship(&owner, &asked).await;

        let call = async |method: &str, path: String, body: Value| -> Value {
            let answer = server.api(&owner, method, &path, body).await;
            assert!((200..300).contains(&answer.status), "{method} {path}: {}", answer.text);
            answer.json
        };
        let id = |made: &Value| made["id"].as_str().expect("an id").to_owned();
        let group = id(&call("POST", "/groups".to_owned(), json!({"title": "x"})).await);
        for one in [&member, &target] {
            let path = format!("/groups/{group}/members/{}", one.id());
            call("PUT", path, Value::Null).await;
        }
        let offered = offer_group(server, &owner, &member).await;
        let dm = owner.room(&friend);
        let post = async |room: &str| {
            id(&call("POST", format!("/rooms/{room}/messages"), json!({"content": "x"})).await)
        };
        let (message, dm_message) = (post(&group).await, post(&dm).await);
        call("PUT", format!("/blocks/{}", target.id()), Value::Null).await;
        let session = another_session(server, &owner).await;
        let named = vec![
            ("{user}", target.id().to_string()),
            ("{suitor}", suitor.id().to_string()),
            ("{asked}", asked.id().to_string()),
            ("{session}", session),
            ("{key}", "unknown".to_owned()),
            ("{room}", group.clone()),
            ("{group}", group),
            ("{offered}", offered),
            ("{message}", message),
            ("{dm}", dm),
            ("{dm_message}", dm_message),
        ];
        Self { stranger, friend, member, owner, named }
    }

    fn fill(&self, text: &str) -> String {
        self.named.iter().fold(text.to_owned(), |text, (name, value)| text.replace(name, value))
    }
}

/// Another log-in of a user.
async fn another_session(server: &Server, owner: &Account) -> String {
    server.token_of(&owner.user).await;
    let sessions = server.api(owner, "GET", "/sessions", Value::Null).await;
    let mut others = sessions.expect(200)["sessions"].as_array().expect("sessions").iter();
    let other = others.find(|one| one["current"] == false).expect("another");
    other["id"].as_str().expect("an id").to_owned()
}

/// A group of a user's that he has offered to a friend.
async fn offer_group(server: &Server, owner: &Account, heir: &Account) -> String {
    let made = server.api(owner, "POST", "/groups", json!({"title": "x"})).await;
    let group = made.expect(201)["id"].as_str().expect("an id").to_owned();
    let member = format!("/groups/{group}/members/{}", heir.id());
    server.api(owner, "PUT", &member, Value::Null).await.expect(200);
    let heir = json!({"user": heir.id().to_string()});
    server.api(owner, "PUT", &format!("/groups/{group}/owner"), heir).await.expect(200);
    group
}

#[actix_web::test]
async fn who_may_ask_what() {
    let server = Server::start().await;
    let document = server.get("/openapi.json").await.json;
    let mut documented = BTreeSet::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for method in item.as_object().expect("operations").keys() {
            documented.insert(format!("{} {path}", method.to_uppercase()));
        }
    }
    let general = |row: &Row| {
        EXACT.iter().fold(row.0.to_owned(), |text, (exact, name)| text.replace(exact, name))
    };
    let ruled: BTreeSet<String> = ROWS.iter().map(general).collect();
    assert_eq!(documented, ruled, "every route has a row, and every row a route");

    let mut wrong = Vec::new();
    for (number, (operation, body, expected)) in ROWS.iter().enumerate() {
        let cast = Cast::new(&server, number).await;
        let (method, path) = operation.split_once(' ').expect("a method and a path");
        let (path, body) = (format!("/api/v1{}", cast.fill(path)), cast.fill(body));
        let actors =
            [None, Some(&cast.stranger), Some(&cast.friend), Some(&cast.member), Some(&cast.owner)];
        let mut found = Vec::new();
        for actor in actors {
            let bearer = actor.map(|actor| format!("Bearer {}", actor.token));
            let to = (method, path.as_str());
            let request =
                server.request_as(bearer.as_deref(), to, "application/json", body.clone());
            found.push(request.await.status);
        }
        if found != expected {
            wrong.push(format!("{operation}: {found:?} instead of {expected:?}"));
        }
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
    server.stop().await;
}
