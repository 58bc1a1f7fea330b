//! The page, as a browser and as curl see it.

use tradewind::config::Secret;

use super::{make_topic, publish, state, subscribe, topic};
use crate::harness::http::send;
use crate::harness::receiver::{OK, Receiver};
use crate::harness::{Backend, Server, until};

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

async fn start() -> Server {
    Server::with(Backend::Sqlite, |config| {
        config.pubsub.verification_token = Secret::new("secret".to_owned());
        config.pubsub.push_emails = vec!["pusher@project.example".to_owned()];
        config.pubsub.project = "p".to_owned();
        config.pubsub.topic = "topic".to_owned();
    })
    .await
}

#[actix_web::test]
async fn what_strangers_have_pushed_stays_text() {
    let server = start().await;
    use base64::Engine as _;
    for payload in ["<script>alert('x')</script>\" onload=\"&", "\u{202e}<!--pushes-->"] {
        let data = base64::engine::general_purpose::STANDARD.encode(payload);
        let body = format!(r#"{{"message":{{"data":"{data}"}}}}"#);
        let target = ("POST", "/pubsub/push?token=secret");
        assert_eq!(send(server.address, target, &[], body).await.status, 200);
    }
    let page = server.get("/pubsub").await;
    assert_eq!(page.status, 200);
    for (name, value) in [
        ("content-type", "text/html; charset=utf-8"),
        ("x-content-type-options", "nosniff"),
        ("cache-control", "no-store"),
        ("referrer-policy", "no-referrer"),
    ] {
        assert_eq!(page.header(name), Some(value), "{name}");
    }
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("script-src"), "{policy}");
    assert!(!page.text.contains("<script"), "{}", page.text);
    let safe = "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&quot; onload=&quot;&amp;";
    assert!(page.text.contains(safe), "{}", page.text);
    let list = page.text.find("id=\"messages\"").unwrap();
    assert!(page.text.find("&lt;!--pushes--&gt;").unwrap() < page.text.find(safe).unwrap());
    assert!(page.text.find(safe).unwrap() > list);
    for part in
        ["id=\"tokens\"", "id=\"claims\"", "<form method=\"post\">", "<textarea name=\"payload\""]
    {
        assert!(page.text.contains(part), "{part}");
    }
    server.stop().await;
}

#[actix_web::test]
async fn tokens_are_listed_only_if_they_are_good_and_never_whole() {
    let server = start().await;
    let identity = server.running().service.push_identity.clone();
    let good = identity.token("pusher@project.example".to_owned(), "example.com".to_owned());
    let good = good.await.unwrap();
    let bad = identity.token("other@project.example".to_owned(), "example.com".to_owned());
    let bad = bad.await.unwrap();
    for (token, status) in [(&good, 200), (&bad, 400)] {
        let target = ("POST", "/push-handlers/receive_messages?token=secret");
        let auth = format!("Bearer {token}");
        let body = r#"{"message":{"data":"eA=="}}"#;
        assert_eq!(
            send(server.address, target, &[("authorization", &auth)], body).await.status,
            status
        );
    }
    let page = server.get("/pubsub").await.text;
    let (said, signature) = good.rsplit_once('.').unwrap();
    assert!(page.contains(&format!("<pre>{said}.…</pre>")), "{page}");
    assert!(!page.contains(signature), "{page}");
    assert!(!page.contains(bad.split('.').nth(1).unwrap()), "{page}");
    assert!(page.contains("&quot;email&quot;:&quot;pusher@project.example&quot;"), "{page}");
    server.stop().await;
}

#[actix_web::test]
async fn the_form_publishes() {
    let server = start().await;
    let mut receiver = Receiver::start().await;
    subscribe(&server, "sub", &receiver.url("/"), |_| {}).await;
    for (headers, body, payload) in [
        (&[FORM][..], "payload=Hello+%EC%95%88%EB%85%95", "Hello 안녕"),
        (&[FORM], "other=x", "Example payload"),
        (&[FORM], "", "Example payload"),
        (&[], "", "Example payload"),
    ] {
        let answer = send(server.address, ("POST", "/pubsub"), headers, body).await;
        assert_eq!((answer.status, answer.text.as_str()), (200, "OK"), "{body}");
        assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"));
        assert_eq!(receiver.take(1).await, [payload]);
    }
    for (headers, body, status) in [
        (&[FORM][..], "payload=", 400),
        (&[FORM], "payload=%FF", 400),
        (&[FORM, ("origin", "https://evil.example")], "payload=x", 403),
        // A browser that has a cookie of ours sends it whatever page asks.
        (&[FORM, ("cookie", "tw_console=x")], "payload=x", 403),
        (&[FORM, ("cookie", "tw_console=x")], "payload=x&csrf=y", 403),
    ] {
        let answer = send(server.address, ("POST", "/pubsub"), headers, body).await;
        assert_eq!(answer.status, status, "{body}");
    }
    let cookie = ("cookie", "tw_console=x");
    let page = send(server.address, ("GET", "/pubsub"), &[cookie], "").await.text;
    let (_, rest) = page.split_once("name=\"csrf\" value=\"").unwrap();
    let body = format!("payload=mine&csrf={}", rest.split('"').next().unwrap());
    let answer = send(server.address, ("POST", "/pubsub"), &[FORM, cookie], body.clone()).await;
    assert_eq!(answer.status, 200);
    assert_eq!(receiver.take(1).await, ["mine"]);
    let other = [FORM, ("cookie", "tw_console=y")];
    assert_eq!(send(server.address, ("POST", "/pubsub"), &other, body).await.status, 403);
    let answer = send(server.address, ("PUT", "/pubsub"), &[], "").await;
    assert_eq!((answer.status, answer.header("allow")), (405, Some("GET, HEAD, POST")));
    server.stop().await;
}

#[actix_web::test]
async fn without_a_topic_that_is_set_nothing_is_published() {
    let server = Server::start().await;
    make_topic(&server).await;
    let answer = server.post_form("/pubsub", &[("payload", "x")]).await;
    assert_eq!(answer.status, 400);
    assert!(answer.text.contains("PUBSUB_TOPIC"), "{}", answer.text);
    assert!(super::pubsub(&server).topic(&topic()).await.is_ok());
    server.stop().await;
}

#[actix_web::test]
async fn pushes_that_fail_are_seen() {
    let server = start().await;
    let mut receiver = Receiver::start().await;
    subscribe(&server, "sub", &receiver.url("/hook?token=hidden"), |_| {}).await;
    publish(&server, &["x"]).await;
    receiver.next().await.status(503);
    until("the failure", || state(&server, "sub").is_some_and(|state| state.failures == 1)).await;
    let page = server.get("/pubsub").await.text;
    let endpoint = receiver.url("/hook");
    for cell in ["projects/p/subscriptions/sub", &endpoint, "failing (1 in a row)", "503", "1"] {
        assert!(page.contains(&format!("<td>{cell}</td>")), "{cell} is not in {page}");
    }
    assert!(!page.contains("hidden"), "{page}");
    receiver.next().await.answer(OK);
    until("the success", || state(&server, "sub").is_some_and(|state| state.failing == 0)).await;
    assert!(server.get("/pubsub").await.text.contains("<td>good</td>"));
    server.stop().await;
}

#[actix_web::test]
async fn the_own_listener_has_all_of_it_and_the_page_at_its_root() {
    let server = Server::with(Backend::Sqlite, |config| {
        config.pubsub.bind = "127.0.0.1:0".to_owned();
        config.pubsub.verification_token = Secret::new("secret".to_owned());
        config.pubsub.push_emails = vec!["pusher@project.example".to_owned()];
        config.pubsub.project = "p".to_owned();
        config.pubsub.topic = "topic".to_owned();
    })
    .await;
    let own = server.running().pubsub_address.expect("a listener");
    assert!(server.folder().join("push.keys").exists(), "the key is made before it is asked for");
    let mut receiver = Receiver::start().await;
    subscribe(&server, "sub", &receiver.url("/"), |_| {}).await;
    for path in ["/", "/pubsub"] {
        let page = send(own, ("GET", path), &[], "").await;
        assert_eq!(page.status, 200);
        assert!(page.text.contains("<h2>Bearer tokens</h2>"), "{}", page.text);
        let answer = send(own, ("POST", path), &[FORM], "payload=x").await;
        assert_eq!((answer.status, answer.text.as_str()), (200, "OK"));
        assert_eq!(receiver.take(1).await, ["x"]);
    }
    for path in ["/.well-known/jwks.json", "/.well-known/openid-configuration"] {
        let (here, there) = (send(own, ("GET", path), &[], "").await, server.get(path).await);
        assert_eq!((here.status, &here.json), (200, &there.json), "{path}");
    }
    let body = r#"{"message":{"data":"eA=="}}"#;
    let target = ("POST", "/pubsub/push?token=secret");
    assert_eq!(send(own, target, &[], body).await.status, 200);
    let target = ("POST", "/push-handlers/receive_messages?token=secret");
    let answer = send(own, target, &[], body).await;
    assert_eq!((answer.status, answer.text.as_str()), (400, "Invalid token: there is none\n"));
    server.stop().await;
}

#[actix_web::test]
async fn what_has_come_is_for_those_who_may_ask() {
    let server = Server::with(Backend::Sqlite, |config| {
        config.pubsub.verification_token = Secret::new("secret".to_owned());
        config.pubsub.push_emails = vec!["pusher@project.example".to_owned()];
        config.pubsub.api_token = Secret::new("api token".to_owned());
        config.pubsub.project = "p".to_owned();
        config.pubsub.topic = "topic".to_owned();
    })
    .await;
    let body = r#"{"message":{"data":"eHl6enk="}}"#;
    let target = ("POST", "/pubsub/push?token=secret");
    assert_eq!(send(server.address, target, &[], body).await.status, 200);
    for (auth, may) in [(&[][..], false), (&["Bearer wrong"], false), (&["Bearer api token"], true)]
    {
        let headers: Vec<_> = auth.iter().map(|auth| ("authorization", *auth)).collect();
        let page = send(server.address, ("GET", "/pubsub"), &headers, "").await;
        assert_eq!((page.status, page.text.contains("xyzzy")), (200, may));
        let answer = send(server.address, ("POST", "/pubsub"), &headers, "").await;
        assert_eq!(answer.status, if may { 200 } else { 401 });
    }
    server.stop().await;
}
