//! Which addresses the hub may push to: whoever can make a subscription must not reach through it what only the hub's
//! own machine can reach.
//!
//! It is the address connected to that counts, each time; a name can lead anywhere. An endpoint that names an address
//! itself is refused as soon as it is said.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

use super::refusal::PubsubRefusal;

/// How far pushes may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PushReach {
    /// Also to this machine and to private networks.
    Private,
    /// Only to addresses of the public network.
    Public,
}

/// Where clouds tell machines about themselves, beside the addresses of the link.
const METADATA_V4: [Ipv4Addr; 2] =
    [Ipv4Addr::new(100, 100, 100, 200), Ipv4Addr::new(192, 0, 0, 192)];
const METADATA_V6: [Ipv6Addr; 2] = [
    Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254),
    Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254),
];

impl PushReach {
    /// Whether an address may be connected to.
    pub fn allows(self, address: IpAddr) -> bool {
        match address {
            IpAddr::V4(address) => self.allows_v4(address),
            // The same address, in the clothes of the newer protocol.
            IpAddr::V6(address) => match embedded(address) {
                Some(inner) => self.allows_v4(inner),
                None => self.allows_v6(address),
            },
        }
    }

    fn allows_v4(self, address: Ipv4Addr) -> bool {
        let [a, b, c, _] = address.octets();
        let is_never = address.is_link_local()
            || address.is_multicast()
            || address.is_broadcast()
            || METADATA_V4.contains(&address);
        let is_private = a == 0
            || address.is_private()
            || address.is_loopback()
            // Of providers, of protocols, for tests of networks; and what is kept for later.
            || (a == 100 && (64..128).contains(&b))
            || (a, b, c) == (192, 0, 0)
            || (a == 198 && (18..20).contains(&b))
            || a >= 240;
        !is_never && (self == Self::Private || !is_private)
    }

    fn allows_v6(self, address: Ipv6Addr) -> bool {
        let is_never = address.is_unicast_link_local()
            || address.is_multicast()
            || METADATA_V6.contains(&address);
        let [first, ..] = address.segments();
        let is_private = address.is_unspecified()
            || address.is_loopback()
            || address.is_unique_local()
            // Site-local, of old.
            || (first & 0xffc0) == 0xfec0;
        !is_never && (self == Self::Private || !is_private)
    }
}

/// The address of the older protocol that one of the newer leads to: mapped, compatible, or by way of a translator.
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let [a, b, c, d, e, f, g, h] = address.segments();
    let of = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match (a, b, c, d, e, f) {
        (0, 0, 0, 0, 0, 0xffff) | (0, 0, 0, 0, 0xffff, 0) | (0x64, 0xff9b, 0, 0, 0, 0) => {
            Some(of(g, h))
        }
        (0, 0, 0, 0, 0, 0) if g != 0 => Some(of(g, h)),
        (0x2002, ..) => Some(of(b, c)),
        _ => None,
    }
}

/// Refuses an endpoint that names an address itself to which nothing may be pushed.
///
/// # Errors
/// Invalid argument.
pub fn check_literal(endpoint: &str, reach: PushReach) -> Result<(), PubsubRefusal> {
    let url = Url::parse(endpoint).ok();
    let address = match url.as_ref().and_then(Url::host) {
        Some(Host::Ipv4(address)) => IpAddr::V4(address),
        Some(Host::Ipv6(address)) => IpAddr::V6(address),
        Some(Host::Domain(_)) | None => return Ok(()),
    };
    if reach.allows(address) {
        return Ok(());
    }
    // Not with the endpoint: its query may hold a secret.
    Err(PubsubRefusal::invalid("push_endpoint names an address that is not pushed to"))
}

/// An endpoint as it may be shown: without what may be secret.
pub fn shown(endpoint: &str) -> &str {
    let end = endpoint.find(['?', '#']).unwrap_or(endpoint.len());
    let (shown, _) = endpoint.split_at_checked(end).unwrap_or((endpoint, ""));
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_never_privately_or_always_pushed_to() {
        let never = [
            "169.254.169.254",
            "169.254.0.1",
            "fe80::1",
            "febf::1",
            "::ffff:169.254.169.254",
            "64:ff9b::a9fe:a9fe",
            "2002:a9fe:a9fe::1",
            "::169.254.169.254",
            "100.100.100.200",
            "192.0.0.192",
            "fd00:ec2::254",
            "224.0.0.1",
            "ff02::1",
            "255.255.255.255",
        ];
        let private = [
            "127.0.0.1",
            "127.9.9.9",
            "10.0.0.1",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "0.0.0.0",
            "0.1.2.3",
            "100.64.0.1",
            "198.18.0.1",
            "192.0.0.8",
            "240.0.0.1",
            "::1",
            "::",
            "fc00::1",
            "fdff::1",
            "fec0::1",
            "::ffff:127.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "::ffff:0:10.0.0.1",
        ];
        let public = [
            "8.8.8.8",
            "172.32.0.1",
            "172.15.0.1",
            "100.128.0.1",
            "100.63.0.1",
            "192.1.0.1",
            "198.20.0.1",
            "2001:4860:4860::8888",
            "::ffff:8.8.8.8",
            "64:ff9b::808:808",
            "2002:808:808::1",
        ];
        let all =
            [(&never[..], false, false), (&private[..], true, false), (&public[..], true, true)];
        for (addresses, privately, publicly) in all {
            for address in addresses {
                let parsed: IpAddr = address.parse().unwrap();
                assert_eq!(PushReach::Private.allows(parsed), privately, "{address}");
                assert_eq!(PushReach::Public.allows(parsed), publicly, "{address}");
            }
        }
    }

    #[test]
    fn endpoints_with_addresses_are_judged_in_all_their_spellings() {
        for endpoint in [
            "http://127.0.0.1/x",
            "http://127.1/",
            "http://2130706433/",
            "http://0x7f.1:80/?token=t",
            "http://0177.0.0.1/",
            "https://[::1]:8443/",
            "http://[::ffff:7f00:1]/",
            "http://user@127.0.0.1/",
        ] {
            assert!(check_literal(endpoint, PushReach::Public).is_err(), "{endpoint}");
            assert!(check_literal(endpoint, PushReach::Private).is_ok(), "{endpoint}");
        }
        for endpoint in ["http://169.254.169.254/latest", "http://[fe80::1]/", "http://0xa9fea9fe/"]
        {
            assert!(check_literal(endpoint, PushReach::Private).is_err(), "{endpoint}");
        }
        for endpoint in ["http://localhost/", "https://example.com/push?token=t", "http://8.8.8.8/"]
        {
            assert!(check_literal(endpoint, PushReach::Public).is_ok(), "{endpoint}");
        }
    }

    #[test]
    fn queries_are_not_shown() {
        assert_eq!(shown("https://a.example/p?token=secret#x"), "https://a.example/p");
        assert_eq!(shown("https://a.example/p"), "https://a.example/p");
    }
}
