//! How often somebody may become a visitor of an app, or bring a new device: anybody can, with a key that is
//! printed in each page.

use std::net::IpAddr;
use std::num::NonZeroU32;

use super::{Keyed, RateLimits, Settings, TooMany, check, network};
use crate::domain::id::AppId;

/// By app and address.
type PerAppAndAddress = Option<Keyed<(AppId, IpAddr)>>;

/// The limits of one node.
pub(super) struct Limits {
    visitors: PerAppAndAddress,
    devices: PerAppAndAddress,
}

impl Limits {
    pub(super) fn new(rates: &Settings) -> Self {
        let set = |rate: u32| NonZeroU32::new(rate).filter(|_| rates.enabled);
        Self {
            visitors: set(rates.app_visitors_per_ip_per_hour).map(Keyed::per_hour),
            devices: set(rates.app_devices_per_ip_per_hour).map(Keyed::per_hour),
        }
    }
}

impl RateLimits {
    /// Somebody at `ip` becomes a visitor of an app.
    ///
    /// # Errors
    /// [`TooMany`] if it came too early.
    pub fn visitor_from(&self, app: AppId, ip: IpAddr) -> Result<(), TooMany> {
        check(self.customers.visitors.as_ref(), &(app, network(ip)))
    }

    /// Somebody at `ip` has a new device.
    ///
    /// # Errors
    /// [`TooMany`] if it came too early.
    pub fn device_from(&self, app: AppId, ip: IpAddr) -> Result<(), TooMany> {
        check(self.customers.devices.as_ref(), &(app, network(ip)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_app_and_address_counts_by_itself() {
        let rates = Settings {
            app_visitors_per_ip_per_hour: 2,
            app_devices_per_ip_per_hour: 1,
            ..Settings::default()
        };
        let limits = RateLimits::new(&rates);
        let (app, other) = (AppId::new(1).unwrap(), AppId::new(2).unwrap());
        let (ip, elsewhere) = (IpAddr::from([10, 0, 0, 1]), IpAddr::from([10, 0, 0, 2]));
        assert!(limits.visitor_from(app, ip).is_ok() && limits.visitor_from(app, ip).is_ok());
        assert!(limits.visitor_from(app, ip).is_err());
        assert!(limits.visitor_from(other, ip).is_ok());
        assert!(limits.visitor_from(app, elsewhere).is_ok());
        assert!(limits.device_from(app, ip).is_ok() && limits.device_from(app, ip).is_err());
    }
}
