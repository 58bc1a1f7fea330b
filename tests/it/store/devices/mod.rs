//! Devices, groups of them, and what is sent to them.

mod console;
mod groups;
mod sends;
mod spread;
mod sweeps;
mod waiting;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use diesel::connection::SimpleConnection as _;
use tradewind::domain::apps::command::AppsAnswer;
use tradewind::domain::apps::console::{
    ConsoleAction, ConsoleFault, ConsoleLine, ConsoleRequest, ResultCode,
};
use tradewind::domain::apps::device::OsType;
use tradewind::domain::apps::downstream::{Downstream, SendManner};
use tradewind::domain::apps::event::AppsEvent;
use tradewind::domain::clock::Clock as _;
use tradewind::domain::event::Event;
use tradewind::domain::id::{AppId, DeviceId, DownstreamId};
use tradewind::domain::news::News;
use tradewind::domain::principal::Mailbox;
use tradewind::store::apps::console::{ConsoleAsked, ConsoleRules, Operated};
use tradewind::store::apps::deliveries::WaitingBatch;
use tradewind::store::apps::devices::{self, MadeDevice, NewDevice};
use tradewind::store::apps::directory::{self, NewApp};
use tradewind::store::apps::{lookups, writes};

use super::harness::*;

/// The service's id, as its hash.
const SERVICE: [u8; 32] = [7; 32];
const KEPT: Duration = Duration::from_secs(259_200);

/// A store with an app, and a user who has its devices.
struct Stage {
    live: Live,
    app: AppId,
    is_sqlite: bool,
}

/// What came of something that an operator has asked.
struct Asked {
    answer: AppsAnswer,
    has_left_work: bool,
    /// The line for all.
    line: Option<ConsoleLine>,
    /// For devices.
    told: Vec<(Vec<DeviceId>, Arc<Downstream>)>,
}

impl Stage {
    /// Must run inside [`run`].
    fn open(db: &TestDb) -> Self {
        let live = Live::start(db);
        make_users(&live.database, &[2, 4]);
        Self { app: add_app(&live, "one"), live, is_sqlite: db.is_sqlite() }
    }

    fn rules(&self) -> ConsoleRules {
        ConsoleRules { mint: Arc::clone(&self.live.mint), kept: KEPT, groups_max: 3 }
    }

    /// A device of a user, at a terminal of this number.
    fn device_of(&self, app: AppId, owner: i64, terminal: u32) -> MadeDevice {
        let mut terminal_hash = [0; 32];
        terminal_hash[..4].copy_from_slice(&terminal.to_be_bytes());
        let new = NewDevice {
            id: self.live.mint.device().unwrap(),
            app,
            owner: id(owner),
            terminal_hash,
            os: OsType::Linux,
            at: self.live.clock.now(),
        };
        self.live.database.write(|conn| devices::create(conn, &new, 10_000)).unwrap()
    }

    /// So many new devices of the app, stored fast.
    fn devices(&self, count: u32) -> Vec<DeviceId> {
        let before = self.live.database.read(|conn| devices::of_owner(conn, self.app, id(2)));
        let first = before.unwrap().len() as u32;
        let (app, now) = (self.app, self.live.clock.now().micros());
        let new: Vec<DeviceId> = (0..count).map(|_| self.live.mint.device().unwrap()).collect();
        let rows = new.iter().zip(first..).map(|(device, terminal)| {
            let hash = match self.is_sqlite {
                true => format!("x'{terminal:064x}'"),
                false => format!("'\\x{terminal:064x}'::bytea"),
            };
            format!("({device}, {app}, 2, {hash}, 0, {now}, {now})")
        });
        let rows: Vec<String> = rows.collect();
        for some in rows.chunks(500) {
            let rows = some.join(", ");
            let sql = format!(
                "INSERT INTO devices (id, app_id, owner_id, terminal_hash, os, created_at, seen_at) \
                 VALUES {rows}"
            );
            self.live.database.write(|conn| Ok(conn.batch_execute(&sql)?)).unwrap();
        }
        new
    }

    async fn ask(&self, action: ConsoleAction) -> Asked {
        self.ask_with(self.app, action, None).await
    }

    async fn ask_with(
        &self,
        app: AppId,
        action: ConsoleAction,
        fault: Option<ConsoleFault>,
    ) -> Asked {
        self.ask_in(app, ConsoleRequest { action, fault }, SendManner::default()).await
    }

    /// Sends something that is not to wait.
    async fn send_unqueued(&self, action: ConsoleAction) {
        let manner = SendManner { queued: false, ..SendManner::default() };
        let request = ConsoleRequest { action, fault: None };
        let line = self.ask_in(self.app, request, manner).await.line.expect("a line");
        assert_eq!(code(&line), ResultCode::Done);
    }

    async fn ask_in(&self, app: AppId, request: ConsoleRequest, manner: SendManner) -> Asked {
        let (server, now) = (None, self.live.clock.now());
        let service_hash = Some(SERVICE);
        let asked = ConsoleAsked { app, server, request, service_hash, manner, now };
        let done = self.live.store.yielded(writes::operate(self.rules(), asked)).await.unwrap();
        let Operated { answer, has_left_work } = done.answer;
        let mut asked = Asked { answer, has_left_work, line: None, told: Vec::new() };
        for News { event, recipients, .. } in done.news {
            let mailboxes: Vec<Mailbox> = recipients.others(None).collect();
            match event {
                Event::Apps(AppsEvent::Line(line)) => {
                    assert_eq!(mailboxes, [Mailbox::Console(app)]);
                    assert!(asked.line.replace(line).is_none(), "one line");
                }
                Event::Apps(AppsEvent::Downstream(message)) => {
                    asked.told.push((told(&mailboxes), message));
                }
                other => panic!("{other:?}"),
            }
        }
        asked
    }

    /// The line of something that is told to all.
    async fn line(&self, action: ConsoleAction) -> ConsoleLine {
        let asked = self.ask(action).await;
        assert_eq!(asked.answer, AppsAnswer::Told);
        asked.line.expect("a line")
    }

    /// The texts that wait for a device, batch by batch, as they are brought.
    async fn batches(&self, device: DeviceId) -> Vec<Vec<String>> {
        let (mut batches, mut sent) = (Vec::new(), HashSet::new());
        loop {
            let look = lookups::waiting(device, sent, self.live.clock.now());
            let WaitingBatch { messages, sent: known } = self.live.store.read(look).await.unwrap();
            if messages.is_empty() {
                return batches;
            }
            sent = known;
            sent.extend(messages.iter().map(|message| message.id));
            batches.push(messages.into_iter().map(|message| message.data).collect());
        }
    }

    /// The texts that wait for a device, oldest first.
    async fn waiting(&self, device: DeviceId) -> Vec<String> {
        let batches = self.batches(device).await.into_iter();
        batches.flat_map(|batch| batch.into_iter().rev()).collect()
    }

    async fn acknowledge(&self, device: DeviceId, messages: &[DownstreamId]) {
        let had = messages.iter().map(|message| (device, *message)).collect();
        let acknowledge = writes::acknowledge(had);
        self.live.store.run(acknowledge).await.unwrap();
    }

    /// A group of devices; gives its id as it is shown.
    async fn group(&self, devices: &[DeviceId]) -> String {
        match self.line(create("group", None, devices)).await {
            ConsoleLine::GroupCreated { group, .. } => group.expect("an id"),
            other => panic!("{other:?}"),
        }
    }
}

pub(super) fn add_app(live: &Live, name: &str) -> AppId {
    let id = live.mint.app().unwrap();
    let created_at = live.clock.now();
    // Only one can have the hash.
    let service_hash = if name == "one" { SERVICE } else { [8; 32] };
    let new = NewApp { id, name: name.to_owned(), service_hash, created_at };
    live.database.write(|conn| directory::insert(conn, &new)).unwrap();
    id
}

fn told(mailboxes: &[Mailbox]) -> Vec<DeviceId> {
    let device = |mailbox: &Mailbox| match mailbox {
        Mailbox::Device(device) => *device,
        other => panic!("{other:?}"),
    };
    mailboxes.iter().map(device).collect()
}

fn texts(devices: &[DeviceId]) -> Vec<String> {
    devices.iter().map(|device| device.uuid().hex()).collect()
}

fn create(name: &str, description: Option<&str>, devices: &[DeviceId]) -> ConsoleAction {
    let description = description.map(str::to_owned);
    ConsoleAction::CreateGroup { name: Some(name.to_owned()), description, devices: texts(devices) }
}

fn add(group: &str, devices: &[DeviceId]) -> ConsoleAction {
    ConsoleAction::AddDevices { group: Some(group.to_owned()), devices: texts(devices) }
}

fn subtract(group: &str, devices: &[DeviceId]) -> ConsoleAction {
    ConsoleAction::SubtractDevices { group: Some(group.to_owned()), devices: texts(devices) }
}

fn delete(group: &str) -> ConsoleAction {
    ConsoleAction::DeleteGroup { group: Some(group.to_owned()) }
}

fn multicast(text: &str, devices: &[DeviceId]) -> ConsoleAction {
    ConsoleAction::SendMulticast { text: text.to_owned(), devices: texts(devices) }
}

fn broadcast(text: &str) -> ConsoleAction {
    ConsoleAction::SendBroadcast { text: text.to_owned() }
}

fn to_group(text: &str, group: &str) -> ConsoleAction {
    ConsoleAction::SendGroup { text: text.to_owned(), group: Some(group.to_owned()) }
}

/// The code of a line, and the time in the name of its request, if it has one.
fn ended(line: &ConsoleLine) -> (ResultCode, Option<i64>) {
    match line {
        ConsoleLine::GroupCreated { code, request, .. }
        | ConsoleLine::GroupDeleted { code, request, .. }
        | ConsoleLine::Sent { code, request } => (*code, Some(request.ms)),
        ConsoleLine::DevicesAdded(change) | ConsoleLine::DevicesSubtracted(change) => {
            (change.code, Some(change.request.ms))
        }
        ConsoleLine::Registered { code, .. } | ConsoleLine::Unregistered { code } => (*code, None),
        ConsoleLine::Upstream { .. } | ConsoleLine::Published { .. } => panic!("{line:?}"),
    }
}

fn code(line: &ConsoleLine) -> ResultCode {
    ended(line).0
}
