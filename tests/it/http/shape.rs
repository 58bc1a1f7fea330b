//! Statuses and headers that hold for every path.

use crate::harness::Server;
use crate::harness::http::{Answer, send};

async fn ask(server: &Server, method: &str, path: &str) -> Answer {
    send(server.address, (method, path), &[], "").await
}

#[actix_web::test]
async fn an_unknown_path_is_told_in_the_envelope() {
    let server = Server::start().await;
    for path in [
        "/nowhere",
        "/api",
        "/api/",
        "/api/v1/nowhere",
        "/api/v1/auth",
        "/api/v1/auth/",
        "/api/v1/auth/login/",
        "/api/v1/auth/email_verify",
        "/api/v1/auth/email_verify/a/b",
        "/API/v1/auth/login",
        "/ws/",
        "//",
        "/../Cargo.toml",
        "/%2e%2e/Cargo.toml",
    ] {
        for method in ["GET", "POST", "DELETE"] {
            ask(&server, method, path).await.expect_error(404, "not found.");
        }
    }
    server.stop().await;
}

#[actix_web::test]
async fn a_wrong_method_is_told_which_are_right() {
    let server = Server::start().await;
    for (path, allowed) in [
        ("/api/v1/auth/login", "POST"),
        ("/api/v1/auth/register", "POST"),
        ("/api/v1/auth/email_verify/x", "GET"),
        ("/login", "GET, HEAD"),
        ("/register", "GET, HEAD"),
        ("/logout", "GET, HEAD"),
        ("/", "GET, HEAD"),
        ("/ws", "GET"),
        ("/healthz", "GET, HEAD"),
        ("/readyz", "GET, HEAD"),
        ("/metrics", "GET, HEAD"),
    ] {
        for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"]
        {
            if allowed.split(", ").any(|good| good == method) {
                continue;
            }
            let answer = ask(&server, method, path).await;
            assert_eq!(answer.status, 405, "{method} {path}");
            // RFC 9110, section 15.5.6.
            assert_eq!(answer.header("allow"), Some(allowed), "{method} {path}");
            if method == "HEAD" {
                assert_eq!(answer.text, "", "{path}");
            } else {
                answer.expect_error(405, "method not allowed.");
            }
        }
    }
    server.stop().await;
}

#[actix_web::test]
async fn head_is_get_without_body() {
    let server = Server::start().await;
    for path in ["/login", "/register", "/", "/logout", "/healthz", "/readyz", "/metrics"] {
        let (get, head) = (ask(&server, "GET", path).await, ask(&server, "HEAD", path).await);
        assert_eq!(head.status, get.status, "{path}");
        assert_eq!(head.text, "", "{path}");
        for header in ["content-type", "location", "x-content-type-options"] {
            assert_eq!(head.header(header), get.header(header), "{path} {header}");
        }
    }
    server.stop().await;
}

#[actix_web::test]
async fn a_key_that_is_none_is_told_in_the_envelope() {
    let server = Server::start().await;
    for key in ["x", "%ff", "%2f", "%00", "%20", "a%2fb", "%2e%2e", &"x".repeat(8_000)] {
        let answer = ask(&server, "GET", &format!("/api/v1/auth/email_verify/{key}")).await;
        answer.expect_error(404, "The session has expired or does not exist.");
    }
    server.stop().await;
}

#[actix_web::test]
async fn looking_at_a_link_by_head_does_not_use_it() {
    let server = Server::start().await;
    assert_eq!(server.register("alice").await.status, 201);
    let letter = crate::harness::mail::letter_to(&server.outbox(), "alice@test.example").await;
    let path = crate::harness::mail::path(&letter);
    assert_eq!(ask(&server, "HEAD", path).await.status, 405);
    assert_eq!(ask(&server, "GET", path).await.status, 201);
    server.stop().await;
}

#[actix_web::test]
async fn no_answer_lets_its_type_be_guessed() {
    let server = Server::start().await;
    for (method, path, status) in [
        ("GET", "/login", 200),
        ("GET", "/healthz", 200),
        ("GET", "/metrics", 200),
        ("GET", "/", 302),
        ("POST", "/api/v1/auth/login", 400),
        ("PUT", "/api/v1/auth/login", 405),
        ("GET", "/nowhere", 404),
        ("GET", "/api/v1/auth/email_verify/x", 404),
        ("GET", "/ws?compat=other", 400),
    ] {
        let answer = ask(&server, method, path).await;
        assert_eq!(answer.status, status, "{method} {path}");
        let guess = answer.header("x-content-type-options");
        assert_eq!(guess, Some("nosniff"), "{method} {path}");
        assert!(status == 302 || answer.header("content-type").is_some(), "{method} {path}");
    }
    server.stop().await;
}

#[actix_web::test]
async fn the_door_of_the_socket_refuses_what_is_no_upgrade() {
    let server = Server::start().await;
    let good = [
        ("connection", "upgrade"),
        ("upgrade", "websocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];
    for left_out in 0..good.len() {
        let headers: Vec<_> =
            good.iter().enumerate().filter(|it| it.0 != left_out).map(|it| *it.1).collect();
        let answer = send(server.address, ("GET", "/ws"), &headers, "").await;
        let fits = matches!(answer.status, 400 | 405 | 426);
        assert!(fits, "without {:?}: {}", good[left_out], answer.status);
    }
    for origin in ["http://evil.example", "null", "https://127.0.0.1:1"] {
        let headers = [&good[..], &[("origin", origin)]].concat();
        let answer = send(server.address, ("GET", "/ws"), &headers, "").await;
        answer.expect_error(403, "origin is not allowed.");
    }
    for query in ["compat=other", "compat=", "compat=WIND", "compat=wind&compat=readme"] {
        let answer = send(server.address, ("GET", &format!("/ws?{query}")), &good, "").await;
        assert_eq!(answer.status, 400, "{query}");
        assert_eq!(answer.json["type"], "error", "{query}: {}", answer.text);
    }
    assert_eq!(server.running().metrics.sessions.get(), 0);
    server.stop().await;
}
