//! The part `bridges`: between topics or subscriptions and chat or apps.

use std::rc::Rc;

use actix::ArbiterHandle;

use super::parts::TaskPart;
use super::site::Site;
use crate::bridges::{BridgeTools, Bridger};
use crate::http::v1::time;
use crate::hub::RoomFeeds;
use crate::service::Service;
use crate::store::Store;

/// Starts what keeps bridges. Rooms are followed on a thread, while there is a bridge that does.
pub(super) fn start(
    site: &Site<'_>,
    (store, service): (&Store, &Service),
    thread: &ArbiterHandle,
) -> ((), TaskPart) {
    let tools = BridgeTools {
        pubsub: service.pubsub.clone(),
        apps: service.apps.clone(),
        metrics: site.metrics.clone(),
        time: time::text,
    };
    let (store, thread) = (store.clone(), thread.clone());
    let open_feeds = Rc::new(move || RoomFeeds::start(&store, &thread));
    let bridger = Bridger { tools, open_feeds };
    TaskPart::start(|stop| bridger.run(stop))
}
