use super::*;
use crate::domain::apps::console::{ConsoleAction, ConsoleFault, ConsoleRequest};
use crate::domain::apps::downstream::SendManner;

const SERVICE: &str = "0f1e2d3c4b5a69788796a5b4c3d2e1f0";
const SERVER: &str = "50000d6c6a1b86c0806647b0ab329ae4";

/// A frame with a service and a registration, and more parameters.
fn text(command: u16, more: &str) -> String {
    let comma = if more.is_empty() { "" } else { "," };
    format!(
        r#"{{"cId":{command},"st":7,"pm":{{"sId":"{SERVICE}","sRId":"{SERVER}"{comma}{more}}}}}"#
    )
}

fn call(command: u16, more: &str) -> ServerCall {
    match frame(&text(command, more)) {
        OwlFrame::Ask(OwlKey { stamp: 7, command: found }, OwlAsk::Call(call)) => {
            assert_eq!(found, command);
            *call
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn each_command_is_read() {
    let text = || "hi".to_owned();
    let group = || Some("g1".to_owned());
    let devices = || vec!["a".to_owned(), "b".to_owned()];
    for (command, more, action) in [
        (
            301,
            r#""rn":"one","t":4"#,
            ConsoleAction::Register { service: SERVICE.to_owned(), name: "one".to_owned() },
        ),
        (302, "", ConsoleAction::Unregister),
        (
            501,
            r#""dRId":"a","data":"hi","q":1"#,
            ConsoleAction::SendUnicast { text: text(), device: "a".into() },
        ),
        (
            502,
            r#""dRIds":["a","b"],"data":"hi","q":1"#,
            ConsoleAction::SendMulticast { text: text(), devices: devices() },
        ),
        (503, r#""data":"hi","q":1"#, ConsoleAction::SendBroadcast { text: text() }),
        (
            561,
            r#""gId":"g1","data":"hi","q":1"#,
            ConsoleAction::SendGroup { text: text(), group: group() },
        ),
        (
            801,
            r#""gn":"g","gd":null,"dl":["a","b"]"#,
            ConsoleAction::CreateGroup {
                name: Some("g".to_owned()),
                description: None,
                devices: devices(),
            },
        ),
        (
            802,
            r#""gId":"g1","dl":["a","b"]"#,
            ConsoleAction::AddDevices { group: group(), devices: devices() },
        ),
        (
            803,
            r#""gId":"g1","dl":["a","b"]"#,
            ConsoleAction::SubtractDevices { group: group(), devices: devices() },
        ),
        (804, r#""gId":"g1""#, ConsoleAction::DeleteGroup { group: group() }),
    ] {
        let expected = ServerCall {
            service: SERVICE.to_owned(),
            server: Uuid::parse(SERVER),
            request: ConsoleRequest { action, fault: None },
            manner: SendManner::default(),
        };
        assert_eq!(call(command, more), expected, "{command}");
    }
    let channel =
        format!(r#"{{"cId":403,"st":9,"pm":{{"sId":"{SERVICE}","rId":"{SERVER}","st":4}}}}"#);
    let ask = OwlAsk::Channel { service: SERVICE.to_owned(), server: Uuid::parse(SERVER) };
    assert_eq!(frame(&channel), OwlFrame::Ask(OwlKey { stamp: 9, command: 403 }, ask));
}

#[test]
fn how_a_message_is_sent_is_read() {
    let manner = |more: &str| {
        let call = call(503, &format!(r#""data":"hi",{more}"#));
        (call.request.fault, call.manner)
    };
    let of = |queued, title: Option<&str>, body: Option<&str>| SendManner {
        queued,
        title: title.map(str::to_owned),
        body: body.map(str::to_owned),
    };
    assert_eq!(manner(r#""q":0"#), (None, of(false, None, None)));
    let both = manner(r#""q":1,"nt":"Title","nb":"two\nlines""#);
    assert_eq!(both, (None, of(true, Some("Title"), Some("two\nlines"))));
    let long = format!(r#""nt":"{}""#, "t".repeat(129));
    for bad in [r#""q":2"#, r#""q":"1""#, r#""nt":7"#, r#""nb":"a\u0000""#, &long] {
        assert_eq!(manner(bad).0, Some(ConsoleFault::Argument), "{bad}");
    }
    let unicast = call(501, r#""dRId":"a","data":"hi","q":1,"noti":"look""#);
    assert_eq!(unicast.manner.body.as_deref(), Some("look"));
}

#[test]
fn what_is_missing_or_bad_is_a_fault_of_the_request() {
    for (command, more) in [
        (301, ""),
        (301, r#""rn":"a\nb""#),
        (503, ""),
        (503, r#""data":"""#),
        (503, r#""data":{"a":1}"#),
        (502, r#""data":"hi""#),
        (502, r#""data":"hi","dRIds":[1]"#),
        (561, r#""data":"hi""#),
        (802, r#""gId":"g1""#),
        (804, r#""gId":"a b""#),
    ] {
        assert_eq!(
            call(command, more).request.fault,
            Some(ConsoleFault::Argument),
            "{command} {more}"
        );
    }
    for bare in [r#"{"cId":804,"st":7}"#, r#"{"cId":804,"st":7,"pm":[]}"#] {
        let OwlFrame::Ask(_, OwlAsk::Call(call)) = frame(bare) else { panic!("{bare}") };
        assert_eq!((call.service.as_str(), call.server), ("", None));
        assert_eq!(call.request.fault, Some(ConsoleFault::Argument));
    }
}

#[test]
fn what_nobody_waits_for_means_nothing() {
    for nothing in [
        "",
        " ",
        "[]",
        "7",
        "{",
        r#"{"cId":801}"#,
        r#"{"cId":801,"st":"7"}"#,
        r#"{"cId":801,"st":-7}"#,
        r#"{"cId":801,"st":7.5}"#,
        r#"{"cId":"801","st":7}"#,
        r#"{"cId":66337,"st":7}"#,
        r#"{"cId":999,"st":7}"#,
        r#"{"cId":11801,"st":7}"#,
        r#"{"st":7}"#,
    ] {
        assert_eq!(frame(nothing), OwlFrame::Nothing, "{nothing}");
    }
    for alive in [r#"{"cId":2,"st":"x","pm":{}}"#, r#"{"cId":512,"rc":1,"st":7,"pm":{"mIds":[]}}"#]
    {
        assert_eq!(frame(alive), OwlFrame::Alive, "{alive}");
    }
}
