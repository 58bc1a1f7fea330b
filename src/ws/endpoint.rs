//! Who sits on a socket.
//!
//! The adapters hand what a peer sends to an [`Endpoint`], and know no more of it. In the product
//! that is a session; the echo server of the conformance tests (`examples/echo.rs`) is the other.
//! All is by type: a frame costs no more than if the adapters knew the session.

use actix::Actor;
use bytes::Bytes;
use bytestring::ByteString;

use crate::domain::close::CloseReason;
use crate::session::{self, Session};

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

/// An adapter as an endpoint of type `E` uses it.
pub trait Socket<E: Actor> {
    /// Queues a text message.
    fn text(&mut self, text: &ByteString, ctx: &mut E::Context);

    /// Queues a binary message.
    fn binary(&mut self, payload: &Bytes, ctx: &mut E::Context);

    /// Queues a Close frame, after which nothing is sent and nothing read is handled; the socket
    /// ends when the peer has answered, or soon after.
    fn close(&mut self, code: u16, text: String, ctx: &mut E::Context);
}

impl<A: session::Adapter> Endpoint for Session<A> {
    type Socket = A;

    fn socket(&mut self) -> &mut A {
        &mut self.adapter
    }

    fn text(&mut self, text: ByteString, ctx: &mut A::Context) {
        Self::text(self, &text, ctx);
    }

    fn binary(&mut self, _: Bytes, ctx: &mut A::Context) {
        // No dialect has a use for what is in it.
        Self::binary(self, ctx);
    }

    fn fed(&mut self, ctx: &mut A::Context) {
        Self::fed(self, ctx);
    }

    fn pong(&mut self) {
        Self::pong(self);
    }

    fn drained(&mut self, ctx: &mut A::Context) {
        Self::drained(self, ctx);
    }

    fn end(&mut self, reason: CloseReason, ctx: &mut A::Context) {
        Self::end(self, reason, ctx);
    }
}
