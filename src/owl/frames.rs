//! Bytes of a peer, split at the delimiter. Only that is looked at: what stands between is read elsewhere.

use bytes::{Buf as _, BytesMut};
use memchr::memmem;

use crate::wire::owl::DELIMITER;

/// What has come and is not a whole frame yet.
#[derive(Default)]
pub(super) struct OwlFrames {
    /// To be read into.
    pub buf: BytesMut,
    /// So many bytes of it hold no delimiter.
    searched: usize,
}

/// More has come of a frame than it may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FrameTooLong;

impl OwlFrames {
    /// The next frame without its delimiter, which may be empty; `None` if it has not come in full.
    ///
    /// # Errors
    /// [`FrameTooLong`], whether its end has come or not.
    pub fn next(&mut self, bytes_max: usize) -> Result<Option<BytesMut>, FrameTooLong> {
        let unsearched = self.buf.get(self.searched..).unwrap_or_default();
        let found = memmem::find(unsearched, DELIMITER);
        let Some(length) = found.map(|at| self.searched.saturating_add(at)) else {
            let of_delimiter = DELIMITER.len().saturating_sub(1);
            self.searched = self.buf.len().saturating_sub(of_delimiter);
            return if self.searched > bytes_max { Err(FrameTooLong) } else { Ok(None) };
        };
        if length > bytes_max {
            return Err(FrameTooLong);
        }
        let frame = self.buf.split_to(length);
        self.buf.advance(DELIMITER.len());
        self.searched = 0;
        if self.buf.is_empty() {
            // A connection keeps nothing for its next frame.
            self.buf = BytesMut::new();
        }
        Ok(Some(frame))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn split(frames: &mut OwlFrames, bytes_max: usize) -> Result<Vec<Vec<u8>>, FrameTooLong> {
        let mut all = Vec::new();
        while let Some(frame) = frames.next(bytes_max)? {
            all.push(frame.to_vec());
        }
        Ok(all)
    }

    proptest! {
        #[test]
        fn however_it_is_chopped_the_same_comes_of_it(
            text in "[a&#|]{0,60}",
            chops in prop::collection::vec(1_usize..7, 60),
        ) {
            let mut expected: Vec<&str> = text.split("&#|").collect();
            let rest = expected.pop().unwrap();
            let (mut frames, mut all, mut bytes) = (OwlFrames::default(), Vec::new(), text.as_bytes());
            for chop in chops {
                let (some, more) = bytes.split_at(chop.min(bytes.len()));
                frames.buf.extend_from_slice(some);
                all.extend(split(&mut frames, 1_000).unwrap());
                bytes = more;
            }
            frames.buf.extend_from_slice(bytes);
            all.extend(split(&mut frames, 1_000).unwrap());
            prop_assert_eq!(all, expected.iter().map(|text| text.as_bytes().to_vec()).collect::<Vec<_>>());
            prop_assert_eq!(&frames.buf[..], rest.as_bytes());
        }
    }

    #[test]
    fn a_frame_is_no_longer_than_it_may_be() {
        for (text, fits) in [
            ("aaaa&#|", true),
            ("aaaaa&#|", false),
            ("aaaa", true),
            ("aaaa&#", true),
            ("aaaaaaa", false),
        ] {
            let mut frames = OwlFrames::default();
            frames.buf.extend_from_slice(text.as_bytes());
            assert_eq!(frames.next(4).is_ok(), fits, "{text}");
        }
    }
}
