//! The section `downstream`.

use std::time::Duration;

use crate::config::{at_least, section};

const HOUR: Duration = Duration::from_secs(3_600);

section! {
    /// Messages from apps to devices, and what they are for.
    Settings {
        /// How long a message waits for a device, in hours.
        kept_hours: u32 = 72 => at_least(1);
        /// Groups of devices that one app may have.
        groups_per_app_max: u32 = 10_000 => at_least(1);
        /// Devices that one user of an app may have.
        devices_per_user_max: u32 = 64 => at_least(1);
        /// After how many days without being seen a device is forgotten.
        device_unseen_days: u32 = 90 => at_least(1);
    }
}

impl Settings {
    /// How long a message waits for a device.
    pub fn kept(&self) -> Duration {
        HOUR.saturating_mul(self.kept_hours)
    }

    /// How long a device may be unseen.
    pub fn device_unseen(&self) -> Duration {
        HOUR.saturating_mul(24).saturating_mul(self.device_unseen_days)
    }
}
