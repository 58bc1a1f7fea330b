//! The part `jobs`: mails, deliveries to many devices, and sweeps.

use std::rc::Rc;
use std::sync::Arc;

use futures_util::FutureExt as _;

use super::StartError;
use super::parts::TaskPart;
use super::site::Site;
use crate::hub::Hub;
use crate::jobs::downstream::Downstreams;
use crate::jobs::mail::{Links, Mails, Transport};
use crate::jobs::{LEASE, Worker, sweeps};
use crate::store::Store;
use crate::store::jobs::Queue;

/// Starts what does jobs; gives what wakes it. A mail on its way at the stop is left for the next start.
///
/// # Errors
/// [`StartError::Mail`].
pub(super) fn start(
    site: &Site<'_>,
    (store, hub): (&Store, &Hub),
) -> Result<(Queue, TaskPart), StartError> {
    let queue = Queue::default();
    let links = Links {
        base_url: site.config.http.base_url(site.address),
        verification_lifetime: site.config.auth.verification_lifetime(),
        reset_lifetime: site.config.auth.reset_lifetime(),
    };
    let mails = Mails {
        store: store.clone(),
        transport: Transport::new(&site.config.mail)?,
        clock: Arc::clone(&site.base.clock),
        links,
        settings: site.config.mail.clone(),
        metrics: site.metrics.clone(),
    };
    let logins = Arc::clone(site.base.tokens.revoked());
    let worker = Worker {
        queue: queue.clone(),
        store: store.clone(),
        clock: Arc::clone(&site.base.clock),
        node: site.config.node.id.into(),
        lease: LEASE,
        kinds: vec![Box::new(mails), Box::new(downstreams(store, hub))],
        timers: sweeps::all(
            Rc::new(move |swept| logins.forget(swept)),
            (site.config.downstream.device_unseen(), site.config.apps.visitor_unseen()),
        ),
    };
    let ((), task) = TaskPart::start(|stop| worker.run(stop));
    Ok((queue, task))
}

/// Makes deliveries, first to devices that the hub knows.
fn downstreams(store: &Store, hub: &Hub) -> Downstreams {
    let hub = hub.clone();
    let there = move || {
        let hub = hub.clone();
        async move { hub.devices().await.unwrap_or_default() }.boxed_local()
    };
    Downstreams::new(store.clone(), Rc::new(there))
}
