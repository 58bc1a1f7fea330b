//! `tradewind push-token`: a token such as the hub's own pushes show.

use anyhow::anyhow;
use clap::Args;
use serde::{Deserialize, Serialize};

use super::task::TaskReport;
use crate::server::Config;
use crate::service::pubsub::PushIdentity;

/// The command `push-token`.
#[derive(Args)]
pub struct PushTokenArgs {
    /// Whose token; without it the first of pubsub.push_emails
    #[arg(long)]
    email: Option<String>,
    /// Whom it is for; without it pubsub.push_audience
    #[arg(long)]
    audience: Option<String>,
}

/// A token that is wanted. A living hub gets it over its control socket.
#[derive(Debug, Deserialize, Serialize)]
pub struct PushTokenOrder {
    email: String,
    audience: String,
}

impl PushTokenArgs {
    /// With what the settings say where nothing was said.
    pub fn of(self, config: &Config) -> anyhow::Result<PushTokenOrder> {
        let pubsub = &config.pubsub;
        let email = self.email.or_else(|| pubsub.push_emails.first().cloned());
        let email = email.ok_or_else(|| anyhow!("--email: say whose token it is to be"))?;
        let audience = self.audience.unwrap_or_else(|| pubsub.push_audience.clone());
        Ok(PushTokenOrder { email, audience })
    }
}

/// Makes a token.
pub async fn run(identity: &PushIdentity, order: PushTokenOrder) -> anyhow::Result<TaskReport> {
    let PushTokenOrder { email, audience } = order;
    let token = identity.token(email, audience).await?;
    Ok(TaskReport::lines(format!("{token}\n")))
}
