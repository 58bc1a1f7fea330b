//! A socket's bytes as a stream of messages that can be held back.

use std::cell::{Cell, RefCell};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker, ready};

use actix_web::error::PayloadError;
use bytes::{Bytes, BytesMut};
use futures_core::Stream;

use super::decode::{Decoder, In};
use crate::domain::close::CloseReason;
use crate::session::Input;

/// Holds a stream back, or lets it flow. Shared by the stream and the session on one thread.
#[derive(Debug)]
pub struct ReadPause {
    held: Cell<bool>,
    frame_bytes_max: Cell<usize>,
    waker: RefCell<Option<Waker>>,
}

impl ReadPause {
    /// Lets messages flow, of at most so many bytes.
    pub fn new(frame_bytes_max: usize) -> Self {
        let (held, waker) = (Cell::new(false), RefCell::default());
        Self { held, frame_bytes_max: Cell::new(frame_bytes_max), waker }
    }

    /// From now on messages may have so many bytes.
    pub fn set_frame_bytes_max(&self, frame_bytes_max: usize) {
        self.frame_bytes_max.set(frame_bytes_max);
    }

    /// Begins the pause, or ends it.
    pub fn set(&self, input: Input) {
        self.held.set(input == Input::Hold);
        if input == Input::Flow
            && let Some(waker) = self.waker.take()
        {
            waker.wake();
        }
    }

    fn poll_flow(&self, cx: &Context<'_>) -> Poll<()> {
        if !self.held.get() {
            return Poll::Ready(());
        }
        self.waker.replace(Some(cx.waker().clone()));
        Poll::Pending
    }
}

/// Messages of a peer. After a violation the rest of the bytes is read and thrown away, so that
/// the peer can still take in the Close frame that tells it why.
pub struct Inbound<S> {
    stream: S,
    decoder: Decoder,
    buf: BytesMut,
    pause: Rc<ReadPause>,
    broken: bool,
}

impl<S> Inbound<S> {
    /// The messages in `stream`.
    pub fn new(stream: S, pause: Rc<ReadPause>) -> Self {
        let decoder = Decoder::new(pause.frame_bytes_max.get());
        Self { stream, decoder, buf: BytesMut::new(), pause, broken: false }
    }
}

impl<S> Stream for Inbound<S>
where
    S: Stream<Item = Result<Bytes, PayloadError>> + Unpin,
{
    type Item = Result<In, CloseReason>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        ready!(this.pause.poll_flow(cx));
        this.decoder.set_message_bytes_max(this.pause.frame_bytes_max.get());
        loop {
            if this.broken {
                this.buf.clear();
            } else {
                match this.decoder.next(&mut this.buf) {
                    Ok(Some(message)) => return Poll::Ready(Some(Ok(message))),
                    Ok(None) => {}
                    Err(reason) => {
                        this.broken = true;
                        return Poll::Ready(Some(Err(reason)));
                    }
                }
            }
            match ready!(Pin::new(&mut this.stream).poll_next(cx)) {
                Some(Ok(chunk)) => this.buf.extend_from_slice(&chunk),
                Some(Err(_)) | None => return Poll::Ready(None),
            }
        }
    }
}
