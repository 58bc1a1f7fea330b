//! Finding out who a peer is.
//!
//! The hub is told first and the lists are read afterwards: a request that arrives in between is
//! then pushed (and held back until the answer has left), where the other order would lose it.

use super::effect::{Effect, Request};
use super::{Adapter, Input, Session};
use crate::auth::token::TokenError;
use crate::dialect::{IdentifyError, Kind, Phase};
use crate::domain::close::CloseReason;
use crate::domain::error::Refusal;
use crate::domain::event::Welcome;
use crate::domain::id::UserId;
use crate::hub::messages::Identify;

impl<A: Adapter> Session<A> {
    pub(super) fn identify(
        &mut self,
        request: Request,
        token: &str,
        kind: Kind,
        ctx: &mut A::Context,
    ) {
        let claims = match self.shared.tokens.verify(token, self.shared.clock.now()) {
            Ok(claims) => claims,
            Err(TokenError::Signature | TokenError::Revoked) => {
                return self.not_identified(request, IdentifyError::Token);
            }
            Err(TokenError::Payload) => return self.not_identified(request, IdentifyError::User),
        };
        let user = claims.user;
        match self.machine.phase() {
            Phase::Ready(me) if me != user => {
                return self.not_identified(request, IdentifyError::User);
            }
            Phase::Opened | Phase::Alive | Phase::Ready(_) => {}
        }
        let identify = Identify { session: self.id, claims, kind };
        if self.shared.hub.identify(identify).is_err() {
            return self.not_identified(request, IdentifyError::Hub(Refusal::Busy));
        }
        let is_first = !self.is_ready();
        if is_first {
            // What comes next may be longer than it may be now.
            self.effects.push_front(Effect::Input(Input::Hold));
        }
        let welcome = self.shared.hub.welcome(self.id, user, kind);
        self.later(ctx, welcome, move |session, welcome, ctx| {
            session.welcomed(request, (user, kind), welcome, ctx);
            if is_first {
                session.effects.push_back(Effect::Input(Input::Flow));
            }
        });
    }

    fn welcomed(
        &mut self,
        request: Request,
        (user, kind): (UserId, Kind),
        welcome: Result<Option<Welcome>, Refusal>,
        ctx: &mut A::Context,
    ) {
        match welcome {
            Ok(Some(welcome)) => {
                log::debug!("session {} is user {user}", self.id);
                self.kind = kind;
                self.seat.identified();
                self.adapter.set_frame_bytes_max(self.shared.settings.frame_bytes_max);
                let answer = (kind, kind.welcome(&welcome));
                self.machine.identified(request, user, answer, &mut self.effects);
                return;
            }
            Ok(None) => self.not_identified(request, IdentifyError::User),
            Err(refusal) => self.not_identified(request, IdentifyError::Hub(refusal)),
        }
        if !self.is_ready() && self.shared.hub.forget(self.id).is_err() {
            self.end(CloseReason::Overload, ctx);
        }
    }

    fn not_identified(&mut self, request: Request, error: IdentifyError) {
        self.machine.not_identified(request, error, &mut self.effects);
    }

    pub(super) fn refused(&mut self, request: Request, refusal: Refusal) {
        self.machine.refused(request, refusal, &mut self.effects);
    }
}
