//! What every answer says to browsers, whatever the route.

use serde_json::Value;

use crate::harness::http::send;
use crate::harness::{Account, Server};

/// What is not in the OpenAPI document.
const OTHERS: &[(&str, &str)] = &[
    ("GET", "/"),
    ("GET", "/login"),
    ("GET", "/register"),
    ("GET", "/logout"),
    ("GET", "/reset/key"),
    ("POST", "/reset/key"),
    ("PUT", "/reset/key"),
    ("GET", "/verify/key"),
    ("POST", "/verify/key"),
    ("GET", "/assets/0/app/main.js"),
    ("GET", "/design"),
    ("GET", "/demo/mails"),
    ("GET", "/docs"),
    ("GET", "/docs/page.js"),
    ("GET", "/docs/page.css"),
    ("GET", "/openapi.json"),
    ("GET", "/asyncapi.yaml"),
    ("GET", "/sdk.js"),
    ("GET", "/widget.js"),
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("GET", "/metrics"),
    ("GET", "/ws"),
    ("GET", "/ws/chatting/"),
    ("POST", "/api/v1/auth/login"),
    ("PUT", "/api/v1/auth/login"),
    ("POST", "/api/v1/auth/register"),
    ("GET", "/api/v1/auth/email_verify/key"),
    ("GET", "/api/chatting/blockedusers/"),
    ("POST", "/api/chatting/blockedusers/"),
    ("OPTIONS", "/api/chatting/blockedusers/"),
    ("GET", "/api/chatting/is-online/?id=2"),
    ("GET", "/api/chatting/nowhere"),
    ("POST", "/s2sapi/system-message/"),
    ("GET", "/nowhere"),
    ("GET", "/nowhere/%ff"),
    ("GET", "/api/v1/nowhere"),
    ("GET", "/api/v1/groups/%ff"),
];

async fn routes(server: &Server) -> Vec<(String, String)> {
    let document = server.get("/openapi.json").await.json;
    let paths = document["paths"].as_object().expect("paths");
    let named = |path: &str| {
        path.split('/')
            .map(|part| if part.starts_with('{') { "2" } else { part }.to_owned())
            .collect::<Vec<_>>()
            .join("/")
    };
    let operations = paths.iter().flat_map(|(path, item)| {
        let verbs = item.as_object().expect("operations").keys();
        let verbs = verbs.filter(|verb| *verb != "parameters").map(|verb| verb.to_uppercase());
        verbs.map(move |verb| {
            (verb, format!("/api/v1{}", named(path.trim_start_matches("/api/v1"))))
        })
    });
    let others = OTHERS.iter().map(|(verb, path)| ((*verb).to_owned(), (*path).to_owned()));
    operations.chain(others).collect()
}

#[actix_web::test]
async fn no_answer_is_kept_guessed_or_framed() {
    let server = Server::start().await;
    let routes = routes(&server).await;
    assert!(routes.len() > OTHERS.len() + 30, "{}", routes.len());
    for (number, (method, path)) in routes.iter().enumerate() {
        // Who is used up by it: one deletes the account.
        let alice: Account = server.user(&format!("alice{number}")).await;
        let auth = format!("Bearer {}", alice.token);
        for auth in [None, Some(auth.as_str())] {
            let mut headers = vec![("content-type", "application/json")];
            headers.extend(auth.map(|auth| ("authorization", auth)));
            let answer = send(server.address, (method, path), &headers, "{}").await;
            let at = format!("{method} {path} {}", answer.status);
            assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{at}");
            let policy = answer.header("content-security-policy").unwrap_or_default();
            assert!(policy.contains("default-src 'none'"), "{at}: {policy}");
            assert!(policy.contains("frame-ancestors 'none'"), "{at}: {policy}");
            let cached = answer.header("cache-control");
            let is_public = path.starts_with("/sdk") || path == "/widget.js";
            assert_eq!(cached == Some("no-store"), !is_public, "{at}: {cached:?}");
            let is_page = answer.header("content-type").is_some_and(|it| it.contains("html"));
            let is_form = is_page && answer.text.contains("<form");
            assert_eq!(policy.contains("form-action 'self'"), is_form, "{at}: {policy}");
        }
    }
    server.stop().await;
}

#[actix_web::test]
async fn a_token_is_in_no_cache() {
    let server = Server::start().await;
    let email = server.account("alice", crate::harness::mail::PASSWORD).await;
    let answer = server.try_login(&email, crate::harness::mail::PASSWORD).await;
    assert_eq!((answer.status, answer.header("cache-control")), (201, Some("no-store")));
    let token = answer.json["payload"]["token"].as_str().expect("a token");
    for (method, path) in [("POST", "/auth/refresh"), ("GET", "/me"), ("GET", "/me/export")] {
        let answer = server.api_with(token, method, path, Value::Null).await;
        assert_eq!((answer.status, answer.header("cache-control")), (200, Some("no-store")));
    }
    server.stop().await;
}
