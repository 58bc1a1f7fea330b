//! Frames that break RFC 6455, and odd ones that do not.

use serde_json::json;

use crate::harness::raw::{self, BINARY, CONTINUATION, PING, PONG, TEXT, TEXT_BEGIN};
use crate::harness::{Raw, Server};

const PROTOCOL_ERROR: u16 = 1002;
const BAD_TEXT: u16 = 1007;
const TOO_BIG: u16 = 1009;

/// Each of `attacks` is sent on a connection of its own, and ends it with `code`.
async fn all_end_with(code: u16, attacks: &[(&str, Vec<u8>)]) {
    let server = Server::start().await;
    for (what, bytes) in attacks {
        let mut peer = Raw::open(server.address).await;
        peer.bytes(bytes).await;
        assert_eq!(peer.closed().await.0, code, "{what}");
        peer.close().await;
    }
    server.stop().await;
}

#[actix_web::test]
async fn broken_frames_end_with_1002() {
    let mut wrong_after_begin = raw::frame(TEXT_BEGIN, b"{");
    wrong_after_begin.extend(raw::frame(TEXT, b"}"));
    all_end_with(
        PROTOCOL_ERROR,
        &[
            ("not masked", raw::unmasked(TEXT, b"{}")),
            ("not masked, empty", raw::unmasked(TEXT, b"")),
            ("RSV1", raw::frame(TEXT | 0x40, b"{}")),
            ("RSV2", raw::frame(TEXT | 0x20, b"{}")),
            ("RSV3", raw::frame(PING | 0x10, b"")),
            ("unknown opcode", raw::frame(0x83, b"{}")),
            ("unknown control opcode", raw::frame(0x8B, b"")),
            ("fragmented ping", raw::frame(PING & 0x7F, b"a")),
            ("fragmented close", raw::frame(0x08, &1000_u16.to_be_bytes())),
            ("ping of 126 bytes", raw::frame(PING, &[b'a'; 126])),
            ("close of 126 bytes", raw::frame(0x88, &[b'a'; 126])),
            ("continuation of nothing", raw::frame(CONTINUATION, b"{}")),
            ("text within a text", wrong_after_begin),
            ("close with one byte", raw::frame(0x88, &[3])),
            ("close with a code that is reserved", raw::frame(0x88, &1005_u16.to_be_bytes())),
            ("close with a code below 1000", raw::frame(0x88, &999_u16.to_be_bytes())),
        ],
    )
    .await;
}

#[actix_web::test]
async fn text_that_is_not_utf8_ends_with_1007() {
    let split = |parts: &[&[u8]]| {
        let mut bytes = Vec::new();
        for (place, part) in parts.iter().enumerate() {
            let last = place + 1 == parts.len();
            let first = if place == 0 { TEXT } else { CONTINUATION };
            bytes.extend(raw::frame(if last { first } else { first & 0x7F }, part));
        }
        bytes
    };
    let mut bad_close = 1000_u16.to_be_bytes().to_vec();
    bad_close.push(0xFF);
    all_end_with(
        BAD_TEXT,
        &[
            ("a lone continuation byte", split(&[b"\x80"])),
            ("overlong", split(&[b"\xC0\xAF"])),
            ("a surrogate", split(&[b"\xED\xA0\x80"])),
            ("cut at the end", split(&[b"\"\xED\x95"])),
            ("cut at the end of the last fragment", split(&[b"\"\xED", b"\x95"])),
            ("bad over two fragments", split(&[b"\"\xED", b"\x95\x22"])),
            // Known to be bad before the message is whole: the rest need not be waited for.
            ("bad in the first of fragments", raw::frame(TEXT_BEGIN, b"\xFF")),
            ("a close reason", raw::frame(0x88, &bad_close)),
        ],
    )
    .await;
}

#[actix_web::test]
async fn a_character_may_be_cut_by_fragments_and_segments() {
    let server = Server::start().await;
    let mut peer = Raw::open(server.address).await;
    let text = r#"{"type":"heartbeat","payload":"안녕 👋"}"#;
    let mut bytes = Vec::new();
    let (last, others) = text.as_bytes().split_last().unwrap();
    for (place, byte) in others.iter().enumerate() {
        bytes.extend(raw::frame(if place == 0 { TEXT_BEGIN } else { 0 }, &[*byte]));
    }
    bytes.extend(raw::frame(CONTINUATION, &[*last]));
    // One-byte segments: the socket's delay is off, and each write is waited for.
    for byte in bytes {
        peer.bytes(&[byte]).await;
    }
    assert_eq!(peer.json().await, json!({"type": "heartbeat", "payload": "안녕 👋"}));
    peer.close().await;
    server.stop().await;
}

#[actix_web::test]
async fn pings_are_answered_also_between_fragments() {
    let server = Server::start().await;
    let mut peer = Raw::open(server.address).await;
    let longest = [0xA5; 125];
    peer.bytes(&raw::frame(PING, b"")).await;
    peer.bytes(&raw::frame(PING, &longest)).await;
    peer.bytes(&raw::frame(TEXT_BEGIN, br#"{"type":"heartbeat","#)).await;
    peer.bytes(&raw::frame(PING, b"between")).await;
    peer.bytes(&raw::frame(PONG, b"nobody asked")).await;
    peer.bytes(&raw::frame(CONTINUATION, br#""payload":1}"#)).await;
    peer.bytes(&raw::frame(PING, b"after")).await;
    for payload in [&b""[..], &longest, b"between"] {
        let pong = raw::Frame { first: PONG, payload: payload.to_vec() };
        assert_eq!(peer.frame().await, Some(pong));
    }
    let mut rest = [peer.frame().await.unwrap(), peer.frame().await.unwrap()];
    rest.sort_by_key(|frame| frame.first);
    assert_eq!(rest[0].payload, br#"{"type":"heartbeat","payload":1}"#);
    assert_eq!(rest[1], raw::Frame { first: PONG, payload: b"after".to_vec() });
    peer.close().await;
    server.stop().await;
}

#[actix_web::test]
async fn empty_frames_and_fragments_are_frames() {
    let server = Server::start().await;
    let mut peer = Raw::open(server.address).await;
    peer.bytes(&raw::frame(TEXT, b"")).await;
    assert_eq!(peer.json().await["payload"]["code"], 1007, "no JSON: an error frame, no close");
    peer.bytes(&raw::frame(TEXT_BEGIN, b"")).await;
    peer.bytes(&raw::frame(0, b"")).await;
    peer.bytes(&raw::frame(CONTINUATION, b"")).await;
    assert_eq!(peer.json().await["payload"]["code"], 1007);
    peer.bytes(&raw::frame(BINARY, b"\xFF\xFE")).await;
    assert_eq!(peer.json().await["payload"]["code"], 1003);
    peer.close().await;
    server.stop().await;
}

#[actix_web::test]
async fn a_message_of_exactly_the_longest_size_passes() {
    const MAX: usize = 524_288;
    let server = Server::start().await;
    let heartbeat = |size: usize| {
        let around = r#"{"type":"heartbeat","payload":""}"#.len();
        format!(r#"{{"type":"heartbeat","payload":"{}"}}"#, "x".repeat(size - around))
    };
    let fits = heartbeat(MAX);
    assert_eq!(fits.len(), MAX);

    let alice = server.user("alice").await;
    let mut peer = Raw::open(server.address).await;
    // Before that they must be shorter.
    peer.identify(&alice).await;
    peer.text(&fits).await;
    assert_eq!(peer.frame().await.unwrap().payload, fits.as_bytes());
    let (begin, end) = fits.as_bytes().split_at(MAX / 2);
    peer.bytes(&raw::frame(TEXT_BEGIN, begin)).await;
    peer.bytes(&raw::frame(CONTINUATION, end)).await;
    assert_eq!(peer.frame().await.unwrap().payload, fits.as_bytes());

    peer.bytes(&raw::frame(TEXT_BEGIN, begin)).await;
    // The head alone decides.
    peer.bytes(&raw::head(CONTINUATION, (MAX - begin.len() + 1) as u64)).await;
    assert_eq!(peer.closed().await.0, TOO_BIG);
    peer.close().await;

    let mut peer = Raw::open(server.address).await;
    peer.bytes(&raw::head(TEXT, MAX as u64 + 1)).await;
    assert_eq!(peer.closed().await.0, TOO_BIG);
    peer.close().await;
    server.stop().await;
}
