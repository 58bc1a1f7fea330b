use serde_json::{Value, json};

use crate::domain::apps::downstream::DEVICES_MAX;
use crate::wire::console::decode::*;

/// What a frame asks for, and whether it is in order.
fn asks(frame: &str) -> (ConsoleAction, bool) {
    match text(frame) {
        Decoded::Apps(AppsRequest::Console(ConsoleRequest { action, fault })) => {
            assert_ne!(fault, Some(ConsoleFault::Rate));
            (action, fault.is_none())
        }
        other => panic!("{frame}: {other:?}"),
    }
}

fn says(action: &str, body: Value) -> (ConsoleAction, bool) {
    asks(&json!({"action": action, "body": body}).to_string())
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn list(items: &[&str]) -> Vec<String> {
    items.iter().map(|item| (*item).to_owned()).collect()
}

const ID: &str = "134f2578b28f435e9c0078a8a73b5bcf";

#[test]
fn every_action_is_read() {
    let create =
        |name, description, devices| ConsoleAction::CreateGroup { name, description, devices };
    for (action, body, expected) in [
        (
            "createDeviceGroup",
            json!({"groupName": "testGroup", "groupDesc": "testDesc", "deviceList": ["a", "b"]}),
            create(some("testGroup"), some("testDesc"), list(&["a", "b"])),
        ),
        ("createDeviceGroup", json!({"groupName": "g"}), create(some("g"), None, list(&[]))),
        (
            "createDeviceGroup",
            json!({"groupName": "g", "groupDesc": null, "deviceList": null}),
            create(some("g"), None, list(&[])),
        ),
        (
            "createDeviceGroup",
            json!({"groupName": " ", "groupDesc": "", "deviceList": "['a', 'b']"}),
            create(some(" "), some(""), list(&["a", "b"])),
        ),
        (
            "addDeviceGroup",
            json!({"groupId": ID, "deviceList": ["a"], "groupName": 5, "more": {}}),
            ConsoleAction::AddDevices { group: some(ID), devices: list(&["a"]) },
        ),
        (
            "subtractDeviceGroup",
            json!({"groupId": "no-uuid", "deviceList": "[]"}),
            ConsoleAction::SubtractDevices { group: some("no-uuid"), devices: list(&[]) },
        ),
        (
            "deleteDeviceGroup",
            json!({"groupId": ID}),
            ConsoleAction::DeleteGroup { group: some(ID) },
        ),
        (
            "sendUnicastMsg",
            json!({"message": "m", "deviceId": "a"}),
            ConsoleAction::SendUnicast { text: "m".to_owned(), device: "a".to_owned() },
        ),
        (
            "sendMulticastMsg",
            json!({"message": "{\"a\":\n1}", "deviceList": "a b"}),
            ConsoleAction::SendMulticast {
                text: "{\"a\":\n1}".to_owned(),
                devices: list(&["a", "b"]),
            },
        ),
        (
            "sendBroadcastMsg",
            json!({"message": " 안녕 🦀 "}),
            ConsoleAction::SendBroadcast { text: " 안녕 🦀 ".to_owned() },
        ),
        (
            "sendGroupMsg",
            json!({"message": "m", "groupId": ID}),
            ConsoleAction::SendGroup { text: "m".to_owned(), group: some(ID) },
        ),
        (
            "registerAppServer",
            json!({"serviceId": ID, "regName": "my server"}),
            ConsoleAction::Register { service: ID.to_owned(), name: "my server".to_owned() },
        ),
    ] {
        assert_eq!(says(action, body.clone()), (expected, true), "{action} {body}");
    }
}

#[test]
fn keys_come_in_any_order_and_the_last_of_a_repeated_one_counts() {
    let (action, is_good) = asks(
        r#" {"x":{"action":1},"body":{},"action":"no","body": {"groupId":"a","groupId":"b"} ,
            "acti\u006fn":"deleteDeviceGroup"} "#,
    );
    assert_eq!((action, is_good), (ConsoleAction::DeleteGroup { group: some("b") }, true));
}

#[test]
fn a_bad_field_is_a_fault_and_the_others_are_kept() {
    let create =
        |name, description| ConsoleAction::CreateGroup { name, description, devices: list(&[]) };
    for (body, expected) in [
        (
            json!({"groupName": "g", "groupDesc": "d", "deviceList": ["a", 1]}),
            create(some("g"), some("d")),
        ),
        (json!({"groupName": "g", "groupDesc": 1}), create(some("g"), None)),
        (json!({"groupName": 1, "groupDesc": "d"}), create(None, some("d"))),
        (json!({"groupDesc": "d"}), create(None, some("d"))),
        (json!({"groupName": null}), create(None, None)),
        (json!({"groupName": ""}), create(None, None)),
        (json!({"groupName": "a\nb", "groupDesc": "a\u{0}"}), create(None, None)),
        (json!({"groupName": "a\u{9f}"}), create(None, None)),
        (json!({"groupName": "g", "deviceList": {}}), create(some("g"), None)),
        (json!({"groupName": "g", "deviceList": 5}), create(some("g"), None)),
        (json!({"groupName": "g", "deviceList": "["}), create(some("g"), None)),
        (json!(["groupName"]), create(None, None)),
        (json!("text"), create(None, None)),
        (json!(null), create(None, None)),
    ] {
        assert_eq!(says("createDeviceGroup", body.clone()), (expected, false), "{body}");
    }
    let add = |group, devices: &[&str]| ConsoleAction::AddDevices { group, devices: list(devices) };
    for (body, expected) in [
        (json!({"groupId": ID}), add(some(ID), &[])),
        (json!({"groupId": ID, "deviceList": null}), add(some(ID), &[])),
        (json!({"groupId": ID, "deviceList": ["a b"]}), add(some(ID), &[])),
        (json!({"groupId": "a b", "deviceList": ["a"]}), add(None, &["a"])),
        (json!({"groupId": "'", "deviceList": ["a"]}), add(None, &["a"])),
        (json!({"groupId": 7, "deviceList": ["a"]}), add(None, &["a"])),
        (json!({"groupId": "", "deviceList": ["a"]}), add(None, &["a"])),
        (json!({"groupId": "x".repeat(129), "deviceList": ["a"]}), add(None, &["a"])),
    ] {
        assert_eq!(says("addDeviceGroup", body.clone()), (expected, false), "{body}");
    }
    let no_body = asks(r#"{"action":"deleteDeviceGroup"}"#);
    assert_eq!(no_body, (ConsoleAction::DeleteGroup { group: None }, false));
}

#[test]
fn messages_are_text_of_a_length() {
    let good = |message: Value| says("sendBroadcastMsg", json!({ "message": message })).1;
    for text in
        ["a".to_owned(), "a".repeat(DATA_BYTES_MAX), "\u{1}\n\t".to_owned(), "가".repeat(21_845)]
    {
        assert!(good(json!(text)));
    }
    let odd = [json!(""), json!("a\u{0}b"), json!(5), json!(null), json!(["a"]), json!({})];
    let long = ["a".repeat(DATA_BYTES_MAX + 1), "가".repeat(21_846)].map(Value::from);
    for bad in odd.into_iter().chain(long) {
        assert!(!good(bad.clone()), "{:.40}", bad.to_string());
    }
    assert!(!says("sendMulticastMsg", json!({"message": "m"})).1, "no list");
    assert!(!says("sendUnicastMsg", json!({"message": "m"})).1, "no device");
    assert!(!says("sendGroupMsg", json!({"message": "m"})).1, "no group");
}

#[test]
fn texts_end_at_their_limits() {
    let create = |name: usize, description: usize| {
        let (name, description) = ("가".repeat(name), "나".repeat(description));
        says("createDeviceGroup", json!({"groupName": name, "groupDesc": description})).1
    };
    assert!(create(NAME_CHARS_MAX, DESCRIPTION_CHARS_MAX));
    assert!(!create(NAME_CHARS_MAX + 1, 0));
    assert!(!create(1, DESCRIPTION_CHARS_MAX + 1));
    let register = |name: usize| {
        says("registerAppServer", json!({"serviceId": ID, "regName": "r".repeat(name)})).1
    };
    assert_eq!(
        [register(0), register(1), register(128), register(129)],
        [false, true, true, false]
    );
    let devices = |count: usize| {
        says("addDeviceGroup", json!({"groupId": ID, "deviceList": vec!["a"; count]})).1
    };
    assert_eq!([devices(DEVICES_MAX), devices(DEVICES_MAX + 1)], [true, false]);
}

#[test]
fn what_names_no_action_is_answered_to_the_sender_alone() {
    for frame in [
        "",
        "hello",
        "null",
        "[]",
        "5",
        r#""text""#,
        "{}",
        "{",
        r#"{"action":5,"body":{}}"#,
        r#"{"action":null,"body":{}}"#,
        r#"{"body":{}}"#,
        r#"{"action":"","body":{}}"#,
        r#"{"action":"CreateDeviceGroup","body":{}}"#,
        r#"{"action":"unknown","body":{}}"#,
        r#"{"action":"deleteDeviceGroup","body":{}} x"#,
        r#"[{"action":"deleteDeviceGroup","body":{}}]"#,
        // Half a character is no text, wherever it stands.
        r#"{"action":"deleteDeviceGroup","body":{"groupId":"\ud800"}}"#,
        r#"{"action":"deleteDeviceGroup","body":{"groupId":"a"},"more":["\udc00x"]}"#,
        r#"{"action":"deleteDeviceGroup","body":{"groupId":"a"},"\ud83d":1}"#,
        r#"{"action":"deleteDeviceGroup","body":{"groupId":"a"},"m":"\ud83d\ud83d"}"#,
        r#"{"action":"deleteDeviceGroup","body":{"groupId":"a"},"m":"\ud83d\\udd80"}"#,
    ] {
        let line = "onError -304 전달 인자가 잘못되엇습니다. None";
        match text(frame) {
            Decoded::Reply(reply) => assert_eq!(reply.as_text(), line, "{frame}"),
            other => panic!("{frame}: {other:?}"),
        }
    }
}

#[test]
fn whole_characters_may_be_escaped() {
    for (written, read) in [
        (r"\ud83e\udd80", "🦀"),
        (r"\uD83E\uDD80", "🦀"),
        (r"\\ud800", r"\ud800"),
        (r"\\\\ud800", r"\\ud800"),
        (r"\u0061\n\\\ud83e\udd80", "a\n\\🦀"),
        (r"\ud7ff\ue000", "\u{d7ff}\u{e000}"),
    ] {
        let frame = format!(r#"{{"action":"sendBroadcastMsg","body":{{"message":"{written}"}}}}"#);
        let text = read.to_owned();
        assert_eq!(asks(&frame), (ConsoleAction::SendBroadcast { text }, true), "{written}");
    }
}

proptest::proptest! {
    #[test]
    fn any_text_is_answered(frame in proptest::arbitrary::any::<String>()) {
        let decoded = text(&frame);
        proptest::prop_assert!(matches!(decoded, Decoded::Reply(_) | Decoded::Apps(_)));
    }

    #[test]
    fn any_message_comes_as_it_is(message in "[^\u{0}]{1,200}") {
        let frame = json!({"action": "sendBroadcastMsg", "body": {"message": message}});
        let expected = ConsoleAction::SendBroadcast { text: message };
        proptest::prop_assert_eq!(asks(&frame.to_string()), (expected, true));
    }
}
