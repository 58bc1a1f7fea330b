//! Rows of the chatting contract that no transcript can play: bodies of no type, headers of every answer.

use serde_json::json;

use crate::harness::{Server, http};

const BLOCKED: &str = "/api/chatting/blockedusers/";

#[actix_web::test]
async fn a_body_of_no_type_is_json_and_an_empty_one_is_a_clear_error() {
    let server = Server::start().await;
    let (alice, bob) = (server.user("alice").await, server.user("bob").await);
    let bearer = format!("Bearer {}", alice.token);
    let auth = [("authorization", bearer.as_str())];
    let post = ("POST", BLOCKED);
    let body = json!({"target_id": bob.id()}).to_string();
    let blocked = http::send(server.address, post, &auth, body).await;
    assert_eq!((blocked.status, blocked.json), (201, json!({"target_id": bob.id()})));
    let json = [auth[0], ("content-type", "application/json")];
    for headers in [&auth[..], &json[..]] {
        let empty = http::send(server.address, post, headers, "").await;
        assert_eq!(empty.status, 400, "{}", empty.text);
        assert!(empty.json.is_object(), "{}", empty.text);
    }
    let form = [auth[0], ("content-type", "application/x-www-form-urlencoded")];
    let refused = http::send(server.address, post, &form, "target_id=2").await;
    assert_eq!(refused.status, 415);
    assert!(refused.json["detail"].is_string(), "{}", refused.text);
    server.stop().await;
}

#[actix_web::test]
async fn every_answer_may_be_read_by_any_page_but_those_to_services() {
    let server = Server::start().await;
    let alice = server.user("alice").await;
    let bearer = format!("Bearer {}", alice.token);
    let headers = [
        ("authorization", bearer.as_str()),
        ("origin", "https://lobby.example"),
        ("content-type", "application/json"),
    ];
    let large = "x".repeat(tradewind::http::Settings::default().body_bytes_max + 1);
    for (method, body, status) in
        [("POST", large.as_str(), 413), ("POST", "", 400), ("PUT", "", 405), ("GET", "", 200)]
    {
        let answer = http::send(server.address, (method, BLOCKED), &headers, body).await;
        assert_eq!(answer.status, status, "{method}");
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"), "{status}");
    }
    let preflight = [headers[1], ("access-control-request-method", "DELETE")];
    let answer = http::send(server.address, ("OPTIONS", BLOCKED), &preflight, "").await;
    assert!([200, 204].contains(&answer.status), "{}", answer.status);
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    assert_eq!(answer.header("access-control-allow-methods"), Some("GET, POST, DELETE, OPTIONS"));

    let services = "/s2sapi/system-message/";
    for method in ["OPTIONS", "POST"] {
        let answer = http::send(server.address, (method, services), &preflight, "").await;
        assert!(answer.status >= 400, "{method} {}", answer.status);
        assert_eq!(answer.header("access-control-allow-origin"), None, "{method}");
    }
    server.stop().await;
}

#[actix_web::test]
async fn whom_one_may_not_write_to_one_cannot_take_an_invitation_back_from() {
    use tradewind::domain::accounts::friendship::DmPolicy;

    let server = crate::harness::Server::with(crate::harness::Backend::Sqlite, |config| {
        config.dm.audience = DmPolicy::Friends;
    })
    .await;
    let (alice, bob) = (server.user("alice").await, server.user("bob").await);
    let (mut a, mut b) = (server.log_in(&alice).await, server.log_in(&bob).await);
    for status in ["invite", "cancel"] {
        let frame = json!({"target_id": bob.id(), "type": "invite_game", "status": status});
        let answer = a.ask(frame).await;
        assert_eq!(answer["error"], "No User or Offline", "{answer}");
        assert_eq!(answer["from_id"], bob.id());
    }
    assert_eq!(b.drain_chatting().await, Vec::<serde_json::Value>::new());
    a.close().await;
    b.close().await;
    server.stop().await;
}
