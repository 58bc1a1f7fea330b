//! The client's framing: whatever the reads bring, the same messages come out.

use std::ops::ControlFlow;

use proptest::prelude::*;
use tradewind_loadtest::wire::Opcode;
use tradewind_loadtest::wire::decode::{Broken, Inbox, Message, first};
use tradewind_loadtest::wire::encode::{frame, mask};
use tradewind_loadtest::wire::handshake::{Answer, Refusal, answer};

/// A frame as a server writes it.
fn served(opcode: Opcode, fin: bool, payload: &[u8]) -> Vec<u8> {
    let mut out = vec![if fin { 0x80 } else { 0 } | opcode.bits()];
    match payload.len() {
        short @ 0..126 => out.push(u8::try_from(short).unwrap()),
        medium @ 126..65536 => {
            out.push(126);
            out.extend_from_slice(&u16::try_from(medium).unwrap().to_be_bytes());
        }
        long => {
            out.push(127);
            out.extend_from_slice(&u64::try_from(long).unwrap().to_be_bytes());
        }
    }
    out.extend_from_slice(payload);
    out
}

/// All messages of some reads.
fn read(reads: &[&[u8]]) -> Result<Vec<(char, Vec<u8>)>, Broken> {
    let (mut inbox, mut found) = (Inbox::default(), Vec::new());
    for bytes in reads {
        inbox.feed(bytes, |message| {
            found.push(match message {
                Message::Text(text) => ('t', text.to_vec()),
                Message::Binary(bytes) => ('b', bytes.to_vec()),
                Message::Ping(data) => ('p', data.to_vec()),
                Message::Pong => ('q', Vec::new()),
                Message::Close(reason) => ('c', reason.to_vec()),
            });
            ControlFlow::Continue(())
        })?;
    }
    Ok(found)
}

/// Cuts bytes into pieces of the given lengths, again and again.
fn chop<'a>(mut bytes: &'a [u8], lengths: &[usize]) -> Vec<&'a [u8]> {
    let mut pieces = Vec::new();
    for length in lengths.iter().cycle() {
        if bytes.is_empty() {
            break;
        }
        let (piece, rest) = bytes.split_at((*length).min(bytes.len()));
        pieces.push(piece);
        bytes = rest;
    }
    pieces
}

fn payload() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        8 => proptest::collection::vec(any::<u8>(), 0..300),
        1 => Just(vec![7; 70_000]),
        1 => proptest::collection::vec(any::<u8>(), 120..130),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn messages_survive_any_chop_and_fragments(
        messages in proptest::collection::vec((payload(), 1_usize..5, any::<bool>()), 1..6),
        lengths in proptest::collection::vec(1_usize..400, 1..8),
    ) {
        let (mut wire, mut expected) = (Vec::new(), Vec::new());
        for (payload, parts, ping) in &messages {
            let pieces: Vec<&[u8]> = payload.chunks(payload.len().div_ceil(*parts).max(1)).collect();
            let pieces = if pieces.is_empty() { vec![&[][..]] } else { pieces };
            for (place, piece) in pieces.iter().enumerate() {
                let opcode = if place == 0 { Opcode::Text } else { Opcode::Continuation };
                wire.extend(served(opcode, place + 1 == pieces.len(), piece));
                if *ping {
                    wire.extend(served(Opcode::Ping, true, b"between"));
                    if place + 1 < pieces.len() {
                        expected.push(('p', b"between".to_vec()));
                    }
                }
            }
            expected.push(('t', payload.clone()));
            if *ping {
                expected.push(('p', b"between".to_vec()));
            }
        }
        prop_assert_eq!(read(&chop(&wire, &lengths)).unwrap(), expected);
    }

    #[test]
    fn nothing_a_server_sends_panics(
        bytes in proptest::collection::vec(any::<u8>(), 0..600),
        lengths in proptest::collection::vec(1_usize..50, 1..4),
    ) {
        drop(read(&chop(&bytes, &lengths)));
    }

    #[test]
    fn frames_to_the_server_are_masked_and_as_short_as_can_be(
        before in payload(), payload in payload(), key in any::<u32>(),
    ) {
        let mut out = before.clone();
        frame(&mut out, Opcode::Text, key, |out| out.extend_from_slice(&payload));
        prop_assert_eq!(&out[..before.len()], &before[..]);
        // The same frame without mask is what a server would send.
        let frame = &out[before.len()..];
        let header = match payload.len() { 0..126 => 2, 126..65536 => 4, _ => 10 };
        prop_assert_eq!(frame[1] & 0x80, 0x80);
        prop_assert_eq!(&frame[header..header + 4], &key.to_be_bytes()[..]);
        let mut bare = frame[..header].to_vec();
        bare[1] &= 0x7f;
        bare.extend_from_slice(&frame[header + 4..]);
        mask(&mut bare[header..], key);
        prop_assert_eq!(bare, served(Opcode::Text, true, &payload));
    }
}

#[test]
fn what_no_server_may_send_is_refused() {
    for bytes in [
        &[0xc1, 0][..],                       // a reserved bit
        &[0x83, 0],                           // an unknown opcode
        &[0x81, 0x80, 0, 0, 0, 0],            // masked
        &[0x89, 126, 0, 126],                 // a long ping
        &[0x09, 0],                           // a fragmented ping
        &[0x81, 127, 0, 0, 0, 1, 0, 0, 0, 0], // 4 GiB
        &[0x80, 0],                           // a continuation of nothing
        &[0x01, 0, 0x81, 0],                  // a message within a message
    ] {
        assert!(read(&[bytes]).is_err(), "{bytes:02x?}");
    }
    assert_eq!(first(&[0x81]), Ok(None));
}

#[test]
fn the_upgrade_is_checked() {
    let good = b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\n\
                 sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n\x81\x00";
    assert_eq!(answer(good), Ok(Some(Answer::Upgraded(good.len() - 2))));
    for end in 0..good.len() - 2 {
        assert_eq!(answer(&good[..end]), Ok(None));
    }
    assert_eq!(
        answer(b"HTTP/1.1 503 Busy\r\n\r\n"),
        Ok(Some(Answer::Refused(Refusal { status: 503, words: "Busy".to_owned() })))
    );
    assert!(answer(b"HTTP/1.1 101 Yes\r\nsec-websocket-accept: x\r\n\r\n").is_err());
    assert!(answer(b"no http\r\n\r\n").is_err());
}
