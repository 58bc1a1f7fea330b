//! What is the same for every route: tokens, methods, bodies, rates, origins, the document.

use serde_json::{Value, json};

use crate::harness::http::send;
use crate::harness::{Backend, Server};

#[actix_web::test]
async fn a_request_needs_a_good_token() {
    let server = Server::start().await;
    let alice = server.user("alice").await;
    server.api(&alice, "GET", "/sessions", Value::Null).await.expect(200);
    let auth = |value: String| {
        let server = &server;
        async move {
            let path = ("GET", "/api/v1/sessions");
            server.request_as(Some(&value), path, "text/plain", String::new()).await
        }
    };
    assert_eq!(auth(format!("bearer  {} ", alice.token)).await.status, 200);
    for bad in [String::new(), "Bearer".to_owned(), "Bearer x".to_owned(), alice.token.clone()] {
        let answer = auth(bad.clone()).await;
        answer.expect_problem(401, "token_invalid");
        assert_eq!(answer.header("www-authenticate"), Some("Bearer"), "{bad}");
    }
    let none = server.get("/api/v1/sessions").await;
    none.expect_problem(401, "token_invalid");
    server.stop().await;
}

#[actix_web::test]
async fn other_methods_are_refused_with_those_that_are_served() {
    let server = Server::start().await;
    for (method, path, allow) in [
        ("POST", "/sessions", "GET"),
        ("HEAD", "/sessions", "GET"),
        ("OPTIONS", "/sessions", "GET"),
        ("GET", "/auth/logout", "POST"),
        ("TRACE", "/sessions/x", "DELETE"),
    ] {
        let path = format!("/api/v1{path}");
        let answer = send(server.address, (method, &path), &[], "").await;
        assert_eq!((answer.status, answer.header("allow")), (405, Some(allow)), "{method} {path}");
        assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    }
    server.stop().await;
}

#[actix_web::test]
async fn requests_of_one_user_are_limited() {
    let server = Server::with(Backend::Sqlite, |config| {
        config.limits.enabled = true;
        config.limits.api_per_second = 1;
        config.limits.api_burst = 3;
    })
    .await;
    let (alice, bob) = (server.user("alice").await, server.user("bob").await);
    for _ in 0..3 {
        server.api(&alice, "GET", "/sessions", Value::Null).await.expect(200);
    }
    let refused = server.api(&alice, "GET", "/sessions", Value::Null).await;
    refused.expect_problem(429, "too_many_requests");
    let wait: u64 = refused.header("retry-after").expect("a wait").parse().expect("seconds");
    assert!((1..=2).contains(&wait), "{wait}");
    assert_eq!(server.running().metrics.refusals.with_label_values(&["api"]).get(), 1);
    server.api(&bob, "GET", "/sessions", Value::Null).await.expect(200);
    server.stop().await;
}

#[actix_web::test]
async fn pages_of_allowed_origins_may_read_answers() {
    const APP: &str = "https://app.example";
    let server = Server::with(Backend::Sqlite, |config| {
        config.http.allowed_origins = [APP, "capacitor://localhost"].map(str::to_owned).into();
    })
    .await;
    let same = "HTTPS://APP.EXAMPLE:443";
    for (origin, allowed) in [
        (APP, Some(APP)),
        (same, Some(same)),
        ("capacitor://localhost", Some("capacitor://localhost")),
        ("tauri://localhost", None),
        ("https://evil.example", None),
        ("null", None),
    ] {
        for path in ["/api/v1/sessions", "/api/v1/auth/login"] {
            let asked = [("origin", origin), ("access-control-request-method", "POST")];
            let before = send(server.address, ("OPTIONS", path), &asked, "").await;
            assert_eq!(before.status, 204);
            assert_eq!(before.header("access-control-allow-origin"), allowed);
            let headers = before.header("access-control-allow-headers");
            assert_eq!(headers, Some("authorization, content-type"));
            // Errors, too, can be read.
            let answer = send(server.address, ("GET", path), &[("origin", origin)], "").await;
            assert!([401, 405].contains(&answer.status));
            assert_eq!(answer.header("access-control-allow-origin"), allowed);
            assert_eq!(answer.header("vary"), Some("origin"));
        }
    }
    server.stop().await;
}

#[actix_web::test]
async fn the_document_is_openapi() {
    let server = Server::start().await;
    let answer = server.get("/openapi.json").await;
    let document = answer.expect(200);
    assert_eq!(document["openapi"], "3.1.0");
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let scheme = &document["components"]["securitySchemes"]["token"];
    assert_eq!((&scheme["type"], &scheme["scheme"]), (&json!("http"), &json!("bearer")));
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations") {
            for field in ["summary", "operationId", "tags"] {
                assert!(!operation[field].is_null(), "{method} {path} lacks {field}");
            }
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                let name = parameter["name"].as_str().expect("a name");
                let place = if path.contains(&format!("{{{name}}}")) { "path" } else { "query" };
                assert_eq!(parameter["in"], place, "{method} {path}: {name}");
            }
        }
    }
    server.stop().await;
}
