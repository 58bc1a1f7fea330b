//! Messages to devices: what is accepted, and what the line says.

use serde_json::json;

use super::{BAD, Desk, OK, dashed, on_both};
use crate::harness::Backend;

on_both! {
    a_send_is_accepted_if_somebody_can_get_it,
    a_message_is_text_of_up_to_64_kib,
}

async fn a_send_is_accepted_if_somebody_can_get_it(backend: Backend) {
    let mut desk = Desk::new(backend).await;
    let broadcast = format!("onSendBroadcastMsgResult 1 {OK} 503#");
    desk.expect("sendBroadcastMsg", json!({"message": "to none"}), &broadcast).await;
    let ids = desk.devices(2).await;
    desk.expect("sendBroadcastMsg", json!({"message": "to both"}), &broadcast).await;
    let empty = desk.group(&[]).await;
    let full = desk.group(&ids).await;
    for group in [&empty, &full, &dashed(&full)] {
        let expected = format!("onSendGroupMsgResult 1 {OK} 561#");
        desk.expect("sendGroupMsg", json!({"message": "m", "groupId": group}), &expected).await;
    }
    let unknown = "35d612418f354c7eba8c6492813ddf2d";
    for (list, code, words) in [
        (json!(ids), 1, OK),
        (json!([unknown, ids[0], "x", ids[0]]), 1, OK),
        (json!([dashed(&ids[1])]), 1, OK),
        (json!([unknown, "x"]), -304, BAD),
        (json!([]), -304, BAD),
        (json!(null), -304, BAD),
    ] {
        let expected = format!("onSendMulticastMsgResult {code} {words} 502#");
        desk.expect("sendMulticastMsg", json!({"message": "m", "deviceList": list}), &expected)
            .await;
    }
    for (device, code, words) in [
        (json!(ids[0]), 1, OK),
        (json!(dashed(&ids[1])), 1, OK),
        (json!(unknown), -304, BAD),
        (json!("x y"), -304, BAD),
        (json!([ids[0]]), -304, BAD),
        (json!(null), -304, BAD),
    ] {
        let expected = format!("onSendUnicastMsgResult {code} {words} 501#");
        desk.expect("sendUnicastMsg", json!({"message": "m", "deviceId": device}), &expected).await;
    }
    // A device of another app is none of this one's.
    desk.stranger.ask("sendMulticastMsg", json!({"message": "m", "deviceList": ids})).await;
    let line = desk.stranger.line().await;
    assert!(line.starts_with(&format!("onSendMulticastMsgResult -304 {BAD} 502")), "{line}");
    desk.end().await;
}

async fn a_message_is_text_of_up_to_64_kib(backend: Backend) {
    let mut desk = Desk::new(backend).await;
    let ids = desk.devices(1).await;
    let group = desk.group(&ids).await;
    let good = ["m".to_owned(), " ".to_owned(), "{\"a\":[1]}\n".to_owned(), "가".repeat(21_845)];
    let good = good.into_iter().chain(["x".repeat(65_536)]).map(|text| (json!(text), 1, OK));
    let odd = [json!(""), json!("a\u{0}b"), json!(null), json!(5), json!({"a": 1}), json!(["m"])];
    let long = [json!("x".repeat(65_537)), json!("가".repeat(21_846))];
    let bad = odd.into_iter().chain(long).map(|text| (text, -304, BAD));
    for (text, code, words) in good.chain(bad) {
        for (action, listener, number) in [
            ("sendUnicastMsg", "onSendUnicastMsgResult", 501),
            ("sendMulticastMsg", "onSendMulticastMsgResult", 502),
            ("sendBroadcastMsg", "onSendBroadcastMsgResult", 503),
            ("sendGroupMsg", "onSendGroupMsgResult", 561),
        ] {
            let body =
                json!({"message": text, "deviceId": ids[0], "deviceList": ids, "groupId": group});
            desk.expect(action, body, &format!("{listener} {code} {words} {number}#")).await;
        }
    }
    desk.end().await;
}
