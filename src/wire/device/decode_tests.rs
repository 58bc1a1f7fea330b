use crate::domain::apps::command::DeviceRequest;
use crate::domain::apps::device::DeviceClass;
use crate::domain::clock::{Clock, Timestamp};
use crate::domain::id::{AppId, DeviceId, UserId};
use crate::domain::principal::Principal;
use crate::wire::device::decode::*;
use crate::wire::{Frame, Phase};

struct Still;

impl Clock for Still {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(0)
    }

    fn steady(&self) -> std::time::Duration {
        std::time::Duration::ZERO
    }
}

fn read(phase: Phase, frame: &str) -> Decoded {
    text(frame, Context { options: Options::default(), phase, clock: &Still })
}

fn known(frame: &str) -> Decoded {
    let (device, owner) = (DeviceId::new(9).unwrap(), UserId::new(8).unwrap());
    read(Phase::Ready(Principal::Device { device, owner, class: DeviceClass::Browser }), frame)
}

fn error() -> Decoded {
    Decoded::Reply(encode::error(ResultCode::Argument))
}

fn asked(request: DeviceRequest) -> Decoded {
    Decoded::Apps(AppsRequest::Device(request))
}

fn refusal() -> Frame {
    encode::not_authenticated(ResultCode::Argument)
}

#[test]
fn the_first_frame_shows_who_the_device_is() {
    let auth = r#"{"body":{"deviceId":"d","apiToken":"t"},"action":"auth","more":1}"#;
    let parts = vec!["t".to_owned(), "d".to_owned()];
    let credential = Credential::Scheme { name: SCHEME, parts };
    let shown = Decoded::Identify { credential, options: Options::default() };
    assert_eq!(read(Phase::Opened, auth), shown);
    // Once only.
    assert_eq!(known(auth), Decoded::Reply(refusal()));
    for bad in [
        r#"{"action":"auth"}"#,
        r#"{"action":"auth","body":[]}"#,
        r#"{"action":"auth","body":{"apiToken":"t"}}"#,
        r#"{"action":"auth","body":{"apiToken":"t","deviceId":7}}"#,
    ] {
        let refused = Decoded::ReplyAndClose(refusal(), CloseReason::Unauthorized);
        assert_eq!(read(Phase::Opened, bad), refused, "{bad}");
    }
    for other in ["", "[]", "{}", r#"{"action":"ackMsgs","body":{"msgIds":[]}}"#] {
        let closed = Decoded::Close(CloseReason::Unauthorized);
        assert_eq!(read(Phase::Opened, other), closed, "{other}");
    }
}

#[test]
fn something_for_a_server_is_read_whole() {
    let upstream = |data: &str, server, echo: Option<&str>| {
        let data = (!data.is_empty()).then(|| data.to_owned());
        asked(DeviceRequest::Upstream { data, server, echo: echo.map(str::to_owned) })
    };
    let sent = |body: &str| known(&format!(r#"{{"action":"sendUpstreamMsg","body":{body}}}"#));
    assert_eq!(sent(r#"{"data":"hi"}"#), upstream("hi", ServerNamed::Any, None));
    let nulls = r#"{"data":"hi","serverRegId":null,"umi":null}"#;
    assert_eq!(sent(nulls), upstream("hi", ServerNamed::Any, None));
    let server = AppId::new(5).unwrap().hub_server();
    for spelling in [server.hex(), server.to_string().to_uppercase()] {
        let body = format!(r#"{{"data":"hi","serverRegId":"{spelling}","umi":"c-1"}}"#);
        assert_eq!(sent(&body), upstream("hi", ServerNamed::By(server), Some("c-1")));
    }
    let wrong = r#"{"data":"hi","serverRegId":"nobody"}"#;
    assert_eq!(sent(wrong), upstream("hi", ServerNamed::Wrong, None));
    // What cannot be sent has an answer of its own.
    let longest = "x".repeat(DATA_BYTES_MAX);
    assert_eq!(
        sent(&format!(r#"{{"data":"{longest}"}}"#)),
        upstream(&longest, ServerNamed::Any, None)
    );
    for data in ["", "\\u0000", &format!("{longest}x")] {
        let body = format!(r#"{{"data":"{data}","umi":"c-2"}}"#);
        assert_eq!(sent(&body), upstream("", ServerNamed::Any, Some("c-2")));
    }
    for bad in [
        "{}",
        "[]",
        r#"{"data":7}"#,
        r#"{"data":"hi","serverRegId":7}"#,
        r#"{"data":"hi","umi":{}}"#,
        r#"{"data":"\ud800"}"#,
    ] {
        assert_eq!(sent(bad), error(), "{bad}");
    }
}

#[test]
fn what_can_be_no_message_is_not_acknowledged() {
    let (one, other) = (DownstreamId::new(7).unwrap(), DownstreamId::new(8).unwrap());
    let ids = [one.uuid().hex(), "7".to_owned(), other.uuid().to_string(), one.uuid().hex()];
    let frame = serde_json::json!({"action": "ackMsgs", "body": {"msgIds": ids}}).to_string();
    assert_eq!(known(&frame), asked(DeviceRequest::Acknowledge(vec![one, other, one])));
    for bad in [
        r#"{"action":"ackMsgs"}"#,
        r#"{"action":"ackMsgs","body":{}}"#,
        r#"{"action":"ackMsgs","body":{"msgIds":"a"}}"#,
        r#"{"action":"ackMsgs","body":{"msgIds":[1]}}"#,
        r#"{"action":"dance","body":{}}"#,
        r#"{"action":7,"body":{}}"#,
        r#"{"body":{}}"#,
        "hello",
        "[]",
    ] {
        assert_eq!(known(bad), error(), "{bad}");
    }
}
