//! `tradewind app`: apps, their keys, and what their owners set.

use anyhow::anyhow;
use clap::{Args, Subcommand, ValueEnum};
use serde::{Deserialize, Serialize};

use super::task::TaskReport;
use crate::domain::apps::app::{App, Level};
use crate::service::apps::{AppChanges, AppRefusal, Apps, ShownKey};

/// The commands `app …`. A living hub gets them over its control socket.
#[derive(Debug, Deserialize, Serialize, Subcommand)]
pub enum AppCommand {
    /// Make an app, and print it with its keys as one line of JSON; the secrets are shown only now
    Add {
        /// The unique name
        #[arg(long)]
        name: String,
    },
    /// Print all apps, without secrets, as one line of JSON
    List,
    /// Give a key another secret, and print it as one line of JSON. The secret before works until the next
    /// time, so that whoever uses it can be changed one after another
    RotateKey(RotateKey),
    /// Give an app's service another id, and print it as one line of JSON; it is shown only now. Servers that use
    /// the id before must register again
    NewServiceId {
        /// The name of the app
        #[arg(long)]
        name: String,
    },
    /// Set what the app's users see and who may use it, and print it as one line of JSON
    Set(SetApp),
    /// End an app: its keys and sessions at once, and then all that belongs to it
    Remove {
        /// Its name
        #[arg(long)]
        name: String,
    },
}

/// The command `app rotate-key`.
#[derive(Args, Debug, Deserialize, Serialize)]
pub struct RotateKey {
    /// The name of the app
    #[arg(long)]
    name: String,
    /// The level of the key
    #[arg(long)]
    level: KeyLevel,
    /// End the secret before, and all tokens of the key, at once
    #[arg(long)]
    end_old: bool,
}

/// The command `app set`.
#[derive(Args, Debug, Deserialize, Serialize)]
pub struct SetApp {
    /// The name of the app
    #[arg(long)]
    name: String,
    /// Origins of pages that may use the app, with commas between them; empty: all
    #[arg(long, value_delimiter = ',')]
    allowed_origins: Option<Vec<String>>,
    /// What a visitor sees who opens a conversation
    #[arg(long)]
    welcome: Option<String>,
    /// What a visitor is sent who writes while no agent is online
    #[arg(long)]
    offline_text: Option<String>,
    /// Whether the offline text is sent
    #[arg(long)]
    return_offline: Option<bool>,
    /// Whether a widget may say by an e-mail address alone who its visitor is: anybody could claim any
    #[arg(long)]
    trust_email: Option<bool>,
}

/// A level, as the command line names it.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, ValueEnum)]
#[value(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum KeyLevel {
    /// Widgets
    Ppcom,
    /// Agents
    Ppkefu,
    /// Operators
    ThirdPartyConsole,
    /// Administration
    Ppconsole,
}

impl From<KeyLevel> for Level {
    fn from(level: KeyLevel) -> Self {
        match level {
            KeyLevel::Ppcom => Self::Ppcom,
            KeyLevel::Ppkefu => Self::Ppkefu,
            KeyLevel::ThirdPartyConsole => Self::ThirdPartyConsole,
            KeyLevel::Ppconsole => Self::Ppconsole,
        }
    }
}

#[derive(Serialize)]
struct KeyLine<'a> {
    level: &'static str,
    key: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<&'a str>,
}

#[derive(Serialize)]
struct AppLine<'a> {
    uuid: String,
    name: &'a str,
    allowed_origins: &'a [String],
    welcome: &'a str,
    offline_text: &'a str,
    return_offline: bool,
    trust_email: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    keys: Vec<KeyLine<'a>>,
}

impl<'a> AppLine<'a> {
    fn new(app: &'a App, keys: &'a [(Level, String)]) -> Self {
        let key =
            |(level, key): &'a (Level, String)| KeyLine { level: level.name(), key, secret: None };
        Self {
            uuid: app.id.uuid().to_string(),
            name: &app.name,
            allowed_origins: &app.settings.allowed_origins,
            welcome: &app.settings.welcome,
            offline_text: &app.settings.offline_text,
            return_offline: app.settings.return_offline,
            trust_email: app.settings.trust_email,
            keys: keys.iter().map(key).collect(),
        }
    }
}

impl<'a> From<&'a ShownKey> for KeyLine<'a> {
    fn from(shown: &'a ShownKey) -> Self {
        Self { level: shown.level.name(), key: &shown.key, secret: Some(&shown.secret) }
    }
}

/// Does an `app` command.
pub async fn run(apps: &Apps, command: AppCommand) -> anyhow::Result<TaskReport> {
    match command {
        AppCommand::Add { name } => add(apps, &name).await,
        AppCommand::List => {
            let apps = apps.list().await?;
            let lines = apps.iter().map(|listed| AppLine::new(&listed.app, &listed.keys));
            line(&lines.collect::<Vec<_>>())
        }
        AppCommand::RotateKey(RotateKey { name, level, end_old }) => {
            let key = apps.rotate_key(&name, level.into(), !end_old).await;
            line(&KeyLine::from(&key.map_err(|why| said(why, &name))?))
        }
        AppCommand::NewServiceId { name } => {
            let service_id = apps.new_service_id(&name).await.map_err(|why| said(why, &name))?;
            line(&serde_json::json!({"name": name, "service_id": service_id}))
        }
        AppCommand::Set(set) => {
            let origins = set.allowed_origins.map(|origins| {
                let origins = origins.into_iter().map(|origin| origin.trim().to_owned());
                origins.filter(|origin| !origin.is_empty()).collect()
            });
            let changes = AppChanges {
                allowed_origins: origins,
                welcome: set.welcome,
                offline_text: set.offline_text,
                return_offline: set.return_offline,
                trust_email: set.trust_email,
            };
            let app = apps.set(&set.name, changes).await.map_err(|why| said(why, &set.name))?;
            line(&AppLine::new(&app, &[]))
        }
        AppCommand::Remove { name } => {
            let uuid = apps.remove(&name).await.map_err(|why| said(why, &name))?;
            line(&serde_json::json!({"removed": uuid.to_string(), "name": name}))
        }
    }
}

async fn add(apps: &Apps, name: &str) -> anyhow::Result<TaskReport> {
    #[derive(Serialize)]
    struct Line<'a> {
        uuid: String,
        name: &'a str,
        service_id: &'a str,
        keys: Vec<KeyLine<'a>>,
    }
    let app = apps.add(name).await.map_err(|why| said(why, name))?;
    line(&Line {
        uuid: app.id.uuid().to_string(),
        name: &app.name,
        service_id: &app.service_id,
        keys: app.keys.iter().map(KeyLine::from).collect(),
    })
}

fn line(value: &impl Serialize) -> anyhow::Result<TaskReport> {
    Ok(TaskReport::lines(format!("{}\n", serde_json::to_string(value)?)))
}

/// What whoever typed the command reads.
fn said(why: AppRefusal, name: &str) -> anyhow::Error {
    match why {
        AppRefusal::NameInvalid => anyhow!("--name: {why}"),
        AppRefusal::NameTaken => anyhow!("an app has the name {name:?} already"),
        AppRefusal::NoApp => anyhow!("no app has the name {name:?}"),
        AppRefusal::OriginInvalid(_) | AppRefusal::OriginsTooMany(_) => {
            anyhow!("--allowed-origins: {why}")
        }
        AppRefusal::TextInvalid => anyhow!("--welcome, --offline-text: {why}"),
        AppRefusal::TooMany(_)
        | AppRefusal::Store(_)
        | AppRefusal::Auth(_)
        | AppRefusal::Mint(_) => why.into(),
    }
}
