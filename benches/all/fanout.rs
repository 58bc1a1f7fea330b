//! The hub: a message to a user with N sessions, and to a group of N members with a session each, until
//! each of them and its author's has it.
//!
//! A real `ChatServer` on a thread of its own; listeners in the place of sessions on another. The
//! message is stored on its way, `relaxed`: what a listener costs is the growth with N.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use actix::{Actor, Arbiter, AsyncContext as _, Context, Handler, System};
use criterion::{BenchmarkId, Criterion};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tradewind::delivery::{self, Backlog, Deliver, LocalSession, SessionHandle};
use tradewind::domain::accounts::login::Claims;
use tradewind::domain::chat::command::{Absent, ChatWrite};
use tradewind::domain::chat::group::Role;
use tradewind::domain::chat::room::RoomKey;
use tradewind::domain::clock::Clock;
use tradewind::domain::command::Write;
use tradewind::domain::id::{SessionId, UserId};
use tradewind::domain::mint::EPOCH;
use tradewind::domain::principal::Principal;
use tradewind::hub::messages::{Closed, Identify, Open, Submit};
use tradewind::hub::{
    self, AwakeClock, ChatServer, Hub, HubSettings, InviteBounds, Parts, PresenceSettings,
};
use tradewind::server;
use tradewind::server::Config;
use tradewind::store::Durability;
use tradewind::store::chat::groups::{self, RosterEntry};
use tradewind::store::chat::rooms;
use tradewind::store::engine::Connection;
use tradewind::telemetry::Metrics;
use tradewind::wire::rewind::features::Features;
use tradewind::wire::rewind::{Mode, RewindOptions};

use crate::stage::{Stage, content, user_id};

const LISTENERS: [usize; 3] = [1, 100, 1_000];
const MEMBERS: usize = 1_000;
/// What dashboards ask for.
const NAMES: [&str; 5] = ["sync", "presence", "typing", "read", "group"];
const LONG: Duration = Duration::from_secs(3_600);

/// Who hears of a message.
#[derive(Clone, Copy)]
enum Crowd {
    /// So many sessions of one user.
    Sessions(usize),
    /// So many users, each with a session, and the author, in a group.
    Members(usize),
}

/// How many listeners do not have the message yet.
#[derive(Clone)]
struct Missing {
    count: Arc<AtomicUsize>,
    none: UnboundedSender<()>,
}

/// Takes in what a session would. It has no socket: all comes by its mailbox.
struct Listener {
    session: SessionId,
    hub: Hub,
    backlog: Arc<Backlog>,
    claims: Claims,
    metrics: Metrics,
    missing: Missing,
}

impl Actor for Listener {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        let (mailbox, backlog) = (ctx.address().recipient(), Arc::clone(&self.backlog));
        let local = LocalSession { bypass: None, mailbox, backlog: Arc::clone(&backlog) };
        let route = delivery::join(local, usize::MAX, &self.metrics);
        let features = Features::named(NAMES);
        let variant = RewindOptions { mode: Mode::Readme, features }.variant();
        let handle = SessionHandle::new(variant, route, backlog);
        let open = Open { session: self.session, handle };
        self.hub.open(open).expect("the hub has room");
        let identify =
            Identify { session: self.session, identity: self.claims.clone().into(), variant };
        self.hub.identify(identify).expect("the hub has room");
    }
}

impl Handler<Deliver> for Listener {
    type Result = ();

    fn handle(&mut self, deliver: Deliver, _: &mut Context<Self>) {
        self.backlog.took(deliver.bytes());
        let count = match deliver {
            Deliver::Own(items) => items.len(),
            Deliver::Shared(news) => news.frames().len(),
        };
        for _ in 0..count {
            if self.missing.count.fetch_sub(1, Ordering::Relaxed) == 1 {
                self.missing.none.send(()).unwrap_or_default();
            }
        }
    }
}

struct House {
    hub: Hub,
    author: SessionId,
    room: Option<RoomKey>,
    sessions: usize,
    missing: Missing,
    none_missing: UnboundedReceiver<()>,
}

impl House {
    async fn start(stage: &Stage, crowd: Crowd, threads: &[Arbiter; 2]) -> Self {
        let [hub_thread, session_thread] = threads;
        let store = stage.store(Durability::Relaxed, &hub_thread.handle());
        let settings = HubSettings {
            hub: hub::Settings { mailbox_max: 10_000, ..hub::Settings::default() },
            presence: PresenceSettings::default(),
            outbox_bytes_max: usize::MAX,
            invites: InviteBounds { timeout: LONG, per_user_max: 1 },
            sessions_per_user_max: None,
            typing_interval: Duration::ZERO,
        };
        let (listeners, room) = match crowd {
            Crowd::Sessions(count) => (count, RoomKey::direct(user_id(0), user_id(1))),
            Crowd::Members(count) => (count, Some(group(stage, count))),
        };
        let parts = Parts {
            store,
            mint: Arc::clone(&stage.mint),
            clock: Arc::new(AwakeClock::new(Arc::clone(&stage.clock))),
            revoked: Arc::default(),
            dialects: Arc::new(server::dialects(&Config::default())),
            metrics: Metrics::new().expect("counters"),
        };
        let server = ChatServer::new(settings, parts.clone());
        let server = ChatServer::start_in_arbiter(&hub_thread.handle(), move |_| server);
        // Its mailbox has the size that was set once it answers.
        server.send(Closed { session: SessionId(0) }).await.expect("the hub lives");
        let hub = Hub::new(server, &parts);
        let (none, none_missing) = unbounded_channel();
        let missing = Missing { count: Arc::new(AtomicUsize::new(0)), none };
        let counted = (&missing, &parts.metrics);
        let open = |user| open(&hub, &*stage.clock, session_thread, user, counted);
        let author = open(user_id(0)).await;
        for number in 1..=listeners {
            let user = match crowd {
                Crowd::Sessions(_) => user_id(1),
                Crowd::Members(_) => user_id(number),
            };
            open(user).await;
        }
        Self { author, room, sessions: listeners + 1, missing, none_missing, hub }
    }

    /// Sends a message and waits until all have it.
    async fn send(&mut self) {
        self.missing.count.store(self.sessions, Ordering::Relaxed);
        let submit = Submit {
            session: self.author,
            by: Principal::User(user_id(0)),
            writes: vec![(
                0,
                Write::from(ChatWrite::Post {
                    room: self.room,
                    content: content(),
                    nonce: None,
                    absent: Absent::Kept,
                }),
            )],
            at: Instant::now(),
        };
        self.hub.submit(submit).expect("the hub has room");
        self.none_missing.recv().await.expect("the listeners live");
    }
}

/// Makes a group of the first users.
fn group(stage: &Stage, others: usize) -> RoomKey {
    let id = stage.mint.group().expect("an id");
    let make = |conn: &mut Connection| {
        rooms::create_group(conn, id)?;
        groups::create(conn, id, "a group", EPOCH)?;
        for number in 0..=others {
            let role = if number == 0 { Role::Owner } else { Role::Member };
            let seat = RosterEntry { user: user_id(number), role, unaware: false };
            groups::seat(conn, id, seat, EPOCH)?;
        }
        Ok(())
    };
    stage.database(Durability::Relaxed).write(make).expect("it is stored");
    RoomKey::Group(id)
}

/// A listener, known to the hub as a session of a user.
async fn open(
    hub: &Hub,
    clock: &dyn Clock,
    thread: &Arbiter,
    user: UserId,
    (missing, metrics): (&Missing, &Metrics),
) -> SessionId {
    let session = hub.next_session();
    let (issued_at, expires_at) = (clock.now(), clock.now().after(LONG));
    let listener = Listener {
        session,
        hub: hub.clone(),
        backlog: Arc::new(Backlog::new(clock.steady())),
        claims: Claims { user, login: None, issued_at, expires_at },
        metrics: metrics.clone(),
        missing: missing.clone(),
    };
    let listener = Listener::start_in_arbiter(&thread.handle(), move |_| listener);
    // It is known to the hub once it answers.
    listener.send(Deliver::Own(Vec::new())).await.expect("it lives");
    session
}

pub fn bench(criterion: &mut Criterion) {
    let system = System::new();
    let stage = Stage::new(MEMBERS + 1);
    let threads = system.block_on(async { [Arbiter::new(), Arbiter::new()] });
    let mut group = criterion.benchmark_group("fanout");
    for listeners in LISTENERS {
        // Criterion comes here once a sample; one that is left out costs nothing.
        let mut house = None;
        group.bench_function(BenchmarkId::new("sessions", listeners), |bencher| {
            let crowd = Crowd::Sessions(listeners);
            let start = || system.block_on(House::start(&stage, crowd, &threads));
            let house = house.get_or_insert_with(start);
            bencher.iter(|| system.block_on(house.send()));
        });
    }
    let mut house = None;
    group.bench_function(BenchmarkId::new("members", MEMBERS), |bencher| {
        let crowd = Crowd::Members(MEMBERS);
        let start = || system.block_on(House::start(&stage, crowd, &threads));
        let house = house.get_or_insert_with(start);
        bencher.iter(|| system.block_on(house.send()));
    });
    group.finish();
    for thread in threads {
        thread.stop();
        thread.join().expect("a good end");
    }
}
