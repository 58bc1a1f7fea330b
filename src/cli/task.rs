//! What a command does to a database: in its own process, or in that of the hub that has it.

use std::io::Write;

use serde::{Deserialize, Serialize};

use super::{agent, app, bridge, push_token, seed, service_key, subscription, topic, user};
use crate::service::Service;
use crate::store::Database;

/// A command that writes or asks. As JSON it is what `control` sends to a hub.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Task {
    User(user::UserCommand),
    ServiceKey(service_key::ServiceKeyCommand),
    App(app::AppCommand),
    Agent(agent::AgentCommand),
    Topic(topic::TopicCommand),
    Subscription(subscription::SubscriptionCommand),
    Bridge(bridge::BridgeCommand),
    PushToken(push_token::PushTokenOrder),
    Seed(seed::Plan),
    Migrate,
}

/// Where a command says what it has done. It comes to whoever typed it, wherever the command ran.
pub struct Output<'a> {
    /// Standard output.
    pub screen: &'a mut dyn Write,
    /// The file that the command was asked to write.
    pub file: &'a mut dyn Write,
}

/// What a command has to say when it is done.
pub struct TaskReport {
    /// For standard output.
    pub screen: String,
    /// For the file that it was asked to write.
    pub file: Option<seed::SeededFile>,
}

impl TaskReport {
    /// Some lines, and nothing for a file.
    pub fn lines(screen: String) -> Self {
        Self { screen, file: None }
    }

    /// Says it, on a thread that may wait for whoever listens.
    pub fn tell(self, out: &mut Output<'_>) -> anyhow::Result<()> {
        if let Some(seeded) = self.file {
            seed::write(out.file, seeded)?;
        }
        Ok(out.screen.write_all(self.screen.as_bytes())?)
    }
}

impl Task {
    /// Does it, through the service on this database.
    pub async fn run(
        self,
        (service, database): (&Service, &Database),
    ) -> anyhow::Result<TaskReport> {
        match self {
            Self::User(command) => user::run(&service.accounts, command).await,
            Self::ServiceKey(command) => service_key::run(&service.admin, command).await,
            Self::App(command) => app::run(&service.apps, command).await,
            Self::Agent(command) => agent::run(&service.apps, command).await,
            Self::Topic(command) => topic::run(&service.pubsub, command).await,
            Self::Subscription(command) => subscription::run(&service.pubsub, command).await,
            Self::Bridge(command) => bridge::run(service, command).await,
            Self::PushToken(order) => push_token::run(&service.push_identity, order).await,
            Self::Seed(plan) => seed::run(service, &plan).await,
            Self::Migrate => migrate(database),
        }
    }
}

/// Brings the schema up to date.
pub fn migrate(database: &Database) -> anyhow::Result<TaskReport> {
    let applied = database.migrate()?;
    let mut lines: String = applied.iter().map(|name| format!("{name}\n")).collect();
    lines += &format!("{} migrations applied, the schema is up to date\n", applied.len());
    Ok(TaskReport::lines(lines))
}
