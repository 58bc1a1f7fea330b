//! Bodies, queries and paths: what is no text is refused at every door, what is text is read however
//! it is marked.

use serde_json::json;

use super::{LOGIN, REGISTER};
use crate::harness::http::{Answer, send};
use crate::harness::{Account, Server};

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

/// No UTF-8, or no percent-encoding.
const BROKEN: [&str; 8] = ["%FF", "m%FCller", "%C3", "%ED%A0%80", "%C0%AF", "%", "%4", "%zz"];

async fn ask(server: &Server, account: &Account, method: &str, path: &str) -> Answer {
    let bearer = format!("Bearer {}", account.token);
    send(server.address, (method, path), &[("authorization", &bearer)], "").await
}

#[actix_web::test]
async fn a_form_that_is_no_text_is_malformed() {
    let server = Server::start().await;
    let mut bodies: Vec<Vec<u8>> =
        vec![b"name=a&email=a%40x.example&password=m\xFCller123".to_vec()];
    for broken in BROKEN {
        bodies.push(format!("name=a&email=a%40x.example&password=secret12{broken}").into());
        bodies.push(format!("name={broken}&email=a%40x.example&password=secret12").into());
        bodies.push(format!("name=a&email={broken}%40x.example&password=secret12").into());
        bodies.push(format!("{broken}=&name=a&email=a%40x.example&password=secret12").into());
    }
    for body in bodies {
        for path in [REGISTER, LOGIN, "/reset/key"] {
            let answer = send(server.address, ("POST", path), &[FORM], body.clone()).await;
            answer.expect_error(400, "body is malformed.");
        }
    }
    for json in [
        &b"{\"email\":\"a@x.example\",\"password\":\"m\xFCller123\"}"[..],
        b"{\"email\":\"\\ud800\"}",
    ] {
        let kind = [("content-type", "application/json")];
        let answer = send(server.address, ("POST", LOGIN), &kind, json).await;
        answer.expect_error(400, "body is malformed.");
    }
    server.stop().await;
}

#[actix_web::test]
async fn a_path_or_query_that_is_no_text_is_malformed() {
    let server = Server::start().await;
    let (alice, other) = (server.user("alice").await, server.user("\u{FFFD}").await);
    for broken in BROKEN {
        for (method, path) in [
            ("PUT", "/friend-requests/@"),
            ("DELETE", "/friends/"),
            ("PUT", "/blocks/"),
            ("GET", "/rooms/1/messages?before="),
            ("GET", "/presence?users="),
            ("DELETE", "/sessions/"),
        ] {
            let path = format!("/api/v1{path}{broken}");
            let answer = ask(&server, &alice, method, &path).await;
            assert_eq!(answer.status, 400, "{path}: {}", answer.text);
            assert_eq!(answer.json["code"], "parameter_invalid", "{path}: {}", answer.text);
        }
        for path in ["blockedusers/?target_id=", "is-online/?id=", "blockedusers?ids="] {
            let path = format!("/api/chatting/{path}{broken}");
            let answer = ask(&server, &alice, "GET", &path).await;
            assert_eq!(answer.status, 400, "{path}: {}", answer.text);
            assert_eq!(answer.json["detail"], "The query is malformed.", "{path}");
        }
        for path in ["/ws?compat=", "/ws?x=", "/ws/chatting/?ids=", "/ws/chatting?x="] {
            let path = format!("{path}{broken}");
            let answer = send(server.address, ("GET", &path), &UPGRADE, "").await;
            assert_eq!(answer.status, 400, "{path}: {}", answer.text);
        }
        let path = format!("/reset/{broken}");
        send(server.address, ("GET", &path), &[], "")
            .await
            .expect_error(400, "address is malformed.");
    }
    // The sign for what could not be read is a name like any other, to whoever really writes it.
    let path = "/api/v1/friend-requests/%EF%BF%BD";
    assert_eq!(ask(&server, &alice, "PUT", path).await.status, 204);
    let requests = ask(&server, &other, "GET", "/api/v1/friend-requests").await;
    assert!(requests.text.contains(&alice.id().to_string()), "{}", requests.text);
    server.stop().await;
}

const UPGRADE: [(&str, &str); 4] = [
    ("connection", "upgrade"),
    ("upgrade", "websocket"),
    ("sec-websocket-version", "13"),
    ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
];

#[actix_web::test]
async fn media_types_have_no_case_and_may_have_parameters() {
    let server = Server::start().await;
    let (alice, bob) = (server.user("alice").await, server.user("bob").await);
    let bearer = format!("Bearer {}", alice.token);
    let good = json!({"name": "kim", "email": "kim@x.example", "password": "secret12"});
    for kind in [
        "Application/JSON",
        "application/JSON; charset=UTF-8",
        "APPLICATION/JSON;charset=utf-8",
        "application/json ; q=\"a;b\"",
        "application/json;",
    ] {
        let kind = ("content-type", kind);
        let post = async |path: &str, body: &serde_json::Value| {
            let headers = [kind, ("authorization", &bearer)];
            send(server.address, ("POST", path), &headers, body.to_string()).await.status
        };
        assert_eq!(post(REGISTER, &good).await, 201, "{kind:?}");
        assert_eq!(post("/api/v1/groups", &json!({"title": "t"})).await, 201, "{kind:?}");
        let block = json!({"target_id": bob.id()});
        assert_eq!(post("/api/chatting/blockedusers/", &block).await, 201, "{kind:?}");
    }
    for kind in
        ["Application/X-WWW-Form-UrlEncoded", "application/x-www-form-URLENCODED ; charset=UTF-8"]
    {
        let body = "name=kim&email=kim%40x.example&password=secret12";
        let kind = [("content-type", kind)];
        assert_eq!(send(server.address, ("POST", REGISTER), &kind, body).await.status, 201);
    }
    for kind in ["application/jsonp", "text/json", "application/json+x", "json"] {
        let headers = [("content-type", kind), ("authorization", &bearer)];
        let title = json!({"title": "t"}).to_string();
        let answer = send(server.address, ("POST", "/api/v1/groups"), &headers, title).await;
        assert_eq!(answer.status, 415, "{kind}");
    }
    server.stop().await;
}

#[actix_web::test]
async fn a_byte_order_mark_is_skipped_and_an_encoding_is_refused() {
    let server = Server::start().await;
    let (alice, bob) = (server.user("alice").await, server.user("bob").await);
    let bearer = format!("Bearer {}", alice.token);
    let json = ("content-type", "application/json");
    let register =
        json!({"name": "kim", "email": "kim@x.example", "password": "secret12"}).to_string();
    let title = json!({"title": "t"}).to_string();
    let block = json!({"target_id": bob.id()}).to_string();
    let form = "name=kim&email=kim%40x.example&password=secret12".to_owned();
    for (path, kind, body) in [
        (REGISTER, FORM, &form),
        (REGISTER, json, &register),
        ("/api/v1/groups", json, &title),
        ("/api/chatting/blockedusers/", json, &block),
    ] {
        let post = async |more: Option<&str>, body: String| {
            let mut headers = vec![kind, ("authorization", bearer.as_str())];
            headers.extend(more.map(|coding| ("content-encoding", coding)));
            send(server.address, ("POST", path), &headers, body).await
        };
        let marked = post(None, format!("\u{FEFF}{body}")).await;
        assert_eq!(marked.status, 201, "{path}: {}", marked.text);
        let twice = post(None, format!("\u{FEFF}\u{FEFF}{body}")).await;
        assert_eq!(twice.status, 400, "{path}: {}", twice.text);
        for coding in ["gzip", "br", "GZIP", "x", "identity, gzip", "\"\""] {
            let refused = post(Some(coding), body.clone()).await;
            assert_eq!(refused.status, 415, "{path} {coding}: {}", refused.text);
        }
        for coding in ["identity", "Identity", "", "identity,identity", "identity, "] {
            assert_eq!(post(Some(coding), body.clone()).await.status, 201, "{path} {coding}");
        }
    }
    server.stop().await;
}
