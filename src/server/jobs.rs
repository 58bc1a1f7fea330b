//! The part `jobs`: mails, and sweeps.

use std::rc::Rc;
use std::sync::Arc;

use super::StartError;
use super::parts::TaskPart;
use super::site::Site;
use crate::jobs::mail::{Links, Mails, Transport};
use crate::jobs::{LEASE, Worker, sweeps};
use crate::store::Store;
use crate::store::jobs::Queue;

/// Starts what does jobs; gives what wakes it. A mail on its way at the stop is left for the next start.
///
/// # Errors
/// [`StartError::Mail`].
pub(super) fn start(site: &Site<'_>, store: &Store) -> Result<(Queue, TaskPart), StartError> {
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
        kinds: vec![Box::new(mails)],
        timers: sweeps::all(Rc::new(move |swept| logins.forget(swept))),
    };
    let ((), task) = TaskPart::start(|stop| worker.run(stop));
    Ok((queue, task))
}
