//! How many visitors and devices there may be, and how often somebody asks.

use serde_json::json;

use super::on_both;
use super::shop::Shop;
use crate::harness::Backend;

on_both! {
    new_visitors_are_bounded_by_address_and_app,
    new_devices_are_bounded_by_address_and_app,
    an_app_has_so_many_visitors,
    a_user_has_so_many_devices,
    a_users_rate_holds_here_too,
}

async fn new_visitors_are_bounded_by_address_and_app(backend: Backend) {
    let shop = Shop::with(backend, |config| {
        config.limits.enabled = true;
        config.limits.app_visitors_per_ip_per_hour = 2;
    })
    .await;
    let token = shop.token("PPCOM").await;
    let ask = async |token: &str, app: &str, secret: &str| {
        let body = json!({"app_uuid": app, "ppcom_trace_uuid": secret});
        shop.code(token, "PP_CREATE_ANONYMOUS", body).await
    };
    let app = shop.uuid();
    shop.visitor("vic").await;
    shop.visitor("wim").await;
    assert_eq!(ask(&token, &app, "a secret that is new").await, 17);
    let bank = shop.other().await;
    let there = shop.token_of(&bank, "PPCOM").await;
    assert_eq!(ask(&there, &bank.id.uuid().to_string(), "a secret that is new").await, 0);
    // Whoever is known comes again; and an operator is no widget.
    assert_eq!(ask(&token, &app, &format!("secret of {:0>16}", "vic")).await, 0);
    let console = shop.token("PPCONSOLE").await;
    let email = json!({"app_uuid": app, "user_email": "a@b.example"});
    assert_eq!(shop.code(&console, "PP_GET_USER_UUID", email).await, 0);
    shop.close().await;
}

async fn new_devices_are_bounded_by_address_and_app(backend: Backend) {
    let shop = Shop::with(backend, |config| {
        config.limits.enabled = true;
        config.limits.app_devices_per_ip_per_hour = 3;
    })
    .await;
    let (vic, wim) = (shop.visitor("vic").await, shop.visitor("wim").await);
    let make = async |user: &str, token: &str, id: &str| {
        let body = json!({"app_uuid": shop.uuid(), "user_uuid": user, "device_ostype": "WIN",
            "device_id": id});
        shop.code(token, "PP_CREATE_DEVICE", body).await
    };
    assert_eq!(make(&vic.user, &vic.token, "one").await, 0);
    assert_eq!(make(&wim.user, &wim.token, "two").await, 17);
    assert_eq!(make(&vic.user, &vic.token, "two").await, 17);
    assert_eq!(make(&vic.user, &vic.token, "one").await, 25, "a known one");
    shop.close().await;
}

async fn an_app_has_so_many_visitors(backend: Backend) {
    // Not a rate: it holds without limits, too.
    let shop = Shop::with(backend, |config| config.limits.app_visitors_max = 2).await;
    let (vic, _) = (shop.visitor("vic").await, shop.visitor("wim").await);
    let console = shop.token("PPCONSOLE").await;
    let token = shop.token("PPCOM").await;
    let secret = |secret: &str| json!({"app_uuid": shop.uuid(), "ppcom_trace_uuid": secret});
    let email = json!({"app_uuid": shop.uuid(), "user_email": "a@b.example", "user_fullname": "A"});
    for (token, name, body, code) in [
        (&token, "PP_CREATE_ANONYMOUS", secret("a secret that is new"), 17),
        (&console, "PP_GET_USER_UUID", email.clone(), 17),
        (&console, "PP_CREATE_USER", email, 17),
        (&token, "PP_CREATE_ANONYMOUS", secret(&vic.trace), 0),
    ] {
        assert_eq!(shop.code(token, name, body).await, code, "{name}");
    }
    // Agents are no visitors; nor are those of another app.
    shop.agent("ann").await;
    let bank = shop.other().await;
    shop.visitor_of(&bank, "wim").await;
    shop.close().await;
}

async fn a_user_has_so_many_devices(backend: Backend) {
    let shop = Shop::with(backend, |config| config.downstream.devices_per_user_max = 2).await;
    let (vic, wim) = (shop.visitor("vic").await, shop.visitor("wim").await);
    let make = async |user: &str, token: &str, id: &str| {
        let body = json!({"app_uuid": shop.uuid(), "user_uuid": user, "device_ostype": "WIN",
            "device_id": id});
        shop.code(token, "PP_CREATE_DEVICE", body).await
    };
    assert_eq!(make(&vic.user, &vic.token, "one").await, 0);
    assert_eq!(make(&vic.user, &vic.token, "two").await, 17);
    assert_eq!(make(&vic.user, &vic.token, "one").await, 25);
    assert_eq!(make(&wim.user, &wim.token, "one").await, 0);
    shop.close().await;
}

async fn a_users_rate_holds_here_too(backend: Backend) {
    let shop = Shop::with(backend, |config| {
        config.limits.enabled = true;
        config.limits.api_per_second = 1;
        config.limits.api_burst = 3;
    })
    .await;
    let (vic, wim) = (shop.visitor("vic").await, shop.visitor("wim").await);
    let info = json!({"app_uuid": shop.uuid()});
    let mut codes = Vec::new();
    for _ in 0..6 {
        codes.push(shop.code(&vic.token, "PP_GET_APP_INFO", info.clone()).await);
    }
    assert!(codes.contains(&17) && codes[0] == 0, "{codes:?}");
    assert_eq!(shop.code(&wim.token, "PP_GET_APP_INFO", info).await, 0, "each by himself");
    shop.close().await;
}
