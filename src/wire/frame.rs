//! A text frame as dialects write it.

use bytestring::ByteString;
use serde::Serialize;

/// Room for most frames.
const FRAME_BYTES: usize = 384;

/// A text frame ready for the wire. Cloning it shares the bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame(ByteString);

impl Frame {
    /// A frame of JSON. A value that cannot be written is a fault of ours: it is logged, and the
    /// frame is empty.
    pub fn json(value: &impl Serialize) -> Self {
        let mut text = Vec::with_capacity(FRAME_BYTES);
        let written = serde_json::to_writer(&mut text, value).map_err(|error| error.to_string());
        let text =
            written.and_then(|()| ByteString::try_from(text).map_err(|error| error.to_string()));
        match text {
            Ok(text) => Self(text),
            Err(error) => {
                log::error!("a frame could not be written: {error}");
                Self(ByteString::new())
            }
        }
    }

    /// A frame of finished text.
    pub fn text(text: impl Into<ByteString>) -> Self {
        Self(text.into())
    }

    /// The text, shared.
    pub fn as_text(&self) -> &ByteString {
        &self.0
    }

    /// Length in bytes.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// How long a frame or fragmented message of a peer may be, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameBytes {
    /// While it is not known who the peer is.
    pub first: usize,
    pub later: usize,
}
