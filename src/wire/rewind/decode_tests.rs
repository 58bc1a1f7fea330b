use serde_json::{Value, json};

use crate::domain::clock::Timestamp;
use crate::domain::command::Write;
use crate::wire::Frame;
use crate::wire::rewind::decode::*;

const ME: i64 = 10;
const PEER: i64 = 6;

fn ready() -> Phase {
    Phase::Ready(Principal::User(UserId::new(ME).unwrap()))
}

const PLAIN: RewindOptions = RewindOptions { mode: Mode::Readme, features: Features::NONE };

fn peer_room() -> Option<RoomKey> {
    RoomKey::direct(UserId::new(ME)?, UserId::new(PEER)?)
}

fn decode(frame: &Value, phase: Phase) -> Decoded {
    text(PLAIN, &frame.to_string(), phase)
}

fn command(kind: &str, payload: Value) -> Decoded {
    decode(&json!({"type": kind, "payload": payload}), ready())
}

fn write(write: impl Into<Write>) -> Decoded {
    Decoded::Write(write.into())
}

fn error(error: encode::Error) -> Decoded {
    Decoded::Reply(encode::error(error))
}

fn content(text: &str) -> Content {
    Content::new(text.to_owned()).unwrap()
}

#[test]
fn heartbeats_are_echoed_byte_for_byte_in_every_phase() {
    for phase in [Phase::Opened, Phase::Alive, ready()] {
        for payload in [r#"{"count": 0}"#, "null", "[1, 2.50e3]", r#""\u00e9é""#, "-0.0", "{ }"] {
            let frame = format!(r#"{{"payload":{payload},"type":"heartbeat"}}"#);
            let echo = format!(r#"{{"type":"heartbeat","payload":{payload}}}"#);
            assert_eq!(text(PLAIN, &frame, phase), Decoded::Heartbeat(Frame::text(echo)));
        }
    }
    let absent = Frame::text(r#"{"type":"heartbeat","payload":null}"#);
    assert_eq!(text(PLAIN, r#"{"type":"heartbeat"}"#, Phase::Opened), Decoded::Heartbeat(absent));
}

#[test]
fn what_is_no_frame_is_answered() {
    for bad in ["", "x", "[]", "1", "null", "\"heartbeat\"", "{", r#"{"type":NaN}"#] {
        assert_eq!(text(PLAIN, bad, ready()), error(encode::NOT_JSON), "{bad}");
    }
    for bad in [json!({}), json!({"type": null}), json!({"type": ""}), json!({"type": 1})] {
        assert_eq!(decode(&bad, ready()), error(encode::INVALID), "{bad}");
    }
    for unknown in ["user", "Heartbeat", "ok", "error", " chat"] {
        for phase in [Phase::Opened, Phase::Alive, ready()] {
            let frame = json!({"type": unknown, "payload": {}});
            assert_eq!(decode(&frame, phase), error(encode::UNKNOWN_TYPE), "{unknown}");
        }
    }
}

#[test]
fn nothing_is_done_before_auth() {
    for kind in ["chat", "load", "mutual_users"] {
        for phase in [Phase::Opened, Phase::Alive] {
            for payload in [json!(null), json!({"type": "nonsense"}), json!(7)] {
                let frame = json!({"type": kind, "payload": payload});
                assert_eq!(decode(&frame, phase), error(encode::NOT_READY));
            }
        }
    }
}

#[test]
fn auth_wants_a_heartbeat_and_a_token() {
    let frame = json!({"type": "auth", "payload": {"auth": "t"}});
    let refused = encode::error(encode::NO_HEARTBEAT);
    let closed = Decoded::ReplyAndClose(refused, CloseReason::HeartbeatOmitted);
    assert_eq!(decode(&frame, Phase::Opened), closed);
    for phase in [Phase::Alive, ready()] {
        assert_eq!(
            decode(&frame, phase),
            Decoded::Identify {
                credential: Credential::Token("t".to_owned()),
                options: PLAIN.options()
            }
        );
    }
    for payload in [json!({}), json!({"auth": null}), json!({"auth": ""})] {
        assert_eq!(command("auth", payload), error(encode::TOKEN_MISSING));
    }
    assert_eq!(command("auth", json!({"auth": 5})), error(encode::TOKEN_MISMATCH));
    assert_eq!(command("auth", json!("t")), error(encode::INVALID));
}

#[test]
fn a_room_is_named_by_the_xor_with_oneself() {
    let room = ME ^ PEER;
    for chat_id in [json!(room), json!(room.to_string())] {
        let send = json!({"type": "send", "chat_id": chat_id, "content": " 안녕 🦀\n"});
        let post = ChatWrite::Post {
            room: peer_room(),
            content: content(" 안녕 🦀\n"),
            nonce: None,
            absent: Absent::Kept,
        };
        assert_eq!(command("chat", send), write(post));
    }
    let nobody = [0, ME, ME ^ 3, ME ^ i64::MAX];
    for (room, key) in nobody.map(|room| (room, key(PLAIN, room, UserId::new(ME).unwrap()))) {
        let send = json!({"type": "send", "chat_id": room.to_string(), "content": "x"});
        assert_eq!(
            command("chat", send),
            write(ChatWrite::Post {
                room: key,
                content: content("x"),
                nonce: None,
                absent: Absent::Kept
            })
        );
    }
}

#[test]
fn room_ids_must_be_canonical() {
    for bad in [
        json!("+5"),
        json!(" 5"),
        json!("5_0"),
        json!("05"),
        json!("５"),
        json!("-5"),
        json!(""),
        json!(null),
        json!(1.5),
        json!("9223372036854775808"),
        json!([]),
        json!({}),
    ] {
        let send = json!({"type": "send", "chat_id": bad, "content": "x"});
        assert_eq!(command("chat", send), error(encode::INVALID), "{bad}");
        let load = json!({"type": "chat", "load_id": bad, "datetime": "", "count": 1});
        assert_eq!(command("load", load), error(encode::INVALID), "{bad}");
    }
    assert_eq!(command("chat", json!({"type": "send", "content": "x"})), error(encode::INVALID));
}

#[test]
fn blank_sends_leave_no_trace() {
    for blank in [json!(""), json!(null)] {
        let send = json!({"type": "send", "chat_id": "12", "content": blank});
        assert_eq!(command("chat", send), Decoded::Ignore);
    }
    assert_eq!(command("chat", json!({"type": "send", "chat_id": "12"})), Decoded::Ignore);
    for bad in [json!(1), json!([]), json!("a\0b"), json!("x".repeat(64 * 1024 + 1))] {
        let send = json!({"type": "send", "chat_id": "12", "content": bad});
        assert_eq!(command("chat", send), error(encode::INVALID));
    }
}

#[test]
fn a_frame_that_lacks_a_field_is_answered() {
    let whole = [
        ("chat", json!({"type": "send", "chat_id": "12", "content": "x"}), &["content"][..]),
        (
            "chat",
            json!({"type": "edit", "id": "77", "chat_id": "12", "content": "x"}),
            &["content"],
        ),
        ("load", json!({"type": "mutual_users"}), &[]),
        (
            "load",
            json!({"type": "chat", "load_id": "12", "count": 1,
                   "datetime": "MjAyMi0xLTMgMDA6MDQ6MTUuMDEyMzAw"}),
            &[],
        ),
        ("mutual_users", json!({"type": "request", "name": "bob"}), &[]),
        ("auth", json!({"auth": "t"}), &[]),
    ];
    for (kind, payload, may_lack) in whole {
        let answered = |decoded| {
            let Decoded::Reply(frame) = decoded else { return false };
            let frame: Value = serde_json::from_str(frame.as_text()).unwrap();
            frame["type"] == "error" && frame["payload"]["code"] == 4000
        };
        assert!(!answered(command(kind, payload.clone())), "{payload}");
        for field in payload.as_object().unwrap().keys() {
            for lack in [None, Some(Value::Null)] {
                let mut payload = payload.clone();
                let fields = payload.as_object_mut().unwrap();
                match lack {
                    None => drop(fields.remove(field)),
                    Some(null) => drop(fields.insert(field.clone(), null)),
                }
                let may = may_lack.contains(&field.as_str());
                assert_eq!(answered(command(kind, payload.clone())), !may, "{payload}");
            }
        }
        assert!(answered(decode(&json!({"type": kind}), ready())), "{kind} without a payload");
    }
    // A blank send goes nowhere, but it must say where it does not go.
    for blank in [json!({}), json!({"content": ""}), json!({"content": null, "chat_id": "05"})] {
        let mut payload = blank;
        payload["type"] = json!("send");
        assert_eq!(command("chat", payload), error(encode::INVALID));
    }
}

#[test]
fn edits_replace_or_delete() {
    let edit = |id: Value, content: Value| {
        command("chat", json!({"type": "edit", "id": id, "chat_id": "12", "content": content}))
    };
    let (room, message) = (peer_room(), MessageId::new(77));
    let new = Some(content("new"));
    assert_eq!(
        edit(json!("77"), json!("new")),
        write(ChatWrite::Edit { room, message, content: new.clone() })
    );
    for blank in [json!(""), json!(null)] {
        let delete = ChatWrite::Edit { room, message, content: None };
        assert_eq!(edit(json!(77), blank), write(delete));
    }
    for unknown in ["abc", "0", "", "9223372036854775808"] {
        let nobodys = ChatWrite::Edit { room, message: None, content: new.clone() };
        assert_eq!(edit(json!(unknown), json!("new")), write(nobodys), "{unknown}");
    }
    assert_eq!(edit(json!(null), json!("new")), error(encode::INVALID));
    let no_id = json!({"type": "edit", "chat_id": "12", "content": "x"});
    assert_eq!(command("chat", no_id), error(encode::INVALID));
    assert_eq!(command("chat", json!({"type": "shout"})), error(encode::UNKNOWN_CHAT));
    assert_eq!(command("chat", json!({"chat_id": "12"})), error(encode::UNKNOWN_CHAT));
    assert_eq!(command("chat", json!([])), error(encode::INVALID));
}

#[test]
fn loads_name_a_room_a_cursor_and_a_count() {
    let load = |cursor: &str, count: Value| {
        let payload = json!({"type": "chat", "load_id": "12", "datetime": cursor, "count": count});
        command("load", payload)
    };
    let cursor = "MjAyMi0xLTMgMDA6MDQ6MTUuMDEyMzAw";
    let before = Timestamp::from_micros(1_641_135_855_012_300);
    let query =
        |count| Decoded::Query(ChatQuery::History { room: peer_room(), before, count }.into());
    assert_eq!(load(cursor, json!(50)), query(50));
    assert_eq!(load(cursor, json!(0)), query(0));
    for bad in [json!(-1), json!(1.5), json!("50"), json!(null)] {
        assert_eq!(load(cursor, bad), error(encode::INVALID));
    }
    assert_eq!(load("yesterday", json!(50)), error(encode::INVALID));
    assert_eq!(command("load", json!({"type": "chat", "load_id": "12"})), error(encode::INVALID));
    let friends = Decoded::Query(AccountsQuery::Friends.into());
    assert_eq!(command("load", json!({"type": "mutual_users"})), friends);
    assert_eq!(command("load", json!({"type": "all"})), error(encode::UNKNOWN_LOAD));
}

#[test]
fn friend_commands_name_somebody() {
    for (kind, verb) in [
        ("request", FriendVerb::Request),
        ("response", FriendVerb::Accept),
        ("remove", FriendVerb::Discard),
        ("delete", FriendVerb::End),
    ] {
        let name = "보브".to_owned();
        let payload = json!({"type": kind, "name": name});
        let who = Who::Named(name);
        assert_eq!(command("mutual_users", payload), write(AccountsWrite::Befriend { verb, who }));
    }
    for bad in [json!(null), json!(""), json!(5)] {
        let payload = json!({"type": "request", "name": bad});
        assert_eq!(command("mutual_users", payload), error(encode::NAME_MISSING));
    }
    // The type is looked at first.
    let unknown = error(encode::UNKNOWN_MUTUAL_USERS);
    assert_eq!(command("mutual_users", json!({"type": "hug"})), unknown);
}

#[test]
fn any_text_is_answered_or_understood_and_never_a_panic() {
    let mut runner = proptest::test_runner::TestRunner::default();
    runner
        .run(&"[\\{\\}\\[\\]\":,a-z0-9\\\\u\u{0}-\u{ff}]{0,80}", |garbage| {
            for phase in [Phase::Opened, Phase::Alive, ready()] {
                text(PLAIN, &garbage, phase);
                for kind in ["auth", "chat", "load", "mutual_users"] {
                    text(PLAIN, &format!(r#"{{"type":"{kind}","payload":{garbage}}}"#), phase);
                    let inner = format!(r#"{{"type":"{kind}","payload":{{"type":{garbage}}}}}"#);
                    text(PLAIN, &inner, phase);
                }
            }
            Ok(())
        })
        .unwrap();
}
