//! What has waited for a device: brought when it is known who it is, batch by batch, before any news.
//!
//! What happens meanwhile is not pushed, and the hub hands over nothing of it: it waits in the store like the rest, and
//! is brought with it. Only when nothing waits any more that was not brought, and the hub has told all that was committed
//! before, news are pushed as they come. So a device reads slowly at its own cost, and is told nothing twice.

use std::collections::HashSet;

use super::lookup::SlicesLeft;
use super::{Adapter, Endpoint as _, Session};
use crate::domain::close::CloseReason;
use crate::domain::error::Refusal;
use crate::domain::id::{DeviceId, DownstreamId, UserId};
use crate::domain::principal::Principal;
use crate::hub::messages::Tell;
use crate::service::apps::WaitingBatch;
use crate::wire::Variant;

/// How far a device has been brought what waits for it.
pub(super) struct BroughtSoFar {
    device: DeviceId,
    owner: UserId,
    /// What was sent, and is not acknowledged as far as is known.
    sent: HashSet<DownstreamId>,
}

impl<A: Adapter> Session<A> {
    /// Whether a peer that is let in as this one is brought what has waited for it.
    pub(super) fn is_brought(&self, (principal, variant): (Principal, Variant)) -> bool {
        let dialect = self.shared.common.dialects.get(variant);
        matches!(principal, Principal::Device { .. })
            && dialect.is_brought_what_waits(variant.options())
    }

    /// Begins to bring what waits.
    pub(super) fn begin_to_bring(&mut self, principal: Principal, ctx: &mut A::Context) {
        if let Principal::Device { device, owner, .. } = principal {
            self.bring(BroughtSoFar { device, owner, sent: HashSet::new() }, ctx);
        }
    }

    /// Brings the next batch.
    pub(super) fn bring(&mut self, brought: BroughtSoFar, ctx: &mut A::Context) {
        let BroughtSoFar { device, owner, sent } = brought;
        self.machine.pass_over_news();
        self.backlog.pass_over();
        let who = (device, owner);
        let batch = self.shared.service.apps.waiting(who, sent);
        self.later(ctx, batch, move |session, batch, ctx| session.brought(who, batch, ctx));
    }

    fn brought(
        &mut self,
        (device, owner): (DeviceId, UserId),
        batch: Result<WaitingBatch, Refusal>,
        ctx: &mut A::Context,
    ) {
        if self.machine.has_ended() {
            return;
        }
        let Ok(WaitingBatch { messages, mut sent }) = batch else {
            // The device comes again, and so does what waits.
            return self.end(CloseReason::Overload, ctx);
        };
        if messages.is_empty() {
            return self.settle(BroughtSoFar { device, owner, sent });
        }
        sent.extend(messages.iter().map(|message| message.id));
        if let Some(frame) = self.machine.waiting_frame(&messages) {
            self.machine.partly_answered([frame], &mut self.effects);
        }
        self.rest = Some(Box::new(SlicesLeft::Waiting(BroughtSoFar { device, owner, sent })));
        self.run(ctx);
        self.go_on(ctx);
    }

    /// Asks the hub to say when all has come that may have been brought. It must come on the way of news: these wait
    /// for their turn on this thread, and what came by any other way could overtake them.
    fn settle(&mut self, brought: BroughtSoFar) {
        self.rest = Some(Box::new(SlicesLeft::Told(brought)));
        self.shared.hub.tell(Tell { session: self.id });
    }

    /// Lets news through now that all has come; looks again if there were any.
    pub(super) fn told(&mut self, ctx: &mut A::Context) {
        match self.rest.take().map(|rest| *rest) {
            Some(SlicesLeft::Told(brought)) => {
                // What the hub has passed over, and what was on its way before it did.
                if !self.backlog.let_through() || !self.machine.let_news_through() {
                    self.bring(brought, ctx);
                }
            }
            other => self.rest = other.map(Box::new),
        }
    }
}
