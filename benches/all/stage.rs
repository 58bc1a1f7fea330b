//! What several benchmarks need: users, a message, a running store.

use std::sync::Arc;
use std::time::Duration;

use actix::ArbiterHandle;
use tempfile::TempDir;
use tradewind::clock::SystemClock;
use tradewind::config::Secret;
use tradewind::domain::accounts::name::UserName;
use tradewind::domain::accounts::user::Email;
use tradewind::domain::chat::message::{Content, Message};
use tradewind::domain::chat::room::RoomKey;
use tradewind::domain::clock::Clock;
use tradewind::domain::id::{MessageId, UserId};
use tradewind::domain::mint::{EPOCH, IdMint};
use tradewind::store::accounts::users::{self, NewUser};
use tradewind::store::{ChatLimits, Database, Durability, Rules, Settings, Store};

/// The id of a user by number.
pub fn user_id(number: usize) -> UserId {
    UserId::new(2 * (number as i64 + 1)).expect("an even number")
}

/// A text of about the usual length.
pub fn content() -> Content {
    Content::new("how are you? ".repeat(4)).expect("a good text")
}

/// A stored message.
pub fn message(author: UserId, peer: UserId) -> Message {
    Message {
        id: MessageId::new(1_234_567_890_123).expect("an id"),
        room: RoomKey::direct(author, peer).expect("two users"),
        author,
        seq: 1,
        rev: 1,
        content: content().into_string(),
        created_at: EPOCH,
        edited_at: None,
        deleted: false,
        hidden: false,
        nonce: None,
    }
}

/// A SQLite file in the system's temporary folder, with users in it.
pub struct Stage {
    folder: TempDir,
    pub clock: Arc<dyn Clock>,
    pub mint: Arc<IdMint>,
}

impl Stage {
    pub fn new(users: usize) -> Self {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::start());
        let mint = IdMint::new(0, 0, Duration::from_secs(10), Arc::clone(&clock));
        let mint = Arc::new(mint.expect("a mint"));
        let stage = Self { folder: tempfile::tempdir().expect("a folder"), clock, mint };
        let database = stage.database(Durability::Relaxed);
        database.migrate().expect("migrated");
        let named: Vec<_> = (0..users).map(named).collect();
        let new = |(id, name, email)| NewUser {
            id,
            name,
            email,
            password_hash: "unusable",
            imported: true,
            created_at: EPOCH,
        };
        let users: Vec<_> = named.iter().map(|(id, name, email)| new((*id, name, email))).collect();
        database.write(|conn| users::insert_many(conn, &users)).expect("stored");
        stage
    }

    /// The database itself.
    pub fn database(&self, durability: Durability) -> Database {
        let url = format!("sqlite://{}", self.folder.path().join("bench.db").display());
        let url = Secret::new(url);
        let settings = Settings { url, durability, ..Settings::default() };
        Database::open(&settings).expect("it opens")
    }

    /// A store on the file. Must be called in an actix system.
    pub fn store(&self, durability: Durability, arbiter: &ArbiterHandle) -> Store {
        let (mint, clock) = (Arc::clone(&self.mint), Arc::clone(&self.clock));
        let rules = Rules { mint, clock, limits: ChatLimits::default() };
        Store::start(self.database(durability), rules, Arc::new(()), arbiter)
    }
}

fn named(number: usize) -> (UserId, UserName, Email) {
    let name = UserName::parse(&format!("user{number}")).expect("a name");
    let email = Email::parse(&format!("user{number}@bench.example")).expect("an address");
    (user_id(number), name, email)
}
