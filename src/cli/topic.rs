//! `tradewind topic`: topics of Pub/Sub.

use anyhow::anyhow;
use clap::Subcommand;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::task::TaskReport;
use crate::domain::pubsub::message::MessageDraft;
use crate::domain::pubsub::name::{ProjectName, TopicName};
use crate::domain::pubsub::page::ListAsked;
use crate::domain::pubsub::refusal::PubsubRefusal;
use crate::domain::pubsub::topic::TopicConfig;
use crate::service::pubsub::{NewTopic, Pubsub};

/// The commands `topic …`. A living hub gets them over its control socket.
#[derive(Debug, Deserialize, Serialize, Subcommand)]
pub enum TopicCommand {
    /// Make a topic, and print it as one line of JSON
    Add {
        /// Such as projects/my-project/topics/news
        name: String,
    },
    /// Print the topics of a project, a line of JSON each
    List {
        /// Such as my-project
        #[arg(long)]
        project: String,
    },
    /// Publish a text to a topic, and print the id of the message as one line of JSON
    Publish {
        /// The topic
        name: String,
        /// The text
        #[arg(long)]
        data: String,
    },
    /// Delete a topic; its subscriptions stay, with what waits for them
    Remove {
        /// The topic
        name: String,
    },
}

/// Does a `topic` command.
pub async fn run(pubsub: &Pubsub, command: TopicCommand) -> anyhow::Result<TaskReport> {
    Ok(TaskReport::lines(match command {
        TopicCommand::Add { name } => {
            let name = TopicName::parse(&name).map_err(said)?;
            let new = NewTopic { name, config: TopicConfig::default() };
            let topic = pubsub.create_topic(new).await.map_err(said)?;
            format!("{}\n", json!({ "name": topic.name }))
        }
        TopicCommand::List { project } => {
            let project = ProjectName::new(&project).map_err(said)?;
            let (mut lines, mut after) = (String::new(), String::new());
            loop {
                let asked = ListAsked::new(0, &after).map_err(said)?;
                let page = pubsub.topics(&project, asked).await.map_err(said)?;
                for topic in page.entries {
                    lines += &format!("{}\n", json!({ "name": topic.name }));
                }
                if page.next.is_empty() {
                    break lines;
                }
                after = page.next;
            }
        }
        TopicCommand::Publish { name, data } => {
            let name = TopicName::parse(&name).map_err(said)?;
            let draft = MessageDraft { data: data.into_bytes(), ..MessageDraft::default() };
            let ids = pubsub.publish(&name, vec![draft]).await.map_err(said)?;
            let id = ids.first().map(ToString::to_string);
            format!("{}\n", json!({ "messageId": id }))
        }
        TopicCommand::Remove { name } => {
            let name = TopicName::parse(&name).map_err(said)?;
            pubsub.delete_topic(&name).await.map_err(said)?;
            String::new()
        }
    }))
}

/// What whoever typed the command reads.
pub(super) fn said(refusal: PubsubRefusal) -> anyhow::Error {
    anyhow!("{}", refusal.message)
}
