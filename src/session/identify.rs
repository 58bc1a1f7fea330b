//! Finding out who a peer is.
//!
//! The hub is told first and the lists are read afterwards: a request that arrives in between is
//! then pushed (and held back until the answer has left), where the other order would lose it.

use super::effect::{Effect, Request};
use super::{Adapter, Endpoint as _, Input, Session};
use crate::domain::close::CloseReason;
use crate::domain::error::Refusal;
use crate::domain::event::Welcome;
use crate::domain::principal::{Credential, IdentifyError, Identity, Principal};
use crate::hub::messages::Identify;
use crate::service::Greeting;
use crate::service::authenticators::Authentication;
use crate::wire::{Options, Phase, Variant};

impl<A: Adapter> Session<A> {
    pub(super) fn identify(
        &mut self,
        request: Request,
        (credential, options): (&Credential, Options),
        ctx: &mut A::Context,
    ) {
        let variant = self.machine.variant().with(options);
        match self.shared.authenticators.check(credential, self.seat.origin()) {
            Authentication::Now(Ok(identity)) => {
                self.admit(request, (identity, variant), false, ctx)
            }
            Authentication::Now(Err(error)) => self.not_identified(request, error),
            Authentication::Later(found) => {
                let is_first = self.hold_first();
                self.later(ctx, found, move |session, found, ctx| match found {
                    Ok(identity) => session.admit(request, (identity, variant), is_first, ctx),
                    Err(error) => {
                        session.not_identified(request, error);
                        session.release_first(is_first);
                    }
                });
            }
        }
    }

    /// Takes a peer for who its credential says it is. `is_held` says whether nothing is read already.
    fn admit(
        &mut self,
        request: Request,
        (identity, variant): (Identity, Variant),
        is_held: bool,
        ctx: &mut A::Context,
    ) {
        let principal = identity.principal;
        match self.machine.phase() {
            Phase::Ready(me) if me != principal => {
                self.not_identified(request, IdentifyError::Principal);
                return self.release_first(is_held);
            }
            Phase::Opened | Phase::Alive | Phase::Ready(_) => {}
        }
        let identify = Identify { session: self.id, identity, variant };
        if self.shared.hub.identify(identify).is_err() {
            self.not_identified(request, IdentifyError::Busy);
            return self.release_first(is_held);
        }
        let is_first = self.hold_first();
        let who = (principal, variant);
        match principal.user() {
            Some(user) => {
                let dialect = self.shared.common.dialects.get(variant);
                let greeting = match dialect.lists_rooms(variant.options()) {
                    true => Greeting::FriendsAndRooms,
                    false => Greeting::Friends,
                };
                let welcome = self.shared.service.welcome(self.id, user, greeting);
                self.later(ctx, welcome, move |session, welcome, ctx| {
                    let welcome = welcome.map_err(IdentifyError::from);
                    let welcome = welcome
                        .and_then(|welcome| welcome.map(Some).ok_or(IdentifyError::Principal));
                    session.welcomed(request, who, welcome, ctx);
                    session.release_first(is_first);
                });
            }
            None => {
                let (hub, id) = (self.shared.hub.clone(), self.id);
                let arrived = async move { hub.arrive(id, Vec::new()).await };
                self.later(ctx, arrived, move |session, arrived, ctx| {
                    let admitted = arrived.map(|_| None).map_err(IdentifyError::from);
                    session.welcomed(request, who, admitted, ctx);
                    session.release_first(is_first);
                });
            }
        }
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
        (principal, variant): (Principal, Variant),
        welcome: Result<Option<Welcome>, IdentifyError>,
        ctx: &mut A::Context,
    ) {
        match welcome {
            Ok(welcome) => {
                log::debug!("session {} is {principal:?}", self.id);
                self.seat.identified();
                let dialect = self.shared.common.dialects.get(variant);
                let own = dialect.frame_bytes().map(|bytes| bytes.later);
                let frame_bytes_max = own.unwrap_or(self.shared.settings.frame_bytes_max);
                self.adapter.set_frame_bytes_max(frame_bytes_max);
                let frames = dialect.welcome(principal, welcome.as_ref(), variant.options());
                let who = (principal, variant);
                let is_brought = self.is_brought(who) && !self.is_ready();
                if is_brought {
                    self.machine.pass_over_news();
                }
                self.machine.identified(request, who, frames, &mut self.effects);
                if is_brought {
                    self.begin_to_bring(principal, ctx);
                }
                return;
            }
            Err(error) => self.not_identified(request, error),
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
