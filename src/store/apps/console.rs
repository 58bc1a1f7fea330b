//! What operators ask at the console: the rule. One transaction does what is asked, names the request, and yields the
//! line that says what came of it, for all consoles of the app.

use std::sync::Arc;
use std::time::Duration;

use crate::domain::apps::command::AppsAnswer;
use crate::domain::apps::console::{
    CommandId, ConsoleAction, ConsoleFault, ConsoleLine, ConsoleRequest, DeviceGroupChange,
    RequestId, ResultCode,
};
use crate::domain::apps::downstream::{DEVICES_MAX, GROUP_DEVICES_MAX, SendManner, UNQUEUED_KEPT};
use crate::domain::apps::event::AppsEvent;
use crate::domain::clock::Timestamp;
use crate::domain::id::{AppId, AppServerId, DeviceGroupId, DownstreamId};
use crate::domain::mint::IdMint;
use crate::domain::news::News;
use crate::domain::principal::Mailbox;
use crate::domain::uuid::Uuid;
use crate::store::apps::downstreams::{self, Addressees, NewDownstream, SentDownstream};
use crate::store::apps::groups::{self, DeviceGroup};
use crate::store::apps::named::NamedDevices;
use crate::store::apps::servers::{self, RegisteredServer};
use crate::store::apps::{devices, directory, requests};
use crate::store::engine::Connection;
use crate::store::engine::error::StoreError;

/// What the rule goes by.
#[derive(Clone)]
pub struct ConsoleRules {
    pub mint: Arc<IdMint>,
    /// How long a message waits for devices.
    pub kept: Duration,
    /// Groups of devices that one app may have.
    pub groups_max: i64,
}

/// Something that an operator asks.
#[derive(Clone, Debug)]
pub struct ConsoleAsked {
    pub app: AppId,
    /// The registration for which it is asked; none for the hub's own console.
    pub server: Option<AppServerId>,
    pub request: ConsoleRequest,
    /// The SHA-256 of the service's id that a registration names.
    pub service_hash: Option<[u8; 32]>,
    /// How a message is sent, if one is.
    pub manner: SendManner,
    pub now: Timestamp,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operated {
    pub answer: AppsAnswer,
    /// Whether deliveries have still to be made.
    pub has_left_work: bool,
}

/// A line, and what there is besides.
pub(super) struct ConsoleOutcome {
    pub line: ConsoleLine,
    /// The message that was sent, and how.
    pub sent: Option<(DownstreamId, SentDownstream)>,
}

/// An outcome, or why there is none.
type Decided = Result<Result<ConsoleOutcome, ResultCode>, StoreError>;

impl From<ConsoleLine> for ConsoleOutcome {
    fn from(line: ConsoleLine) -> Self {
        Self { line, sent: None }
    }
}

/// Does what an operator asks.
///
/// # Errors
/// [`StoreError::Mint`], [`StoreError::Database`], [`StoreError::Corrupt`]; so if there is no such app.
pub fn perform(
    conn: &mut Connection,
    rules: &ConsoleRules,
    asked: &ConsoleAsked,
) -> Result<(Operated, Vec<News>), StoreError> {
    let ms = requests::next_ms(conn, asked.app, asked.now)?;
    if asked.request.fault == Some(ConsoleFault::Rate) {
        let line = asked.request.action.clone().failed(ResultCode::Unknown, ms);
        let answer = AppsAnswer::Line(line);
        return Ok((Operated { answer, has_left_work: false }, Vec::new()));
    }
    let (news, has_left_work) = told(asked.app, decide(conn, rules, asked, ms)?);
    Ok((Operated { answer: AppsAnswer::Told, has_left_work }, news))
}

/// Does what is asked, as the request that has this time.
///
/// # Errors
/// As [`perform`].
pub(super) fn decide(
    conn: &mut Connection,
    rules: &ConsoleRules,
    asked: &ConsoleAsked,
    ms: i64,
) -> Result<ConsoleOutcome, StoreError> {
    let ConsoleRequest { action, fault } = &asked.request;
    let decided = match fault {
        Some(ConsoleFault::Argument) => Err(ResultCode::Argument),
        Some(ConsoleFault::Rate) => Err(ResultCode::Unknown),
        None => Operation { conn, rules, asked, ms }.decide(action)?,
    };
    Ok(decided.unwrap_or_else(|code| action.clone().failed(code, ms).into()))
}

/// What is told of an outcome: its line to the consoles of the app, and a message to its devices. And whether
/// deliveries have still to be made.
pub(super) fn told(app: AppId, outcome: ConsoleOutcome) -> (Vec<News>, bool) {
    let ConsoleOutcome { line, sent } = outcome;
    let mut news = vec![News::to(vec![Mailbox::Console(app)], AppsEvent::Line(line))];
    let has_left_work = match sent {
        Some((_, SentDownstream::ToAll(told))) => {
            news.extend(told);
            false
        }
        Some((_, SentDownstream::Later)) => true,
        None => false,
    };
    (news, has_left_work)
}

/// A request that is being done.
struct Operation<'a> {
    conn: &'a mut Connection,
    rules: &'a ConsoleRules,
    asked: &'a ConsoleAsked,
    ms: i64,
}

impl Operation<'_> {
    fn decide(&mut self, action: &ConsoleAction) -> Decided {
        match action {
            ConsoleAction::CreateGroup { name, description, devices } => match name {
                Some(name) => self.create(name, description.as_deref(), devices),
                None => Ok(Err(ResultCode::Argument)),
            },
            ConsoleAction::AddDevices { group, devices } => self.add(group.as_deref(), devices),
            ConsoleAction::SubtractDevices { group, devices } => {
                self.subtract(group.as_deref(), devices)
            }
            ConsoleAction::DeleteGroup { group } => self.delete(group.as_deref()),
            ConsoleAction::SendUnicast { text, device } => {
                self.send_to(CommandId::Unicast, text, std::slice::from_ref(device))
            }
            ConsoleAction::SendMulticast { text, devices } => {
                self.send_to(CommandId::Multicast, text, devices)
            }
            ConsoleAction::SendBroadcast { text } => {
                self.send(CommandId::Broadcast, text, &Addressees::All)
            }
            ConsoleAction::SendGroup { text, group } => {
                let Some(group) = self.group(group.as_deref())? else {
                    return Ok(Err(ResultCode::Argument));
                };
                self.send(CommandId::Group, text, &Addressees::Group(group))
            }
            ConsoleAction::Register { service, name } => self.register(service, name),
            ConsoleAction::Unregister => self.unregister(),
        }
    }

    const fn request(&self, command: CommandId) -> RequestId {
        RequestId { command, ms: self.ms }
    }

    /// The app's group of a text.
    fn group(&mut self, text: Option<&str>) -> Result<Option<DeviceGroup>, StoreError> {
        let id = text.and_then(Uuid::parse).and_then(DeviceGroupId::of_uuid);
        match id {
            Some(id) => groups::find(self.conn, self.asked.app, id),
            None => Ok(None),
        }
    }

    /// What a list names: devices of the app, each once, and the texts that name none.
    fn named(&mut self, texts: &[String]) -> Result<NamedDevices, StoreError> {
        let mut named = NamedDevices::new(texts);
        let there = devices::of_app(self.conn, self.asked.app, &named.ids())?;
        named.keep(|id| there.contains(&id));
        Ok(named)
    }

    fn create(&mut self, name: &str, description: Option<&str>, texts: &[String]) -> Decided {
        if texts.len() > DEVICES_MAX {
            return Ok(Err(ResultCode::Argument));
        }
        if groups::count(self.conn, self.asked.app)? >= self.rules.groups_max {
            return Ok(Err(ResultCode::Unknown));
        }
        let named = self.named(texts)?;
        let at = (self.asked.app, self.rules.mint.device_group()?);
        let group = groups::create(self.conn, at, (name, description), &named.ids())?;
        let line = ConsoleLine::GroupCreated {
            code: ResultCode::Done,
            group: Some(group.id.uuid().hex()),
            name: Some(name.to_owned()),
            size: group.size,
            description: description.map(str::to_owned),
            failed: named.into_failed(),
            request: self.request(CommandId::CreateGroup),
        };
        Ok(Ok(line.into()))
    }

    fn add(&mut self, group: Option<&str>, texts: &[String]) -> Decided {
        let Some(group) = self.changed(group, texts)? else {
            return Ok(Err(ResultCode::Argument));
        };
        let mut named = self.named(texts)?;
        let members = groups::present(self.conn, group.id, &named.ids())?;
        named.keep(|id| !members.contains(&id));
        if group.size.saturating_add(named.count()) > GROUP_DEVICES_MAX {
            return Ok(Err(ResultCode::Unknown));
        }
        let now = groups::add(self.conn, group, &named.ids())?;
        let request = self.request(CommandId::AddDevices);
        Ok(Ok(ConsoleLine::DevicesAdded(change(now, named, request)).into()))
    }

    fn subtract(&mut self, group: Option<&str>, texts: &[String]) -> Decided {
        let Some(group) = self.changed(group, texts)? else {
            return Ok(Err(ResultCode::Argument));
        };
        // A member need not be looked up as a device: it was one when it was added.
        let mut named = NamedDevices::new(texts);
        let members = groups::present(self.conn, group.id, &named.ids())?;
        named.keep(|id| members.contains(&id));
        let now = groups::subtract(self.conn, group, &named.ids())?;
        let request = self.request(CommandId::SubtractDevices);
        Ok(Ok(ConsoleLine::DevicesSubtracted(change(now, named, request)).into()))
    }

    /// The group that is to be changed, if the list is no longer than it may be.
    fn changed(
        &mut self,
        group: Option<&str>,
        texts: &[String],
    ) -> Result<Option<DeviceGroup>, StoreError> {
        if texts.len() > DEVICES_MAX { Ok(None) } else { self.group(group) }
    }

    fn delete(&mut self, group: Option<&str>) -> Decided {
        let Some(group) = self.group(group)? else { return Ok(Err(ResultCode::Argument)) };
        groups::end(self.conn, group.id)?;
        let line = ConsoleLine::GroupDeleted {
            code: ResultCode::Done,
            group: Some(group.id.uuid().hex()),
            request: self.request(CommandId::DeleteGroup),
        };
        Ok(Ok(line.into()))
    }

    /// Sends to devices that are named; one of them at least must be the app's.
    fn send_to(&mut self, command: CommandId, text: &str, texts: &[String]) -> Decided {
        if texts.len() > DEVICES_MAX {
            return Ok(Err(ResultCode::Argument));
        }
        let devices = self.named(texts)?.ids();
        if devices.is_empty() {
            return Ok(Err(ResultCode::Argument));
        }
        self.send(command, text, &Addressees::Named(devices))
    }

    fn send(&mut self, command: CommandId, text: &str, to: &Addressees) -> Decided {
        let manner = &self.asked.manner;
        let new = NewDownstream {
            id: self.rules.mint.downstream()?,
            app: self.asked.app,
            server: self.asked.server,
            data: text.to_owned(),
            title: manner.title.clone(),
            body: manner.body.clone(),
            at: self.asked.now,
            kept: if manner.queued { self.rules.kept } else { UNQUEUED_KEPT.min(self.rules.kept) },
            queued: manner.queued,
        };
        let sent = Some((new.id, downstreams::send(self.conn, &new, to)?));
        let (code, request) = (ResultCode::Done, self.request(command));
        Ok(Ok(ConsoleOutcome { line: ConsoleLine::Sent { code, request }, sent }))
    }

    fn register(&mut self, service: &str, name: &str) -> Decided {
        let app = self.asked.app;
        let is_uuid = Uuid::parse(service) == Some(app.uuid());
        let is_service = match &self.asked.service_hash {
            Some(hash) if !is_uuid => directory::is_service(self.conn, app, hash)?,
            Some(_) | None => false,
        };
        if !is_uuid && !is_service {
            return Ok(Err(ResultCode::Argument));
        }
        let id = self.rules.mint.app_server()?;
        let (code, server) = match servers::register(self.conn, app, name, id)? {
            RegisteredServer::New(server) => (ResultCode::Done, server.uuid()),
            RegisteredServer::Known(server) => (ResultCode::NameKnown, server.uuid()),
            RegisteredServer::Hub => (ResultCode::NameKnown, app.hub_server()),
            RegisteredServer::TooMany => return Ok(Err(ResultCode::Unknown)),
        };
        Ok(Ok(ConsoleLine::Registered { code, server: Some(server) }.into()))
    }

    /// Ends the registration of the server that asks. That of the hub itself stays.
    fn unregister(&mut self) -> Decided {
        let Some(server) = self.asked.server else { return Ok(Err(ResultCode::ServerIdWrong)) };
        servers::end(self.conn, server)?;
        Ok(Ok(ConsoleLine::Unregistered { code: ResultCode::Done }.into()))
    }
}

/// What is said of a group that devices were put into, or taken out of.
fn change(group: DeviceGroup, named: NamedDevices, request: RequestId) -> DeviceGroupChange {
    DeviceGroupChange {
        code: ResultCode::Done,
        group: Some(group.id.uuid().hex()),
        total: group.size,
        changed: named.count(),
        failed: named.into_failed(),
        request,
    }
}
