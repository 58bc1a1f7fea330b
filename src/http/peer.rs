//! Who is asking: the address that rate limits count by.

use std::net::{IpAddr, Ipv4Addr};

use actix_web::HttpRequest;

/// The client's address; the one a proxy names, if proxies are trusted.
pub fn address(request: &HttpRequest, trust_proxy: bool) -> IpAddr {
    let direct = || request.peer_addr().map(|peer| peer.ip());
    let named = || request.connection_info().realip_remote_addr()?.parse().ok();
    let address = if trust_proxy { named().or_else(direct) } else { direct() };
    address.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED))
}
