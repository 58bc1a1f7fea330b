use serde_json::{Value, json};

use crate::domain::apps::device::DeviceClass;
use crate::domain::clock::{Clock, Timestamp};
use crate::domain::id::DeviceId;
use crate::domain::principal::{Credential, Principal};
use crate::wire::ppcom::decode::*;
use crate::wire::{Options, Phase};

struct Still;

impl Clock for Still {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(0)
    }

    fn steady(&self) -> std::time::Duration {
        std::time::Duration::ZERO
    }
}

fn me() -> UserId {
    UserId::new(2).unwrap()
}

fn read(frame: &Value, phase: Phase) -> Decoded {
    text(&frame.to_string(), Context { options: Options::default(), phase, clock: &Still })
}

fn live() -> Phase {
    let device = DeviceId::new(4).unwrap();
    Phase::Ready(Principal::Device { device, owner: me(), class: DeviceClass::Browser })
}

fn good() -> Value {
    let conversation = GroupId::new(3).unwrap().uuid().to_string();
    json!({"uuid": "u", "to_type": "DU", "to_uuid": conversation, "from_type": "DU",
        "from_uuid": me().uuid().hex(), "conversation_uuid": conversation, "message_type": "NOTI",
        "message_subtype": "TEXT", "message_body": "hi"})
}

fn sent(send: Value) -> Option<CustomerSend> {
    match read(&json!({"type": "send", "send": send}), live()) {
        Decoded::Apps(AppsRequest::Customer(CustomerRequest::Send(send))) => Some(*send),
        Decoded::Reply(_) => None,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_message_is_read_with_its_names_as_they_are() {
    let send = sent(good()).unwrap();
    assert_eq!((send.message.uuid.as_str(), send.app), ("u", None));
    assert_eq!(send.message.conversation, GroupId::new(3));
    assert_eq!(send.conversation_text, good()["conversation_uuid"].as_str().unwrap());
    let app = AppId::new(5).unwrap();
    let mut of_app = good();
    of_app["app_uuid"] = json!(app.uuid().to_string());
    assert_eq!(sent(of_app).unwrap().app, Some(app));
    for none in ["app_uuid", "device_uuid", "conversation_type"] {
        let mut send = good();
        send[none] = Value::Null;
        assert!(sent(send).is_some(), "{none}");
    }
    // Whether there is such a conversation is not decided here.
    let mut nowhere = good();
    nowhere["conversation_uuid"] = json!("x");
    assert_eq!(sent(nowhere).unwrap().message.conversation, None);
}

#[test]
fn a_message_of_somebody_else_or_with_something_missing_is_none() {
    for (name, value) in [
        ("from_uuid", json!(UserId::new(4).unwrap().uuid().to_string())),
        ("from_uuid", json!("x")),
        ("app_uuid", json!("x")),
        ("app_uuid", json!(1)),
        ("uuid", json!("x".repeat(MESSAGE_UUID_BYTES_MAX + 1))),
        ("to_type", Value::Null),
        ("to_uuid", json!("")),
        ("message_body", json!(["hi"])),
    ] {
        let mut send = good();
        send[name] = value;
        assert_eq!(sent(send), None, "{name}");
    }
    for none in [Value::Null, json!("x"), json!([])] {
        assert_eq!(sent(none), None);
    }
}

#[test]
fn what_is_asked_before_auth_ends_the_session() {
    for (frame, closes) in [
        (json!({"type": "send"}), true),
        (json!({"type": "TYPING"}), true),
        (json!({"type": "auth"}), true),
        (json!({"type": "subscribe"}), false),
        (json!({"type": null}), false),
    ] {
        let read = read(&frame, Phase::Opened);
        assert_eq!(matches!(read, Decoded::ReplyAndClose(..)), closes, "{frame}");
        assert_eq!(matches!(read, Decoded::Reply(_)), !closes, "{frame}");
    }
}

/// The parts of what is shown, from the number of what is missing on.
fn shown(frame: Value) -> Vec<String> {
    match read(&frame, Phase::Opened) {
        Decoded::Identify { credential: Credential::Scheme { parts, .. }, .. } => {
            parts[4..].to_vec()
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_missing_beside_a_token_goes_with_it() {
    let page = json!({"title": "A lamp", "location": {"href": "https://shop.example"}});
    let good = json!({"type": "auth", "api_token": "t", "app_uuid": "a", "user_uuid": "u",
        "device_uuid": "d", "is_service_user": false, "extra_data": page});
    assert_eq!(shown(good.clone()), ["visitor", "", "https://shop.example", "A lamp"]);
    for (name, value, fault) in [
        ("device_uuid", Value::Null, "1"),
        ("is_service_user", json!("true"), "2"),
        ("extra_data", Value::Null, "3"),
        ("extra_data", json!({"x": "x".repeat(auth::EXTRA_BYTES_MAX)}), "4"),
        ("extra_data", json!({"title": 1, "location": "x"}), ""),
    ] {
        let mut frame = good.clone();
        frame[name] = value;
        assert_eq!(shown(frame)[1], fault, "{name}");
    }
    let mut agent = good;
    agent["is_service_user"] = json!(true);
    agent["extra_data"] = Value::Null;
    assert_eq!(shown(agent), ["agent", "", "", ""]);
}
