//! `tradewind bridge`: between topics or subscriptions of Pub/Sub and what is said or sent elsewhere.

use anyhow::{Context as _, anyhow, bail};
use clap::{Args, Subcommand};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::task::TaskReport;
use super::topic::said;
use crate::domain::accounts::name::Called;
use crate::domain::accounts::user::UserPair;
use crate::domain::apps::downstream::DEVICES_MAX;
use crate::domain::id::{AppId, DeviceGroupId, DeviceId, GroupId, UserId};
use crate::domain::pubsub::bridge::{
    Bridge, BridgeName, BridgeRoute, BridgeSource, BridgeState, BridgeTarget,
};
use crate::domain::pubsub::name::{SubscriptionName, TopicName};
use crate::domain::uuid::Uuid;
use crate::service::Service;
use crate::service::apps::AppRefusal;
use crate::service::pubsub::Pubsub;

/// The commands `bridge …`. A living hub gets them over its control socket.
#[derive(Debug, Deserialize, Serialize, Subcommand)]
pub enum BridgeCommand {
    /// Publish what is said in a room, or in conversations of an app, to a topic from now on; print the bridge as one
    /// line of JSON
    Publish(PublishBridge),
    /// Bring what comes to a subscription to consoles or devices of an app from now on; print the bridge as one line of
    /// JSON
    Deliver(DeliverBridge),
    /// Print all bridges and how they do, a line of JSON each
    List,
    /// Remove a bridge; what it has published stays
    Remove {
        /// The bridge
        name: String,
    },
}

/// The command `bridge publish`.
#[derive(Args, Debug, Deserialize, Serialize)]
pub struct PublishBridge {
    /// What the bridge is called, such as support-chat
    name: String,
    /// Such as projects/my-project/topics/chat
    #[arg(long)]
    topic: String,
    #[command(flatten)]
    source: SourceArgs,
    /// Of an app, only the conversations of this user (a UUID), as far as the user sees them
    #[arg(long, requires = "app", value_name = "UUID")]
    user: Option<String>,
}

/// What is published.
#[derive(Args, Debug, Deserialize, Serialize)]
#[group(required = true, multiple = false)]
pub struct SourceArgs {
    /// The room of two users, by their names
    #[arg(long, num_args = 2, value_names = ["NAME", "NAME"])]
    dm: Option<Vec<String>>,
    /// A group, by its id
    #[arg(long, value_name = "ID")]
    group: Option<String>,
    /// A conversation of an app, by its UUID
    #[arg(long, value_name = "UUID")]
    conversation: Option<String>,
    /// All conversations of an app, by its name
    #[arg(long, value_name = "NAME")]
    app: Option<String>,
}

/// The command `bridge deliver`.
#[derive(Args, Debug, Deserialize, Serialize)]
pub struct DeliverBridge {
    /// What the bridge is called, such as order-alerts
    name: String,
    /// Such as projects/my-project/subscriptions/alerts
    #[arg(long)]
    subscription: String,
    /// The app, by its name
    #[arg(long, value_name = "NAME")]
    app: String,
    #[command(flatten)]
    target: TargetArgs,
}

/// To whom it is brought.
#[derive(Args, Debug, Deserialize, Serialize)]
#[group(required = true, multiple = false)]
pub struct TargetArgs {
    /// A line at each console of the app that is open
    #[arg(long)]
    consoles: bool,
    /// A message to all devices of the app
    #[arg(long)]
    all_devices: bool,
    /// A message to a group of devices, by its id as the console shows it
    #[arg(long, value_name = "ID")]
    device_group: Option<String>,
    /// A message to devices, by their ids, with commas between them
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    devices: Option<Vec<String>>,
}

/// Does a `bridge` command.
pub async fn run(service: &Service, command: BridgeCommand) -> anyhow::Result<TaskReport> {
    let pubsub = &service.pubsub;
    Ok(TaskReport::lines(match command {
        BridgeCommand::Publish(new) => {
            let topic = TopicName::parse(&new.topic).map_err(said)?;
            let source = source(service, &new.source, new.user.as_deref()).await?;
            add(pubsub, &new.name, BridgeRoute::Out { source, topic }).await?
        }
        BridgeCommand::Deliver(new) => {
            let subscription = SubscriptionName::parse(&new.subscription).map_err(said)?;
            let (app, target) = (app(service, &new.app).await?, target(&new.target)?);
            add(pubsub, &new.name, BridgeRoute::In { subscription, app, target }).await?
        }
        BridgeCommand::List => {
            let bridges = pubsub.bridges().await.map_err(said)?;
            bridges.iter().map(|bridge| format!("{}\n", listed(pubsub, bridge))).collect()
        }
        BridgeCommand::Remove { name } => {
            let name = BridgeName::new(&name).map_err(said)?;
            pubsub.remove_bridge(name).await.map_err(said)?;
            String::new()
        }
    }))
}

async fn add(pubsub: &Pubsub, name: &str, route: BridgeRoute) -> anyhow::Result<String> {
    let name = BridgeName::new(name).map_err(said)?;
    let bridge = pubsub.add_bridge(name, route).await.map_err(said)?;
    Ok(format!("{}\n", shown(&bridge)))
}

async fn source(
    service: &Service,
    args: &SourceArgs,
    user: Option<&str>,
) -> anyhow::Result<BridgeSource> {
    // clap does not ask for the app where another flag forbids it.
    if user.is_some() && args.app.is_none() {
        bail!("--user: needs --app");
    }
    if let Some(names) = &args.dm {
        return direct(service, names).await;
    }
    if let Some(id) = &args.group {
        let group = id.parse().ok().and_then(GroupId::new).context("--group: no id of a group")?;
        return of_group(service, group).await;
    }
    if let Some(text) = &args.conversation {
        let group = uuid(text, GroupId::of_uuid).context("--conversation: no UUID of one")?;
        return of_group(service, group).await;
    }
    let app = app(service, args.app.as_deref().unwrap_or_default()).await?;
    Ok(match user {
        Some(text) => {
            let user = uuid(text, UserId::of_uuid).context("--user: no UUID of a user")?;
            BridgeSource::User { app, user }
        }
        None => BridgeSource::App { app },
    })
}

async fn direct(service: &Service, names: &[String]) -> anyhow::Result<BridgeSource> {
    let mut users = Vec::with_capacity(names.len());
    for name in names {
        let wanted = Called::new(name).context("--dm: nobody's name")?;
        let user = service.accounts.by_name(wanted).await?;
        users.push(user.with_context(|| format!("--dm: nobody has the name {name:?}"))?.id);
    }
    let pair = match users.as_slice() {
        [one, other] => UserPair::new(*one, *other),
        _ => None,
    };
    let pair = pair.context("--dm: two users who are not the same")?;
    Ok(BridgeSource::Direct { low: pair.low(), high: pair.high() })
}

/// A group, which may be a conversation of an app.
async fn of_group(service: &Service, group: GroupId) -> anyhow::Result<BridgeSource> {
    match service.pubsub.conversation_app(group).await.map_err(said)? {
        Some(app) => Ok(BridgeSource::Conversation { app, group }),
        None if service.pubsub.is_group(group).await.map_err(said)? => {
            Ok(BridgeSource::Group { group })
        }
        None => bail!("there is no such group"),
    }
}

async fn app(service: &Service, name: &str) -> anyhow::Result<AppId> {
    match service.apps.named(name).await {
        Ok(app) => Ok(app.id),
        Err(AppRefusal::NoApp) => bail!("--app: there is no app {name:?}"),
        Err(refusal) => Err(refusal.into()),
    }
}

fn target(args: &TargetArgs) -> anyhow::Result<BridgeTarget> {
    if args.consoles {
        return Ok(BridgeTarget::Consoles);
    }
    if let Some(id) = &args.device_group {
        let group = uuid(id, DeviceGroupId::of_uuid);
        return Ok(BridgeTarget::DeviceGroup(group.context("--device-group: no id of one")?));
    }
    let Some(ids) = &args.devices else { return Ok(BridgeTarget::AllDevices) };
    if ids.len() > DEVICES_MAX {
        bail!("--devices: at most {DEVICES_MAX}");
    }
    let device = |id: &String| {
        uuid(id, DeviceId::of_uuid).ok_or_else(|| anyhow!("--devices: {id:?} is no id of a device"))
    };
    Ok(BridgeTarget::Devices(ids.iter().map(device).collect::<anyhow::Result<_>>()?))
}

fn uuid<T>(text: &str, of_uuid: impl FnOnce(Uuid) -> Option<T>) -> Option<T> {
    Uuid::parse(text).and_then(of_uuid)
}

/// A bridge, as the command shows it.
fn shown(bridge: &Bridge) -> Value {
    let name = bridge.name.as_str();
    match &bridge.route {
        BridgeRoute::Out { source, topic } => {
            json!({ "name": name, "from": from(*source), "topic": topic })
        }
        BridgeRoute::In { subscription, app, target } => json!({
            "name": name,
            "subscription": subscription,
            "app": app.uuid().to_string(),
            "to": to(target),
        }),
    }
}

fn from(source: BridgeSource) -> Value {
    match source {
        BridgeSource::Direct { low, high } => json!({ "dm": [low, high] }),
        BridgeSource::Group { group } => json!({ "group": group }),
        BridgeSource::Conversation { app, group } => {
            let conversation = group.uuid().to_string();
            json!({ "app": app.uuid().to_string(), "conversation": conversation })
        }
        BridgeSource::App { app } => json!({ "app": app.uuid().to_string() }),
        BridgeSource::User { app, user } => {
            json!({ "app": app.uuid().to_string(), "user": user.uuid().to_string() })
        }
    }
}

fn to(target: &BridgeTarget) -> Value {
    match target {
        BridgeTarget::Consoles => json!("consoles"),
        BridgeTarget::AllDevices => json!("all devices"),
        BridgeTarget::DeviceGroup(group) => json!({ "deviceGroup": group.uuid().hex() }),
        BridgeTarget::Devices(devices) => {
            let devices: Vec<String> = devices.iter().map(|device| device.uuid().hex()).collect();
            json!({ "devices": devices })
        }
    }
}

/// The same with how it does; without a hub it does nothing.
fn listed(pubsub: &Pubsub, bridge: &Bridge) -> Value {
    let (state, why) = match pubsub.bridge_board().state(&bridge.name) {
        Some(BridgeState::Running) => ("running", None),
        Some(BridgeState::Paused(why)) => ("paused", Some(why)),
        None => ("stopped", None),
    };
    let mut line = shown(bridge);
    if let Some(fields) = line.as_object_mut() {
        fields.insert("state".to_owned(), json!(state));
        fields.extend(why.map(|why| ("why".to_owned(), json!(why))));
    }
    line
}
