//! Contract 2, D-2, D-3: tokens for keys, and for agents.

use serde_json::json;

use super::on_both;
use super::shop::{SENT, Shop, key};
use crate::harness::Backend;
use crate::harness::http::send;

on_both! {
    a_key_and_its_secret_give_a_token,
    what_is_wrong_is_said_by_the_words_of_oauth,
    an_agent_shows_a_password,
    wrong_ones_are_counted_by_address,
    agents_also_log_in_to_tradewind_itself,
}

async fn a_key_and_its_secret_give_a_token(backend: Backend) {
    let shop = Shop::open(backend).await;
    for (path, level, lifetime) in [
        ("/ppauth/token", "PPCOM", 2_592_000),
        ("/ppauth/token/", "PPCOM", 2_592_000),
        ("/ppauth/token", "THIRD_PARTY_CONSOLE", 86_400),
        ("/ppauth/token", "PPCONSOLE", 86_400),
    ] {
        let (key, secret) = key(&shop.app, level);
        let form = format!("client_id={key}&client_secret={secret}&grant_type=client_credentials");
        let kind = "application/x-www-form-urlencoded; charset=UTF-8";
        let answer = shop.server.request("POST", path, kind, form).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert_eq!(answer.header("content-type"), Some("application/json"));
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        let token = answer.json["access_token"].as_str().unwrap();
        assert!(token.len() == 43, "256 bits: {token}");
        let rest = json!({"access_token": token, "token_type": "Bearer", "expires_in": lifetime});
        assert_eq!(answer.json, rest, "nothing else");
    }
    let preflight = [("access-control-request-method", "POST"), ("origin", "https://a.example")];
    let answer = send(shop.server.address, ("OPTIONS", "/ppauth/token"), &preflight, "").await;
    assert_eq!((answer.status, answer.text.as_str()), (200, ""));
    for (name, value) in [
        ("access-control-allow-origin", "*"),
        ("access-control-allow-methods", "POST, GET, OPTIONS"),
        ("access-control-allow-headers", "Content-Type, Authorization"),
        ("access-control-max-age", "1728000"),
    ] {
        assert_eq!(answer.header(name), Some(value));
    }
    for method in ["GET", "PUT", "DELETE"] {
        let answer = send(shop.server.address, (method, "/ppauth/token"), &[], "").await;
        assert_eq!((answer.status, answer.header("allow")), (405, Some("POST, OPTIONS")));
    }
    shop.close().await;
}

async fn what_is_wrong_is_said_by_the_words_of_oauth(backend: Backend) {
    let shop = Shop::open(backend).await;
    let (id, secret) = key(&shop.app, "PPCOM");
    let (agents, agents_secret) = key(&shop.app, "PPKEFU");
    let client = "grant_type=client_credentials";
    for (form, error) in [
        (String::new(), "invalid_request"),
        (format!("client_id={id}&client_secret={secret}"), "invalid_request"),
        (format!("{client}&client_id={id}"), "invalid_request"),
        (format!("{client}&client_id={id}&client_secret="), "invalid_request"),
        (format!("{client}&client_secret={secret}"), "invalid_request"),
        (format!("{client}&client_id=%FF&client_secret={secret}"), "invalid_request"),
        (format!("{client}&client_id={id}&client_secret={secret}x"), "invalid_client"),
        // As base64 is written without an encoding.
        (format!("{client}&client_id={id}==&client_secret={secret}=="), "invalid_client"),
        (format!("{client}&client_id=nobody&client_secret={secret}"), "invalid_client"),
        (format!("{client}&client_id={id}&client_secret={agents_secret}"), "invalid_client"),
        (
            format!("{client}&client_id={agents}&client_secret={agents_secret}"),
            "unauthorized_client",
        ),
        (format!("{client}&client_id={agents}&client_secret=x"), "invalid_client"),
        (
            format!("grant_type=authorization_code&client_id={id}&client_secret={secret}"),
            "unsupported_grant_type",
        ),
        (
            format!("grant_type=password&client_id={agents}&user_email=a@b.example"),
            "invalid_request",
        ),
        (
            format!("grant_type=password&user_email=a@b.example&user_password={SENT}"),
            "invalid_request",
        ),
        (
            format!("grant_type=password&client_id=x&user_email=a@b.example&user_password={SENT}"),
            "invalid_client",
        ),
        (
            format!(
                "grant_type=password&client_id={id}&user_email=a@b.example&user_password={SENT}"
            ),
            "unauthorized_client",
        ),
    ] {
        let answer = shop.ask_token(&form).await;
        assert_eq!(answer.status, 400, "{form}");
        assert_eq!(answer.json, json!({"error": error}), "{form}");
        assert_eq!(answer.header("content-type"), Some("application/json"));
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    }
    let long = "x".repeat(20_000);
    let answer = shop.ask_token(&format!("{client}&client_id={long}")).await;
    assert_eq!((answer.status, answer.json), (400, json!({"error": "invalid_request"})));
    shop.close().await;
}

async fn an_agent_shows_a_password(backend: Backend) {
    let shop = Shop::open(backend).await;
    let ann = shop.agent("ann+1").await;
    let (key_of_agents, _) = key(&shop.app, "PPKEFU");
    let ask = async |email: &str, sent: &str| {
        let form = format!(
            "grant_type=password&client_id={key_of_agents}&user_email={email}&user_password={sent}"
        );
        shop.ask_token(&form).await
    };
    for email in [ann.email.as_str(), "ann%2B1@shop.example", "ANN%2b1@Shop.example"] {
        let answer = ask(email, SENT).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let token = answer.json["access_token"].as_str().unwrap();
        let whole = json!({"error_code": 0, "access_token": token, "user_uuid": ann.user,
            "token_type": "Bearer", "expires_in": 86_400});
        assert_eq!(answer.json, whole);
        let info = json!({"app_uuid": shop.uuid()});
        assert_eq!(shop.code(token, "PP_GET_APP_INFO", info).await, 0);
    }
    let upper = SENT.to_uppercase();
    let visitor = shop.visitor("vic").await;
    for (email, sent) in [
        (ann.email.as_str(), "a9993e364706816aba3e25717850c26c9cd0d89d"),
        (ann.email.as_str(), upper.as_str()),
        // What is stored, or typed, is not what is sent.
        (ann.email.as_str(), super::shop::PASSWORD),
        ("nobody@shop.example", SENT),
        ("no address", SENT),
        (visitor.user.as_str(), SENT),
    ] {
        let answer = ask(email, sent).await;
        assert_eq!(answer.status, 200, "{email}");
        assert_eq!(answer.json, json!({"error_code": -1}), "{email}");
    }
    // An agent of one app is none of another.
    let bank = shop.other().await;
    let (other, _) = key(&bank, "PPKEFU");
    let form = format!(
        "grant_type=password&client_id={other}&user_email={}&user_password={SENT}",
        ann.email
    );
    assert_eq!(shop.ask_token(&form).await.json, json!({"error_code": -1}));
    shop.close().await;
}

async fn wrong_ones_are_counted_by_address(backend: Backend) {
    let shop = Shop::with(backend, |config| {
        config.limits.enabled = true;
        config.limits.app_key_wrong_per_ip_per_minute = 4;
    })
    .await;
    let (id, secret) = key(&shop.app, "PPCOM");
    let good = format!("grant_type=client_credentials&client_id={id}&client_secret={secret}");
    let (agents, _) = key(&shop.app, "PPKEFU");
    for _ in 0..10 {
        assert_eq!(shop.ask_token(&good).await.status, 200, "right ones do not count");
    }
    for (form, status) in [
        (format!("{good}x"), 400),
        ("grant_type=client_credentials".to_owned(), 400),
        ("grant_type=x".to_owned(), 400),
        (
            format!(
                "grant_type=password&client_id={agents}&user_email=a@b.example&user_password=x"
            ),
            200,
        ),
        (format!("{good}x"), 429),
        (good.clone(), 429),
        ("grant_type=x".to_owned(), 429),
    ] {
        let answer = shop.ask_token(&form).await;
        assert_eq!(answer.status, status, "{form}: {}", answer.text);
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
        assert_eq!(answer.header("retry-after").is_some(), status == 429);
        assert!(answer.json.is_object());
    }
    shop.close().await;
}

async fn agents_also_log_in_to_tradewind_itself(backend: Backend) {
    let shop = Shop::open(backend).await;
    let (ann, other) = (shop.agent("ann").await, shop.agent("ann 2").await);
    assert_ne!(ann.user, other.user);
    assert_eq!(shop.server.try_login(&ann.email, super::shop::PASSWORD).await.status, 201);
    assert_eq!(shop.server.try_login(&ann.email, SENT).await.status, 401);
    shop.close().await;
}
