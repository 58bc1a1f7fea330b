//! The seam between a socket and who sits on it.
//!
//! What a peer sends is handed to an [`Endpoint`], and the adapter knows no more of it. In the product
//! that is a session, which needs more of an [`Adapter`] than to write to its [`Socket`]; the echo server
//! of the conformance tests (`examples/echo.rs`) is the other. All is by type: it costs no call.

use std::rc::Rc;

use actix::dev::ToEnvelope;
use actix::{Actor, ActorContext, AsyncContext};
use bytes::Bytes;
use bytestring::ByteString;

use super::Session;
use crate::delivery::{Bypass, Deliver};
use crate::domain::close::CloseReason;
use crate::wire::Frame;

/// An actor on a socket, as its adapter sees it.
pub trait Endpoint: Actor {
    /// The adapter's side of it, which the actor keeps.
    type Socket;

    /// The adapter's side.
    fn socket(&mut self) -> &mut Self::Socket;

    /// A whole text message came.
    fn text(&mut self, text: ByteString, ctx: &mut Self::Context);

    /// A whole binary message came.
    fn binary(&mut self, payload: Bytes, ctx: &mut Self::Context);

    /// All whole messages that were there have been handed over.
    fn fed(&mut self, ctx: &mut Self::Context);

    /// A pong came.
    fn pong(&mut self) {}

    /// There may be room to write again.
    fn drained(&mut self, ctx: &mut Self::Context);

    /// The socket cannot go on: the peer is to be told why by a Close frame, and nothing more.
    fn end(&mut self, reason: CloseReason, ctx: &mut Self::Context);
}

/// A socket as an endpoint of type `E` writes to it.
pub trait Socket<E: Actor> {
    /// Queues a text message.
    fn text(&mut self, text: &ByteString, ctx: &mut E::Context);

    /// Queues a binary message.
    fn binary(&mut self, payload: &Bytes, ctx: &mut E::Context);

    /// Queues a Close frame, after which nothing is sent and nothing read is handled; the socket
    /// ends when the peer has answered, or soon after.
    fn close(&mut self, code: u16, text: String, ctx: &mut E::Context);
}

/// What a session needs of the socket below it.
pub trait Adapter: Socket<Session<Self>> + Sized + Unpin + 'static {
    /// The actor context that the adapter runs.
    type Context: ActorContext + AsyncContext<Session<Self>> + ToEnvelope<Session<Self>, Deliver>;

    /// Queues news, unless more than may waits to be written already; then the session ends.
    fn push(&mut self, frame: &Frame, ctx: &mut Self::Context);

    /// Queues news that other sessions get, too, as [`Adapter::push`] does one by one.
    fn push_all(&mut self, frames: &[Frame], ctx: &mut Self::Context) {
        frames.iter().for_each(|frame| self.push(frame, ctx));
    }

    /// Queues a ping, which the peer must answer.
    fn ping(&mut self, ctx: &mut Self::Context);

    /// Goes on soon with writing and reading: something has changed, outside a message of the hub and
    /// a frame of the peer.
    fn wake(&mut self);

    /// Whether so much waits to be written that no more should be made than must be.
    fn is_congested(&self) -> bool;

    /// Whether frames of the peer are handed in. Held, the peer's data waits in its socket.
    fn set_input(&mut self, input: Input);

    /// From now on the peer's messages may have so many bytes.
    fn set_frame_bytes_max(&mut self, frame_bytes_max: usize);

    /// A way for news past the actor, if there is one.
    fn bypass(&self) -> Option<Rc<dyn Bypass>> {
        None
    }
}

/// Whether frames of the peer are handed to the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// As they come.
    Flow,
    /// Not now: earlier ones are still being answered.
    Hold,
}
