//! The transcripts of `docs/protocol/owl.md` are played: what they show as sent is sent, and what they show as received
//! must come, but for ids and times.

use std::collections::HashMap;

use tradewind::domain::apps::command::ServerNamed;
use tradewind::domain::apps::console::ResultCode;
use tradewind::domain::id::DeviceId;

use super::{Backend, OwlPeer, Yard};

const PAGE: &str = include_str!("../../../../docs/protocol/owl.md");

/// What ids of the page stand for.
struct Known(HashMap<String, String>);

impl Known {
    /// What the page says, with real ids.
    fn real(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, (shown, real)| text.replace(shown, real))
    }

    /// Asserts that a text is the one shown. An id of the page that was not there before stands for the real one from
    /// then on.
    fn same(&mut self, shown: &str, is: &str) {
        let (shown_ids, ids) = (ids(shown), ids(is));
        assert_eq!(shown_ids.len(), ids.len(), "\nshown {shown}\nis    {is}");
        for (shown, id) in shown_ids.iter().zip(&ids) {
            let known = self.0.entry(shown.clone()).or_insert_with(|| id.clone());
            assert_eq!(known, id, "{shown}");
        }
        assert_eq!(timeless(&self.real(shown)), timeless(is));
    }
}

/// Words of hexadecimal digits that are ids.
fn ids(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !c.is_ascii_hexdigit());
    words.filter(|word| word.len() == 32).map(str::to_owned).collect()
}

/// A text with `#` for each time in milliseconds; what stands before one is the number of a request.
fn timeless(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(|c: char| c.is_ascii_digit()) {
        let (before, after) = rest.split_at(at);
        let end = after.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(after.len());
        let (word, after) = after.split_at(end);
        out.push_str(before);
        match word.len() {
            13 | 16 if word.bytes().all(|byte| byte.is_ascii_digit()) => {
                out.push_str(&word[..word.len() - 13]);
                out.push('#');
            }
            _ => out.push_str(word),
        }
        rest = after;
    }
    out + rest
}

/// The lines of a section's transcript.
fn transcript(title: &str) -> Vec<&'static str> {
    let (_, section) = PAGE.split_once(title).expect("the section");
    let block = section.split("```\n").nth(1).expect("a transcript");
    block.lines().filter(|line| !line.is_empty()).collect()
}

async fn stage() -> (Yard, Known, DeviceId) {
    let address = "hub.example:9081".to_owned();
    let yard = Yard::with(Backend::Sqlite, |config| config.owl.address = address).await;
    let (one, two) = (yard.device(1).await, yard.device(2).await);
    let known = Known(HashMap::from([
        ("0f1e2d3c4b5a69788796a5b4c3d2e1f0".to_owned(), yard.app.service_id.clone()),
        ("30000d6c6a128780802a1be27cf9267e".to_owned(), one.uuid().hex()),
        ("30000d6c6a138560807357e5dff1d988".to_owned(), two.uuid().hex()),
    ]));
    (yard, known, one)
}

#[actix_web::test]
async fn what_the_page_shows_of_tcp_is_so() {
    let (mut yard, mut known, device) = stage().await;
    let mut gate = yard.connect().await;
    let mut channel = yard.connect().await;
    let mut count = 0;
    for line in transcript("## A transcript over TCP") {
        let (place, text) = line.split_once(' ').expect("a place");
        if text.contains(r#""cId":512,"st""#) {
            let sent = yard.send_up(device, ServerNamed::Any, "locked | 잘 자").await;
            assert_eq!(sent, ResultCode::Done);
        }
        let peer: Option<&mut OwlPeer> = match &place[..place.len() - 1] {
            "gate" => Some(&mut gate),
            "channel" => Some(&mut channel),
            "console" => None,
            other => panic!("{other}"),
        };
        match (peer, place.ends_with('>')) {
            (Some(peer), true) => peer.frame(known.real(text)).await,
            (Some(peer), false) => known.same(text, &peer.text().await),
            (None, _) => known.same(text, &yard.console().line().await),
        }
        count += 1;
    }
    assert!(count > 25, "{count}");
    drop((gate, channel));
    yard.close().await;
}

#[actix_web::test]
async fn what_the_page_shows_of_http_is_so() {
    let (yard, mut known, _) = stage().await;
    let lines = transcript("## A transcript over HTTP");
    assert!(lines.len() > 15);
    for pair in lines.chunks(2) {
        let call = pair[0].strip_prefix("$ curl -X POST $URL").expect("a call");
        let (path, body) = call.split_once(" -d ").expect("a body");
        let body = known.real(body.trim_matches('\''));
        let answer = yard.server.request("POST", path, "application/json", body).await;
        known.same(pair[1], &answer.text);
    }
    yard.close().await;
}
