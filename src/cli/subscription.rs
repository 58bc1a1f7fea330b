//! `tradewind subscription`: subscriptions of Pub/Sub, and what waits for them.

use clap::{Args, Subcommand};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::task::TaskReport;
use super::topic::said;
use crate::domain::pubsub::name::{ProjectName, SubscriptionName, TopicName};
use crate::domain::pubsub::page::ListAsked;
use crate::domain::pubsub::subscription::{PushConfig, Subscription, SubscriptionConfig};
use crate::service::pubsub::{NewSubscription, Pubsub};

/// The commands `subscription …`. A living hub gets them over its control socket.
#[derive(Debug, Deserialize, Serialize, Subcommand)]
pub enum SubscriptionCommand {
    /// Make a subscription to a topic, and print it as one line of JSON
    Add(AddSubscription),
    /// Print the subscriptions of a project with what waits for them, a line of JSON each
    List {
        /// Such as my-project
        #[arg(long)]
        project: String,
    },
    /// Delete a subscription, with all that waits for it
    Remove {
        /// The subscription
        name: String,
    },
}

/// The command `subscription add`.
#[derive(Args, Debug, Deserialize, Serialize)]
pub struct AddSubscription {
    /// Such as projects/my-project/subscriptions/mine
    name: String,
    /// Such as projects/my-project/topics/news
    #[arg(long)]
    topic: String,
    /// Push messages to this URL
    #[arg(long, value_name = "URL")]
    push: Option<String>,
    /// Which messages come, such as 'attributes.kind = "x"'
    #[arg(long, default_value = "")]
    filter: String,
    /// Have messages of one ordering key come in order
    #[arg(long)]
    ordered: bool,
    /// Seconds until what was not acknowledged comes again
    #[arg(long, default_value_t = 10)]
    ack_deadline: u32,
}

/// Does a `subscription` command.
pub async fn run(pubsub: &Pubsub, command: SubscriptionCommand) -> anyhow::Result<TaskReport> {
    Ok(TaskReport::lines(match command {
        SubscriptionCommand::Add(add) => {
            let new = NewSubscription {
                name: SubscriptionName::parse(&add.name).map_err(said)?,
                topic: TopicName::parse(&add.topic).map_err(said)?,
                config: SubscriptionConfig {
                    push: add.push.map(|endpoint| PushConfig { endpoint, ..PushConfig::default() }),
                    filter: add.filter,
                    is_ordered: add.ordered,
                    ack_deadline_s: add.ack_deadline,
                    ..SubscriptionConfig::default()
                },
            };
            let made = pubsub.create_subscription(new).await.map_err(said)?;
            format!("{}\n", json!({ "name": made.name, "topic": topic(&made) }))
        }
        SubscriptionCommand::List { project } => list(pubsub, &project).await?,
        SubscriptionCommand::Remove { name } => {
            let name = SubscriptionName::parse(&name).map_err(said)?;
            pubsub.delete_subscription(&name).await.map_err(said)?;
            String::new()
        }
    }))
}

async fn list(pubsub: &Pubsub, project: &str) -> anyhow::Result<String> {
    let project = ProjectName::new(project).map_err(said)?;
    let (mut lines, mut after) = (String::new(), String::new());
    loop {
        let asked = ListAsked::new(0, &after).map_err(said)?;
        let page = pubsub.subscriptions(&project, asked).await.map_err(said)?;
        for subscription in page.entries {
            let (count, oldest_ms) = pubsub.backlog(&subscription).await.map_err(said)?;
            let line = json!({
                "name": subscription.name,
                "topic": topic(&subscription),
                "backlog": count,
                "oldestUnackedMs": oldest_ms,
            });
            lines += &format!("{line}\n");
        }
        if page.next.is_empty() {
            return Ok(lines);
        }
        after = page.next;
    }
}

fn topic(subscription: &Subscription) -> Value {
    match &subscription.topic_name {
        Some(name) => json!(name),
        None => json!("_deleted-topic_"),
    }
}
