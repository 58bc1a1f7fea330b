//! Frames of the server, however they are chopped.

use std::ops::ControlFlow;

use super::Opcode;

/// The longest frame taken; longer ones are a fault of the server.
pub const LENGTH_MAX: usize = 16 << 20;
/// What a connection may keep of its buffer when it is empty.
const KEEP: usize = 1 << 12;

/// Something that no server may send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Broken(
    /// What is wrong.
    pub &'static str,
);

/// A frame within the bytes it came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    pub opcode: Opcode,
    /// Whether the message ends with it.
    pub fin: bool,
    pub payload: &'a [u8],
}

/// A whole message, or a control frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message<'a> {
    /// Text; whether it is UTF-8 is seen when it is read.
    Text(&'a [u8]),
    Binary(&'a [u8]),
    /// To be answered by a pong.
    Ping(&'a [u8]),
    /// Needs no answer.
    Pong,
    /// Code and reason.
    Close(&'a [u8]),
}

/// The first frame in some bytes, and how many of them it took; nothing if it is not complete.
pub fn first(bytes: &[u8]) -> Result<Option<(Frame<'_>, usize)>, Broken> {
    let [one, two, rest @ ..] = bytes else { return Ok(None) };
    if one & 0x70 != 0 {
        return Err(Broken("reserved bits"));
    }
    let opcode = Opcode::parse(one & 0x0f).ok_or(Broken("unknown opcode"))?;
    let fin = one & 0x80 != 0;
    if two & 0x80 != 0 {
        return Err(Broken("a masked frame from the server"));
    }
    let (length, rest) = match (two & 0x7f, rest) {
        (126, [a, b, rest @ ..]) => (u64::from(u16::from_be_bytes([*a, *b])), rest),
        (127, [a, b, c, d, e, f, g, h, rest @ ..]) => {
            (u64::from_be_bytes([*a, *b, *c, *d, *e, *f, *g, *h]), rest)
        }
        (126 | 127, _) => return Ok(None),
        (short, rest) => (u64::from(short), rest),
    };
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    if length > LENGTH_MAX || opcode.is_control() && (length > 125 || !fin) {
        return Err(Broken("a frame that is too long"));
    }
    let header = bytes.len() - rest.len();
    let frame = rest.get(..length).map(|payload| Frame { opcode, fin, payload });
    Ok(frame.map(|frame| (frame, header + length)))
}

/// Puts messages together from whatever the reads bring.
#[derive(Debug, Default)]
pub struct Inbox {
    /// The beginning of a frame whose rest is still to come.
    rest: Vec<u8>,
    /// The fragments so far, and whether they are text.
    parts: Option<(bool, Vec<u8>)>,
}

impl Inbox {
    /// Calls `each` for every message that is complete with these bytes, until it breaks.
    pub fn feed(
        &mut self,
        bytes: &[u8],
        mut each: impl FnMut(Message<'_>) -> ControlFlow<()>,
    ) -> Result<(), Broken> {
        if self.rest.is_empty() {
            let used = walk(&mut self.parts, bytes, &mut each)?;
            self.rest.extend_from_slice(bytes.get(used..).unwrap_or_default());
            return Ok(());
        }
        self.rest.extend_from_slice(bytes);
        let used = walk(&mut self.parts, &self.rest, &mut each)?;
        self.rest.drain(..used);
        if self.rest.is_empty() && self.rest.capacity() > KEEP {
            self.rest = Vec::new();
        }
        Ok(())
    }
}

/// Reads frames from the front; says how many bytes they took.
fn walk(
    parts: &mut Option<(bool, Vec<u8>)>,
    bytes: &[u8],
    each: &mut impl FnMut(Message<'_>) -> ControlFlow<()>,
) -> Result<usize, Broken> {
    let mut used = 0;
    while let Some((frame, length)) = first(bytes.get(used..).unwrap_or_default())? {
        used += length;
        if deal(parts, frame, each)?.is_break() {
            break;
        }
    }
    Ok(used)
}

fn deal(
    parts: &mut Option<(bool, Vec<u8>)>,
    frame: Frame<'_>,
    each: &mut impl FnMut(Message<'_>) -> ControlFlow<()>,
) -> Result<ControlFlow<()>, Broken> {
    let flow = match (frame.opcode, frame.fin) {
        (Opcode::Ping, _) => each(Message::Ping(frame.payload)),
        (Opcode::Pong, _) => each(Message::Pong),
        (Opcode::Close, _) => each(Message::Close(frame.payload)),
        (Opcode::Text | Opcode::Binary, _) if parts.is_some() => {
            return Err(Broken("a message within a message"));
        }
        (Opcode::Text, true) => each(Message::Text(frame.payload)),
        (Opcode::Binary, true) => each(Message::Binary(frame.payload)),
        (Opcode::Text | Opcode::Binary, false) => {
            *parts = Some((frame.opcode == Opcode::Text, frame.payload.to_vec()));
            ControlFlow::Continue(())
        }
        (Opcode::Continuation, fin) => {
            let (text, mut whole) = parts.take().ok_or(Broken("a continuation of nothing"))?;
            whole.extend_from_slice(frame.payload);
            if whole.len() > LENGTH_MAX {
                return Err(Broken("a message that is too long"));
            }
            match (fin, text) {
                (true, true) => each(Message::Text(&whole)),
                (true, false) => each(Message::Binary(&whole)),
                (false, _) => {
                    *parts = Some((text, whole));
                    ControlFlow::Continue(())
                }
            }
        }
    };
    Ok(flow)
}
