//! Frames that are no good, and frames that are too many.

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;
use tradewind::server::Config;

use super::{BAD, Desk, OK, named, on_both};
use crate::harness::apps::NO_ACTION;
use crate::harness::{Backend, Server};

const UNKNOWN: &str = "알 수 없는 에러입니다.";

on_both! {
    a_bad_body_gets_its_actions_own_line,
    what_is_no_action_is_answered_to_the_sender_alone,
    binary_frames_and_long_ones_end_the_session,
    above_the_rate_only_the_sender_is_told,
}

async fn a_bad_body_gets_its_actions_own_line(backend: Backend) {
    let mut desk = Desk::new(backend).await;
    let create = |rest: &str| format!("onDeviceGroupCreateResult -304 {BAD} None {rest} 801#");
    let long = "x".repeat(129);
    for (action, body, expected) in [
        ("createDeviceGroup", json!({}), create("None 0 None []")),
        ("createDeviceGroup", json!(null), create("None 0 None []")),
        ("createDeviceGroup", json!([1]), create("None 0 None []")),
        ("createDeviceGroup", json!("body"), create("None 0 None []")),
        ("createDeviceGroup", json!({"groupName": 5, "groupDesc": "d"}), create("None 0 d []")),
        ("createDeviceGroup", json!({"groupName": "g h", "groupDesc": 5}), create("g h 0 None []")),
        ("createDeviceGroup", json!({"groupName": long, "groupDesc": "d"}), create("None 0 d []")),
        ("createDeviceGroup", json!({"groupName": "g", "deviceList": [5]}), create("g 0 None []")),
        (
            "addDeviceGroup",
            json!({"groupId": "X-1", "deviceList": null}),
            format!("onDeviceGroupAddResult -304 {BAD} X-1 0 0 [] 802#"),
        ),
        (
            "addDeviceGroup",
            json!({"groupId": "a b", "deviceList": []}),
            format!("onDeviceGroupAddResult -304 {BAD} None 0 0 [] 802#"),
        ),
        (
            "subtractDeviceGroup",
            json!({"groupId": {}, "deviceList": "a"}),
            format!("onDeviceGroupSubtractResult -304 {BAD} None 0 0 [] 803#"),
        ),
        ("deleteDeviceGroup", json!({}), format!("onDeviceGroupDeleteResult -304 {BAD} None 804#")),
        ("sendUnicastMsg", json!({}), format!("onSendUnicastMsgResult -304 {BAD} 501#")),
        ("sendMulticastMsg", json!({}), format!("onSendMulticastMsgResult -304 {BAD} 502#")),
        ("sendBroadcastMsg", json!({}), format!("onSendBroadcastMsgResult -304 {BAD} 503#")),
        ("sendGroupMsg", json!({}), format!("onSendGroupMsgResult -304 {BAD} 561#")),
        ("registerAppServer", json!({}), format!("onRegisterResult -304 {BAD} None")),
    ] {
        desk.expect(action, body, &expected).await;
    }
    desk.a.text(r#"{"action":"deleteDeviceGroup"}"#).await;
    let line = desk.a.line().await;
    assert!(named(&line, &format!("onDeviceGroupDeleteResult -304 {BAD} None 804#")).is_some());
    assert_eq!(desk.b.line().await, line);
    desk.end().await;
}

async fn what_is_no_action_is_answered_to_the_sender_alone(backend: Backend) {
    let mut desk = Desk::new(backend).await;
    for frame in [
        "",
        "hello",
        "[]",
        "null",
        "{}",
        r#"{"action":7}"#,
        r#"{"action":"no","body":{}}"#,
        r#"{"action":"sendBroadcastMsg","body":{"message":"\ud800"}}"#,
        r#"{"action":"sendBroadcastMsg","body":{"message":"m"}"#,
    ] {
        desk.a.text(frame).await;
        assert_eq!(desk.a.line().await, NO_ACTION, "{frame}");
    }
    // Other keys are passed over, and the socket goes on.
    let odd = r#"{"id":1,"action":"sendBroadcastMsg","body":{"message":"m","x":[1]},"y":null}"#;
    desk.a.text(odd).await;
    let line = desk.a.line().await;
    assert!(named(&line, &format!("onSendBroadcastMsgResult 1 {OK} 503#")).is_some(), "{line}");
    assert_eq!(desk.b.line().await, line);
    desk.end().await;
}

async fn binary_frames_and_long_ones_end_the_session(backend: Backend) {
    let mut desk = Desk::new(backend).await;
    let frame = |bytes: usize| {
        let start = r#"{"action":"sendBroadcastMsg","body":{"message":"m"},"x":""#;
        format!("{start}{}\"}}", "x".repeat(bytes - start.len() - 2))
    };
    desk.a.text(frame(1_048_576)).await;
    assert_eq!(desk.a.line().await, desk.b.line().await);
    let mut last = desk.server.console(&desk.app).await;
    last.text(frame(1_048_577)).await;
    assert_eq!(last.closed().await, (1009, "message too big".to_owned()));
    let mut last = desk.server.console(&desk.app).await;
    let good = br#"{"action":"sendBroadcastMsg","body":{"message":"m"}}"#;
    last.message(Message::binary(good.to_vec())).await;
    assert_eq!(last.closed().await, (1003, "text only".to_owned()));
    desk.end().await;
}

fn rates(config: &mut Config) {
    config.limits.enabled = true;
    config.app_server.frames_per_second = 5;
}

async fn above_the_rate_only_the_sender_is_told(backend: Backend) {
    let mut desk = Desk::of(Server::with(backend, rates).await).await;
    let frames: Vec<(&str, Value)> = (0..30)
        .map(|number| match number % 3 {
            0 => ("createDeviceGroup", json!({"groupName": "g", "groupDesc": 5})),
            1 => ("sendBroadcastMsg", json!({"message": "m"})),
            _ => ("unknown", json!({})),
        })
        .collect();
    for (action, body) in &frames {
        desk.a.ask(action, body.clone()).await;
    }
    let (mut told, mut times, mut over) = (Vec::new(), Vec::new(), 0);
    for (number, (action, _)) in frames.iter().enumerate() {
        let line = desk.a.line().await;
        let (good, slow) = match *action {
            "createDeviceGroup" => (
                format!("onDeviceGroupCreateResult -304 {BAD} None g 0 None [] 801#"),
                format!("onDeviceGroupCreateResult -1 {UNKNOWN} None g 0 None [] 801#"),
            ),
            "sendBroadcastMsg" => (
                format!("onSendBroadcastMsgResult 1 {OK} 503#"),
                format!("onSendBroadcastMsgResult -1 {UNKNOWN} 503#"),
            ),
            _ => (NO_ACTION.to_owned(), format!("onError -1 {UNKNOWN} None")),
        };
        let time = match (named(&line, &good), named(&line, &slow)) {
            (Some(time), _) => {
                told.extend((*action != "unknown").then(|| line.clone()));
                time
            }
            (None, Some(time)) => {
                over += 1;
                time
            }
            (None, None) => panic!("{number} {action}: {line}"),
        };
        times.extend((time > 0).then_some(time));
        // One of the five was spent when the console was opened.
        assert!(number >= 4 || over == 0, "the first ones pass: {line}");
    }
    assert!(over >= 15, "{over} of 30 frames at once came too fast");
    assert!(times.is_sorted_by(|one, next| one < next), "{times:?}");
    for line in told {
        assert_eq!(desk.b.line().await, line);
    }
    // Whoever waits may ask again; others have not been held up.
    desk.b.ask("sendBroadcastMsg", json!({"message": "m"})).await;
    let line = desk.b.line().await;
    assert!(named(&line, &format!("onSendBroadcastMsgResult 1 {OK} 503#")).is_some(), "{line}");
    assert_eq!(desk.a.line().await, line);
    for console in [desk.a, desk.b, desk.stranger] {
        console.close().await;
    }
    desk.server.stop().await;
}
