//! What comes on connections that are no WebSockets and whose messages say how long they are.

use super::conn::Phase;
use super::{End, Event, Handler, Net, Protocol};
use crate::topics::nats::{self, Said};
use crate::topics::rest::Answer;
use crate::wire::decode::Broken;

impl Net {
    /// Takes the bytes of one read.
    pub(super) fn streamed(&mut self, session: u32, bytes: &[u8], handler: &mut dyn Handler) {
        let generation = self.generation(session);
        let Some(conn) = self.conn(session) else { return };
        let mut come = std::mem::take(&mut conn.head);
        come.extend_from_slice(bytes);
        let mut taken = 0;
        loop {
            let rest = come.get(taken..).unwrap_or_default();
            let one = match self.target.protocol {
                Protocol::Nats => self.said(session, rest, handler),
                _ => self.answered(session, rest, handler),
            };
            if !self.is_live(session, generation) {
                return;
            }
            match one {
                Ok(Some(used)) => taken += used,
                Ok(None) => break,
                Err(broken) => return self.end(session, End::Broken(broken.0), handler),
            }
            self.traffic.frames_in += 1;
        }
        come.drain(..taken);
        if let Some(conn) = self.conn(session) {
            conn.head = come;
        }
    }

    /// Takes the answer at the front, if it is there; how many bytes it took.
    fn answered(
        &mut self,
        session: u32,
        bytes: &[u8],
        handler: &mut dyn Handler,
    ) -> Result<Option<usize>, Broken> {
        let Some(answer) = Answer::read(bytes)? else { return Ok(None) };
        handler.event(self, session, Event::Answer(answer.status, answer.body));
        Ok(Some(answer.used))
    }

    /// The same of what NATS says.
    fn said(
        &mut self,
        session: u32,
        bytes: &[u8],
        handler: &mut dyn Handler,
    ) -> Result<Option<usize>, Broken> {
        let Some((said, used)) = nats::read(bytes)? else { return Ok(None) };
        let phase = self.conn(session).map(|conn| conn.phase);
        match (said, phase) {
            (Said::Ping, _) => {
                self.put(session, |out, _| out.extend_from_slice(b"PONG\r\n"));
            }
            (Said::Pong, Some(Phase::Greeting)) => self.ready(session, handler),
            (Said::Error(words), _) => {
                self.end(session, End::Auth(0, words.to_owned()), handler);
            }
            (Said::Message(message), _) => {
                handler.event(self, session, Event::Published(message));
            }
            (Said::Pong | Said::Other, _) => {}
        }
        Ok(Some(used))
    }
}
