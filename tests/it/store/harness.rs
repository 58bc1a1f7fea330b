//! A database of one's own per test, and a store on it whose outcomes can be awaited.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use actix::{Actor, Arbiter, Context, Handler, System};
use diesel::connection::SimpleConnection as _;

use crate::harness::postgres::Schema;
use tempfile::TempDir;
use tokio::sync::Mutex;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tradewind::config::Secret;
use tradewind::domain::accounts::friendship::{DmPolicy, Friendship};
use tradewind::domain::accounts::name::UserName;
use tradewind::domain::accounts::user::{Email, UserPair};
use tradewind::domain::chat::command::{Absent, ChatWrite};
use tradewind::domain::chat::message::{Content, Message, Nonce};
use tradewind::domain::chat::room::RoomKey;
use tradewind::domain::clock::{Clock, Timestamp};
use tradewind::domain::command::Change;
use tradewind::domain::id::{MessageId, UserId};
use tradewind::domain::mint::{EPOCH, IdMint};
use tradewind::jobs::sweeps::Timer;
use tradewind::store::accounts::friendships;
use tradewind::store::accounts::users::{self, NewUser};
use tradewind::store::chat::rooms;
use tradewind::store::jobs::Lease;
use tradewind::store::jobs::leases::Hold;
use tradewind::store::{
    BatchEntry, ChatCommand, ChatLimits, ChatOutcome, Committed, Database, Observer, Rules,
    Settings, Store, StoreError,
};

pub use super::done::Done;

/// Writes a test once and runs it on both databases.
macro_rules! on_both {
    ($(fn $name:ident($db:ident) $body:block)*) => {$(
        mod $name {
            #[allow(unused_imports)]
            use super::*;

            fn test($db: TestDb) $body

            #[test]
            fn sqlite() {
                test(TestDb::sqlite());
            }

            #[test]
            fn postgres() {
                test(TestDb::postgres());
            }
        }
    )*};
}
pub(super) use on_both;

/// Nothing here takes so long unless it is stuck.
pub const DEADLINE: Duration = Duration::from_secs(30);

/// A database of one's own, gone after the test.
pub struct TestDb {
    pub settings: Settings,
    pub limits: ChatLimits,
    pub dir: TempDir,
    schema: Option<Schema>,
}

impl TestDb {
    pub fn sqlite() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", dir.path().join("test.db").display());
        Self::at(url, dir, None)
    }

    pub fn postgres() -> Self {
        let schema = Schema::create();
        Self::at(schema.url(), tempfile::tempdir().unwrap(), Some(schema))
    }

    fn at(url: String, dir: TempDir, schema: Option<Schema>) -> Self {
        let settings = Settings { url: Secret::new(url), ..Settings::default() };
        Self { settings, limits: ChatLimits::default(), dir, schema }
    }

    /// An empty one of the same kind.
    pub fn another(&self) -> Self {
        if self.is_sqlite() { Self::sqlite() } else { Self::postgres() }
    }

    pub fn is_sqlite(&self) -> bool {
        self.schema.is_none()
    }

    pub fn with(mut self, set: impl FnOnce(&mut Settings)) -> Self {
        set(&mut self.settings);
        self
    }

    pub fn allowing(mut self, set: impl FnOnce(&mut ChatLimits)) -> Self {
        set(&mut self.limits);
        self
    }

    /// Open and migrated.
    pub fn open(&self) -> Database {
        let database = Database::open(&self.settings).unwrap();
        database.migrate().unwrap();
        database
    }
}

/// A clock that stands where it is put.
pub struct Hand(AtomicI64);

impl Hand {
    pub fn new() -> Arc<Self> {
        Arc::new(Self(AtomicI64::new(EPOCH.micros() + 1_000_000_000)))
    }

    pub fn step(&self, micros: i64) {
        self.0.fetch_add(micros, Ordering::Relaxed);
    }
}

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::Relaxed))
    }

    fn steady(&self) -> Duration {
        Duration::ZERO
    }
}

/// Ids for tests, on a clock of their own.
pub fn mint() -> IdMint {
    struct Real;
    impl Clock for Real {
        fn now(&self) -> Timestamp {
            let since = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap();
            Timestamp::from_micros(since.as_micros().try_into().unwrap())
        }
        fn steady(&self) -> Duration {
            std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap()
        }
    }
    IdMint::new(0, 0, Duration::from_secs(10), Arc::new(Real)).unwrap()
}

/// A running store, and its subscriber.
pub struct Live {
    pub store: Store,
    pub database: Database,
    pub clock: Arc<Hand>,
    pub mint: Arc<IdMint>,
    ticket: AtomicU64,
    committed: Mutex<UnboundedReceiver<Committed>>,
}

struct Subscriber(UnboundedSender<Committed>);

impl Actor for Subscriber {
    type Context = Context<Self>;
}

impl Handler<Committed> for Subscriber {
    type Result = ();

    fn handle(&mut self, committed: Committed, _: &mut Context<Self>) {
        self.0.send(committed).unwrap_or_default();
    }
}

impl Live {
    /// Must run inside [`run`].
    pub fn start(db: &TestDb) -> Self {
        Self::observed(db, Arc::new(()))
    }

    pub fn observed(db: &TestDb, observer: Arc<dyn Observer>) -> Self {
        Self::on(db.open(), db.limits, observer, Arc::new(mint()))
    }

    pub fn on(
        database: Database,
        limits: ChatLimits,
        observer: Arc<dyn Observer>,
        mint: Arc<IdMint>,
    ) -> Self {
        let clock = Hand::new();
        let rules = Rules { mint: Arc::clone(&mint), clock: clock.clone(), limits };
        let store = Store::start(database.clone(), rules, observer, &Arbiter::current());
        let (sender, committed) = unbounded_channel();
        store.subscribe(Subscriber(sender).start().recipient());
        let committed = Mutex::new(committed);
        Self { store, database, clock, mint, ticket: AtomicU64::new(0), committed }
    }

    /// Another store on the same database, where users may write to these only.
    pub fn among(&self, dm_policy: DmPolicy) -> Self {
        let limits = ChatLimits { dm_policy, ..ChatLimits::default() };
        Self::on(self.database.clone(), limits, Arc::new(()), Arc::clone(&self.mint))
    }

    /// The outcomes of the next batch that has some.
    pub async fn next(&self) -> Vec<(u64, Result<Done, Arc<StoreError>>)> {
        let mut all = self.committed.lock().await;
        loop {
            let committed = within(all.recv()).await.expect("the store lives");
            let done = |(ticket, outcome): (u64, Result<_, _>)| (ticket, outcome.map(Done::from));
            let done: Vec<_> = outcomes(&committed).map(done).collect();
            if !done.is_empty() {
                return done;
            }
        }
    }

    /// Submits one change and awaits what comes of it.
    pub async fn apply(&self, change: ChatCommand) -> Done {
        let ticket = self.ticket.fetch_add(1, Ordering::Relaxed);
        self.store.submit(ticket, change).unwrap();
        let mut outcomes = self.next().await;
        assert_eq!(outcomes.len(), 1);
        let (answered, outcome) = outcomes.remove(0);
        assert_eq!(answered, ticket);
        outcome.unwrap()
    }

    /// A change that posts.
    pub fn post(&self, author: i64, peer: i64, text: &str) -> ChatCommand {
        post(author, room(author, Some(peer)), text, None)
    }

    /// Posts.
    pub async fn posted(&self, author: i64, peer: i64, text: &str) -> Message {
        match self.apply(self.post(author, peer, text)).await {
            Done::Posted(message, _) => message,
            other => panic!("{other:?}"),
        }
    }

    /// Edits or deletes.
    pub async fn edit(
        &self,
        author: i64,
        peer: i64,
        message: MessageId,
        text: Option<&str>,
    ) -> Done {
        let (room, content) = (room(author, Some(peer)), text.map(content));
        self.apply(asked(author, ChatWrite::Edit { room, message: Some(message), content })).await
    }

    /// Seq and rev of a room, if there is one.
    pub fn counters(&self, a: i64, b: i64) -> Option<(i64, i64)> {
        let room = self.database.read(|conn| rooms::of_pair(conn, pair(a, b))).unwrap();
        room.map(|room| (room.seq, room.rev()))
    }
}

/// What has come of the commands of a batch.
pub fn outcomes(
    committed: &Committed,
) -> impl Iterator<Item = (u64, Result<ChatOutcome, Arc<StoreError>>)> {
    committed.entries.iter().filter_map(|entry| match entry {
        BatchEntry::Command(ticket, outcome) => Some((*ticket, outcome.clone())),
        BatchEntry::Job(_) | BatchEntry::Unsettled => None,
    })
}

/// What a user asks for.
pub fn asked(by: i64, change: impl Into<Change>) -> ChatCommand {
    ChatCommand { by: id(by), change: change.into(), id: None }
}

/// A change that posts, under a name of the author's own.
pub fn post(author: i64, room: Option<RoomKey>, text: &str, nonce: Option<Nonce>) -> ChatCommand {
    let content = content(text);
    asked(author, ChatWrite::Post { room, content, nonce, absent: Absent::Kept })
}

/// Runs a test that needs the actor system.
pub fn run(test: impl Future<Output = ()>) {
    System::new().block_on(within(test));
}

pub async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(DEADLINE, future).await.expect("in time")
}

pub fn id(raw: i64) -> UserId {
    UserId::new(raw).unwrap()
}

pub fn pair(a: i64, b: i64) -> UserPair {
    UserPair::new(id(a), id(b)).unwrap()
}

pub fn content(text: &str) -> Content {
    Content::new(text.to_owned()).unwrap()
}

pub fn at(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros)
}

pub fn name(text: &str) -> UserName {
    UserName::parse(text).unwrap()
}

pub fn email(text: &str) -> Email {
    Email::parse(text).unwrap()
}

/// Stores users called `user<id>`.
pub fn make_users(database: &Database, ids: &[i64]) {
    let parts = |id: &i64| (*id, name(&format!("user{id}")), email(&format!("user{id}@x.org")));
    let named: Vec<_> = ids.iter().map(parts).collect();
    let new = |(raw, name, email)| NewUser {
        id: id(raw),
        name,
        email,
        password_hash: "hash",
        imported: false,
        created_at: at(1),
    };
    let users: Vec<NewUser<'_>> = named.iter().map(|(id, n, e)| new((*id, n, e))).collect();
    database.write(|conn| users::insert_many(conn, &users)).unwrap();
}

/// Sweeps as long as there is something to be swept; gives how many rows.
pub async fn sweep(store: &Store, timer: &Timer, now: Timestamp) -> usize {
    let (mut swept, look) = (0, &timer.look);
    while store.read(look(now)).await.unwrap() {
        let lease = Lease { by: 0, until: now.after(DEADLINE) };
        let hold = Hold { name: timer.name, lease, now };
        let rows = (timer.bit)(store.clone(), hold).await.unwrap();
        swept += rows.expect("nobody else sweeps");
    }
    swept
}

/// Sets what stands between two users.
pub fn befriend(database: &Database, a: i64, b: i64, state: Friendship) {
    database.write(|conn| friendships::set(conn, pair(a, b), state, at(1))).unwrap();
}

/// The room of two users, if both ids can be somebody's.
pub fn room(me: i64, peer: Option<i64>) -> Option<RoomKey> {
    RoomKey::direct(id(me), UserId::new(peer?)?)
}

/// From now on nothing can be committed that does this, such as `INSERT ON blocks`: it is found out only at the
/// commit.
pub fn fail_late(db: &TestDb, database: &Database, what: &str) {
    let table = "CREATE TABLE late (id BIGINT PRIMARY KEY \
                 REFERENCES users (id) DEFERRABLE INITIALLY DEFERRED)";
    let (function, run) = match db.is_sqlite() {
        true => ("", "BEGIN INSERT INTO late VALUES (99); END"),
        false => (
            "CREATE FUNCTION be_late() RETURNS trigger LANGUAGE plpgsql AS \
             $$ BEGIN INSERT INTO late VALUES (99); RETURN NULL; END $$;",
            "FOR EACH STATEMENT EXECUTE FUNCTION be_late()",
        ),
    };
    let sql = format!("{table}; {function} CREATE TRIGGER late AFTER {what} {run}");
    database.write(|conn| Ok(conn.batch_execute(&sql)?)).unwrap();
}
