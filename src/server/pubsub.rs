//! The part `subscriptions`: those that somebody asks.

use std::sync::Arc;

use actix::ArbiterHandle;

use super::parts::{Ending, Part};
use super::site::Site;
use crate::http::v1::time;
use crate::hub::Subscriptions;
use crate::store::Store;

/// Gives nothing to anybody any more, so that whoever waits is told.
pub(super) struct SubscriptionsPart(Subscriptions);

impl Part for SubscriptionsPart {
    fn drain(&mut self) -> Ending<'_> {
        Box::pin(async move {
            self.0.stop().await;
            Ok(())
        })
    }
}

/// Starts live subscriptions on a thread.
pub(super) fn start(
    site: &Site<'_>,
    store: &Store,
    thread: &ArbiterHandle,
) -> (Subscriptions, SubscriptionsPart) {
    let clock = Arc::clone(&site.base.clock);
    let subscriptions =
        Subscriptions::start(store, clock, site.metrics.clone(), (time::text, thread));
    (subscriptions.clone(), SubscriptionsPart(subscriptions))
}
