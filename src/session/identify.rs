//! Finding out who a peer is.
//!
//! The hub is told first and the lists are read afterwards: a request that arrives in between is
//! then pushed (and held back until the answer has left), where the other order would lose it.

use super::effect::{Effect, Request};
use super::{Adapter, Input, Session};
use crate::auth::token::TokenError;
use crate::domain::accounts::login::{Claims, Proof};
use crate::domain::close::CloseReason;
use crate::domain::error::Refusal;
use crate::domain::event::Welcome;
use crate::domain::id::UserId;
use crate::hub::messages::Identify;
use crate::wire::{IdentifyError, Kind, Phase};

impl<A: Adapter> Session<A> {
    pub(super) fn identify(
        &mut self,
        request: Request,
        token: &str,
        kind: Kind,
        ctx: &mut A::Context,
    ) {
        match self.shared.tokens.verify(token, self.shared.clock.now()) {
            Ok(claims) => self.admit(request, (claims, kind), false, ctx),
            Err(TokenError::Unknown(claims)) => self.confirm(request, *claims, kind, ctx),
            Err(TokenError::Signature | TokenError::Revoked) => {
                self.not_identified(request, IdentifyError::Token);
            }
            Err(TokenError::Payload) => self.not_identified(request, IdentifyError::User),
        }
    }

    /// Asks the store for a log-in that nobody knows.
    fn confirm(&mut self, request: Request, claims: Claims, kind: Kind, ctx: &mut A::Context) {
        let is_first = self.hold_first();
        let proof = self.shared.hub.confirm(&claims);
        self.later(ctx, proof, move |session, proof, ctx| {
            let error = match proof {
                Ok(Proof::Lives) => {
                    return session.admit(request, (claims, kind), is_first, ctx);
                }
                Ok(Proof::Ended) => IdentifyError::Token,
                Ok(Proof::NoUser) => IdentifyError::User,
                Err(refusal) => IdentifyError::Hub(refusal),
            };
            session.not_identified(request, error);
            session.release_first(is_first);
        });
    }

    /// Takes a peer for who its token says it is. `is_held` says whether nothing is read already.
    fn admit(
        &mut self,
        request: Request,
        (claims, kind): (Claims, Kind),
        is_held: bool,
        ctx: &mut A::Context,
    ) {
        let user = claims.user;
        match self.machine.phase() {
            Phase::Ready(me) if me != user => {
                self.not_identified(request, IdentifyError::User);
                return self.release_first(is_held);
            }
            Phase::Opened | Phase::Alive | Phase::Ready(_) => {}
        }
        let identify = Identify { session: self.id, claims, kind };
        if self.shared.hub.identify(identify).is_err() {
            self.not_identified(request, IdentifyError::Hub(Refusal::Busy));
            return self.release_first(is_held);
        }
        let is_first = self.hold_first();
        let welcome = self.shared.hub.welcome(self.id, user, kind);
        self.later(ctx, welcome, move |session, welcome, ctx| {
            session.welcomed(request, (user, kind), welcome, ctx);
            session.release_first(is_first);
        });
    }

    /// Reads nothing more before it is known who the peer is: what comes next may be longer than it may
    /// be now. False if that is known.
    fn hold_first(&mut self) -> bool {
        let is_first = !self.is_ready();
        if is_first {
            self.effects.push_front(Effect::Input(Input::Hold));
        }
        is_first
    }

    fn release_first(&mut self, is_first: bool) {
        if is_first {
            self.effects.push_back(Effect::Input(Input::Flow));
        }
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
