//! Pushes that come to the hub: every step of the check, and that none is taken before those that come first.

use serde_json::{Value, json};
use tradewind::config::Secret;
use tradewind::http::pubsub::pushes::settings::PushAuth;
use tradewind::server::Config;

use crate::harness::http::{Answer, send};
use crate::harness::{Backend, Server};

const STRICT: &str = "/push-handlers/receive_messages";
const PLAIN: &str = "/pubsub/push";
const EMAIL: &str = "pusher@project.example";
const HELLO: &str = r#"{"message":{"data":"SGVsbG8sIFdvcmxkIQ==","messageId":"7"},"subscription":"projects/p/subscriptions/s"}"#;

fn set(config: &mut Config) {
    config.pubsub.verification_token = Secret::new("secret".to_owned());
    config.pubsub.push_emails = vec![EMAIL.to_owned()];
}

async fn start() -> Server {
    Server::with(Backend::Sqlite, set).await
}

async fn token(server: &Server, email: &str, audience: &str) -> String {
    let identity = &server.running().service.push_identity;
    identity.token(email.to_owned(), audience.to_owned()).await.expect("a token")
}

/// A token with another signature.
fn tampered(token: &str) -> String {
    let (said, signature) = token.rsplit_once('.').expect("a token");
    let (first, rest) = signature.split_at(1);
    let other = if first == "A" { "B" } else { "A" };
    format!("{said}.{other}{rest}")
}

async fn push(server: &Server, target: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    send(server.address, ("POST", target), headers, body).await
}

#[track_caller]
fn expect(answer: &Answer, status: u16, text: &str) {
    assert_eq!((answer.status, answer.text.as_str()), (status, text));
    assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"));
}

async fn received(server: &Server) -> Vec<(String, Option<Value>)> {
    let all = server.running().service.received.all().await.expect("read");
    let shown = |push: tradewind::domain::pubsub::received::KeptPush| {
        let claims = push.sender.map(|sender| serde_json::from_str(&sender.claims).expect("JSON"));
        (String::from_utf8(push.payload).expect("text"), claims)
    };
    all.into_iter().map(shown).collect()
}

#[actix_web::test]
async fn a_push_with_a_good_token_is_kept_once() {
    let server = start().await;
    let bearer = format!("Bearer {}", token(&server, EMAIL, "example.com").await);
    let target = format!("{STRICT}?token=secret");
    for _ in 0..2 {
        expect(&push(&server, &target, &[("authorization", &bearer)], HELLO).await, 200, "OK");
    }
    let kept = received(&server).await;
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0].0, "Hello, World!");
    assert_eq!(kept[0].1.as_ref().unwrap()["email"], json!(EMAIL));
    // Without an id there are no duplicates; with another subscription it is another push.
    let without = r#"{"message":{"data":"eA=="}}"#;
    for body in [without, without, &HELLO.replace("/s\"", "/t\"")] {
        expect(&push(&server, &target, &[("authorization", &bearer)], body).await, 200, "OK");
    }
    assert_eq!(received(&server).await.len(), 4);
    server.stop().await;
}

#[actix_web::test]
async fn what_is_kept_outlives_the_hub() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let mut server = Server::with(backend, set).await;
        expect(&push(&server, &format!("{PLAIN}?token=secret"), &[], HELLO).await, 200, "OK");
        server.restart(|_| {}).await;
        expect(&push(&server, &format!("{PLAIN}?token=secret"), &[], HELLO).await, 200, "OK");
        assert_eq!(received(&server).await, [("Hello, World!".to_owned(), None)], "{backend:?}");
        server.stop().await;
    }
}

#[actix_web::test]
async fn each_step_comes_before_the_next() {
    let server = start().await;
    let good = format!("Bearer {}", token(&server, EMAIL, "example.com").await);
    let other = format!("Bearer {}", token(&server, EMAIL, "elsewhere").await);
    let stranger = format!("Bearer {}", token(&server, "x@y.example", "example.com").await);
    let broken = tampered(&good);
    let reason = |why: &str| format!("Invalid token: {why}\n");
    let scheme = reason("Authorization is not Bearer and a token");
    // A method first, then the query, then the token of the sender, then the body.
    for target in [STRICT, PLAIN] {
        for method in ["GET", "PUT", "DELETE", "PATCH", "OPTIONS"] {
            let answer = send(server.address, (method, target), &[], "").await;
            assert_eq!((answer.status, answer.header("allow")), (405, Some("POST")), "{method}");
        }
        for query in [
            "",
            "?",
            "?token",
            "?token=",
            "?token=wrong",
            "?token=secre",
            "?token=secrett",
            "?token=SECRET",
            "?token=secret&token=secret",
            "?token=wrong&token=secret",
            "?Token=secret",
            "?token=secret%00",
            "?x=1&token=%FF",
            "?token=%73ecret%20",
        ] {
            let answer =
                push(&server, &format!("{target}{query}"), &[("authorization", &good)], "{").await;
            expect(&answer, 400, "Invalid request");
        }
    }
    let target = format!("{STRICT}?a=b&token=%73ecret");
    for (auth, why) in [
        (&[][..], reason("there is none")),
        (&["Basic x"], scheme.clone()),
        (&["Bearer"], scheme.clone()),
        (&["Bearer "], scheme.clone()),
        (&["Bearer a b"], scheme.clone()),
        (&[&good, &good], scheme.clone()),
        (&["Bearer x"], reason("it is not three parts of base64 with JSON in them")),
        (&["Bearer x.y.z"], reason("it is not three parts of base64 with JSON in them")),
        (&[&broken], reason("its signature is wrong")),
        (&[&other], reason("it is for another audience")),
        (&[&stranger], reason("its e-mail address is not one that may push")),
    ] {
        let headers: Vec<_> = auth.iter().map(|auth| ("authorization", *auth)).collect();
        expect(&push(&server, &target, &headers, "{").await, 400, &why);
    }
    for target in [&target, &format!("{PLAIN}?token=secret")] {
        for (body, why) in [
            ("", "it is not JSON"),
            ("{", "it is not JSON"),
            ("{}", "it has no message"),
            (r#"{"message":[]}"#, "it has no message"),
            (r#"{"message":{"data":"*"}}"#, "data is not base64"),
        ] {
            let answer = push(&server, target, &[("authorization", &good)], body).await;
            expect(&answer, 400, &format!("Invalid request: {why}"));
        }
    }
    assert_eq!(received(&server).await, []);
    server.stop().await;
}

#[actix_web::test]
async fn bodies_are_read_whatever_their_type_up_to_14_mib() {
    let server = start().await;
    let target = format!("{PLAIN}?token=secret");
    for kind in ["application/json", "application/x-www-form-urlencoded", "text/plain", "x"] {
        let body = format!(r#"{{"message":{{"data":"eA==","messageId":"{kind}"}}}}"#);
        expect(&push(&server, &target, &[("content-type", kind)], &body).await, 200, "OK");
    }
    let data = "A".repeat(13 << 20);
    let body = format!(r#"{{"message":{{"data":"{data}","messageId":"large"}}}}"#);
    expect(&push(&server, &target, &[], &body).await, 200, "OK");
    let body = format!(r#"{{"message":{{"data":"{}"}}}}"#, "A".repeat(15 << 20));
    let answer = push(&server, &target, &[], &body).await;
    assert_eq!(answer.status, 413, "{}", answer.text);
    let all = server.running().service.received.all().await.unwrap();
    assert_eq!(all.len(), 5);
    let large = &all[0];
    assert_eq!((large.payload.len(), large.payload_bytes), (4_096, (13 << 20) / 4 * 3));
    server.stop().await;
}

#[actix_web::test]
async fn without_a_token_that_is_set_nothing_is_taken() {
    let server = Server::start().await;
    for query in ["", "?token=", "?token=x"] {
        for target in [STRICT, PLAIN] {
            expect(
                &push(&server, &format!("{target}{query}"), &[], HELLO).await,
                400,
                "Invalid request",
            );
        }
    }
    server.stop().await;
}

#[actix_web::test]
async fn in_a_simulation_this_machine_needs_no_token_of_a_sender() {
    let server = Server::with(Backend::Sqlite, |config| {
        set(config);
        config.pubsub.push_auth = PushAuth::Simulate;
    })
    .await;
    let target = format!("{STRICT}?token=secret");
    expect(&push(&server, &target, &[], HELLO).await, 200, "OK");
    assert_eq!(received(&server).await, [("Hello, World!".to_owned(), None)]);
    expect(&push(&server, STRICT, &[], HELLO).await, 400, "Invalid request");
    let why = "Invalid token: its signature is wrong\n";
    let good = token(&server, EMAIL, "example.com").await;
    let broken = tampered(&format!("Bearer {good}"));
    expect(&push(&server, &target, &[("authorization", &broken)], HELLO).await, 400, why);
    let missing = "Invalid token: there is none\n";
    let passed_on = [("x-forwarded-for", "203.0.113.9")];
    expect(&push(&server, &target, &passed_on, HELLO).await, 400, missing);
    server.stop().await;
}

#[actix_web::test]
async fn only_the_latest_thousand_are_kept() {
    let server = start().await;
    let target = format!("{PLAIN}?token=secret");
    let requests = (0..1_005).map(|number| {
        let body = format!(r#"{{"message":{{"attributes":{{"a":"b"}},"messageId":"{number}"}}}}"#);
        let target = target.clone();
        let address = server.address;
        async move { send(address, ("POST", &target), &[], body).await.status }
    });
    use futures_util::StreamExt as _;
    let statuses: Vec<u16> =
        futures_util::stream::iter(requests).buffer_unordered(16).collect().await;
    assert!(statuses.iter().all(|status| *status == 200));
    assert_eq!(received(&server).await.len(), 1_000);
    server.stop().await;
}

#[actix_web::test]
async fn the_hub_can_push_to_itself() {
    use tradewind::domain::pubsub::subscription::OidcToken;
    let server = start().await;
    super::make_topic(&server).await;
    let endpoint = server.url(&format!("{STRICT}?token=secret"));
    super::subscribe(&server, "sub", &endpoint, |config| {
        let push = config.push.as_mut().expect("a push");
        let service_account_email = EMAIL.to_owned();
        push.oidc = Some(OidcToken { service_account_email, audience: "example.com".to_owned() });
    })
    .await;
    super::publish(&server, &["to myself"]).await;
    super::until_tries(&server, "sub", 1).await;
    assert_eq!(super::state(&server, "sub").unwrap().last.unwrap().to_string(), "200");
    let kept = received(&server).await;
    assert_eq!((kept.len(), kept[0].0.as_str()), (1, "to myself"));
    server.stop().await;
}
