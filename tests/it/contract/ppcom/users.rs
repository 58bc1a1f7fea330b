//! Contract 4, D-1, D-13, D-14, D-15, R-8, R-9, R-13: visitors, their devices, and agents who log in.

use serde_json::{Value, json};
use tradewind::service::apps::AppChanges;

use super::on_both;
use super::shop::Shop;
use crate::harness::Backend;

on_both! {
    a_secret_makes_a_visitor_and_finds_him_again,
    a_token_is_one_visitors_for_good,
    addresses_are_vouched_for_by_operators_or_trusted_apps,
    users_are_changed_by_themselves_and_by_operators,
    a_user_is_described_to_those_who_talk_to_him,
    a_device_is_known_by_its_user_and_terminal,
    an_operator_makes_users,
    agents_log_in_at_devices,
    an_app_shows_no_secret,
}

async fn a_secret_makes_a_visitor_and_finds_him_again(backend: Backend) {
    let shop = Shop::open(backend).await;
    let token = shop.token("PPCOM").await;
    let ask = async |token: &str, secret: Value| {
        let body = json!({"app_uuid": shop.uuid(), "ppcom_trace_uuid": secret});
        shop.call(token, "PP_CREATE_ANONYMOUS", body).await
    };
    for (secret, code) in [
        (json!(null), 6),
        (json!(""), 6),
        (json!(7), 6),
        (json!("x".repeat(15)), 44),
        (json!("é".repeat(15)), 44),
        (json!("x".repeat(513)), 44),
    ] {
        assert_eq!(ask(&token, secret.clone()).await["error_code"], code, "{secret}");
    }
    let visitor = shop.done(ask(&token, json!("x".repeat(16))).await);
    let keys: Vec<&String> = visitor.as_object().unwrap().keys().collect();
    let expected = [
        "is_service_user",
        "updatetime",
        "user_email",
        "user_fullname",
        "user_icon",
        "user_name",
        "user_uuid",
    ];
    assert_eq!(keys, expected);
    assert!(visitor["user_fullname"].as_str().unwrap().starts_with("Visitor "), "{visitor}");
    assert_eq!((&visitor["user_email"], &visitor["user_icon"]), (&json!(null), &json!(null)));
    let again = shop.token("PPCOM").await;
    assert_eq!(shop.done(ask(&again, json!("x".repeat(16))).await), visitor);
    let another = shop.token("PPCOM").await;
    let another = shop.done(ask(&another, json!("x".repeat(512))).await);
    assert_ne!(another["user_uuid"], visitor["user_uuid"]);
    // In another app the same secret is somebody else's.
    let bank = shop.other().await;
    let token = shop.token_of(&bank, "PPCOM").await;
    let body = json!({"app_uuid": bank.id.uuid().to_string(), "ppcom_trace_uuid": "x".repeat(16)});
    let there = shop.do_call(&token, "PP_CREATE_ANONYMOUS", body).await;
    assert_ne!(there["user_uuid"], visitor["user_uuid"]);
    shop.close().await;
}

async fn a_token_is_one_visitors_for_good(backend: Backend) {
    let shop = Shop::open(backend).await;
    let (vic, wim) = (shop.visitor("vic").await, shop.visitor("wim").await);
    let ask = async |token: &str, secret: &str| {
        let body = json!({"app_uuid": shop.uuid(), "ppcom_trace_uuid": secret});
        shop.call(token, "PP_CREATE_ANONYMOUS", body).await
    };
    assert_eq!(ask(&vic.token, &vic.trace).await["user_uuid"], vic.user);
    assert_eq!(ask(&vic.token, &wim.trace).await["error_code"], 4, "another's");
    assert_eq!(ask(&vic.token, "a secret that is new").await["error_code"], 4);
    // Nobody was made by that.
    let fresh = shop.token("PPCOM").await;
    let new = ask(&fresh, "a secret that is new").await;
    let wanted: Vec<_> = [&vic.user, &wim.user].into_iter().map(|user| json!(user)).collect();
    assert!(!wanted.contains(&new["user_uuid"]));
    let email = json!({"app_uuid": shop.uuid(), "user_email": "vic@shop.example"});
    assert_eq!(shop.code(&vic.token, "PP_GET_USER_UUID", email.clone()).await, 20);
    shop.set(AppChanges { trust_email: Some(true), ..AppChanges::default() }).await;
    assert_eq!(shop.code(&vic.token, "PP_GET_USER_UUID", email.clone()).await, 4);
    // Nor by that.
    let token = shop.token("PPCOM").await;
    let found = shop.do_call(&token, "PP_GET_USER_UUID", email.clone()).await;
    assert!(!wanted.contains(&found["user_uuid"]));
    assert_eq!(shop.do_call(&token, "PP_GET_USER_UUID", email).await, found, "one's own");
    assert_eq!(ask(&token, &vic.trace).await["error_code"], 4);
    let agent = shop.agent("ann").await;
    assert_eq!(ask(&agent.token, &vic.trace).await["error_code"], 4, "another level");
    shop.close().await;
}

async fn addresses_are_vouched_for_by_operators_or_trusted_apps(backend: Backend) {
    let shop = Shop::open(backend).await;
    let ann = shop.agent("ann").await;
    let name = "PP_GET_USER_UUID";
    let body = |email: Value| json!({"app_uuid": shop.uuid(), "user_email": email});
    let widget = shop.token("PPCOM").await;
    assert_eq!(shop.code(&widget, name, body(json!("a@b.example"))).await, 20);
    let mut users = Vec::new();
    for level in ["THIRD_PARTY_CONSOLE", "PPCONSOLE"] {
        let console = shop.token(level).await;
        for (email, code) in [
            (json!(null), 6),
            (json!(""), 6),
            (json!("no address"), 44),
            (json!(ann.email), 29),
            (json!(ann.email.to_uppercase()), 29),
        ] {
            assert_eq!(shop.code(&console, name, body(email.clone())).await, code, "{email}");
        }
        let odd = json!({"user_fullname": "a\nb"});
        let mut with_odd = body(json!("new@b.example"));
        with_odd["user_fullname"] = odd["user_fullname"].clone();
        assert_eq!(shop.code(&console, name, with_odd).await, 44);
        // A token of an operator is nobody's, however often it asks.
        for email in ["a@b.example", "A@B.example", "c@d.example"] {
            users.push(shop.do_call(&console, name, body(json!(email))).await["user_uuid"].clone());
        }
    }
    assert!(users[0] == users[1] && users[0] != users[2] && users[..3] == users[3..]);
    shop.set(AppChanges { trust_email: Some(true), ..AppChanges::default() }).await;
    let named = json!({"app_uuid": shop.uuid(), "user_email": "n@b.example", "user_fullname": "Nora",
        "user_icon": "https://b.example/n.png"});
    assert_eq!(shop.code(&widget, name, body(json!(ann.email))).await, 29);
    let nora = shop.do_call(&widget, name, named).await["user_uuid"].clone();
    let detail = json!({"type": "DU", "uuid": nora});
    let detail = shop.do_call(&widget, "GET_YVOBJECT_DETAIL", detail).await;
    assert_eq!(
        (&detail["fullname"], &detail["icon"]),
        (&json!("Nora"), &json!("https://b.example/n.png"))
    );
    assert_eq!(detail["email"], "n@b.example", "one's own");
    shop.close().await;
}

async fn users_are_changed_by_themselves_and_by_operators(backend: Backend) {
    let shop = Shop::open(backend).await;
    let (ann, vic, wim) =
        (shop.agent("ann").await, shop.visitor("vic").await, shop.visitor("wim").await);
    let console = shop.token("PPCONSOLE").await;
    let name = "PP_UPDATE_USER";
    let body = |user: &str, more: Value| {
        let mut body = json!({"app_uuid": shop.uuid(), "user_uuid": user});
        for (name, value) in more.as_object().unwrap() {
            body[name] = value.clone();
        }
        body
    };
    let long = "x".repeat(65);
    let longest = "é".repeat(64);
    for (token, user, more, code) in [
        (&vic.token, &vic.user, json!({}), 0),
        (&vic.token, &vic.user, json!({"user_uuid": null}), 6),
        (&vic.token, &wim.user, json!({"user_fullname": "X"}), 4),
        (&vic.token, &ann.user, json!({"user_fullname": "X"}), 4),
        (&ann.token, &vic.user, json!({"user_fullname": "X"}), 4),
        (&vic.token, &vic.user, json!({"user_fullname": ""}), 44),
        (&vic.token, &vic.user, json!({"user_fullname": long}), 44),
        (&vic.token, &vic.user, json!({"user_icon": "javascript:alert(1)"}), 44),
        (&vic.token, &vic.user, json!({"user_email": "v@shop.example"}), 20),
        (&ann.token, &ann.user, json!({"user_email": "a@shop.example"}), 20),
        (&ann.token, &ann.user, json!({"user_email": ann.email}), 0),
        (&console, &ann.user, json!({"user_email": "a@shop.example"}), 20),
        (&console, &vic.user, json!({"user_email": "no address"}), 44),
        (&console, &vic.user, json!({"user_email": ann.email}), 22),
        (&console, &vic.user, json!({"user_email": "V@shop.example", "user_fullname": longest}), 0),
        (&vic.token, &vic.user, json!({"user_email": "v@shop.example"}), 0),
        (&console, &wim.user, json!({"user_email": "v@shop.example"}), 22),
        (&console, &shop.uuid(), json!({}), 7),
        (&vic.token, &vic.user, json!({"user_icon": "https://v.example/v.png"}), 0),
        (&ann.token, &ann.user, json!({"user_fullname": "Ann B."}), 0),
    ] {
        let answer = shop.call(token, name, body(user, more.clone())).await;
        assert_eq!(answer["error_code"], code, "{more}: {answer}");
    }
    let detail = async |uuid: &str| {
        shop.do_call(&console, "GET_YVOBJECT_DETAIL", json!({"type": "DU", "uuid": uuid})).await
    };
    let of_vic = detail(&vic.user).await;
    assert_eq!(
        (&of_vic["fullname"], &of_vic["email"]),
        (&json!(longest), &json!("v@shop.example"))
    );
    assert_eq!(of_vic["icon"], "https://v.example/v.png");
    shop.do_call(&vic.token, name, body(&vic.user, json!({"user_icon": ""}))).await;
    assert_eq!(detail(&vic.user).await["icon"], json!(null));
    assert_eq!(detail(&ann.user).await["fullname"], "Ann B.");
    // By whom the visitor is known now.
    let found = json!({"app_uuid": shop.uuid(), "user_email": "v@shop.example"});
    assert_eq!(shop.do_call(&console, "PP_GET_USER_UUID", found).await["user_uuid"], vic.user);
    shop.close().await;
}

async fn a_user_is_described_to_those_who_talk_to_him(backend: Backend) {
    let shop = Shop::open(backend).await;
    let (ann, vic) = (shop.agent("ann").await, shop.visitor("vic").await);
    let console = shop.token("THIRD_PARTY_CONSOLE").await;
    let email =
        json!({"app_uuid": shop.uuid(), "user_uuid": vic.user, "user_email": "v@b.example"});
    shop.do_call(&console, "PP_UPDATE_USER", email).await;
    let name = "GET_YVOBJECT_DETAIL";
    let of = |uuid: &str| json!({"type": "DU", "uuid": uuid});
    for (body, code) in [
        (json!({"uuid": vic.user}), 6),
        (json!({"type": "DU"}), 6),
        (json!({"type": "AP", "uuid": shop.uuid()}), 28),
        (of("x"), 18),
        (of(&shop.uuid()), 18),
    ] {
        assert_eq!(shop.code(&vic.token, name, body.clone()).await, code, "{body}");
    }
    let of_ann = shop.do_call(&vic.token, name, of(&ann.user)).await;
    let updated = of_ann["updated"].clone();
    assert!(updated.is_i64());
    let expected = json!({"type": "DU", "uuid": ann.user, "email": ann.email, "name": "ann",
        "desc": null, "fullname": "ann", "icon": null, "timestamp": updated, "updated": updated,
        "is_service_user": true});
    assert_eq!(of_ann, expected);
    // An agent sees a visitor only once they talk.
    assert_eq!(shop.code(&ann.token, name, of(&vic.user)).await, 18);
    shop.conversation(&vic).await;
    assert_eq!(shop.do_call(&ann.token, name, of(&vic.user)).await["email"], "v@b.example");
    let wim = shop.visitor("wim").await;
    assert_eq!(shop.code(&wim.token, name, of(&vic.user)).await, 18);
    assert_eq!(shop.do_call(&vic.token, name, of(&vic.user)).await["email"], "v@b.example");
    let eve = shop.agent_of(&shop.other().await, "eve").await;
    for uuid in [&vic.user, &ann.user] {
        assert_eq!(shop.code(&eve.token, name, of(uuid)).await, 18);
    }
    assert_eq!(shop.do_call(&console, name, of(&vic.user)).await["email"], "v@b.example");
    assert_eq!(shop.code(&console, name, of(&eve.user)).await, 18);
    shop.close().await;
}

async fn a_device_is_known_by_its_user_and_terminal(backend: Backend) {
    let shop = Shop::open(backend).await;
    let (vic, wim) = (shop.visitor("vic").await, shop.visitor("wim").await);
    let name = "PPCOM_CREATE_DEVICE";
    let body = |more: Value| {
        let mut body =
            json!({"app_uuid": shop.uuid(), "user_uuid": vic.user, "device_ostype": "WIN"});
        for (name, value) in more.as_object().unwrap() {
            body[name] = value.clone();
        }
        body
    };
    for (more, code) in [
        (json!({}), 6),
        (json!({"device_id": ""}), 6),
        (json!({"device_id": 7}), 6),
        (json!({"device_id": "x", "device_ostype": null}), 6),
        (json!({"device_id": "x", "user_uuid": null}), 6),
        (json!({"device_id": "x", "user_uuid": wim.user}), 4),
        (json!({"device_id": "x", "user_uuid": wim.user, "device_ostype": "X"}), 4),
        (json!({"device_id": "x", "device_ostype": "X"}), 44),
        (json!({"device_id": "x", "device_ostype": "win"}), 44),
        (json!({"ppcom_trace_uuid": "x".repeat(15)}), 44),
        (json!({"device_id": "x".repeat(513)}), 44),
    ] {
        assert_eq!(shop.code(&vic.token, name, body(more.clone())).await, code, "{more}");
    }
    let device = async |more: Value| {
        shop.do_call(&vic.token, name, body(more)).await["device_uuid"].as_str().unwrap().to_owned()
    };
    let types =
        ["AND", "IOS", "ANB", "IOB", "WIP", "MAC", "LIN", "WIN", "MAB", "LIB", "WIB", "W32", "W64"];
    for os in types {
        let made = device(json!({"device_id": os, "device_ostype": os})).await;
        assert_eq!(device(json!({"device_id": os})).await, made, "whatever it runs on");
        for other in types {
            let changed = json!({"device_uuid": made, "device_ostype": other});
            assert_eq!(shop.do_call(&vic.token, "PP_UPDATE_DEVICE", changed).await, json!({}));
        }
    }
    // Of two names the secret counts; the name alone is another device.
    let trace = device(json!({"ppcom_trace_uuid": vic.trace, "device_id": "named"})).await;
    assert_eq!(trace, vic.device);
    assert_ne!(device(json!({"device_id": "named"})).await, trace);
    assert_eq!(device(json!({"device_id": vic.trace})).await, trace);
    // The same terminal under another user is another device.
    let others = json!({"app_uuid": shop.uuid(), "user_uuid": wim.user, "device_ostype": "WIN",
        "ppcom_trace_uuid": vic.trace});
    let others = shop.do_call(&wim.token, name, others).await;
    assert_ne!(others["device_uuid"], trace);
    let update = "PP_UPDATE_DEVICE";
    for (body, code) in [
        (json!({"device_ostype": "WIN"}), 6),
        (json!({"device_uuid": trace}), 6),
        (json!({"device_uuid": others["device_uuid"], "device_ostype": "X"}), 8),
        (json!({"device_uuid": "x", "device_ostype": "WIN"}), 8),
        (json!({"device_uuid": trace, "device_ostype": "X"}), 44),
    ] {
        assert_eq!(shop.code(&vic.token, update, body.clone()).await, code, "{body}");
    }
    shop.close().await;
}

async fn an_operator_makes_users(backend: Backend) {
    let shop = Shop::open(backend).await;
    let (ann, vic) = (shop.agent("ann").await, shop.visitor("vic").await);
    shop.do_call(
        &vic.token,
        "PPCOM_GET_DEFAULT_CONVERSATION",
        json!({"app_uuid": shop.uuid(),
        "user_uuid": vic.user, "device_uuid": vic.device}),
    )
    .await;
    let console = shop.token("PPCONSOLE").await;
    let name = "PP_CREATE_USER";
    let body = |email: Value, shown: Value, agent: Value| {
        json!({"app_uuid": shop.uuid(), "user_email": email, "user_fullname": shown,
            "is_service_user": agent})
    };
    let account = shop.server.account("cora", "hush hush hush").await;
    for (email, shown, agent, code) in [
        (json!(null), json!("X"), json!(null), 6),
        (json!("x@y.example"), json!(null), json!(null), 6),
        (json!("no address"), json!("X"), json!(null), 44),
        (json!("x@y.example"), json!("\u{202E}x"), json!(true), 44),
        (json!("x@y.example"), json!("\u{202E}x"), json!(false), 44),
        (json!(ann.email), json!("X"), json!(true), 22),
        (json!(ann.email), json!("X"), json!(false), 22),
        // Nobody becomes an agent without knowing.
        (json!(account), json!("X"), json!(true), 22),
    ] {
        let answer = shop.call(&console, name, body(email.clone(), shown, agent)).await;
        assert_eq!(answer["error_code"], code, "{email}: {answer}");
    }
    let user =
        shop.do_call(&console, name, body(json!("P@y.example"), json!("Pia"), json!(null))).await;
    assert_eq!(
        (&user["user_email"], &user["user_fullname"]),
        (&json!("p@y.example"), &json!("Pia"))
    );
    assert_eq!(user["is_service_user"], false);
    assert_eq!(
        shop.code(&console, name, body(json!("p@y.example"), json!("Pia"), json!(true))).await,
        22
    );
    let agent =
        shop.do_call(&console, name, body(json!("q@y.example"), json!("ann"), json!(true))).await;
    assert_eq!((&agent["user_fullname"], &agent["is_service_user"]), (&json!("ann"), &json!(true)));
    for token in [&vic.token, &ann.token] {
        assert_eq!(
            shop.code(token, name, body(json!("z@y.example"), json!("Z"), json!(null))).await,
            4
        );
    }
    shop.close().await;
}

async fn agents_log_in_at_devices(backend: Backend) {
    let shop = Shop::open(backend).await;
    let (ann, bob) = (shop.agent("ann").await, shop.agent("bob").await);
    let name = "PPKEFU_LOGIN";
    let body = |email: &str, terminal: &str, os: &str| json!({"user_email": email, "terminal": terminal, "ostype": os, "device_fullname": "mine"});
    for (body, code) in [
        (json!({"terminal": "t", "ostype": "MAC"}), 6),
        (json!({"user_email": ann.email, "ostype": "MAC"}), 6),
        (json!({"user_email": ann.email, "terminal": "t"}), 6),
        (body("nobody@shop.example", "t", "MAC"), 7),
        (body("x", "t", "MAC"), 7),
        (body(&bob.email, "t", "MAC"), 4),
        (body(&ann.email, "t", "X"), 44),
    ] {
        assert_eq!(shop.code(&ann.token, name, body.clone()).await, code, "{body}");
    }
    let in_at = async |terminal: &str, os: &str| {
        shop.do_call(&ann.token, name, body(&ann.email, terminal, os)).await
    };
    let first = in_at("desk", "MAC").await;
    assert_eq!((&first["user_uuid"], &first["user_email"]), (&json!(ann.user), &json!(ann.email)));
    assert_eq!(
        (&first["app"]["uuid"], &first["app"]["app_name"]),
        (&json!(shop.uuid()), &json!("shop"))
    );
    assert_eq!(first["browser_device_uuid"], ann.device, "the same terminal");
    assert_eq!(first["mobile_device_uuid"], json!(null));
    let second = in_at("pocket", "IOS").await;
    assert_eq!(second["browser_device_uuid"], ann.device);
    let mobile = second["mobile_device_uuid"].as_str().unwrap().to_owned();
    let at = |device: &str| json!({"app_uuid": shop.uuid(), "user_uuid": ann.user, "device_uuid": device});
    let valid = async |device: &str| {
        shop.do_call(&ann.token, "PP_VALIDATE_ONLINE_DEVICE", at(device)).await["valid"].clone()
    };
    assert_eq!((valid(&ann.device).await, valid(&mobile).await), (json!(true), json!(true)));
    // Where one logs in last of a class.
    let third = in_at("laptop", "LIN").await;
    let laptop = third["browser_device_uuid"].as_str().unwrap().to_owned();
    assert_eq!((valid(&ann.device).await, valid(&laptop).await), (json!(false), json!(true)));
    assert_eq!(shop.do_call(&ann.token, "PPKEFU_LOGOUT", at(&ann.device)).await, json!({}));
    assert_eq!(valid(&laptop).await, json!(true), "another device was logged out");
    assert_eq!(shop.do_call(&ann.token, "PPKEFU_LOGOUT", at(&laptop)).await, json!({}));
    assert_eq!((valid(&laptop).await, valid(&mobile).await), (json!(false), json!(true)));
    for name in ["PPKEFU_LOGOUT", "PP_VALIDATE_ONLINE_DEVICE"] {
        for (body, code) in [
            (json!({"app_uuid": shop.uuid(), "user_uuid": ann.user}), 6),
            (json!({"app_uuid": shop.uuid(), "user_uuid": bob.user, "device_uuid": bob.device}), 4),
            (at(&bob.device), 8),
            (at("x"), 8),
        ] {
            assert_eq!(shop.code(&ann.token, name, body.clone()).await, code, "{name} {body}");
        }
    }
    shop.close().await;
}

async fn an_app_shows_no_secret(backend: Backend) {
    let shop = Shop::open(backend).await;
    shop.set(AppChanges {
        welcome: Some("Welcome!".to_owned()),
        offline_text: Some("We are asleep.".to_owned()),
        return_offline: Some(true),
        ..AppChanges::default()
    })
    .await;
    for level in ["PPCOM", "THIRD_PARTY_CONSOLE", "PPCONSOLE"] {
        let token = shop.token(level).await;
        let info = shop.do_call(&token, "PP_GET_APP_INFO", json!({"app_uuid": shop.uuid()})).await;
        assert_eq!(
            info,
            json!({"uuid": shop.uuid(), "app_uuid": shop.uuid(), "app_name": "shop",
                "app_icon": null, "welcome_message": "Welcome!",
                "offline_message": "We are asleep.", "return_offline_message": true,
                "show_ppcom_hover": true, "ppcom_launcher_color": "#54c6d6",
                "ppcom_launcher_style": "default", "ppcom_powered_by_visible": false,
                "ppcom_powered_by_name": "", "ppcom_powered_by_link": ""})
        );
    }
    shop.close().await;
}
