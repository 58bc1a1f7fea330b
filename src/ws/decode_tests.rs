use proptest::prelude::*;

use super::*;

const LIMIT: usize = 1_000;

/// A masked client frame with any head.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first];
    match payload.len() {
        len @ 0..126 => bytes.push(0x80 | u8::try_from(len).unwrap()),
        len @ 126..65_536 => {
            bytes.push(0x80 | 126);
            bytes.extend(u16::try_from(len).unwrap().to_be_bytes());
        }
        len => {
            bytes.push(0x80 | 127);
            bytes.extend(u64::try_from(len).unwrap().to_be_bytes());
        }
    }
    let mask = [0x11, 0x22, 0x33, 0x44];
    bytes.extend(mask);
    bytes.extend(payload.iter().enumerate().map(|(i, byte)| byte ^ mask[i % 4]));
    bytes
}

const TEXT: u8 = 0x81;
const TEXT_FIRST: u8 = 0x01;
const BINARY: u8 = 0x82;
const BINARY_FIRST: u8 = 0x02;
const MIDDLE: u8 = 0x00;
const LAST: u8 = 0x80;
const CLOSE: u8 = 0x88;
const PING: u8 = 0x89;

/// Everything that comes out of a stream of bytes that arrives in these chunks.
fn decode<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> (Vec<In>, Option<CloseReason>) {
    let mut decoder = Decoder::new(LIMIT);
    let mut buf = BytesMut::new();
    let mut messages = Vec::new();
    for chunk in chunks {
        buf.extend_from_slice(chunk);
        loop {
            match decoder.next(&mut buf) {
                Ok(Some(message)) => messages.push(message),
                Ok(None) => break,
                Err(reason) => return (messages, Some(reason)),
            }
        }
    }
    (messages, None)
}

fn fails(bytes: &[u8]) -> Option<CloseReason> {
    let (messages, reason) = decode([bytes]);
    assert_eq!(messages, [], "{bytes:02x?}");
    reason
}

fn text_of(text: &str) -> In {
    In::Text(ByteString::from(text))
}

#[test]
fn joins_fragments_with_control_frames_in_between() {
    let euro = "€".as_bytes();
    let bytes = [
        frame(TEXT_FIRST, &euro[..1]),
        frame(PING, b"p"),
        frame(MIDDLE, &euro[1..2]),
        frame(MIDDLE, b""),
        frame(LAST, &euro[2..]),
        frame(TEXT, b"whole"),
        frame(BINARY, b"\xff"),
        frame(BINARY_FIRST, b"\xff"),
        frame(LAST, b"\x00"),
    ]
    .concat();
    let ping = In::Ping(Bytes::from_static(b"p"));
    let binary = |payload| In::Binary(Bytes::from_static(payload));
    let expected = vec![ping, text_of("€"), text_of("whole"), binary(b"\xff"), binary(b"\xff\x00")];
    assert_eq!(decode([&bytes[..]]), (expected, None));
}

#[test]
fn refuses_by_the_announced_length_before_any_payload() {
    let gigabyte = [&[TEXT, 0x80 | 127][..], &(1_u64 << 30).to_be_bytes()].concat();
    assert_eq!(fails(&gigabyte), Some(CloseReason::TooBig));
    let endless = [&[TEXT, 0x80 | 127][..], &u64::MAX.to_be_bytes()].concat();
    assert_eq!(fails(&endless), Some(CloseReason::TooBig));
    assert_eq!(decode([&frame(TEXT, &[b'a'; LIMIT])[..]]).1, None);
    assert_eq!(fails(&frame(TEXT, &[b'a'; LIMIT + 1])), Some(CloseReason::TooBig));
}

#[test]
fn limits_the_message_and_not_only_the_frame() {
    let at_limit = [frame(TEXT_FIRST, &[b'a'; LIMIT - 1]), frame(LAST, b"a")].concat();
    assert_eq!(decode([&at_limit[..]]).1, None);
    let over = [frame(TEXT_FIRST, &[b'a'; LIMIT - 1]), frame(LAST, b"aa")].concat();
    assert_eq!(fails(&over), Some(CloseReason::TooBig));
}

#[test]
fn refuses_broken_framing() {
    let unmasked = [TEXT, 1, b'a'];
    let long_ping = frame(PING, &[0; 126]);
    let cases: [&[u8]; 9] = [
        &unmasked,
        &frame(TEXT | 0x40, b"rsv"),
        &frame(0x83, b"opcode 3"),
        &frame(0x8B, b"opcode 11"),
        &frame(PING & 0x7F, b"unfinished ping"),
        &long_ping,
        &frame(LAST, b"nothing to continue"),
        &[frame(TEXT_FIRST, b"a"), frame(TEXT, b"b")].concat(),
        &[frame(TEXT_FIRST, b"a"), frame(BINARY, b"b")].concat(),
    ];
    for bytes in cases {
        assert_eq!(fails(bytes), Some(CloseReason::ProtocolError), "{bytes:02x?}");
    }
}

#[test]
fn refuses_text_that_is_not_utf_8_as_soon_as_it_is_certain() {
    assert_eq!(fails(&frame(TEXT, b"\xff")), Some(CloseReason::BadText));
    assert_eq!(fails(&frame(TEXT, b"\xe2\x82")), Some(CloseReason::BadText));
    assert_eq!(fails(&frame(TEXT_FIRST, b"\xff")), Some(CloseReason::BadText));
    let cut = [frame(TEXT_FIRST, b"\xe2\x82"), frame(LAST, b"")].concat();
    assert_eq!(fails(&cut), Some(CloseReason::BadText));
}

#[test]
fn reads_close_frames() {
    let closes = |payload: &[u8]| decode([&frame(CLOSE, payload)[..]]);
    assert_eq!(closes(b""), (vec![In::Close(None)], None));
    assert_eq!(closes(b"\x03\xe8bye"), (vec![In::Close(Some(1000))], None));
    assert_eq!(closes(b"\x0f\xa3"), (vec![In::Close(Some(4003))], None));
    for bad in [&b"\x03"[..], b"\x03\xec", b"\x03\xed", b"\x03\xee", b"\x00\x00", b"\x13\x88"] {
        assert_eq!(closes(bad), (vec![], Some(CloseReason::ProtocolError)), "{bad:02x?}");
    }
    assert_eq!(closes(b"\x03\xe8\xff"), (vec![], Some(CloseReason::BadText)));
}

proptest! {
    #[test]
    fn the_cut_of_the_stream_makes_no_difference(
        texts in prop::collection::vec("\\PC{0,200}", 1..5),
        fragment in 1_usize..40,
        chunk in 1_usize..50,
    ) {
        let mut bytes = Vec::new();
        for text in &texts {
            let mut parts = text.as_bytes().chunks(fragment).peekable();
            let mut opcode = 0x01;
            if parts.peek().is_none() {
                bytes.extend(frame(TEXT, b""));
            }
            while let Some(part) = parts.next() {
                let last = if parts.peek().is_none() { 0x80 } else { 0 };
                bytes.extend(frame(opcode | last, part));
                opcode = 0x00;
            }
        }
        let expected: Vec<In> = texts.iter().map(|text| text_of(text)).collect();
        prop_assert_eq!(decode(bytes.chunks(chunk)), (expected, None));
    }

    #[test]
    fn any_bytes_give_messages_or_a_reason_and_never_a_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..400),
        chunk in 1_usize..50,
    ) {
        let whole = decode([&bytes[..]]);
        prop_assert_eq!(decode(bytes.chunks(chunk)), whole);
    }
}
