//! A transcript that must fail does fail, and says where and why.

use super::runner::{Mode, play};
use crate::harness::Backend;

async fn outcome(text: &str) -> Result<(), String> {
    play("f", text, Mode::Readme, Backend::Sqlite).await
}

/// Asserts that a transcript fails with a message that has all these parts.
async fn fails(text: &str, parts: &[&str]) {
    let why = outcome(text).await.expect_err(text);
    for part in parts {
        assert!(why.contains(part), "{part:?} is not in: {why}");
    }
}

const BEAT: &str = r#"{"type":"heartbeat","payload":1}"#;

#[actix_web::test]
async fn what_is_as_written_passes() {
    let text =
        format!("# one\n\nopen a\n> a {BEAT}\n[readme] < a {BEAT}\n[wind] < a {{}}\nclose a");
    assert_eq!(outcome(&text).await, Ok(()));
}

#[actix_web::test]
async fn another_frame_fails_with_line_expected_and_got() {
    let other = r#"{"type":"heartbeat","payload":2}"#;
    let parts = ["f:3: ", &format!("expected {other}"), "got      {", "\"payload\":1"];
    fails(&format!("open a\n> a {BEAT}\n< a {other}"), &parts).await;
    let more = r#"{"type":"heartbeat","payload":1,"more":null}"#;
    fails(&format!("open a\n> a {BEAT}\n< a {more}"), &["f:3: the keys are"]).await;
    let spaced = r#"{"type":"heartbeat", "payload":1}"#;
    fails(&format!("open a\n> a {BEAT}\n<= a {spaced}"), &["f:3: ", spaced]).await;
}

#[actix_web::test]
async fn an_unread_frame_fails() {
    fails(&format!("open a\n> a {BEAT}\nnothing a\n> a no"), &["f:3: expected nothing"]).await;
    fails(&format!("open a\n> a {BEAT}"), &["f: at the end: a: expected nothing"]).await;
    fails("GET /login", &["at the end", "nobody looked"]).await;
}

#[actix_web::test]
async fn a_name_keeps_its_value() {
    let ask = |n| format!("> a {{\"type\":\"heartbeat\",\"payload\":\"{n}\"}}\n");
    let capture = "< a {\"type\":\"heartbeat\",\"payload\":\"${x:id}\"}\n";
    let same = format!("open a\n{}{capture}{}{capture}", ask("5"), ask("5"));
    assert_eq!(outcome(&same).await, Ok(()));
    let changed = format!("open a\n{}{capture}{}{capture}", ask("5"), ask("6"));
    fails(&changed, &["f:5: ", "expected 5 (bound to x before)", "got      6"]).await;
    for no_id in ["05", "0", "-1", "9007199254740992", "x"] {
        fails(&format!("open a\n{}{capture}", ask(no_id)), &["f:3: ", "is no id"]).await;
    }
    fails("open a\n> a ${y}", &["f:2: nothing is bound to y"]).await;
    fails("let x = 2\nlet y = 2\nrising x y", &["f:3: expected to rise"]).await;
}

#[actix_web::test]
async fn another_close_or_answer_fails() {
    let auth = "> a {\"type\":\"auth\",\"payload\":{\"auth\":\"x\"}}";
    let refusal = "error a 4003 First heartbeat payload was not received.";
    let head = format!("open a\n{auth}\n{refusal}\n");
    fails(&format!("{head}closed a 4003 Bye."), &["f:4: expected Close 4003 \"Bye.\", got"]).await;
    fails(&format!("{head}closed a 1000 x"), &["f:4: expected Close 1000"]).await;
    fails(&format!("{head}< a {{}}"), &["f:4: expected a text frame, got"]).await;
    fails("GET /login\n= 201", &["f:2: expected status [201], got 200"]).await;
    fails("GET /login\n= 200 html no such text", &["f:2: expected HTML"]).await;
    fails("GET /\n= 302 -> /elsewhere", &["f:2: ", "expected /elsewhere", "got      /login"]).await;
}

#[actix_web::test]
async fn unknown_words_are_errors() {
    for (text, why) in [
        ("hello", "unknown directive \"hello\""),
        ("open a\n[wind] hello", "unknown directive \"hello\""),
        ("[other] open a", "unknown directive \"[other]\""),
        ("set no.such = 1\nopen a", "unknown setting no.such"),
        ("open a\nset dm.audience = friends", "settings come first"),
        ("open a\n> b {}", "no socket b"),
        ("open a as nobody", "no user nobody"),
        ("open a\nopen a", "a is open already"),
        ("let x = ${no(1)}", "unknown function no"),
        ("= 200", "an answer without a request"),
        ("# nothing", "nothing is in it"),
    ] {
        fails(text, &[why]).await;
    }
}
