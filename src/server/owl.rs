//! The listener for servers of apps that ask over TCP.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use tokio::sync::watch;

use super::listening::Places;
use super::site::Site;
use crate::domain::clock::Clock;
use crate::hub::AwakeClock;
use crate::net::PlainTcp;
use crate::owl::{OwlBounds, OwlDoor};
use crate::service::Service;
use crate::wire::owl::Settings;

/// What serves there, if anything is listened on. Once `stop` is true, all that is open ends.
pub(super) fn plain(
    site: &Site<'_>,
    service: &Service,
    (places, stop): (&Places, watch::Receiver<bool>),
) -> Option<PlainTcp> {
    let config = site.config;
    let address = told(&config.owl, Some(places.owl_address()?));
    let clock: Arc<dyn Clock> = Arc::<AwakeClock>::clone(&site.awake);
    let asked = (service.apps.clone(), clock, site.metrics.clone());
    let bounds = OwlBounds {
        are_limited: config.limits.enabled,
        write_timeout: config.ws.tcp_user_timeout(),
    };
    let door = Arc::new(OwlDoor::new(asked, (config.owl.clone(), address), bounds, stop));
    Some(Arc::new(move |stream, peer: Option<SocketAddr>| {
        let (door, peer) = (Arc::clone(&door), peer.map(|peer| peer.ip()));
        let peer = peer.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        Box::pin(async move { door.serve(stream, peer).await })
    }))
}

/// Where servers are told to connect to; empty if nowhere.
pub(super) fn told(settings: &Settings, bound: Option<SocketAddr>) -> String {
    match (settings.address.as_str(), bound) {
        (_, None) => String::new(),
        ("", Some(bound)) => bound.to_string(),
        (address, Some(_)) => address.to_owned(),
    }
}
