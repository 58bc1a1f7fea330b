//! Who the peer of a session is: it shows something, is let in or not, and may have to go for another.

use super::{Machine, UnderWay};
use crate::domain::close::CloseReason;
use crate::domain::principal::{Credential, IdentifyError, Principal};
use crate::session::Input;
use crate::session::effect::{Effect, Effects, Request};
use crate::wire::{Frame, Options, Phase, Rejection, Variant};

impl Machine {
    /// The peer shows who it is. Nothing else may be under way.
    pub fn show(&mut self, credential: Credential, options: Options, effects: &mut Effects) {
        if self.allow(effects) {
            let request = self.open(UnderWay::Alone, None);
            effects.push_back(Effect::Identify { request, credential, options });
        }
    }

    /// The peer is let in: `welcome` answers `request`, and held pushes follow.
    pub fn identified(
        &mut self,
        request: Request,
        (principal, variant): (Principal, Variant),
        welcome: Vec<Frame>,
        effects: &mut Effects,
    ) {
        self.phase = Phase::Ready(principal);
        if let Some(user) = principal.user() {
            self.counter.identify(user);
        }
        self.variant = variant;
        let held = self.take_held();
        self.answered(request, welcome.into_iter().chain(held), effects);
    }

    /// The peer is not let in: `request` is answered so, and held pushes are forgotten.
    pub fn not_identified(&mut self, request: Request, why: IdentifyError, effects: &mut Effects) {
        self.held = None;
        match self.dialect().not_identified(why) {
            Rejection::Reply(frame) => self.answered(request, [frame], effects),
            Rejection::ReplyAndClose(frame, reason) => {
                // Alone, so nothing is answered before it; what waits behind it is not read any more.
                effects.push_back(Effect::Send(frame));
                self.end(reason, effects);
            }
            Rejection::Close(reason) => self.end(reason, effects),
        }
    }

    /// The session must end. If its dialect has a last frame for that, the peer has a moment to close
    /// by itself: some forget what they have just read when a socket is closed.
    pub fn dismiss(&mut self, reason: CloseReason, effects: &mut Effects) {
        match self.dialect().farewell(reason, self.context()) {
            Some(frame) if !self.ended => {
                self.forget_all();
                let (send, read) = (Effect::Send(frame), Effect::Input(Input::Flow));
                effects.extend([send, read, Effect::CloseSoon(reason)]);
            }
            Some(_) | None => self.end(reason, effects),
        }
    }
}
