use std::num::NonZeroU32;
use std::time::Duration;

use serde_json::json;

use super::*;
use crate::auth::rates::{Rate, Rates};
use crate::domain::accounts::command::AccountsQuery;
use crate::domain::chat::command::ChatWrite;
use crate::domain::clock::Timestamp;
use crate::domain::command::{Change, Write};
use crate::domain::principal::{Credential, IdentifyError, Principal};
use crate::wire::fixtures::{PLAIN, dialects};

const PIPELINE_MAX: usize = 8;
const HELD_BYTES_MAX: usize = 100;

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

fn common() -> Arc<Common> {
    with_pipeline(PIPELINE_MAX)
}

fn with_pipeline(pipeline_max: usize) -> Arc<Common> {
    let (dialects, clock) = (Arc::new(dialects()), Arc::new(Still));
    Arc::new(Common {
        dialects,
        clock,
        pipeline_max,
        held_bytes_max: HELD_BYTES_MAX,
        paces: Paces::default(),
    })
}

fn who() -> (Principal, Variant) {
    (Principal::User(user()), PLAIN)
}

fn token() -> Credential {
    Credential::Token("t".to_owned())
}

fn user() -> UserId {
    UserId::new(10).unwrap()
}

fn text(machine: &mut Machine, text: &str) -> Vec<Effect> {
    let mut effects = Effects::new();
    machine.text(text, &mut effects);
    effects.into()
}

fn answer(machine: &mut Machine, request: Request, text: &'static str) -> Vec<Effect> {
    let mut effects = Effects::new();
    machine.answered(request, [Frame::text(text)], &mut effects);
    effects.into()
}

fn send(content: &str) -> String {
    json!({"type": "chat", "payload": {"type": "send", "chat_id": "12", "content": content}})
        .to_string()
}

fn says(text: &str) -> Effect {
    Effect::Send(Frame::text(text.to_owned()))
}

const BEAT: &str = r#"{"type":"heartbeat","payload":1}"#;
const FRIENDS: &str = r#"{"type":"load","payload":{"type":"mutual_users"}}"#;
const AUTH: &str = r#"{"type":"auth","payload":{"auth":"t"}}"#;
const UNKNOWN: &str = r#"{"type":"hello","payload":{}}"#;

/// A session whose user is known, with `pipeline_max` requests under way at most.
fn ready(pipeline_max: usize) -> Machine {
    let mut machine = Machine::new(PLAIN, with_pipeline(pipeline_max), Rates::new(None).stranger());
    assert_eq!(text(&mut machine, BEAT), [Effect::Alive, says(BEAT)]);
    let identify = Effect::Identify { request: 0, credential: token(), options: PLAIN.options() };
    assert_eq!(text(&mut machine, AUTH), [identify]);
    let mut effects = Effects::new();
    machine.identified(0, who(), vec![Frame::text("welcome")], &mut effects);
    assert_eq!(Vec::from(effects), [says("welcome")]);
    machine
}

fn is_write(effects: &[Effect], wanted: Request) -> bool {
    matches!(effects, [Effect::Write { request, .. }] if *request == wanted)
}

#[test]
fn writes_are_under_way_together_and_answered_in_order() {
    let mut machine = ready(8);
    assert!(is_write(&text(&mut machine, &send("a")), 1));
    assert!(is_write(&text(&mut machine, &send("b")), 2));
    // A refusal can overtake a commit; its answer must not.
    assert_eq!(answer(&mut machine, 2, "no"), []);
    assert_eq!(answer(&mut machine, 1, "yes"), [says("yes"), says("no")]);
    assert!(is_write(&text(&mut machine, &send("c")), 3));
    assert_eq!(answer(&mut machine, 3, "c"), [says("c")]);
}

#[test]
fn what_needs_nobody_is_answered_in_its_turn() {
    let mut machine = ready(8);
    text(&mut machine, &send("a"));
    assert_eq!(text(&mut machine, BEAT), [Effect::Alive]);
    assert_eq!(text(&mut machine, UNKNOWN), []);
    let sent = answer(&mut machine, 1, "echo");
    assert_eq!(sent[..2], [says("echo"), says(BEAT)]);
    assert_eq!(sent.len(), 3);
}

#[test]
fn a_look_up_waits_for_writes_and_everything_waits_for_it() {
    let mut machine = ready(8);
    text(&mut machine, &send("a"));
    assert_eq!(text(&mut machine, FRIENDS), [Effect::Input(Input::Hold)]);
    assert_eq!(text(&mut machine, BEAT), [Effect::Input(Input::Hold)]);
    let query = Effect::Query {
        request: 2,
        query: AccountsQuery::Friends.into(),
        by: Principal::User(user()),
    };
    assert_eq!(answer(&mut machine, 1, "echo"), [says("echo"), query]);
    assert_eq!(text(&mut machine, &send("b")), [Effect::Input(Input::Hold)]);

    let mut effects = Effects::new();
    machine.partly_answered([Frame::text("first")], &mut effects);
    assert_eq!(Vec::from(effects), [says("first")]);
    let done = answer(&mut machine, 2, "last");
    assert_eq!(done[..3], [says("last"), Effect::Alive, says(BEAT)]);
    assert!(is_write(&done[3..4], 4) || is_write(&done[3..4], 3), "{done:?}");
    assert_eq!(done[4..], [Effect::Input(Input::Flow)]);
}

#[test]
fn no_more_requests_than_the_limit_are_under_way() {
    let mut machine = ready(2);
    text(&mut machine, &send("a"));
    text(&mut machine, &send("b"));
    assert_eq!(text(&mut machine, &send("c")), [Effect::Input(Input::Hold)]);
    let effects = answer(&mut machine, 1, "a");
    assert!(matches!(
        effects[..],
        [Effect::Send(_), Effect::Write { .. }, Effect::Input(Input::Flow)]
    ));
}

#[test]
fn pushes_wait_for_the_answer_to_auth() {
    let mut machine = Machine::new(PLAIN, common(), Rates::new(None).stranger());
    text(&mut machine, BEAT);
    text(&mut machine, AUTH);
    let mut effects = Effects::new();
    machine.pushed(Frame::text("news"), &mut effects);
    assert!(effects.is_empty());
    machine.identified(0, who(), vec![Frame::text("welcome")], &mut effects);
    machine.pushed(Frame::text("more"), &mut effects);
    let more = Effect::Push(Frame::text("more"));
    assert_eq!(Vec::from(effects), [says("welcome"), says("news"), more]);
}

#[test]
fn no_more_news_than_may_is_held_until_auth_is_answered() {
    let mut machine = Machine::new(PLAIN, common(), Rates::new(None).stranger());
    text(&mut machine, BEAT);
    text(&mut machine, AUTH);
    let mut effects = Effects::new();
    machine.pushed(Frame::text("a".repeat(HELD_BYTES_MAX)), &mut effects);
    assert!(effects.is_empty());
    machine.pushed(Frame::text("b"), &mut effects);
    assert_eq!(Vec::from(effects), [Effect::Close(CloseReason::SlowConsumer)]);
}

#[test]
fn pushes_for_one_who_was_not_known_after_all_reach_nobody() {
    let mut machine = Machine::new(PLAIN, common(), Rates::new(None).stranger());
    text(&mut machine, BEAT);
    text(&mut machine, AUTH);
    let mut effects = Effects::new();
    machine.pushed(Frame::text("news"), &mut effects);
    machine.not_identified(0, IdentifyError::Credential, &mut effects);
    assert!(matches!(Vec::from(effects)[..], [Effect::Send(_)]));
    text(&mut machine, AUTH);
    let mut effects = Effects::new();
    machine.identified(1, who(), vec![Frame::text("welcome")], &mut effects);
    assert_eq!(Vec::from(effects), [says("welcome")]);
}

#[test]
fn auth_before_a_heartbeat_ends_the_session() {
    let mut machine = Machine::new(PLAIN, common(), Rates::new(None).stranger());
    let effects = text(&mut machine, AUTH);
    assert!(matches!(effects[..], [Effect::Send(_), Effect::Close(CloseReason::HeartbeatOmitted)]));
    assert_eq!(text(&mut machine, BEAT), []);
    let mut effects = Effects::new();
    machine.pushed(Frame::text("news"), &mut effects);
    machine.end(CloseReason::Overload, &mut effects);
    assert!(effects.is_empty());
}

#[test]
fn commands_above_the_rate_are_refused_in_turn() {
    let rate = Rate { per_second: NonZeroU32::MIN, burst: NonZeroU32::new(3).unwrap() };
    let mut machine = Machine::new(PLAIN, common(), Rates::new(Some(rate)).stranger());
    text(&mut machine, BEAT);
    text(&mut machine, AUTH);
    machine.identified(0, who(), vec![Frame::text("welcome")], &mut Effects::new());
    assert!(is_write(&text(&mut machine, &send("a")), 1));
    assert!(is_write(&text(&mut machine, &send("b")), 2));
    assert_eq!(text(&mut machine, &send("c")), [Effect::Limited]);
    // A sign of life is always welcome, though it counts when it comes at once behind another.
    assert_eq!(text(&mut machine, BEAT), [Effect::Alive, Effect::Limited]);
    answer(&mut machine, 1, "a");
    let sent = answer(&mut machine, 2, "b");
    let [_, Effect::Send(limited), Effect::Send(beat)] = &sent[..] else { panic!("{sent:?}") };
    assert!(limited.as_text().contains(r#""code":4008"#), "{limited:?}");
    assert!(beat.as_text().contains(r#""code":4008"#), "{beat:?}");
}

#[test]
fn what_cannot_be_read_or_says_nothing_counts_like_any_other() {
    const BLANK: &str = r#"{"type":"chat","payload":{"type":"send","chat_id":"6","content":""}}"#;
    for frame in [Some("no JSON"), Some("{}"), Some(r#"{"type":"magic"}"#), Some(BLANK), None] {
        let rate = Rate { per_second: NonZeroU32::MIN, burst: NonZeroU32::new(3).unwrap() };
        let rates = Rates::new(Some(rate));
        let mut machine = Machine::new(PLAIN, common(), rates.stranger());
        text(&mut machine, BEAT);
        text(&mut machine, AUTH);
        machine.identified(0, who(), vec![Frame::text("welcome")], &mut Effects::new());
        let mut limited = Vec::new();
        for _ in 0..3 {
            let mut effects = Effects::new();
            match frame {
                Some(frame) => machine.text(frame, &mut effects),
                None => machine.binary(&mut effects),
            }
            limited.push(effects.contains(&Effect::Limited));
        }
        assert_eq!(limited, [false, false, true], "{frame:?}");
        assert!(rates.of(user()).check().is_err(), "of the user");
    }
}

/// Whatever arrives in whatever order: each request is answered once, in the order of asking.
#[test]
fn answers_keep_the_order_of_requests_whatever_the_hub_does() {
    use proptest::prelude::*;
    proptest!(|(steps in prop::collection::vec((0_u8..5, any::<prop::sample::Index>()), 1..120))| {
        let mut machine = ready(4);
        let (mut effects, mut asked, mut sent) = (Effects::new(), Vec::new(), Vec::new());
        let mut open: Vec<Request> = Vec::new();
        let mut number = 0_u32;
        let drain = |effects: &mut Effects, open: &mut Vec<Request>, sent: &mut Vec<String>,
                         waiting: &mut std::collections::HashMap<Request, String>| {
            for effect in effects.drain(..) {
                match effect {
                    Effect::Send(frame) => sent.push(frame.as_text().to_string()),
                    Effect::Write { request, write: Write::Change(Change::Chat(ChatWrite::Post { content, .. })) } => {
                        waiting.insert(request, content.into_string());
                        open.push(request);
                    }
                    Effect::Query { request, .. } => {
                        waiting.insert(request, "friends".to_owned());
                        open.push(request);
                    }
                    _ => {}
                }
            }
        };
        let mut waiting = std::collections::HashMap::new();
        for (step, pick) in steps {
            match step {
                0 | 1 => {
                    number += 1;
                    asked.push(number.to_string());
                    machine.text(&send(&number.to_string()), &mut effects);
                }
                2 => {
                    asked.push("friends".to_owned());
                    machine.text(FRIENDS, &mut effects);
                }
                3 => {
                    asked.push(BEAT.to_owned());
                    machine.text(BEAT, &mut effects);
                }
                _ if open.is_empty() => {}
                _ => {
                    let request = open.remove(pick.index(open.len()));
                    let text = waiting.remove(&request).unwrap();
                    machine.answered(request, [Frame::text(text)], &mut effects);
                }
            }
            drain(&mut effects, &mut open, &mut sent, &mut waiting);
        }
        while let Some(request) = open.pop() {
            let text = waiting.remove(&request).unwrap();
            machine.answered(request, [Frame::text(text)], &mut effects);
            drain(&mut effects, &mut open, &mut sent, &mut waiting);
        }
        prop_assert_eq!(sent, asked);
    });
}

#[test]
fn binary_frames_take_their_turn_and_do_not_pile_up() {
    let mut machine = ready(3);
    let mut effects = Effects::new();
    assert!(is_write(&text(&mut machine, &send("a")), 1));
    machine.binary(&mut effects);
    machine.binary(&mut effects);
    assert_eq!(Vec::from(std::mem::take(&mut effects)), [], "answered after the message");
    machine.binary(&mut effects);
    machine.binary(&mut effects);
    let held = [Effect::Input(Input::Hold), Effect::Input(Input::Hold)];
    assert_eq!(Vec::from(effects), held, "no more than the pipeline may hold");
    let binary = || {
        says(r#"{"type":"error","payload":{"code":1003,"reason":"Binary data not supported."}}"#)
    };
    let mut answers = vec![says("a")];
    answers.extend((0..4).map(|_| binary()));
    answers.push(Effect::Input(Input::Flow));
    assert_eq!(answer(&mut machine, 1, "a"), answers);
}
