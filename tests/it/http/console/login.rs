//! The log-in and the page.

use tradewind::domain::apps::app::Level;

use super::{POLICY, doors, logged_in, own, start, start_with};
use crate::harness::apps::{FORM, console_login, cookie_of};
use crate::harness::http::{Answer, send};

/// Asserts that an answer is a page of the console, with all that protects it.
#[track_caller]
fn expect_page(answer: &Answer, status: u16, text: &str) {
    assert_eq!(answer.status, status, "{}", answer.text);
    assert!(answer.text.contains(text), "{}", answer.text);
    for (name, value) in [
        ("content-type", "text/html; charset=utf-8"),
        ("content-security-policy", POLICY),
        ("cache-control", "no-store"),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "same-origin"),
    ] {
        assert_eq!(answer.header(name), Some(value), "{name}");
    }
}

#[actix_web::test]
async fn a_key_of_the_consoles_level_logs_in_and_no_other() {
    let server = start().await;
    let app = server.app("shop").await;
    for (address, home) in doors(&server) {
        for (level, status) in [
            (Level::Ppcom, 403),
            (Level::Ppkefu, 403),
            (Level::ThirdPartyConsole, 303),
            (Level::Ppconsole, 403),
        ] {
            let (key, secret) = app.key(level);
            let answer = console_login(address, key, secret).await;
            assert_eq!(answer.status, status, "{level}");
            assert_eq!(answer.header("set-cookie").is_some(), status == 303, "{level}");
            if status == 303 {
                assert_eq!(answer.header("location"), Some(home));
            } else {
                expect_page(&answer, status, "not for the console");
            }
        }
        let (key, secret) = app.key(Level::ThirdPartyConsole);
        let (_, other) = app.key(Level::Ppconsole);
        for (key, secret) in [(key, other), ("nobody", secret), ("", ""), (key, ""), (secret, key)]
        {
            expect_page(&console_login(address, key, secret).await, 401, "no such key");
        }
    }
    server.stop().await;
}

#[actix_web::test]
async fn the_cookie_is_the_browsers_own_and_ends() {
    let server = start().await;
    let app = server.app("shop").await;
    let (key, secret) = app.key(Level::ThirdPartyConsole);
    let answer = console_login(server.address, key, secret).await;
    let set = answer.header("set-cookie").expect("a cookie").to_owned();
    let (pair, rest) = set.split_once("; ").expect("attributes");
    assert_eq!(rest, "Path=/; Max-Age=28800; HttpOnly; SameSite=Strict");
    assert!(pair.len() > "tw_console=".len() + 40, "{pair}");
    assert_ne!(cookie_of(&console_login(server.address, key, secret).await), pair, "each its own");
    server.stop().await;

    let server =
        start_with(|config| config.http.public_url = "https://hub.example".to_owned()).await;
    let app = server.app("shop").await;
    let (key, secret) = app.key(Level::ThirdPartyConsole);
    let answer = console_login(server.address, key, secret).await;
    let set = answer.header("set-cookie").expect("a cookie");
    assert!(set.ends_with("; HttpOnly; SameSite=Strict; Secure"), "{set}");
    server.stop().await;
}

#[actix_web::test]
async fn the_page_is_for_operators() {
    let server = start().await;
    let app = server.app("shop").await;
    let cookie = logged_in(&server, &app).await;
    let bearer = |token: String| format!("Bearer {token}");
    let good = bearer(server.token(&app, Level::ThirdPartyConsole).await);
    let (widget, other) = (
        bearer(server.token(&app, Level::Ppcom).await),
        bearer(server.token(&app, Level::Ppconsole).await),
    );
    let widget_cookie = widget.replace("Bearer ", "tw_console=");
    for (address, home) in doors(&server) {
        let look = async |headers: &[(&str, &str)]| send(address, ("GET", home), headers, "").await;
        for headers in [
            &[("cookie", cookie.as_str())][..],
            &[("authorization", good.as_str())],
            &[("authorization", good.as_str()), ("cookie", "tw_console=old")],
            // What a proxy before the hub asks for is not the hub's.
            &[("authorization", "Basic eDp5"), ("cookie", cookie.as_str())],
        ] {
            let answer = look(headers).await;
            expect_page(&answer, 200, "id=\"receivedMessage\"");
            assert!(!answer.text.contains("jquery"));
        }
        for headers in [
            &[][..],
            &[("cookie", "tw_console=old")],
            &[("cookie", "tw_console=")],
            &[("cookie", "other=value")],
        ] {
            let answer = look(headers).await;
            assert_eq!((answer.status, answer.header("location")), (302, Some("/console/login")));
            assert_eq!(answer.header("cache-control"), Some("no-store"));
        }
        for (headers, status) in [
            (&[("authorization", "Bearer old"), ("cookie", cookie.as_str())][..], 401),
            (&[("authorization", "OAuth"), ("cookie", cookie.as_str())], 401),
            (&[("authorization", widget.as_str()), ("cookie", cookie.as_str())], 403),
            (&[("authorization", other.as_str())], 403),
            (&[("cookie", widget_cookie.as_str())], 403),
        ] {
            let answer = look(headers).await;
            assert_eq!(answer.status, status, "{headers:?}");
            assert_eq!(answer.header("www-authenticate").is_some(), status == 401);
        }
        let head = send(address, ("HEAD", home), &[("cookie", cookie.as_str())], "").await;
        assert_eq!((head.status, head.text.as_str()), (200, ""));
    }
    server.stop().await;
}

#[actix_web::test]
async fn each_listener_has_its_paths() {
    let server = start().await;
    for (address, _) in doors(&server) {
        for (method, path, status, allow) in [
            ("GET", "/console/login", 200, None),
            ("HEAD", "/console/login", 200, None),
            ("PUT", "/console/login", 405, Some("GET, HEAD, POST")),
            ("GET", "/console/logout", 405, Some("POST")),
            ("POST", "/console/ws", 405, Some("GET")),
            ("GET", "/console/ws", 401, None),
            ("POST", "/static/assets/rational.js", 405, Some("GET, HEAD")),
            ("GET", "/console/nowhere", 404, None),
            ("GET", "/static/nowhere", 404, None),
        ] {
            let answer = send(address, (method, path), &[], "").await;
            assert_eq!((answer.status, answer.header("allow")), (status, allow), "{method} {path}");
        }
        expect_page(&send(address, ("GET", "/console/login"), &[], "").await, 200, "client_secret");
    }
    let only_own = send(own(&server), ("POST", "/"), &[], "").await;
    assert_eq!((only_own.status, only_own.header("allow")), (405, Some("GET, HEAD")));
    for path in ["/console", "/ws", "/healthz", "/api/v1/me", "/login"] {
        assert_eq!(send(own(&server), ("GET", path), &[], "").await.status, 404, "{path}");
    }
    let home = server.get("/").await;
    assert_eq!((home.status, home.header("location")), (302, Some("/login")), "REWIND's");
    server.stop().await;
}

#[actix_web::test]
async fn a_log_in_is_a_form_of_the_hubs_own_page() {
    let server = start_with(|config| {
        config.http.allowed_origins = vec!["https://app.example".to_owned()];
    })
    .await;
    let app = server.app("shop").await;
    let (key, secret) = app.key(Level::ThirdPartyConsole);
    let good = format!("client_id={key}&client_secret={secret}&more=1");
    for (address, _) in doors(&server) {
        let post = async |headers: &[(&str, &str)], body: &str| {
            send(address, ("POST", "/console/login"), headers, body.to_owned()).await.status
        };
        let form = ("content-type", FORM);
        let origin = format!("http://{address}");
        assert_eq!(post(&[form], &good).await, 303);
        assert_eq!(post(&[form, ("origin", &origin)], &good).await, 303);
        let public = server.public_url();
        assert_eq!(post(&[form, ("origin", &public)], &good).await, 303, "the public address");
        for foreign in ["https://app.example", "http://evil.example", "null", "http://127.0.0.1"] {
            assert_eq!(post(&[form, ("origin", foreign)], &good).await, 403, "{foreign}");
        }
        assert_eq!(post(&[form, ("origin", &origin), ("origin", "null")], &good).await, 403);
        let json = format!(r#"{{"client_id":"{key}","client_secret":"{secret}"}}"#);
        assert_eq!(post(&[("content-type", "application/json")], &json).await, 415);
        assert_eq!(post(&[], &good).await, 415);
        assert_eq!(post(&[form], "client_id=%ff").await, 400);
        assert_eq!(post(&[form], "client_id=a&client_id=b").await, 400);
        assert_eq!(post(&[form], &format!("client_id={}", "x".repeat(20_000))).await, 413);
        assert_eq!(post(&[form, ("content-encoding", "gzip")], &good).await, 415);
        assert_eq!(post(&[form], "").await, 401);
    }
    server.stop().await;
}

#[actix_web::test]
async fn ten_wrong_tries_a_minute_and_address() {
    let server = start_with(|config| {
        config.limits.enabled = true;
        config.http.trust_proxy = true;
    })
    .await;
    let app = server.app("shop").await;
    let (key, secret) = app.key(Level::ThirdPartyConsole);
    let post = async |from: &str, secret: &str| {
        let headers = [("content-type", FORM), ("x-forwarded-for", from)];
        let body = format!("client_id={key}&client_secret={secret}");
        send(own(&server), ("POST", "/console/login"), &headers, body).await
    };
    for _ in 0..20 {
        assert_eq!(post("10.0.0.1", secret).await.status, 303, "right ones do not count");
    }
    for _ in 0..10 {
        assert_eq!(post("10.0.0.1", "wrong").await.status, 401);
    }
    for secret in ["wrong", secret] {
        let refused = post("10.0.0.1", secret).await;
        expect_page(&refused, 429, "Too many wrong tries");
        let wait: u64 = refused.header("retry-after").expect("seconds").parse().expect("a number");
        assert!((1..=7).contains(&wait), "{wait}");
    }
    assert_eq!(post("10.0.0.2", "wrong").await.status, 401, "another address");
    let counted = server.running().metrics.refusals.with_label_values(&["console_login"]).get();
    assert_eq!(counted, 2);
    server.stop().await;
}
