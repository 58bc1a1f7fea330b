//! Who may ask what about whom: each call with what is a visitor's, by everybody; and each call by each level.
//! What is refused says nothing but the code: the answer is the same whether a thing is there or not.

use serde_json::{Value, json};

use super::on_both;
use super::shop::{Agent, Shop, Visitor};
use crate::harness::Backend;

on_both! {
    what_is_a_visitors_is_nobody_elses,
    each_level_opens_its_own_calls_alone,
}

/// Two apps, each with an agent and a visitor, and in the first a second visitor.
struct World {
    shop: Shop,
    vic: Visitor,
    wim: Visitor,
    ann: Agent,
    cyd: Visitor,
    bea: Agent,
    consoles: [String; 2],
    room: String,
    /// By which the visitor acknowledges a message.
    pid: String,
}

async fn world(backend: Backend) -> World {
    let shop = Shop::open(backend).await;
    let bank = shop.other().await;
    let (ann, bea) = (shop.agent("ann").await, shop.agent_of(&bank, "bea").await);
    let (vic, wim) = (shop.visitor("vic").await, shop.visitor("wim").await);
    let cyd = shop.visitor_of(&bank, "cyd").await;
    let room = shop.conversation(&vic).await;
    shop.conversation(&wim).await;
    shop.say((&vic.token, &vic.user), &room, "m-1", "my secret").await;
    shop.say((&ann.token, &ann.user), &room, "m-2", "our secret").await;
    let asked = json!({"app_uuid": shop.uuid(), "user_uuid": vic.user});
    let unacked = shop.do_call(&vic.token, "PP_PAGE_UNACKED_MESSAGE", asked).await;
    let pid = unacked["list"][0].as_str().unwrap().to_owned();
    let console = shop.token("THIRD_PARTY_CONSOLE").await;
    let consoles = [console, shop.token_of(&bank, "THIRD_PARTY_CONSOLE").await];
    World { shop, vic, wim, ann, cyd, bea, consoles, room, pid }
}

/// What each of those who ask is answered: the visitor himself, another of the app, the agent of the conversation, a
/// visitor and an agent of the other app, and the operators of both.
type Codes = [i64; 7];

#[expect(clippy::too_many_lines, reason = "one table")]
async fn what_is_a_visitors_is_nobody_elses(backend: Backend) {
    let world = world(backend).await;
    let World { shop, vic, ann, room, .. } = &world;
    let app = shop.uuid();
    let user = json!({"app_uuid": app, "user_uuid": vic.user, "device_uuid": vic.device,
        "conversation_uuid": room, "conversation_type": "P2S"});
    let agent = json!({"app_uuid": app, "user_uuid": ann.user, "device_uuid": ann.device});
    let table: &[(&str, Value, Codes)] = &[
        (
            "PP_CREATE_ANONYMOUS",
            json!({"app_uuid": app, "ppcom_trace_uuid": vic.trace}),
            [0, 4, 4, 4, 4, 4, 4],
        ),
        (
            "PP_CREATE_DEVICE",
            json!({"app_uuid": app, "user_uuid": vic.user, "device_ostype": "WIN", "ppcom_trace_uuid": vic.trace}),
            [25, 4, 4, 4, 4, 4, 4],
        ),
        ("PPCOM_GET_DEFAULT_CONVERSATION", user.clone(), [0, 4, 4, 4, 4, 4, 4]),
        ("PPCOM_CREATE_CONVERSATION", user.clone(), [0, 4, 4, 4, 4, 4, 4]),
        ("PP_SEND_MESSAGE", shop.text(&vic.user, room, "m-1", "my secret"), [0, 4, 4, 4, 4, 4, 4]),
        ("ACK_MESSAGE", json!({"list": []}), [0, 0, 0, 0, 0, 4, 4]),
        ("PP_PAGE_HISTORY_MESSAGE", json!({"conversation_uuid": room}), [0, 26, 0, 26, 26, 0, 26]),
        (
            "PP_PAGE_HISTORY_MESSAGE",
            json!({"app_uuid": app, "conversation_uuid": room}),
            [0, 26, 0, 4, 4, 0, 4],
        ),
        ("PP_PAGE_UNACKED_MESSAGE", user.clone(), [0, 4, 4, 4, 4, 4, 4]),
        ("PP_GET_APP_INFO", json!({"app_uuid": app}), [0, 0, 0, 4, 4, 0, 4]),
        (
            "PP_UPDATE_DEVICE",
            json!({"device_uuid": vic.device, "device_ostype": "WIN"}),
            [0, 8, 8, 8, 8, 4, 4],
        ),
        ("PP_UPDATE_USER", user.clone(), [0, 4, 4, 4, 4, 0, 4]),
        ("GET_YVOBJECT_DETAIL", json!({"type": "DU", "uuid": vic.user}), [0, 18, 0, 18, 18, 0, 18]),
        ("PP_GET_USER_CONVERSATION_LIST", user.clone(), [0, 4, 4, 4, 4, 4, 4]),
        ("PP_GET_CONVERSATION_INFO", user.clone(), [0, 4, 4, 4, 4, 4, 4]),
        ("PP_GET_CONVERSATION_USER_LIST", user.clone(), [0, 26, 0, 4, 4, 4, 4]),
        ("PP_GET_AMD_QUEUE_LENGTH", user.clone(), [0, 4, 4, 4, 4, 4, 4]),
        ("PP_CANCEL_WAITING_CREATE_CONVERSATION", user.clone(), [0, 4, 4, 4, 4, 4, 4]),
        (
            "PP_GET_USER_UUID",
            json!({"app_uuid": app, "user_email": "n@b.example"}),
            [20, 20, 4, 4, 4, 0, 4],
        ),
        (
            "PP_CREATE_USER",
            json!({"app_uuid": app, "user_email": "o@b.example", "user_fullname": "O"}),
            [4, 4, 4, 4, 4, 0, 4],
        ),
        (
            "PPKEFU_LOGIN",
            json!({"user_email": ann.email, "terminal": "desk", "ostype": "MAC"}),
            [4, 4, 0, 4, 7, 4, 4],
        ),
        ("PP_VALIDATE_ONLINE_DEVICE", agent.clone(), [4, 4, 0, 4, 4, 4, 4]),
        ("PPKEFU_LOGOUT", agent, [4, 4, 0, 4, 4, 4, 4]),
    ];
    for (name, body, codes) in table {
        for ((who, token), code) in askers(&world).into_iter().zip(codes) {
            let answer = shop.call(token, name, body.clone()).await;
            assert_eq!(answer["error_code"], *code, "{name} by {who}: {answer}");
            if ![0, 25].contains(code) {
                expect_bare(&answer);
                let nowhere = shop.call(token, name, nowhere(body)).await;
                assert_eq!(answer["error_string"], nowhere["error_string"], "{name} by {who}");
                assert_eq!(nowhere, answer, "{name} by {who}: of what is not there");
            }
        }
    }
    others_touch_nothing(&world).await;
    world.shop.close().await;
}

fn askers(world: &World) -> [(&'static str, &str); 7] {
    [
        ("the visitor", &world.vic.token),
        ("another visitor", &world.wim.token),
        ("the agent", &world.ann.token),
        ("a visitor of another app", &world.cyd.token),
        ("an agent of another app", &world.bea.token),
        ("the operator", &world.consoles[0]),
        ("another operator", &world.consoles[1]),
    ]
}

/// The same with names of nothing, but for the app.
fn nowhere(body: &Value) -> Value {
    const NOTHING: &str = "00000000-0000-4000-8000-000000000000";
    let mut body = body.clone();
    for name in ["user_uuid", "device_uuid", "conversation_uuid", "uuid", "from_uuid"] {
        if body.get(name).is_some() {
            body[name] = json!(NOTHING);
        }
    }
    if body.get("ppcom_trace_uuid").is_some() {
        body["ppcom_trace_uuid"] = json!("a secret that nobody has");
    }
    body
}

/// Nothing but the three fields, and of these nothing that depends on what was asked for.
fn expect_bare(answer: &Value) {
    let keys: Vec<&String> = answer.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["error_code", "error_string", "uri"], "{answer}");
    let words = answer["error_string"].as_str().unwrap();
    assert!(words.len() < 60 && !words.contains("secret"), "{words}");
}

/// What others have tried changes nothing, and they send and acknowledge in their own names alone.
async fn others_touch_nothing(world: &World) {
    let World { shop, vic, wim, ann, cyd, bea, room, pid, .. } = world;
    for (token, user, code) in [
        (&wim.token, &wim.user, 26),
        (&cyd.token, &cyd.user, 26),
        (&bea.token, &bea.user, 26),
        (&ann.token, &ann.user, 0),
    ] {
        let mut sent = shop.text(user, room, &format!("by {user}"), "me, too");
        sent["app_uuid"] = json!(null);
        let answer = shop.call(token, "PP_SEND_MESSAGE", sent.clone()).await;
        assert_eq!(answer["error_code"], code, "{answer}");
        let info = json!({"app_uuid": shop.uuid(), "user_uuid": user, "conversation_uuid": room});
        let is_here = user == &wim.user || user == &ann.user;
        let code = if is_here { code } else { 4 };
        assert_eq!(shop.code(token, "PP_GET_CONVERSATION_INFO", info).await, code);
        shop.do_call(token, "ACK_MESSAGE", json!({"list": [pid]})).await;
    }
    let asked = json!({"app_uuid": shop.uuid(), "user_uuid": vic.user});
    let unacked = shop.do_call(&vic.token, "PP_PAGE_UNACKED_MESSAGE", asked).await;
    assert_eq!((&unacked["total_count"], &unacked["list"][0]), (&json!(2), &json!(pid)));
    let page = json!({"conversation_uuid": room});
    let page = shop.do_call(&vic.token, "PP_PAGE_HISTORY_MESSAGE", page).await;
    assert_eq!(page["total_count"], 3);
}

async fn each_level_opens_its_own_calls_alone(backend: Backend) {
    let shop = Shop::open(backend).await;
    let (vic, ann) = (shop.visitor("vic").await, shop.agent("ann").await);
    let (third, own) = (shop.token("THIRD_PARTY_CONSOLE").await, shop.token("PPCONSOLE").await);
    let tokens = [&vic.token, &ann.token, &third, &own];
    let (portal, agent, both, operator) = (
        [true, false, false, false],
        [false, true, false, false],
        [true, true, false, false],
        [false, false, true, true],
    );
    let (all, portal_or_operator) = ([true; 4], [true, false, true, true]);
    for (name, levels) in [
        ("PP_CREATE_ANONYMOUS", portal),
        ("PPCOM_CREATE_ANONYMOUS", portal),
        ("PP_CREATE_DEVICE", both),
        ("PPCOM_CREATE_DEVICE", both),
        ("PPCOM_GET_DEFAULT_CONVERSATION", portal),
        ("PPCOM_CREATE_CONVERSATION", both),
        ("PP_SEND_MESSAGE", both),
        ("ACK_MESSAGE", both),
        ("PP_PAGE_HISTORY_MESSAGE", all),
        ("PP_PAGE_UNACKED_MESSAGE", both),
        ("PP_GET_APP_INFO", all),
        ("PP_UPDATE_DEVICE", both),
        ("PP_GET_USER_UUID", portal_or_operator),
        ("PPCOM_GET_USER_UUID", portal_or_operator),
        ("PP_UPDATE_USER", all),
        ("GET_YVOBJECT_DETAIL", all),
        ("PP_GET_USER_CONVERSATION_LIST", both),
        ("PP_GET_CONVERSATION_INFO", both),
        ("PP_GET_CONVERSATION_USER_LIST", both),
        ("PP_GET_AMD_QUEUE_LENGTH", portal),
        ("PP_CANCEL_WAITING_CREATE_CONVERSATION", portal),
        ("PP_CREATE_USER", operator),
        ("PPKEFU_LOGIN", agent),
        ("PPKEFU_LOGOUT", agent),
        ("PP_VALIDATE_ONLINE_DEVICE", agent),
    ] {
        for (token, may) in tokens.iter().zip(levels) {
            // Whoever may ask is told what is missing.
            let code = shop.code(token, name, json!({"app_uuid": shop.uuid()})).await;
            let expected = match (may, name) {
                (false, _) => 4,
                (true, "PP_GET_APP_INFO") => 0,
                (true, _) => 6,
            };
            assert_eq!(code, expected, "{name} {may}");
        }
    }
    // A token of Tradewind itself is none of an app.
    let user = shop.server.user("alice").await;
    let info = json!({"app_uuid": shop.uuid()});
    assert_eq!(shop.code(&user.token, "PP_GET_APP_INFO", info).await, 4);
    let auth = format!("Bearer {}", vic.token);
    let me = shop.server.request_as(Some(&auth), ("GET", "/api/v1/me"), "", String::new()).await;
    assert_eq!(me.status, 401, "nor one of an app one of Tradewind");
    shop.close().await;
}
