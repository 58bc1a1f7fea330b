//! How many of something one address of the network may have at a time.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::limits::network;

/// Counts what is open, by address. Addresses of IPv6 count by their /64 network.
#[derive(Debug)]
pub struct PerAddress {
    /// How many may be open; `None`: any number, and nothing is counted.
    max: Option<usize>,
    open: Mutex<HashMap<IpAddr, usize>>,
}

/// The right of an address to one more; given back when dropped.
#[derive(Debug)]
pub struct AddressPermit {
    of: Arc<PerAddress>,
    network: IpAddr,
}

impl PerAddress {
    /// A limit under which nothing is open yet.
    pub fn new(max: Option<usize>) -> Arc<Self> {
        Arc::new(Self { max, open: Mutex::default() })
    }

    /// Opens one more for an address.
    ///
    /// # Errors
    /// [`TooManyOpen`], and nothing was opened.
    pub fn open(self: &Arc<Self>, ip: IpAddr) -> Result<Option<AddressPermit>, TooManyOpen> {
        let Some(max) = self.max else { return Ok(None) };
        let network = network(ip);
        let mut all = self.lock();
        let open = all.entry(network).or_default();
        if *open >= max {
            return Err(TooManyOpen);
        }
        *open = open.saturating_add(1);
        Ok(Some(AddressPermit { of: Arc::clone(self), network }))
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for AddressPermit {
    fn drop(&mut self) {
        let mut all = self.of.lock();
        if let Some(open) = all.get_mut(&self.network) {
            *open = open.saturating_sub(1);
            if *open == 0 {
                all.remove(&self.network);
            }
        }
    }
}

/// An address has as many open as it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("as many are open as one address may have")]
pub struct TooManyOpen;

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn each_address_has_its_own_and_gives_it_back() {
        let limit = PerAddress::new(Some(2));
        let first = limit.open(ip("127.0.0.1")).unwrap();
        let second = limit.open(ip("::ffff:127.0.0.1")).unwrap();
        assert_eq!(limit.open(ip("127.0.0.1")).unwrap_err(), TooManyOpen);
        let other = limit.open(ip("127.0.0.2")).unwrap();
        drop(first);
        let third = limit.open(ip("127.0.0.1")).unwrap();
        assert!(limit.open(ip("127.0.0.1")).is_err());
        drop((second, third, other));
        assert!(limit.lock().is_empty(), "nothing is kept of who has gone");
    }

    #[test]
    fn a_household_of_ipv6_is_one_address() {
        let limit = PerAddress::new(Some(1));
        let _one = limit.open(ip("2001:db8::1")).unwrap();
        assert!(limit.open(ip("2001:db8::2")).is_err());
        assert!(limit.open(ip("2001:db8:0:1::2")).is_ok());
    }

    #[test]
    fn without_a_limit_nothing_is_counted() {
        let limit = PerAddress::new(None);
        assert!(
            (0..1_000).all(|_| limit.open(ip("127.0.0.1")).is_ok_and(|permit| permit.is_none()))
        );
        assert!(limit.lock().is_empty());
    }
}
