//! `tradewind service-key`: keys by which other services show who they are.

use anyhow::{anyhow, bail};
use clap::Subcommand;
use serde::{Deserialize, Serialize};

use super::task::TaskReport;
use crate::service::admin::{Admin, KeyRefusal};

/// The commands `service-key …`. A living hub gets them over its control socket.
#[derive(Debug, Deserialize, Serialize, Subcommand)]
pub enum ServiceKeyCommand {
    /// Make a key, and print it; it is shown only now
    Add {
        /// The unique name of the service, or of this key of it
        #[arg(long)]
        name: String,
    },
    /// Print the names that have keys
    List,
    /// End a key at once
    Remove {
        /// Its name
        #[arg(long)]
        name: String,
    },
}

/// Does a `service-key` command.
pub async fn run(admin: &Admin, command: ServiceKeyCommand) -> anyhow::Result<TaskReport> {
    Ok(TaskReport::lines(match command {
        ServiceKeyCommand::Add { name } => {
            let key = admin.add_key(&name).await.map_err(|refusal| match refusal {
                KeyRefusal::NameInvalid => anyhow!("--name: {refusal}"),
                KeyRefusal::NameTaken => anyhow!("a key has the name {name:?} already"),
                KeyRefusal::Store(_) | KeyRefusal::Auth(_) => refusal.into(),
            })?;
            format!("{}\n", key.as_str())
        }
        ServiceKeyCommand::List => {
            admin.keys().await?.iter().map(|name| format!("{name}\n")).collect()
        }
        ServiceKeyCommand::Remove { name } => {
            if !admin.remove_key(name.clone()).await? {
                bail!("no key has the name {name:?}");
            }
            String::new()
        }
    }))
}
