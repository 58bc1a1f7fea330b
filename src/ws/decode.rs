//! From bytes to messages, for the server's side of RFC 6455.
//!
//! A look at a frame's head decides, before any of its payload is waited for: reserved bits,
//! opcode, mask, control frame rules, order of fragments (1002), announced length (1009). The
//! payload is unmasked by actix-http's parser; fragments are joined and text checked here (1007).

use actix_http::ws::{OpCode, Parser};
use bytes::{Bytes, BytesMut};
use bytestring::ByteString;

use crate::domain::close::CloseReason;

/// The longest payload of a control frame (RFC 6455 5.5).
const CONTROL_BYTES_MAX: u64 = 125;

/// Something the peer has sent.
#[derive(Debug, PartialEq, Eq)]
pub enum In {
    /// A whole text message.
    Text(ByteString),
    /// A whole binary message.
    Binary(Bytes),
    /// A ping, with what the pong must hold.
    Ping(Bytes),
    Pong,
    /// A Close frame, with its code.
    Close(Option<u16>),
}

/// The state between frames.
#[derive(Debug)]
pub struct Decoder {
    message_bytes_max: usize,
    /// Apart, because hardly any session ever has one.
    partial: Option<Box<Partial>>,
}

/// A message of which fragments are still to come.
#[derive(Debug)]
struct Partial {
    is_text: bool,
    bytes: BytesMut,
    /// So many bytes are known to be whole characters.
    checked: usize,
}

/// What the head of a frame says.
#[derive(Clone, Copy)]
struct FrameHead {
    opcode: OpCode,
    finished: bool,
    length: u64,
    /// Bytes of the head itself.
    head_len: usize,
}

impl Decoder {
    /// A decoder that takes messages of at most so many bytes.
    pub fn new(message_bytes_max: usize) -> Self {
        Self { message_bytes_max, partial: None }
    }

    /// From now on messages may have so many bytes.
    pub fn set_message_bytes_max(&mut self, message_bytes_max: usize) {
        self.message_bytes_max = message_bytes_max;
    }

    /// Takes the next message out of `buf`; `None` if more bytes are needed for one.
    ///
    /// # Errors
    /// [`CloseReason::ProtocolError`], [`CloseReason::BadText`] or [`CloseReason::TooBig`]; nothing
    /// that comes afterwards has a meaning.
    pub fn next(&mut self, buf: &mut BytesMut) -> Result<Option<In>, CloseReason> {
        loop {
            let Some(head) = FrameHead::read(buf) else { return Ok(None) };
            let head = head?;
            self.check(head)?;
            let length = usize::try_from(head.length).map_err(|_| CloseReason::TooBig)?;
            if buf.len() < head.head_len.saturating_add(length) {
                return Ok(None);
            }
            let parsed = Parser::parse(buf, true, self.message_bytes_max.max(length));
            let (_, _, payload) = parsed
                .map_err(|_| CloseReason::ProtocolError)?
                .ok_or(CloseReason::ProtocolError)?;
            if let Some(message) = self.frame(head, payload.unwrap_or_default())? {
                return Ok(Some(message));
            }
        }
    }

    /// Whether a frame with this head may come now.
    fn check(&self, head: FrameHead) -> Result<(), CloseReason> {
        let held = match (head.opcode, &self.partial) {
            (OpCode::Ping | OpCode::Pong | OpCode::Close, _) => {
                let allowed = head.finished && head.length <= CONTROL_BYTES_MAX;
                return if allowed { Ok(()) } else { Err(CloseReason::ProtocolError) };
            }
            (OpCode::Continue, Some(partial)) => partial.bytes.len(),
            (OpCode::Text | OpCode::Binary, None) => 0,
            (OpCode::Continue, None) | (OpCode::Text | OpCode::Binary, Some(_)) => {
                return Err(CloseReason::ProtocolError);
            }
            (OpCode::Bad, _) => return Err(CloseReason::ProtocolError),
        };
        let left = u64::try_from(self.message_bytes_max.saturating_sub(held)).unwrap_or(u64::MAX);
        if head.length > left { Err(CloseReason::TooBig) } else { Ok(()) }
    }

    /// Takes in a whole frame; gives a message if one is complete.
    fn frame(&mut self, head: FrameHead, payload: BytesMut) -> Result<Option<In>, CloseReason> {
        let is_text = match head.opcode {
            OpCode::Ping => return Ok(Some(In::Ping(payload.freeze()))),
            OpCode::Pong => return Ok(Some(In::Pong)),
            OpCode::Close => return close(&payload).map(Some),
            OpCode::Text if head.finished => return text(payload).map(Some),
            OpCode::Binary if head.finished => return Ok(Some(In::Binary(payload.freeze()))),
            OpCode::Text => true,
            OpCode::Binary => false,
            OpCode::Continue => return self.fragment(head.finished, &payload),
            OpCode::Bad => return Err(CloseReason::ProtocolError),
        };
        let mut partial = Partial { is_text, bytes: payload, checked: 0 };
        partial.check(head.finished)?;
        self.partial = Some(Box::new(partial));
        Ok(None)
    }

    fn fragment(&mut self, last: bool, payload: &[u8]) -> Result<Option<In>, CloseReason> {
        let mut partial = self.partial.take().ok_or(CloseReason::ProtocolError)?;
        partial.bytes.extend_from_slice(payload);
        partial.check(last)?;
        if last {
            let Partial { is_text, bytes, .. } = *partial;
            return if is_text { text(bytes) } else { Ok(In::Binary(bytes.freeze())) }.map(Some);
        }
        self.partial = Some(partial);
        Ok(None)
    }
}

impl Partial {
    /// Checks the characters that have come so far; the last one may be cut unless it is the end.
    fn check(&mut self, last: bool) -> Result<(), CloseReason> {
        let unchecked = self.bytes.get(self.checked..).unwrap_or_default();
        if !self.is_text {
            return Ok(());
        }
        match std::str::from_utf8(unchecked) {
            Ok(text) => self.checked = self.checked.saturating_add(text.len()),
            Err(error) if error.error_len().is_none() && !last => {
                self.checked = self.checked.saturating_add(error.valid_up_to());
            }
            Err(_) => return Err(CloseReason::BadText),
        }
        Ok(())
    }
}

impl FrameHead {
    /// Reads a head; `None` if it is not all there.
    fn read(buf: &[u8]) -> Option<Result<Self, CloseReason>> {
        let (first, second) = (*buf.first()?, *buf.get(1)?);
        let opcode = OpCode::from(first & 0x0F);
        let reserved = first & 0x70 != 0;
        let masked = second & 0x80 != 0;
        if reserved || !masked || opcode == OpCode::Bad {
            return Some(Err(CloseReason::ProtocolError));
        }
        let (length, length_len) = match second & 0x7F {
            126 => (u64::from(u16::from_be_bytes(buf.get(2..4)?.try_into().ok()?)), 2),
            127 => (u64::from_be_bytes(buf.get(2..10)?.try_into().ok()?), 8),
            short => (u64::from(short), 0),
        };
        let finished = first & 0x80 != 0;
        Some(Ok(Self { opcode, finished, length, head_len: 2 + length_len + 4 }))
    }
}

fn text(payload: BytesMut) -> Result<In, CloseReason> {
    let text = ByteString::try_from(payload.freeze()).map_err(|_| CloseReason::BadText)?;
    Ok(In::Text(text))
}

/// Reads a Close frame's payload (RFC 6455 5.5.1, 7.4).
fn close(payload: &[u8]) -> Result<In, CloseReason> {
    let Some((code, reason)) = payload.split_first_chunk() else {
        let empty = payload.is_empty();
        return if empty { Ok(In::Close(None)) } else { Err(CloseReason::ProtocolError) };
    };
    let code = u16::from_be_bytes(*code);
    if !matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999) {
        return Err(CloseReason::ProtocolError);
    }
    std::str::from_utf8(reason).map_err(|_| CloseReason::BadText)?;
    Ok(In::Close(Some(code)))
}

#[cfg(test)]
#[path = "decode_tests.rs"]
mod tests;
