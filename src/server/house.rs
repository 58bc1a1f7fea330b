//! Store, hub and service: all of the server but its doors and what works beside. Commands that find no hub on
//! their database start these alone, and so do what they do in the same way as within a hub.

use std::net::{Ipv4Addr, SocketAddr};

use super::parts::PartList;
use super::site::Site;
use super::{Additions, Base, Config, StartError, hub, pubsub, service, store};
use crate::service::Service;
use crate::store::jobs::Queue;

/// A server without doors.
pub struct House {
    pub service: Service,
    parts: PartList,
}

impl House {
    /// Starts one on an open base; call it inside an actix system.
    ///
    /// # Errors
    /// [`StartError::Telemetry`], and those of the service.
    pub async fn start(config: &Config, base: &Base) -> Result<Self, StartError> {
        let nowhere = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0));
        let (site, _) = Site::new(config, base, nowhere, Additions::new(config))?;
        let (parts, service) = PartList::start(async |parts| {
            let thread = parts.add("hub's thread", hub::HubThread::start());
            let store = parts.add("store", store::start(&site, &thread));
            let hub = parts.add("hub", hub::start(&site, &store, &thread));
            // What is mailed is in the store, for the next hub.
            let live = parts.add("subscriptions", pubsub::start(&site, &store, &thread));
            let asked = (&store, &hub, &live);
            let (service, _) = service::start(&site, asked, Queue::default())?;
            Ok::<_, StartError>(service)
        })
        .await?;
        Ok(Self { service, parts })
    }

    /// Stops it. False if something under way did not end in time.
    pub async fn stop(self) -> bool {
        self.parts.stop().await
    }
}
