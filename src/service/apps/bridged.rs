//! What bridges of Pub/Sub bring to consoles and devices, as an operator would send it.

use super::Apps;
use crate::domain::apps::console::{ConsoleAction, ConsoleLine, ConsoleRequest};
use crate::domain::apps::downstream::SendManner;
use crate::domain::error::Refusal;
use crate::domain::id::AppId;
use crate::domain::pubsub::bridge::BridgeTarget;
pub use crate::hub::messages::ConsolesState;
use crate::hub::refusal;
use crate::service::pubsub::WaitingAt;
use crate::store::apps::bridged;
pub use crate::store::apps::bridged::BridgedFault;
use crate::store::apps::console::ConsoleAsked;
use crate::store::apps::lookups;
use crate::store::pubsub::bridge_writes::consuming;

impl Apps {
    /// Whether consoles of an app are open, and have read what they were shown.
    ///
    /// # Errors
    /// [`Refusal::Busy`].
    pub async fn consoles(&self, app: AppId) -> Result<ConsolesState, Refusal> {
        self.hub.consoles(app).await
    }

    /// Whether an app has not been removed.
    ///
    /// # Errors
    /// As [`Apps::show_published`].
    pub async fn lives(&self, app: AppId) -> Result<bool, Refusal> {
        let found = self.store.read(lookups::app(app)).await.map_err(refusal)?;
        Ok(found.is_some())
    }

    /// Shows a line to all consoles of an app, and acknowledges the message that it is about: once, and never one without the
    /// other. False, and nothing is shown, of a message that does not wait any more.
    ///
    /// # Errors
    /// [`Refusal::Busy`], [`Refusal::Internal`].
    pub async fn show_published(
        &self,
        app: AppId,
        line: ConsoleLine,
        waiting: WaitingAt,
    ) -> Result<Result<bool, BridgedFault>, Refusal> {
        let show = consuming(waiting, bridged::show_line(app, line));
        let shown = self.store.run(show).await.map_err(refusal)?;
        Ok(shown.map_or(Ok(false), |shown| shown.map(|()| true)))
    }

    /// Sends a text to devices of an app as from its console, and acknowledges the message that it comes from, as
    /// [`Apps::show_published`] does.
    ///
    /// # Errors
    /// As [`Apps::show_published`].
    pub async fn send_published(
        &self,
        (app, target): (AppId, &BridgeTarget),
        text: String,
        waiting: WaitingAt,
    ) -> Result<Result<bool, BridgedFault>, Refusal> {
        let action = match target {
            BridgeTarget::AllDevices | BridgeTarget::Consoles => {
                ConsoleAction::SendBroadcast { text }
            }
            BridgeTarget::DeviceGroup(group) => {
                ConsoleAction::SendGroup { text, group: Some(group.uuid().hex()) }
            }
            BridgeTarget::Devices(devices) => {
                let devices = devices.iter().map(|device| device.uuid().hex()).collect();
                ConsoleAction::SendMulticast { text, devices }
            }
        };
        let asked = ConsoleAsked {
            app,
            server: None,
            request: ConsoleRequest { action, fault: None },
            service_hash: None,
            manner: SendManner::default(),
            now: self.clock.now(),
        };
        let rules = self.console_rules();
        let send = consuming(waiting, bridged::send_published(rules, asked));
        let sent = self.store.run(send).await.map_err(refusal)?;
        if sent == Some(Ok(true)) {
            (self.work_left)();
        }
        Ok(sent.map_or(Ok(false), |sent| sent.map(|_| true)))
    }
}
