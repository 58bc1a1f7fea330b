//! An app with many devices, for tests and load runs.

use super::{AppRefusal, Apps};
use crate::auth::AuthError;
use crate::auth::key::{self, AppTokenText};
use crate::domain::apps::app::Level;
use crate::domain::apps::device::OsType;
use crate::domain::apps::token::AppToken;
use crate::domain::id::{AppId, DeviceId, UserId};
use crate::store::apps::devices::NewDevice;
use crate::store::apps::downstreams::STEP_MAX;
use crate::store::apps::seed::{NewDeviceOwner, add_owners};
use crate::store::apps::users::NewVisitor;
use crate::store::apps::writes;

/// An app that was made, with devices.
pub struct SeededApp {
    pub id: AppId,
    /// A token for its console.
    pub console: String,
    pub owners: Vec<SeededOwner>,
}

/// A visitor who was made.
pub struct SeededOwner {
    /// For all of the visitor's devices.
    pub token: String,
    pub devices: Vec<DeviceId>,
}

impl Apps {
    /// Makes an app with so many devices, each visitor with as many as one may have.
    ///
    /// # Errors
    /// [`AppRefusal::TooMany`], and faults.
    pub async fn seed(&self, devices: usize) -> Result<SeededApp, AppRefusal> {
        let app = self.add(&format!("seed {}", self.mint.app()?)).await?.id;
        let (console, token) = self.drafted(app, Level::ThirdPartyConsole, None)?;
        if !self.store.run(writes::add_token(token)).await? {
            return Err(AppRefusal::NoApp);
        }
        let each =
            usize::try_from(self.settings.devices_per_user_max).unwrap_or(1).clamp(1, STEP_MAX);
        let mut left = devices;
        let mut owners = Vec::new();
        while left > 0 {
            let mut step = Vec::new();
            for _ in 0..STEP_MAX.div_ceil(each) {
                let count = left.min(each);
                left = left.saturating_sub(count);
                let (seeded, new) = self.owner(app, count)?;
                owners.push(seeded);
                step.push(new);
                if left == 0 {
                    break;
                }
            }
            if !self.store.run(add_owners(app, step)).await? {
                return Err(AppRefusal::NoApp);
            }
        }
        Ok(SeededApp { id: app, console, owners })
    }

    fn owner(
        &self,
        app: AppId,
        devices: usize,
    ) -> Result<(SeededOwner, NewDeviceOwner), AppRefusal> {
        let (id, at) = (self.mint.user()?, self.clock.now());
        let (text, token) = self.drafted(app, Level::Ppcom, Some(id))?;
        let device = || {
            let device = self.mint.device()?;
            let terminal_hash = key::hash_of(&device.to_string());
            Ok(NewDevice { id: device, app, owner: id, terminal_hash, os: OsType::Linux, at })
        };
        let devices = (0..devices).map(|_| device()).collect::<Result<Vec<_>, AppRefusal>>()?;
        let seeded =
            SeededOwner { token: text, devices: devices.iter().map(|device| device.id).collect() };
        let visitor = NewVisitor {
            id,
            app,
            shown_name: "seeded".to_owned(),
            icon: None,
            email: None,
            trace_hash: None,
            created_at: at,
        };
        Ok((seeded, NewDeviceOwner { visitor, token, devices }))
    }

    fn drafted(
        &self,
        app: AppId,
        level: Level,
        user: Option<UserId>,
    ) -> Result<(String, AppToken), AuthError> {
        let lifetime = self.lifetime(level);
        let text = AppTokenText::random()?;
        let expires_at = self.clock.now().after(lifetime);
        let token =
            AppToken { hash: text.hash(), app, level, user, expires_at, slides_by: lifetime };
        Ok((text.as_str().to_owned(), token))
    }
}
