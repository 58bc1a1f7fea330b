//! What operators ask at the console of an app.

use super::Apps;
use crate::auth::key;
use crate::domain::apps::command::AppsAnswer;
use crate::domain::apps::console::{ConsoleAction, ConsoleRequest};
use crate::domain::apps::downstream::SendManner;
use crate::domain::error::Refusal;
use crate::domain::id::AppId;
use crate::hub::refusal;
use crate::store::apps::console::{ConsoleAsked, ConsoleRules, Operated};
use crate::store::apps::writes;

impl Apps {
    /// Does what an operator asks; all consoles of the app are told.
    ///
    /// # Errors
    /// [`Refusal::Busy`], [`Refusal::Internal`].
    pub(super) async fn operate(
        &self,
        app: AppId,
        request: ConsoleRequest,
    ) -> Result<AppsAnswer, Refusal> {
        let service_hash = match &request.action {
            ConsoleAction::Register { service, .. } => Some(key::hash_of(service)),
            ConsoleAction::CreateGroup { .. }
            | ConsoleAction::AddDevices { .. }
            | ConsoleAction::SubtractDevices { .. }
            | ConsoleAction::DeleteGroup { .. }
            | ConsoleAction::SendUnicast { .. }
            | ConsoleAction::SendMulticast { .. }
            | ConsoleAction::SendBroadcast { .. }
            | ConsoleAction::SendGroup { .. }
            | ConsoleAction::Unregister => None,
        };
        let (rules, now) = (self.console_rules(), self.clock.now());
        let manner = SendManner::default();
        let asked = ConsoleAsked { app, server: None, request, service_hash, manner, now };
        let done = self.store.run(writes::operate(rules, asked)).await.map_err(refusal)?;
        let Operated { answer, has_left_work } = done;
        if has_left_work {
            (self.work_left)();
        }
        Ok(answer)
    }

    /// What is heeded when an operator, or a server, asks.
    pub(super) fn console_rules(&self) -> ConsoleRules {
        ConsoleRules {
            mint: self.mint.clone(),
            kept: self.settings.downstream_kept,
            groups_max: self.settings.device_groups_max,
        }
    }
}
