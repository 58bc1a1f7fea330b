use std::time::Duration;

use serde_json::json;

use crate::domain::chat::message::CONTENT_BYTES_MAX;
use crate::domain::clock::{Clock, Timestamp};
use crate::domain::command::Write;
use crate::domain::principal::Principal;
use crate::wire::chatting::Ids;
use crate::wire::chatting::decode::*;
use crate::wire::fixtures::dialects;
use crate::wire::{Dialect as _, Phase};

const ME: i64 = 10;
const PEER: i64 = 6;

/// A clock that stands still.
struct Still;

impl Clock for Still {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(0)
    }

    fn steady(&self) -> Duration {
        Duration::ZERO
    }
}

fn context(phase: Phase) -> Context<'static> {
    Context { options: Ids::Number.variant().options(), phase, clock: &Still }
}

fn decode(frame: &str, phase: Phase) -> Decoded {
    dialects().chatting().decode(frame, context(phase))
}

fn identify() -> Decoded {
    let options = Ids::Number.variant().options();
    Decoded::Identify { credential: Credential::Token("t".to_owned()), options }
}

fn ready() -> Phase {
    Phase::Ready(Principal::User(user(ME)))
}

fn user(id: i64) -> UserId {
    UserId::new(id).unwrap()
}

fn says(frame: serde_json::Value) -> Decoded {
    decode(&frame.to_string(), ready())
}

fn write(write: impl Into<Write>) -> Decoded {
    Decoded::Write(write.into())
}

fn chat_to(peer: i64, text: &str) -> Decoded {
    let content = Content::new(text.to_owned()).unwrap();
    let room = RoomKey::direct(user(ME), user(peer));
    write(ChatWrite::Post { room, content, nonce: None, absent: Absent::Refused })
}

/// The reason of a Bad Request; of any other error its name.
#[track_caller]
fn refused(decoded: Decoded) -> String {
    let Decoded::Reply(frame) = decoded else { panic!("{decoded:?}") };
    let frame: serde_json::Value = serde_json::from_str(frame.as_text()).unwrap();
    frame.get("message").unwrap_or(&frame["error"]).as_str().unwrap().to_owned()
}

#[test]
fn the_first_frame_is_a_token_or_the_end() {
    let closed = Decoded::Close(CloseReason::NotIdentified);
    for phase in [Phase::Opened, Phase::Alive] {
        assert_eq!(decode(r#"{"token":"t","target_id":6,"x":[]}"#, phase), identify());
        for bad in ["", "x", "[]", "{}", r#"{"token":5}"#, r#"{"target_id":6,"message":"a"}"#] {
            assert_eq!(decode(bad, phase), closed, "{bad}");
        }
        assert_eq!(dialects().chatting().decode_binary(context(phase)), closed);
    }
    assert_eq!(says(json!({"token": "t"})), identify());
    assert_eq!(says(json!({"token": null})), closed);
}

#[test]
fn a_message_is_one_whatever_else_is_said() {
    for target in [json!(PEER), json!(PEER.to_string())] {
        let frame = json!({"target_id": target, "message": " <b>\n", "type": "invite_game",
            "status": "invite", "from_id": 2, "token": "t"});
        assert_eq!(says(frame), chat_to(PEER, " <b>\n"));
    }
    assert_eq!(says(json!({"target_id": PEER, "message": ""})), chat_to(PEER, ""));
    let longest = "x".repeat(CONTENT_BYTES_MAX);
    assert_eq!(says(json!({"target_id": PEER, "message": longest})), chat_to(PEER, &longest));
    let note = Signal::Note(Content::new("a".to_owned()).unwrap());
    let expected = write(ChatWrite::Signal { peer: user(ME), signal: note });
    assert_eq!(says(json!({"target_id": ME, "message": "a"})), expected);
}

#[test]
fn invitations_are_made_and_taken_back() {
    for (status, step) in [("invite", InviteStep::Open), ("cancel", InviteStep::Cancel)] {
        let frame = json!({"target_id": PEER, "type": "invite_game", "status": status,
            "room_id": "mine"});
        let signal = Signal::Invite(step);
        assert_eq!(says(frame), write(ChatWrite::Signal { peer: user(PEER), signal }));
    }
}

#[test]
fn what_is_wrong_is_said() {
    for bad in ["", "x", "[]", "1", "null", "{", "\"a\""] {
        assert_eq!(refused(decode(bad, ready())), NOT_AN_OBJECT, "{bad}");
    }
    for target in [json!(null), json!(1.5), json!(-1), json!(""), json!("a"), json!([2]), json!({})]
    {
        assert_eq!(refused(says(json!({"target_id": target, "message": "a"}))), NO_TARGET);
    }
    assert_eq!(refused(says(json!({"message": "a"}))), NO_TARGET);
    for message in [json!(null), json!(1), json!(["a"]), json!({"a": 1})] {
        assert_eq!(refused(says(json!({"target_id": PEER, "message": message}))), NOT_TEXT);
    }
    assert_eq!(refused(decode(r#"{"target_id":6,"message":"\ud800"}"#, ready())), NOT_TEXT);
    let long = "x".repeat(CONTENT_BYTES_MAX + 1);
    assert_eq!(refused(says(json!({"target_id": PEER, "message": long}))), TOO_LONG);
    assert_eq!(refused(says(json!({"target_id": PEER, "message": "a\0"}))), NUL);
    for (kind, status) in [
        (json!("invite_game"), json!("accept")),
        (json!("invite_game"), json!(null)),
        (json!("invite"), json!("invite")),
        (json!(null), json!("invite")),
    ] {
        let frame = json!({"target_id": PEER, "type": kind, "status": status});
        assert_eq!(refused(says(frame)), UNKNOWN);
    }
    assert_eq!(refused(says(json!({"target_id": PEER, "type": "invite_game"}))), UNKNOWN);
    // No user has such an id.
    for target in [0, 7] {
        assert_eq!(refused(says(json!({"target_id": target, "message": "a"}))), "nobody");
    }
}
