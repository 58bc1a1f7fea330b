//! Who is asking: the address that rate limits count by.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use actix_web::HttpRequest;
use actix_web::http::header::{HeaderMap, X_FORWARDED_FOR};

/// The client's address; the one a proxy names, if proxies are trusted.
pub fn address(request: &HttpRequest, trust_proxy: bool) -> IpAddr {
    let direct = || request.peer_addr().map(|peer| peer.ip());
    let named = if trust_proxy { forwarded(request.headers()) } else { None };
    named.or_else(direct).unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED))
}

/// The last address of `X-Forwarded-For`, which the proxy itself has put there: what stands before
/// it, and the header `Forwarded`, can be the client's own words.
pub fn forwarded(headers: &HeaderMap) -> Option<IpAddr> {
    let line = headers.get_all(X_FORWARDED_FOR).last()?.to_str().ok()?;
    let last = line.rsplit(',').next()?.trim();
    let with_port = || Some(last.parse::<SocketAddr>().ok()?.ip());
    last.parse().ok().or_else(with_port)
}
