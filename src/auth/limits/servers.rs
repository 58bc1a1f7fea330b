//! How often servers of apps may ask, and from where the id of a service may still be shown.

use std::net::IpAddr;
use std::num::NonZeroU32;

use super::{Clock as _, Keyed, Quota, RateLimits, Settings, TooMany, check, network};
use crate::domain::id::AppId;

/// The limits of one node.
pub(super) struct CallLimits {
    calls: Option<Keyed<AppId>>,
}

impl CallLimits {
    pub(super) fn new(rates: &Settings) -> Self {
        let per_second = NonZeroU32::new(rates.app_calls_per_second).filter(|_| rates.enabled);
        Self { calls: per_second.map(Quota::per_second).map(Keyed::new) }
    }
}

impl RateLimits {
    /// A server of an app asks for something.
    ///
    /// # Errors
    /// [`TooMany`] if it came too early.
    pub fn server_call_of(&self, app: AppId) -> Result<(), TooMany> {
        check(self.servers.calls.as_ref(), &app)
    }

    /// Whether the id of a service may be shown from an address. Right ones come often and beside each other, so none of
    /// them takes a try even for a moment: a wrong one takes it afterwards, by [`RateLimits::key_try`].
    ///
    /// # Errors
    /// [`TooMany`] after wrong ones.
    pub fn may_show_service(&self, ip: IpAddr) -> Result<(), TooMany> {
        let now = self.clock.now().duration_since(self.start);
        self.app_keys.as_ref().map_or(Ok(()), |tries| tries.check(&network(ip), now))
    }
}

#[cfg(test)]
mod tests {
    use super::super::KeyDoor;
    use super::*;

    #[test]
    fn calls_count_by_app_and_wrong_services_by_address() {
        let rates = Settings {
            app_calls_per_second: 2,
            app_key_wrong_per_ip_per_minute: 2,
            ..Settings::default()
        };
        let limits = RateLimits::new(&rates);
        let (one, two) = (AppId::new(2).unwrap(), AppId::new(4).unwrap());
        assert!((0..2).all(|_| limits.server_call_of(one).is_ok()));
        let over = limits.server_call_of(one).unwrap_err();
        assert!(over.retry_after.as_millis() <= 500, "{over}");
        assert!(limits.server_call_of(two).is_ok());
        let [here, there] = ["10.0.0.1", "10.0.0.2"].map(|ip| ip.parse().unwrap());
        for _ in 0..2 {
            assert!((0..100).all(|_| limits.may_show_service(here).is_ok()));
            assert!(limits.key_try(KeyDoor::Token, here).is_ok());
        }
        assert!(limits.may_show_service(here).is_err());
        assert!(limits.may_show_service(there).is_ok());
    }
}
