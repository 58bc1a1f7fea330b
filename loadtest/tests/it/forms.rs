//! Frames, stamps, accounts, times.

use proptest::prelude::*;
use tradewind_loadtest::accounts::parse;
use tradewind_loadtest::record::meter::Meter;
use tradewind_loadtest::rewind::scan::{Said, scan};
use tradewind_loadtest::rewind::stamp::Stamp;
use tradewind_loadtest::scenario::clock::Schedule;

fn stamps() -> impl Strategy<Value = Stamp> {
    let of = |(run, flow, seq, at)| Stamp { run, flow, seq, at };
    any::<(u64, u32, u32, u64)>().prop_map(of)
}

proptest! {
    #[test]
    fn a_stamp_comes_back(run: u64, flow: u32, seq: u32, at: u64, size in 0_usize..300) {
        let stamp = Stamp { run, flow, seq, at };
        let mut content = b"before".to_vec();
        stamp.write(&mut content, size);
        prop_assert_eq!(content.len() - 6, size.max(50));
        prop_assert_eq!(Stamp::parse(&content[6..]), Some(stamp));
        let content = String::from_utf8(content[6..].to_vec()).unwrap();
        prop_assert!(stamp.fills(&content, size.max(50)));
    }

    #[test]
    fn a_change_of_any_sign_is_seen(stamp in stamps(), size in 58_usize..300, place in 0_usize..300) {
        let mut content = Vec::new();
        stamp.write(&mut content, size);
        let place = place % size;
        content[place] = if content[place] == b'0' { b'1' } else { b'0' };
        let content = String::from_utf8(content).unwrap();
        let read = Stamp::parse(content.as_bytes());
        prop_assert!(!read.is_some_and(|read| read.fills(&content, size)), "{}", content);
    }

    #[test]
    fn no_content_panics(content in proptest::collection::vec(any::<u8>(), 0..80)) {
        Stamp::parse(&content);
        scan(&content);
    }

    /// The quick reading and serde_json agree, with any text and in any spelling of the JSON.
    #[test]
    fn both_readings_agree(content: String, author: u64) {
        let chat = |text: &[u8]| match scan(text) {
            Said::Chat(chat) => {
                (chat.sent, chat.author, chat.content.into_owned(), chat.created_at.into_owned())
            }
            other => panic!("{other:?}"),
        };
        let content = serde_json::to_string(&content).unwrap();
        let compact = format!(
            "{{\"type\":\"chat\",\"payload\":{{\"type\":\"send\",\"id\":\"5\",\"user_id\":\"{author}\",\
             \"chat_id\":\"6\",\"content\":{content},\"created_at\":\"2026-11-22 09:41:40.711260\"}}}}"
        );
        let spaced = format!(
            "{{\"payload\": {{\"content\": {content}, \"user_id\": \"{author}\", \"type\": \"send\", \
             \"created_at\": \"2026-11-22 09:41:40.711260\", \"seq\": 1}}, \"type\": \"chat\"}}"
        );
        prop_assert_eq!(chat(compact.as_bytes()), chat(spaced.as_bytes()));
    }
}

#[test]
fn frames_of_the_hub_are_understood() {
    let said = |text: &'static str| scan(text.as_bytes());
    assert_eq!(said(r#"{"type":"heartbeat","payload":{"count":42}}"#), Said::Heartbeat(Some(42)));
    assert_eq!(
        said(r#"{"type": "heartbeat", "payload": {"count": 42}}"#),
        Said::Heartbeat(Some(42))
    );
    assert_eq!(said(r#"{"type":"heartbeat","payload":null}"#), Said::Heartbeat(None));
    assert_eq!(said(r#"{"type":"auth","payload":{"self_user":{}}}"#), Said::Auth);
    assert_eq!(said(r#"{"type":"mutual_users","payload":[]}"#), Said::Other);
    assert_eq!(said(r#"{"type":"chat","payload":7}"#), Said::Nonsense);
    assert_eq!(said("hello"), Said::Nonsense);
    let busy = r#"{"type":"error","payload":{"code":4009,"reason":"busy, try again"}}"#;
    assert_eq!(said(busy), Said::Error { code: 4009, reason: "busy, try again".to_owned() });
}

#[test]
fn accounts_are_read_and_checked() {
    let seeded = r#"[{"id":"12","name":"u12","email":"u12@seed.example","token":"a.b.c","friends":["14"]},
                     {"id":14,"token":"d.e.f"}]"#;
    let ids: Vec<u64> = parse(seeded, false).unwrap().iter().filter_map(|entry| entry.id).collect();
    assert_eq!(ids, [12, 14]);
    for (wrong, why) in [
        ("", "not what"),
        ("{}", "not what"),
        ("[]", "no account"),
        (r#"[{"id":"-1","token":"a"}]"#, "not what"),
        (r#"[{"id":"1","token":""}]"#, "token"),
        (r#"[{"id":"1","token":"a\"b"}]"#, "token"),
        (r#"[{"id":"1","token":"a"},{"id":"1","token":"b"}]"#, "same id"),
    ] {
        let error = format!("{:#}", parse(wrong, false).unwrap_err());
        assert!(error.contains(why), "{wrong}: {error}");
    }
}

#[test]
fn a_stall_of_a_closed_loop_is_corrected() {
    // 10,000 times of 1 ms, then a stall of 10 s: an open loop would have sent 10,000 meanwhile,
    // which would have waited 5 s on average.
    let mut meter = Meter::new("x");
    for _ in 0..10_000 {
        meter.record(1_000_000);
    }
    meter.record(10_000_000_000);
    assert!(meter.measured().p99.unwrap() < 1_010.0, "the stall hides: {:?}", meter.measured());
    let (interval, corrected) = meter.corrected().unwrap();
    let corrected = corrected.measured();
    assert!((999.0..1_002.0).contains(&interval));
    assert!((19_900..20_100).contains(&corrected.count), "{corrected:?}");
    assert!((7.9e6..8.1e6).contains(&corrected.p90.unwrap()), "{corrected:?}");
    assert!((9.7e6..10.1e6).contains(&corrected.p99.unwrap()), "{corrected:?}");
}

#[test]
fn an_even_flow_needs_no_correction() {
    let mut meter = Meter::new("x");
    for _ in 0..1_000 {
        meter.record(1_000_000);
    }
    let (_, corrected) = meter.corrected().unwrap();
    assert_eq!(corrected.measured(), meter.measured());
}

#[test]
fn a_schedule_does_not_drift() {
    let mut schedule = Schedule::new(1_000, 3.0);
    assert_eq!(schedule.take(999), None);
    let taken: Vec<u64> = std::iter::from_fn(|| schedule.take(2_000_001_000)).collect();
    assert_eq!(taken.len(), 7);
    assert_eq!(taken[6], 2_000_001_000);
}
