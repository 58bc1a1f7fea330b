//! Contract 4: what every call has in common. The order of faults, D-1, D-4, D-18, D-20, R-2, R-5, R-9.

use serde_json::{Value, json};
use tradewind::service::apps::AppChanges;

use super::on_both;
use super::shop::Shop;
use crate::harness::Backend;
use crate::harness::http::send;

on_both! {
    faults_are_found_in_their_order,
    a_preflight_needs_no_token,
    a_token_that_is_nobodys_opens_three_calls,
    the_app_has_to_be_named_where_the_table_says_so,
    an_app_may_say_whose_pages_ask,
    both_generations_of_names_are_known,
}

async fn raw(shop: &Shop, method: &str, headers: &[(&str, &str)], body: &str) -> Value {
    let place = (method, "/api/PP_GET_APP_INFO");
    let answer = send(shop.server.address, place, headers, body).await;
    assert_eq!((answer.status, answer.header("access-control-allow-origin")), (200, Some("*")));
    answer.json
}

async fn faults_are_found_in_their_order(backend: Backend) {
    let shop = Shop::open(backend).await;
    let (json_kind, text) = (("content-type", "application/json"), ("content-type", "text/plain"));
    let token = shop.token("PPCOM").await;
    let (good, bad) = (format!("OAuth {token}"), "OAuth nonsense".to_owned());
    let (good, bad) = (("authorization", &*good), ("authorization", &*bad));
    let named = json!({"app_uuid": shop.uuid()}).to_string();
    let other = json!({"app_uuid": shop.other().await.id.uuid().to_string()}).to_string();
    for (method, headers, body, code) in [
        ("GET", &[json_kind][..], "", 1),
        ("PUT", &[json_kind, good], &named, 1),
        ("DELETE", &[json_kind, bad], &named, 1),
        ("POST", &[text, bad], &named, 1),
        ("POST", &[good], &named, 1),
        ("POST", &[json_kind, bad], "", 1),
        ("POST", &[json_kind, bad], "{", 1),
        ("POST", &[json_kind, bad], "[]", 1),
        ("POST", &[json_kind, bad], "null", 1),
        ("POST", &[json_kind, bad], "\"x\"", 1),
        ("POST", &[json_kind], "{}", 3),
        ("POST", &[json_kind, ("authorization", "")], "{}", 3),
        ("POST", &[json_kind, ("authorization", "OAuth")], "{}", 3),
        ("POST", &[json_kind, ("authorization", "OAuth ")], "{}", 3),
        ("POST", &[json_kind, ("authorization", "Basic x")], "{}", 3),
        ("POST", &[json_kind, bad], "{}", 4),
        ("POST", &[json_kind, good], "{}", 4),
        ("POST", &[json_kind, good], r#"{"app_uuid":null}"#, 4),
        ("POST", &[json_kind, good], r#"{"app_uuid":7}"#, 4),
        ("POST", &[json_kind, good], r#"{"app_uuid":"x"}"#, 4),
        ("POST", &[json_kind, good], &other, 4),
        ("POST", &[json_kind, good], &named, 0),
        ("POST", &[("content-type", "Application/JSON; charset=UTF-8"), good], &named, 0),
    ] {
        let answer = raw(&shop, method, headers, body).await;
        assert_eq!(answer["error_code"], code, "{method} {headers:?} {body}: {answer}");
    }
    for scheme in ["OAuth", "oauth", "OAUTH", "Bearer", "bearer"] {
        let auth = format!("{scheme}  {token} ");
        let headers = [json_kind, ("authorization", &*auth)];
        assert_eq!(raw(&shop, "POST", &headers, &named).await["error_code"], 0, "{scheme}");
    }
    // A name that is none comes after the token, and before all else.
    for (token, code) in [("nonsense", 4), (token.as_str(), 21)] {
        for name in ["PP_NOTHING", "pp_get_app_info", "v2", "%FF"] {
            let path = format!("/api/{name}");
            let auth = format!("OAuth {token}");
            let headers = [json_kind, ("authorization", &*auth)];
            let answer = send(shop.server.address, ("POST", &path), &headers, "{}").await;
            assert_eq!(answer.json["error_code"], code, "{name}");
            assert_eq!(answer.json["uri"], path);
        }
    }
    // A name in upper case is one all the same for every spelling of the app.
    for app in [shop.uuid().to_uppercase(), shop.app.id.uuid().hex()] {
        assert_eq!(shop.code(&token, "PP_GET_APP_INFO", json!({"app_uuid": app})).await, 0);
    }
    // The longest request, and one that is longer.
    let filled = |bytes: usize| {
        let head = json!({"app_uuid": shop.uuid(), "x": ""}).to_string().len();
        json!({"app_uuid": shop.uuid(), "x": "x".repeat(bytes - head)})
    };
    assert_eq!(shop.code(&token, "PP_GET_APP_INFO", filled(262_144)).await, 0);
    assert_eq!(shop.code(&token, "PP_GET_APP_INFO", filled(262_145)).await, 1);
    shop.close().await;
}

async fn a_preflight_needs_no_token(backend: Backend) {
    let shop = Shop::open(backend).await;
    for path in ["/api/PP_CREATE_ANONYMOUS", "/api/PP_NOTHING"] {
        let asks = [
            ("origin", "https://shop.example"),
            ("access-control-request-method", "POST"),
            ("access-control-request-headers", "authorization,content-type"),
        ];
        let answer = send(shop.server.address, ("OPTIONS", path), &asks, "").await;
        assert_eq!((answer.status, answer.text.as_str()), (200, ""));
        for (name, value) in [
            ("access-control-allow-origin", "*"),
            ("access-control-allow-methods", "POST, GET, OPTIONS"),
            ("access-control-allow-headers", "Content-Type, Authorization"),
            ("access-control-max-age", "1728000"),
        ] {
            assert_eq!(answer.header(name), Some(value));
        }
        assert_eq!(answer.header("access-control-allow-credentials"), None);
    }
    shop.close().await;
}

async fn a_token_that_is_nobodys_opens_three_calls(backend: Backend) {
    let shop = Shop::open(backend).await;
    shop.agent("ann").await;
    let vic = shop.visitor("vic").await;
    let room = shop.conversation(&vic).await;
    let token = shop.token("PPCOM").await;
    let whole = json!({"app_uuid": shop.uuid(), "user_uuid": vic.user, "device_uuid": vic.device,
        "conversation_uuid": room, "device_ostype": "WIN", "device_id": "x", "type": "DU",
        "uuid": vic.user, "list": [], "conversation_type": "P2S"});
    for name in [
        "PP_CREATE_DEVICE",
        "PPCOM_CREATE_DEVICE",
        "PPCOM_GET_DEFAULT_CONVERSATION",
        "PPCOM_CREATE_CONVERSATION",
        "PP_SEND_MESSAGE",
        "ACK_MESSAGE",
        "PP_PAGE_HISTORY_MESSAGE",
        "PP_PAGE_UNACKED_MESSAGE",
        "PP_UPDATE_DEVICE",
        "PP_UPDATE_USER",
        "GET_YVOBJECT_DETAIL",
        "PP_GET_USER_CONVERSATION_LIST",
        "PP_GET_CONVERSATION_INFO",
        "PP_GET_CONVERSATION_USER_LIST",
        "PP_GET_AMD_QUEUE_LENGTH",
        "PP_CANCEL_WAITING_CREATE_CONVERSATION",
    ] {
        assert_eq!(shop.code(&token, name, whole.clone()).await, 4, "{name}");
        assert_eq!(shop.code(&token, name, json!({})).await, 4, "{name}");
    }
    assert_eq!(shop.code(&token, "PP_GET_APP_INFO", whole.clone()).await, 0);
    assert_eq!(shop.code(&token, "PP_GET_USER_UUID", whole.clone()).await, 6);
    let secret = json!({"app_uuid": shop.uuid(), "ppcom_trace_uuid": vic.trace});
    let user = shop.do_call(&token, "PP_CREATE_ANONYMOUS", secret).await;
    assert_eq!(user["user_uuid"], vic.user);
    shop.close().await;
}

async fn the_app_has_to_be_named_where_the_table_says_so(backend: Backend) {
    let shop = Shop::open(backend).await;
    let ann = shop.agent("ann").await;
    let vic = shop.visitor("vic").await;
    let room = shop.conversation(&vic).await;
    let bank = shop.other().await.id.uuid().to_string();
    let console = shop.token("PPCONSOLE").await;
    let sent = shop.text(&vic.user, &room, "m-1", "hi");
    let rest = json!({"user_uuid": vic.user, "device_uuid": vic.device, "device_ostype": "WIN",
        "device_id": "y", "conversation_uuid": room, "conversation_type": "P2S", "type": "DU",
        "uuid": vic.user, "list": [], "user_email": "new@shop.example", "user_fullname": "New",
        "ppcom_trace_uuid": vic.trace});
    let agents = json!({"user_uuid": ann.user, "device_uuid": ann.device, "ostype": "MAC",
        "terminal": "desk", "user_email": ann.email});
    for (token, name, body, needs) in [
        (&vic.token, "PP_CREATE_ANONYMOUS", &rest, true),
        (&vic.token, "PPCOM_CREATE_DEVICE", &rest, true),
        (&vic.token, "PPCOM_GET_DEFAULT_CONVERSATION", &rest, true),
        (&vic.token, "PPCOM_CREATE_CONVERSATION", &rest, true),
        (&vic.token, "PP_SEND_MESSAGE", &sent, false),
        (&vic.token, "ACK_MESSAGE", &rest, false),
        (&vic.token, "PP_PAGE_HISTORY_MESSAGE", &rest, false),
        (&vic.token, "PP_PAGE_UNACKED_MESSAGE", &rest, true),
        (&vic.token, "PP_GET_APP_INFO", &rest, true),
        (&vic.token, "PP_UPDATE_DEVICE", &rest, false),
        (&console, "PP_GET_USER_UUID", &rest, true),
        (&console, "PP_UPDATE_USER", &json!({"user_uuid": vic.user}), true),
        (&vic.token, "GET_YVOBJECT_DETAIL", &rest, false),
        (&vic.token, "PP_GET_USER_CONVERSATION_LIST", &rest, true),
        (&vic.token, "PP_GET_CONVERSATION_INFO", &rest, true),
        (&vic.token, "PP_GET_CONVERSATION_USER_LIST", &rest, true),
        (&vic.token, "PP_GET_AMD_QUEUE_LENGTH", &rest, true),
        (&vic.token, "PP_CANCEL_WAITING_CREATE_CONVERSATION", &rest, true),
        (&ann.token, "PPKEFU_LOGIN", &agents, false),
        (&ann.token, "PPKEFU_LOGOUT", &agents, true),
        (&ann.token, "PP_VALIDATE_ONLINE_DEVICE", &agents, true),
        (
            &console,
            "PP_CREATE_USER",
            &json!({"user_email": "x@y.example", "user_fullname": "X"}),
            true,
        ),
    ] {
        let with = |app: Value| {
            let mut body = body.clone();
            body["app_uuid"] = app;
            body
        };
        for foreign in [json!(bank), json!("x"), json!(7)] {
            assert_eq!(shop.code(token, name, with(foreign.clone())).await, 4, "{name} {foreign}");
        }
        let without = shop.code(token, name, with(Value::Null)).await;
        assert_eq!(without, if needs { 4 } else { 0 }, "{name}");
        assert_eq!(shop.code(token, name, with(json!(shop.uuid()))).await, 0, "{name}");
    }
    shop.close().await;
}

async fn an_app_may_say_whose_pages_ask(backend: Backend) {
    let shop = Shop::open(backend).await;
    let token = shop.token("PPCOM").await;
    let body = json!({"app_uuid": shop.uuid()});
    let from = async |origin: Option<&str>| {
        let answer = shop.call_from(origin, &token, "PP_GET_APP_INFO", body.clone()).await;
        answer["error_code"].as_i64().unwrap()
    };
    for origin in [None, Some("https://evil.example"), Some("null")] {
        assert_eq!(from(origin).await, 0, "{origin:?}");
    }
    let allowed = vec!["https://shop.example".to_owned(), "http://localhost:3000".to_owned()];
    shop.set(AppChanges { allowed_origins: Some(allowed), ..AppChanges::default() }).await;
    for (origin, code) in [
        (None, 0),
        (Some("https://shop.example"), 0),
        (Some("https://SHOP.example:443"), 0),
        (Some("http://localhost:3000"), 0),
        (Some("http://shop.example"), 20),
        (Some("https://shop.example.evil.example"), 20),
        (Some("null"), 20),
    ] {
        assert_eq!(from(origin).await, code, "{origin:?}");
    }
    shop.close().await;
}

async fn both_generations_of_names_are_known(backend: Backend) {
    let shop = Shop::open(backend).await;
    let vic = shop.visitor("vic").await;
    let secret = json!({"app_uuid": shop.uuid(), "ppcom_trace_uuid": vic.trace});
    for name in ["PP_CREATE_ANONYMOUS", "PPCOM_CREATE_ANONYMOUS"] {
        let user = shop.do_call(&vic.token, name, secret.clone()).await;
        assert_eq!(user["user_uuid"], vic.user);
    }
    let device = json!({"app_uuid": shop.uuid(), "user_uuid": vic.user, "device_ostype": "WIN",
        "ppcom_trace_uuid": vic.trace});
    for (name, code) in [("PP_CREATE_DEVICE", 25), ("PPCOM_CREATE_DEVICE", 0)] {
        let answer = shop.call(&vic.token, name, device.clone()).await;
        assert_eq!(
            (&answer["error_code"], &answer["device_uuid"]),
            (&json!(code), &json!(vic.device))
        );
    }
    let console = shop.token("THIRD_PARTY_CONSOLE").await;
    let email = json!({"app_uuid": shop.uuid(), "user_email": "Eve@shop.example"});
    let first = shop.do_call(&console, "PP_GET_USER_UUID", email.clone()).await;
    assert_eq!(first, shop.do_call(&console, "PPCOM_GET_USER_UUID", email).await);
    shop.close().await;
}
