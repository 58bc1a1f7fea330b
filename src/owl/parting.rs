//! How the hub ends a connection of its own accord.
//!
//! A socket that is closed with unread input is reset, and what its peer has not read yet is lost with it. So the peer is
//! told the end first, and what it still sends is read, for a moment and up to a bound.

use std::time::Duration;

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

/// For so long at most a connection lives on that has ended.
pub(super) const PARTING: Duration = Duration::from_millis(500);
/// What is read of it meanwhile, in bytes.
const DISCARDED_BYTES_MAX: usize = 16_777_216;
/// What is read at once.
const READ_BYTES: usize = 4_096;

/// Says the end, and reads what comes until the peer says it, too. Whoever calls sees to the time.
pub(super) async fn part_from<C: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut C,
    buf: &mut BytesMut,
) {
    if stream.shutdown().await.is_err() {
        return;
    }
    let mut discarded: usize = 0;
    while discarded < DISCARDED_BYTES_MAX {
        buf.clear();
        buf.reserve(READ_BYTES);
        match stream.read_buf(buf).await {
            Ok(0) | Err(_) => return,
            Ok(count) => discarded = discarded.saturating_add(count),
        }
    }
}
