//! Devices: who one is, what it sends to servers of its app, and what waits for it.

use std::collections::HashSet;
use std::time::Duration;

use super::Apps;
use crate::domain::apps::command::{AppsAnswer, DeviceRequest, ServerNamed};
use crate::domain::apps::console::ResultCode;
use crate::domain::apps::device::{Device, OsType};
use crate::domain::apps::server::ServerNews;
use crate::domain::clock::Timestamp;
use crate::domain::error::Refusal;
use crate::domain::id::{AppId, DeviceId, DownstreamId, UserId};
use crate::domain::principal::{IdentifyError, Identity, Mailbox, Principal, Voucher};
use crate::domain::uuid::Uuid;
use crate::hub::refusal;
use crate::service::authenticators::{Authentication, Authenticator};
use crate::service::{LookUp, ServiceFault, look_up};
use crate::store::Line;
use crate::store::apps::deliveries::WaitingBatch;
use crate::store::apps::devices::MadeDevice;
use crate::store::apps::upstreams::Upstream;
use crate::store::apps::{lookups, writes};

/// The scheme of devices: a token, and the device's id.
pub const DEVICE: &str = "app-device";
/// When a device was last seen is known so well: one that comes and goes costs no write each time.
const SEEN_PRECISION: Duration = Duration::from_secs(3_600);

/// Judges tokens of devices.
pub(super) struct DeviceAuthenticator(pub Apps);

impl Authenticator for DeviceAuthenticator {
    fn check(&self, parts: &[String]) -> Authentication {
        let apps = self.0.clone();
        let [token, device] = parts else {
            return Authentication::Now(Err(IdentifyError::Credential));
        };
        let device = Uuid::parse(device).and_then(DeviceId::of_uuid);
        let (token, device) = (token.clone(), device);
        Authentication::Later(Box::pin(async move {
            let token = apps.token(&token).await?.ok_or(IdentifyError::Credential)?;
            let id = device.ok_or(IdentifyError::Principal)?;
            let found = apps.device(id).await?.ok_or(IdentifyError::Principal)?;
            if token.app != found.app || token.user != Some(found.owner) {
                return Err(IdentifyError::Principal);
            }
            let principal =
                Principal::Device { device: found.id, owner: found.owner, class: found.os.class() };
            Ok(Identity { principal, voucher: Voucher::App(Box::new(token)) })
        }))
    }
}

impl Apps {
    /// The device with an id. It has been seen by that: somebody knows its token, or speaks for it.
    ///
    /// # Errors
    /// [`ServiceFault::Busy`], [`ServiceFault::Internal`].
    pub async fn device(&self, id: DeviceId) -> Result<Option<Device>, ServiceFault> {
        let Some((device, seen_at)) = self.store.read(lookups::device(id)).await? else {
            return Ok(None);
        };
        let now = self.clock.now();
        if seen_at.after(SEEN_PRECISION) <= now {
            self.store.run(writes::touch_device(id, now)).await?;
        }
        Ok(Some(device))
    }

    /// The devices of a user of an app, the oldest first.
    ///
    /// # Errors
    /// As [`Apps::device`].
    pub async fn devices_of(&self, app: AppId, owner: UserId) -> Result<Vec<Device>, ServiceFault> {
        Ok(self.store.read(lookups::devices_of(app, owner)).await?)
    }

    /// A device of a user of an app, made unless the user has that terminal already, which is told by the SHA-256 of
    /// its name.
    ///
    /// # Errors
    /// As [`Apps::device`]; [`ServiceFault::Internal`] also if there is no such app or user.
    pub async fn make_device(
        &self,
        (app, owner): (AppId, UserId),
        terminal_hash: [u8; 32],
        os: OsType,
    ) -> Result<MadeDevice, ServiceFault> {
        let (mint, now) = (self.mint.clone(), self.clock.now());
        let devices_max = self.settings.devices_per_user_max;
        let make = writes::make_device((app, owner), (terminal_hash, os), (mint, now), devices_max);
        Ok(self.store.run(make).await?)
    }

    /// What a device asks.
    ///
    /// # Errors
    /// [`Refusal::Busy`], [`Refusal::Internal`].
    pub(super) async fn device_asks(
        &self,
        device: DeviceId,
        request: DeviceRequest,
    ) -> Result<AppsAnswer, Refusal> {
        match request {
            DeviceRequest::Acknowledge(messages) => {
                let had = messages.into_iter().map(|message| (device, message)).collect();
                self.acknowledgements.write(&self.store, had).await?;
                Ok(AppsAnswer::Done)
            }
            DeviceRequest::Upstream { data, server, echo } => {
                let found = self.store.read(lookups::device(device)).await.map_err(refusal)?;
                let Some((Device { app, .. }, _)) = found else { return Err(Refusal::Internal) };
                self.send_up((device, app), (data, server), echo).await
            }
        }
    }

    /// Tells the servers of an app what a device has to say. Who is there now hears it, and nobody later.
    async fn send_up(
        &self,
        (device, app): (DeviceId, AppId),
        (data, server): (Option<String>, ServerNamed),
        echo: Option<String>,
    ) -> Result<AppsAnswer, Refusal> {
        let is_linked = self.links.hear(app, server);
        let is_heard = is_linked || self.hub.is_online(Mailbox::Console(app)).await?;
        let at: Timestamp = self.clock.now();
        let said = is_linked.then(|| data.clone()).flatten();
        let upstream = Upstream { app, device, data, server, is_heard, at };
        let (mut code, request) =
            self.store.run(writes::send_up(upstream)).await.map_err(refusal)?;
        if let Some(data) = said.filter(|_| code == ResultCode::Done) {
            let is_taken = self.links.tell(app, server, ServerNews { device, at, data, request });
            // Whoever was linked has gone meanwhile, or so much waits for it already.
            if !is_taken && !self.hub.is_online(Mailbox::Console(app)).await? {
                code = ResultCode::NoChannel;
            }
        }
        if code != ResultCode::Done {
            log::debug!("what device {device} has sent was heard by nobody: {code:?}");
        }
        Ok(AppsAnswer::UpstreamSent { code, request, echo })
    }

    /// The next batch of what waits for a device, without what was sent to it already.
    pub fn waiting(
        &self,
        (device, owner): (DeviceId, UserId),
        sent: HashSet<DownstreamId>,
    ) -> impl LookUp<WaitingBatch> + use<> {
        let now = self.clock.now();
        look_up(&self.store, Line::Light(owner), lookups::waiting(device, sent, now))
    }
}
