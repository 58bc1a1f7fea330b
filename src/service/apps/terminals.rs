//! Devices of visitors and agents, as they bring them along.

use std::net::IpAddr;

use super::Apps;
use super::customers::{CustomerAsker, CustomerRefusal};
use crate::auth::key;
use crate::domain::apps::customer::TERMINAL_BYTES_MAX;
use crate::domain::apps::device::{Device, OsType};
use crate::domain::id::{DeviceId, UserId};
use crate::service::ServiceFault;
use crate::store::apps::devices::MadeDevice;
use crate::store::apps::{customer_lookups, customer_writes, writes};

/// A device of a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terminal {
    pub device: Device,
    /// Whether the user had it before.
    pub is_known: bool,
}

impl Apps {
    /// The device of the asker that is told apart from others by a text, known or new.
    ///
    /// # Errors
    /// [`CustomerRefusal::NotYours`] if the token is nobody's, [`CustomerRefusal::Value`] for a text that is empty or
    /// too long, [`CustomerRefusal::Full`], and faults.
    pub async fn terminal(
        &self,
        asker: &CustomerAsker,
        (terminal, os): (&str, OsType),
        peer: IpAddr,
    ) -> Result<Terminal, CustomerRefusal> {
        let (app, owner) = (asker.app.id, asker.user_id()?);
        if terminal.is_empty() || terminal.len() > TERMINAL_BYTES_MAX {
            return Err(CustomerRefusal::Value);
        }
        let hash = key::hash_of(terminal);
        let known = self.store.read(customer_lookups::terminal(app, owner, hash)).await?;
        if let Some(device) = known {
            return Ok(Terminal { device, is_known: true });
        }
        let admitted = self.limits.device_from(app, peer);
        admitted.map_err(|over| CustomerRefusal::Fault(over.into()))?;
        match self.make_device((app, owner), hash, os).await? {
            MadeDevice::New(device) => Ok(Terminal { device, is_known: false }),
            MadeDevice::Known(device) => Ok(Terminal { device, is_known: true }),
            MadeDevice::TooMany => Err(CustomerRefusal::Full),
        }
    }

    /// A device of the asker.
    ///
    /// # Errors
    /// [`CustomerRefusal::NoDevice`] if it is none of the asker's, [`CustomerRefusal::NotYours`] if the token is
    /// nobody's, and faults.
    pub async fn own_device(
        &self,
        asker: &CustomerAsker,
        device: Option<DeviceId>,
    ) -> Result<Device, CustomerRefusal> {
        let owner = asker.user_id()?;
        let id = device.ok_or(CustomerRefusal::NoDevice)?;
        let found = self.device(id).await?;
        let is_own = |device: &Device| device.owner == owner && device.app == asker.app.id;
        found.filter(is_own).ok_or(CustomerRefusal::NoDevice)
    }

    /// Says what a device runs on.
    ///
    /// # Errors
    /// As [`Store::run`](crate::store::Store::run).
    pub async fn set_os(&self, device: Device, os: OsType) -> Result<(), CustomerRefusal> {
        Ok(self.store.run(writes::set_device_os(device.id, os)).await?)
    }

    /// An agent logs in at a device; where he has logged in last by then: at a browser, and at something mobile.
    ///
    /// # Errors
    /// As [`Apps::terminal`].
    pub async fn log_in_at(
        &self,
        asker: &CustomerAsker,
        terminal: (&str, OsType),
        peer: IpAddr,
    ) -> Result<(Option<DeviceId>, Option<DeviceId>), CustomerRefusal> {
        let device = self.terminal(asker, terminal, peer).await?.device;
        let (app, agent) = (asker.app.id, device.owner);
        let at = (terminal.1.class(), Some(device.id));
        self.store.run(customer_writes::log_in_at(app, agent, at)).await?;
        Ok(self.store.read(customer_lookups::logged_in_at(app, agent)).await?)
    }

    /// An agent has logged in at a device of his class last, and not logged out since.
    ///
    /// # Errors
    /// As [`Store::read`](crate::store::Store::read).
    pub async fn is_logged_in_at(&self, device: Device) -> Result<bool, CustomerRefusal> {
        let look = customer_lookups::logged_in_at(device.app, device.owner);
        let (browser, mobile) = self.store.read(look).await?;
        Ok([browser, mobile].contains(&Some(device.id)))
    }

    /// An agent logs out at a device.
    ///
    /// # Errors
    /// As [`Apps::is_logged_in_at`].
    pub async fn log_out_at(&self, device: Device) -> Result<(), CustomerRefusal> {
        let out = customer_writes::log_out_at(device.app, device.owner, device.id);
        Ok(self.store.run(out).await?)
    }

    /// Whether a user is there now: at something mobile, and at a browser or whatever else.
    ///
    /// # Errors
    /// [`CustomerRefusal::Fault`].
    pub async fn presence_of(
        &self,
        asker: &CustomerAsker,
        user: UserId,
    ) -> Result<(bool, bool), CustomerRefusal> {
        if !self.is_there(user).await? {
            return Ok((false, false));
        }
        let at =
            self.hub.classes(asker.app.id, vec![user]).await.map_err(|_| ServiceFault::Busy)?;
        let (browser, mobile) = at.first().copied().unwrap_or_default();
        // By another dialect than that of customer chat.
        Ok((mobile, browser || !mobile))
    }
}
