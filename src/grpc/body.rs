//! Request bodies, and the room that there is for large ones.
//!
//! A request is decoded when it is there as a whole; so bodies of many calls may wait at once, and each may be large.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tonic::Status;

/// Bodies up to this size are not counted.
const UNCOUNTED_BYTES: usize = 64 << 10;
const KIB: usize = 1_024;

/// The room for large bodies.
#[derive(Clone)]
pub struct CallRoom(Arc<Semaphore>);

/// A body that takes room as it comes, and gives it back at its end.
pub struct CountedBody {
    inner: Incoming,
    room: Option<CallRoom>,
    bytes: usize,
    taken: Option<OwnedSemaphorePermit>,
}

impl CallRoom {
    /// Room for so many bytes.
    pub fn new(bytes: usize) -> Self {
        Self(Arc::new(Semaphore::new((bytes / KIB).min(Semaphore::MAX_PERMITS))))
    }
}

impl CountedBody {
    /// A body that is counted, if there is a room to count it in.
    pub const fn new(inner: Incoming, room: Option<CallRoom>) -> Self {
        Self { inner, room, bytes: 0, taken: None }
    }

    fn count(&mut self, more: usize) -> Result<(), Status> {
        let Some(CallRoom(room)) = &self.room else { return Ok(()) };
        self.bytes = self.bytes.saturating_add(more);
        if self.bytes <= UNCOUNTED_BYTES {
            return Ok(());
        }
        let taken = self.taken.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        let missing = self.bytes.div_ceil(KIB).saturating_sub(taken);
        let missing = u32::try_from(missing).ok();
        let missing = missing.and_then(|kib| Arc::clone(room).try_acquire_many_owned(kib).ok());
        let full = || Status::resource_exhausted("too many large requests, try again later");
        let missing = missing.ok_or_else(full)?;
        match &mut self.taken {
            Some(taken) => taken.merge(missing),
            None => self.taken = Some(missing),
        }
        Ok(())
    }
}

impl Body for CountedBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let frame = match ready!(Pin::new(&mut self.inner).poll_frame(task)) {
            None => return Poll::Ready(None),
            Some(Err(error)) => return Poll::Ready(Some(Err(Status::from_error(error.into())))),
            Some(Ok(frame)) => frame,
        };
        let more = frame.data_ref().map_or(0, Bytes::len);
        Poll::Ready(Some(self.count(more).map(|()| frame)))
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
