//! The listener itself: where it is, who may ask, and what is at its root.

use std::net::{IpAddr, Ipv6Addr, SocketAddr, TcpListener};

use futures_util::future::join;
use serde_json::json;
use tradewind::config::Secret;
use tradewind::server::Config;

use super::{Rest, SUBSCRIPTION, TOPIC, refused, start, start_with};
use crate::harness::http::send;
use crate::harness::{Backend, Server, server};

#[actix_web::test]
async fn it_is_off_unless_it_is_set() {
    let server = Server::start().await;
    assert_eq!(server.running().pubsub_address, None);
    let (status, _) = (server.get("/v1/projects/demo/topics").await.status, ());
    assert_eq!(status, 404);
    server.stop().await;
}

#[actix_web::test]
async fn its_root_says_that_somebody_is_there() {
    let (server, rest) = start_with(Backend::Sqlite, |config| {
        config.pubsub.api_token = Secret::new("hush".to_owned());
    })
    .await;
    for method in ["GET", "HEAD"] {
        let answer = send(rest.0, (method, "/"), &[], "").await;
        assert_eq!(answer.status, 200, "{method}");
    }
    server.stop().await;
}

#[actix_web::test]
async fn both_loopback_addresses_are_one_place() {
    if TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_err() {
        println!("this machine has no ::1");
        return;
    }
    for bind in ["127.0.0.1:0", "[::1]:0"] {
        let (server, rest) =
            start_with(Backend::Sqlite, |config| config.pubsub.bind = bind.to_owned()).await;
        let port = rest.0.port();
        let other: IpAddr = if rest.0.is_ipv4() { "::1" } else { "127.0.0.1" }.parse().unwrap();
        rest.topic(TOPIC).await;
        let other = Rest(SocketAddr::new(other, port));
        assert_eq!(other.get(TOPIC).await, (200, json!({"name": TOPIC})));
        assert_ne!(other.0, rest.0);
        server.stop().await;
    }
}

#[actix_web::test]
async fn a_token_is_asked_for_on_every_path() {
    let (server, rest) = start_with(Backend::Sqlite, |config| {
        config.pubsub.api_token = Secret::new("hush".to_owned());
    })
    .await;
    let topics = "projects/demo/topics";
    for auth in
        [None, Some("Bearer wrong"), Some("Bearer"), Some("Basic hush"), Some("Bearer hush2")]
    {
        let headers: Vec<_> = auth.map(|auth| ("authorization", auth)).into_iter().collect();
        for (method, path) in [("GET", topics), ("PUT", TOPIC), ("POST", "nothing"), ("GET", "")] {
            let answer = rest.send((method, path), &headers, "{").await;
            assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
            refused(&(answer.status, answer.json), 401, "UNAUTHENTICATED");
        }
    }
    for auth in ["Bearer hush", "bearer hush"] {
        let answer = rest.send(("GET", topics), &[("authorization", auth)], "").await;
        assert_eq!((answer.status, answer.json), (200, json!({})));
    }
    server.stop().await;
}

#[actix_web::test]
async fn it_shares_nothing_with_the_main_listener() {
    let (server, rest) = start().await;
    for path in ["/health", "/metrics", "/api/v1/me", "/console", "/ws"] {
        let answer = send(rest.0, ("GET", path), &[], "").await;
        assert_eq!(
            (answer.status, &answer.json["error"]["status"]),
            (404, &json!("NOT_FOUND")),
            "{path}"
        );
    }
    rest.both().await;
    assert_eq!(server.get(&format!("/v1/{SUBSCRIPTION}")).await.status, 404);
    server.stop().await;
}

#[actix_web::test]
async fn who_has_too_many_requests_is_told_so_as_of_all_else() {
    let (server, rest) = start_with(Backend::Sqlite, |config| {
        config.http.trust_proxy = true;
        config.limits.enabled = true;
        config.limits.unfinished_requests_per_ip_max = 1;
    })
    .await;
    rest.both().await;
    let pull = json!({"maxMessages": 1}).to_string();
    let path = format!("{SUBSCRIPTION}:pull");
    let patience = [("x-server-timeout", "2")];
    let waits = rest.send(("POST", &path), &patience, pull);
    let refused_meanwhile = async {
        loop {
            let answer = rest.get(TOPIC).await;
            if answer.0 != 200 {
                break answer;
            }
        }
    };
    let (_, answer) = join(waits, refused_meanwhile).await;
    refused(&answer, 429, "RESOURCE_EXHAUSTED");
    server.stop().await;
}

#[test]
fn anybody_from_elsewhere_is_let_in_only_if_that_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let of = |bind: &str, change: fn(&mut Config)| {
        let mut config = server::config(folder.path());
        config.pubsub.bind = bind.to_owned();
        change(&mut config);
        config.validate().map_err(|fault| fault.to_string())
    };
    let set_token: fn(&mut Config) = |config| {
        config.pubsub.api_token = Secret::new("hush".to_owned());
    };
    let allow: fn(&mut Config) = |config| config.pubsub.allow_unauthenticated = true;
    for bind in ["0.0.0.0:8085", "[::]:8085", "192.0.2.1:8085"] {
        let fault = of(bind, |_| {}).unwrap_err();
        assert!(fault.contains("\"pubsub.api_token\" must be set"), "{fault}");
        assert!(fault.contains("pubsub.allow_unauthenticated = true"), "{fault}");
        assert_eq!(of(bind, set_token), Ok(()));
        assert_eq!(of(bind, allow), Ok(()));
    }
    for bind in ["", "127.0.0.1:8085", "[::1]:8085", "127.0.0.2:0"] {
        assert_eq!(of(bind, |_| {}), Ok(()), "{bind}");
    }
}
