//! `tradewind agent`: who answers visitors in the name of an app.

use anyhow::anyhow;
use clap::{Args, Subcommand};
use serde::{Deserialize, Serialize};

use super::task::TaskReport;
use crate::domain::accounts::password::PasswordFault;
use crate::service::apps::{AgentRefusal, AppRefusal, Apps, NewAgent};

/// The commands `agent …`. A living hub gets them over its control socket.
#[derive(Debug, Deserialize, Serialize, Subcommand)]
pub enum AgentCommand {
    /// Make an agent, with an account for one who has none, and print it as one line of JSON. Visitors who wait
    /// for an agent have a conversation then
    Add(AddAgent),
    /// Print the agents of an app as one line of JSON
    List {
        /// The name of the app
        #[arg(long)]
        app: String,
    },
}

/// The command `agent add`.
#[derive(Args, Debug, Deserialize, Serialize)]
pub struct AddAgent {
    /// The name of the app
    #[arg(long)]
    app: String,
    /// The e-mail address; it counts as verified
    #[arg(long)]
    email: String,
    /// The password at the app, and of a new account
    #[arg(long)]
    password: String,
    /// The name that visitors see; it need not be unique
    #[arg(long)]
    name: String,
}

#[derive(Serialize)]
struct AgentLine<'a> {
    user_uuid: String,
    email: Option<&'a str>,
    app_uuid: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
}

/// Does an `agent` command.
pub async fn run(apps: &Apps, command: AgentCommand) -> anyhow::Result<TaskReport> {
    match command {
        AgentCommand::Add(AddAgent { app, email, password, name }) => {
            let new = NewAgent { app: &app, email: &email, password: &password, shown_name: &name };
            let (app, agent) = apps.add_agent(new).await.map_err(|why| said(why, &app))?;
            line(&AgentLine {
                user_uuid: agent.id.uuid().to_string(),
                email: agent.email.as_deref(),
                app_uuid: app.id.uuid().to_string(),
                name: None,
            })
        }
        AgentCommand::List { app } => {
            let (app, agents) = apps.agents(&app).await.map_err(|why| match why {
                AppRefusal::NoApp => anyhow!("--app: no app has the name {app:?}"),
                why => why.into(),
            })?;
            let app_uuid = app.id.uuid().to_string();
            let lines = agents.iter().map(|agent| AgentLine {
                user_uuid: agent.id.uuid().to_string(),
                email: agent.email.as_deref(),
                app_uuid: app_uuid.clone(),
                name: Some(&agent.shown_name),
            });
            line(&lines.collect::<Vec<_>>())
        }
    }
}

fn line(value: &impl Serialize) -> anyhow::Result<TaskReport> {
    Ok(TaskReport::lines(format!("{}\n", serde_json::to_string(value)?)))
}

/// What whoever typed the command reads.
fn said(why: AgentRefusal, app: &str) -> anyhow::Error {
    match why {
        AgentRefusal::NoApp => anyhow!("--app: no app has the name {app:?}"),
        AgentRefusal::EmailInvalid => anyhow!("--email: {why}"),
        AgentRefusal::NameInvalid => anyhow!("--name: {why}"),
        AgentRefusal::Password(PasswordFault::Short) => anyhow!("--password: too short"),
        AgentRefusal::Password(PasswordFault::Long) => anyhow!("--password: too long"),
        AgentRefusal::Known
        | AgentRefusal::Account
        | AgentRefusal::TooMany
        | AgentRefusal::Names
        | AgentRefusal::Store(_)
        | AgentRefusal::Auth(_)
        | AgentRefusal::Mint(_) => why.into(),
    }
}
