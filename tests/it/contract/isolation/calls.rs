//! Who may ask what about whom: each call with what is a visitor's, by everybody. What is refused says nothing but the
//! code: the answer is the same whether a thing is there or not.

use serde_json::{Value, json};

use super::names;
use super::world::{NOTHING, World};
use crate::contract::ppcom::on_both;
use crate::harness::Backend;

on_both! {
    what_is_a_visitors_is_nobody_elses,
}

/// What each of those who ask is answered: the visitor himself, another of the app, the agent of the conversation, a
/// visitor and an agent of the other app, and the operators of both.
type Codes = [i64; 7];

/// The app of whoever asks.
const MINE: &str = "the asker's app";

#[expect(clippy::too_many_lines, reason = "one table")]
fn rows(World { shop, vic, ann, room, .. }: &World) -> Vec<(&'static str, Value, Codes)> {
    let app = shop.uuid();
    let user = json!({"app_uuid": app, "user_uuid": vic.user, "device_uuid": vic.device,
        "conversation_uuid": room, "conversation_type": "P2S"});
    let agent = json!({"app_uuid": app, "user_uuid": ann.user, "device_uuid": ann.device});
    let (mut of_mine, mut agent_of_mine) = (user.clone(), agent.clone());
    of_mine["app_uuid"] = json!(MINE);
    agent_of_mine["app_uuid"] = json!(MINE);
    let trace = json!({"app_uuid": app, "ppcom_trace_uuid": vic.trace});
    let device = json!({"app_uuid": app, "user_uuid": vic.user, "device_ostype": "WIN",
        "ppcom_trace_uuid": vic.trace});
    let email = json!({"app_uuid": app, "user_email": "n@b.example"});
    vec![
        ("PP_CREATE_ANONYMOUS", trace.clone(), [0, 4, 4, 4, 4, 4, 4]),
        ("PPCOM_CREATE_ANONYMOUS", trace, [0, 4, 4, 4, 4, 4, 4]),
        ("PP_CREATE_DEVICE", device.clone(), [25, 4, 4, 4, 4, 4, 4]),
        ("PPCOM_CREATE_DEVICE", device, [0, 4, 4, 4, 4, 4, 4]),
        ("PPCOM_GET_DEFAULT_CONVERSATION", user.clone(), [0, 4, 4, 4, 4, 4, 4]),
        ("PPCOM_GET_DEFAULT_CONVERSATION", of_mine.clone(), [0, 4, 4, 4, 4, 4, 4]),
        ("PPCOM_CREATE_CONVERSATION", user.clone(), [0, 4, 4, 4, 4, 4, 4]),
        ("PPCOM_CREATE_CONVERSATION", of_mine.clone(), [0, 4, 4, 4, 4, 4, 4]),
        ("PP_SEND_MESSAGE", shop.text(&vic.user, room, "m-1", "my secret"), [0, 4, 4, 4, 4, 4, 4]),
        ("ACK_MESSAGE", json!({"list": []}), [0, 0, 0, 0, 0, 4, 4]),
        ("PP_PAGE_HISTORY_MESSAGE", json!({"conversation_uuid": room}), [0, 26, 0, 26, 26, 0, 26]),
        (
            "PP_PAGE_HISTORY_MESSAGE",
            json!({"app_uuid": app, "conversation_uuid": room}),
            [0, 26, 0, 4, 4, 0, 4],
        ),
        (
            "PP_PAGE_HISTORY_MESSAGE",
            json!({"app_uuid": MINE, "conversation_uuid": room}),
            [0, 26, 0, 26, 26, 0, 26],
        ),
        ("PP_PAGE_UNACKED_MESSAGE", user.clone(), [0, 4, 4, 4, 4, 4, 4]),
        ("PP_PAGE_UNACKED_MESSAGE", of_mine.clone(), [0, 4, 4, 4, 4, 4, 4]),
        ("PP_GET_APP_INFO", json!({"app_uuid": app}), [0, 0, 0, 4, 4, 0, 4]),
        (
            "PP_UPDATE_DEVICE",
            json!({"device_uuid": vic.device, "device_ostype": "WIN"}),
            [0, 8, 8, 8, 8, 4, 4],
        ),
        ("PP_UPDATE_USER", user.clone(), [0, 4, 4, 4, 4, 0, 4]),
        ("PP_UPDATE_USER", of_mine.clone(), [0, 4, 4, 4, 4, 0, 7]),
        ("PP_UPDATE_USER", agent_of_mine.clone(), [4, 4, 0, 4, 4, 0, 7]),
        ("GET_YVOBJECT_DETAIL", json!({"type": "DU", "uuid": vic.user}), [0, 18, 0, 18, 18, 0, 18]),
        ("GET_YVOBJECT_DETAIL", json!({"type": "DU", "uuid": ann.user}), [0, 0, 0, 18, 18, 0, 18]),
        ("PP_GET_USER_CONVERSATION_LIST", user.clone(), [0, 4, 4, 4, 4, 4, 4]),
        ("PP_GET_USER_CONVERSATION_LIST", of_mine.clone(), [0, 4, 4, 4, 4, 4, 4]),
        ("PP_GET_CONVERSATION_INFO", user.clone(), [0, 4, 4, 4, 4, 4, 4]),
        ("PP_GET_CONVERSATION_INFO", of_mine.clone(), [0, 4, 4, 4, 4, 4, 4]),
        ("PP_GET_CONVERSATION_USER_LIST", user.clone(), [0, 26, 0, 4, 4, 4, 4]),
        ("PP_GET_CONVERSATION_USER_LIST", of_mine.clone(), [0, 26, 0, 26, 26, 4, 4]),
        ("PP_GET_AMD_QUEUE_LENGTH", user.clone(), [0, 4, 4, 4, 4, 4, 4]),
        ("PP_GET_AMD_QUEUE_LENGTH", of_mine.clone(), [0, 4, 4, 4, 4, 4, 4]),
        ("PP_CANCEL_WAITING_CREATE_CONVERSATION", user, [0, 4, 4, 4, 4, 4, 4]),
        ("PP_CANCEL_WAITING_CREATE_CONVERSATION", of_mine, [0, 4, 4, 4, 4, 4, 4]),
        ("PP_GET_USER_UUID", email.clone(), [20, 20, 4, 4, 4, 0, 4]),
        ("PPCOM_GET_USER_UUID", email, [20, 20, 4, 4, 4, 0, 4]),
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
        ("PP_VALIDATE_ONLINE_DEVICE", agent_of_mine.clone(), [4, 4, 0, 4, 4, 4, 4]),
        ("PPKEFU_LOGOUT", agent, [4, 4, 0, 4, 4, 4, 4]),
        ("PPKEFU_LOGOUT", agent_of_mine, [4, 4, 0, 4, 4, 4, 4]),
    ]
}

async fn what_is_a_visitors_is_nobody_elses(backend: Backend) {
    let world = World::open(backend, |_| {}).await;
    let table = rows(&world);
    let ruled = table.iter().map(|(name, ..)| (*name).to_owned());
    assert_eq!(names::calls(), ruled.collect(), "every call has a row, and every row a call");
    let [shop, bank] = world.apps();
    for (name, body, codes) in &table {
        for ((who, token, is_ours), code) in askers(&world).into_iter().zip(codes) {
            let mut body = body.clone();
            if body["app_uuid"] == MINE {
                body["app_uuid"] = json!(if is_ours { &shop } else { &bank });
            }
            let answer = world.shop.call(token, name, body.clone()).await;
            assert_eq!(answer["error_code"], *code, "{name} by {who}: {answer}");
            if [0, 25].contains(code) {
                continue;
            }
            expect_bare(&answer);
            let mut absent = vec![nowhere(&body)];
            if !is_ours && body["app_uuid"] == shop {
                // Nor whether there is such an app.
                absent.push(nowhere(&body));
                absent[1]["app_uuid"] = json!(NOTHING);
            }
            for body in absent {
                let nowhere = world.shop.call(token, name, body).await;
                assert_eq!(nowhere, answer, "{name} by {who}: of what is not there");
            }
        }
    }
    others_touch_nothing(&world).await;
    world.shop.close().await;
}

/// Who asks, by which token, and whether of the first app.
fn askers(world: &World) -> [(&'static str, &str, bool); 7] {
    [
        ("the visitor", &world.vic.token, true),
        ("another visitor", &world.wim.token, true),
        ("the agent", &world.ann.token, true),
        ("a visitor of another app", &world.cyd.token, false),
        ("an agent of another app", &world.bea.token, false),
        ("the operator", &world.consoles[0], true),
        ("another operator", &world.consoles[1], false),
    ]
}

/// The same with names of nothing, but for the app.
fn nowhere(body: &Value) -> Value {
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
