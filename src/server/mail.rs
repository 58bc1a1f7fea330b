//! The part `mail queue`.

use std::sync::Arc;

use super::StartError;
use super::parts::TaskPart;
use super::site::Site;
use crate::jobs::mail::{Links, Queue, Transport, Worker};
use crate::store::Store;

/// Starts what sends mails; gives what wakes it. A mail on its way at the stop is left for the next start.
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
    let worker = Worker {
        queue: queue.clone(),
        store: store.clone(),
        transport: Transport::new(&site.config.mail)?,
        clock: Arc::clone(&site.base.clock),
        links,
        settings: site.config.mail.clone(),
        metrics: site.metrics.clone(),
    };
    let ((), task) = TaskPart::start(|stop| worker.run(stop));
    Ok((queue, task))
}
