//! A server inside the test's process, on port 0, with files or a schema of its own.

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;
use tradewind::auth::token::{TokenDraft, Tokens};
use tradewind::config::Secret;
use tradewind::domain::accounts::friendship::Friendship;
use tradewind::domain::accounts::name::UserName;
use tradewind::domain::accounts::user::{Email, User, UserPair};
use tradewind::domain::clock::{Clock, Timestamp};
use tradewind::domain::id::UserId;
use tradewind::domain::mint::IdMint;
use tradewind::server::{self, Additions, Base, Config, Running};
use tradewind::session::AdapterChoice;
use tradewind::store::Database;
use tradewind::store::accounts::crowds::NewCrowd;
use tradewind::store::accounts::logins::NewLogin;
use tradewind::store::accounts::writes::{self, UserDraft};

use super::http::Answer;
use super::postgres::Schema;
use super::{Client, until};

/// Which database a server uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// A file.
    Sqlite,
    /// A schema.
    Postgres,
}

/// A user that a test has made.
#[derive(Clone, Debug)]
pub struct Account {
    /// The public face.
    pub user: User,
    /// A good token.
    pub token: String,
}

impl Account {
    /// The id as a number.
    pub fn id(&self) -> i64 {
        self.user.id.get()
    }

    /// The address of the room with another user, as REWIND writes it.
    pub fn room(&self, other: &Self) -> String {
        (self.id() ^ other.id()).to_string()
    }
}

/// A running server.
pub struct Server {
    /// Where it listens.
    pub address: SocketAddr,
    /// Makes tokens that it accepts.
    pub tokens: Tokens,
    /// The running parts.
    running: Option<Running>,
    config: Config,
    clock: Arc<dyn Clock>,
    mint: Arc<IdMint>,
    folder: Arc<TempDir>,
    _schema: Option<Schema>,
}

impl Server {
    /// A server on SQLite, without rate limits.
    pub async fn start() -> Self {
        Self::with(Backend::Sqlite, |_| {}).await
    }

    /// A server on a database, with changed settings.
    pub async fn with(backend: Backend, change: impl FnOnce(&mut Config)) -> Self {
        Self::open(backend, change, |_, _| {}, Additions::new).await
    }

    /// A server on a database, with changed settings, that goes by another clock.
    pub async fn with_clock(
        backend: Backend,
        clock: Arc<dyn Clock>,
        change: impl FnOnce(&mut Config),
    ) -> Self {
        let turn = |config: &Config, base: &mut Base| {
            let floor = base.database.id_floor().expect("the database answers");
            let step_back_max = Duration::from_millis(config.node.clock_step_max_ms);
            let mint = IdMint::new(config.node.id.into(), floor, step_back_max, Arc::clone(&clock));
            base.mint = Arc::new(mint.expect("a mint"));
            base.clock = clock;
        };
        Self::open(backend, change, turn, Additions::new).await
    }

    /// A server on a database, with changed settings, that has more than others have.
    pub async fn with_additions(
        backend: Backend,
        change: impl FnOnce(&mut Config),
        additions: impl FnOnce(&Config) -> Additions,
    ) -> Self {
        Self::open(backend, change, |_, _| {}, additions).await
    }

    async fn open(
        backend: Backend,
        change: impl FnOnce(&mut Config),
        adapt: impl FnOnce(&Config, &mut Base),
        additions: impl FnOnce(&Config) -> Additions,
    ) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let schema = (backend == Backend::Postgres).then(Schema::create);
        let mut config = config(folder.path());
        if let Some(schema) = &schema {
            config.store.url = Secret::new(schema.url());
        }
        change(&mut config);
        config.validate().expect("good settings");
        let mut base = Base::open(&config).expect("the database opens");
        adapt(&config, &mut base);
        let (tokens, clock, mint) =
            (base.tokens.clone(), Arc::clone(&base.clock), Arc::clone(&base.mint));
        let running = server::start_with(&config, base, listen(&config), additions(&config)).await;
        let running = running.expect("the server starts");
        let address = running.address;
        let (running, folder) = (Some(running), Arc::new(folder));
        Self { address, tokens, running, config, clock, mint, folder, _schema: schema }
    }

    /// Stops the server and starts it again on the same files, with changed settings. It has
    /// another port then.
    pub async fn restart(&mut self, change: impl FnOnce(&mut Config)) {
        self.end().await;
        change(&mut self.config);
        self.config.validate().expect("good settings");
        let base = Base::open(&self.config).expect("the database opens");
        (self.clock, self.mint) = (Arc::clone(&base.clock), Arc::clone(&base.mint));
        self.tokens = base.tokens.clone();
        let running = server::start(&self.config, base, listen(&self.config))
            .await
            .expect("the server starts");
        self.address = running.address;
        self.running = Some(running);
    }

    /// The server's parts.
    pub fn running(&self) -> &Running {
        self.running.as_ref().expect("the server runs")
    }

    /// Its database, beside it: for what cannot be asked of a server.
    pub fn database(&self) -> Database {
        Database::open(&self.config.store).expect("the database opens")
    }

    /// Its time.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Its mint.
    pub fn mint(&self) -> &IdMint {
        &self.mint
    }

    /// Its folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Keeps the folder beyond the server's end.
    pub fn keep_folder(&self) -> Arc<TempDir> {
        Arc::clone(&self.folder)
    }

    /// The folder of its mails.
    pub fn outbox(&self) -> PathBuf {
        self.folder.path().join("outbox")
    }

    /// What links in its mails start with.
    pub fn public_url(&self) -> String {
        self.config.http.base_url(self.address)
    }

    /// An address below the server's.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Makes a user with an id from the mint.
    pub async fn user(&self, name: &str) -> Account {
        let id = self.mint.user().expect("an id");
        self.user_with_id(name, id.get()).await
    }

    /// Makes a user with an id of the test's choice.
    pub async fn user_with_id(&self, name: &str, id: i64) -> Account {
        let id = UserId::new(id).expect("a user id");
        let user = User { id, name: name.to_owned(), profile: None };
        let new = UserDraft {
            id,
            name: UserName::parse(name).expect("a name"),
            email: Email::parse(&format!("u{id}@test.example")).expect("an address"),
            password_hash: "unusable".to_owned(),
            imported: true,
            created_at: self.clock.now(),
        };
        let (login, draft) = self.draft(&user);
        let (users, logins, friends) = (vec![new], vec![login], Vec::new());
        let crowd = Arc::new(NewCrowd { users, logins, friends, now: self.clock.now() });
        self.running().store.run(writes::add_crowd(crowd)).await.expect("the user is stored");
        let token = self.tokens.sign(&user, &draft).expect("a token");
        Account { user, token }
    }

    /// A token of a new log-in.
    pub async fn token_of(&self, user: &User) -> String {
        let (login, draft) = self.draft(user);
        let draft = draft.after(self.keep_login(login).await);
        self.tokens.sign(user, &draft).expect("a token")
    }

    async fn keep_login(&self, login: NewLogin) -> Option<Timestamp> {
        let issued = self.running().store.run(writes::issue_login(login, None)).await;
        issued.expect("the log-in is stored")
    }

    fn draft(&self, user: &User) -> (NewLogin, TokenDraft) {
        let created_at = self.clock.now();
        let draft = self.tokens.draft(created_at).expect("a token");
        let (id, agent) = (draft.login.clone(), Some("the harness".to_owned()));
        let expires_at = draft.expires_at;
        let (user, network) = (user.id, None);
        (NewLogin { id, user, agent, network, created_at, expires_at }, draft)
    }

    /// Makes two users friends, in the database.
    pub async fn befriend(&self, a: &Account, b: &Account) {
        let pair = UserPair::new(a.user.id, b.user.id).expect("two users");
        self.relate(pair, Friendship::Friends).await;
    }

    /// Has a user ask for another's friendship, in the database.
    pub async fn ask_friendship(&self, from: &Account, to: &Account) {
        let pair = UserPair::new(from.user.id, to.user.id).expect("two users");
        self.relate(pair, Friendship::requested_by(from.user.id, pair)).await;
    }

    async fn relate(&self, pair: UserPair, state: Friendship) {
        let set = writes::set_friendship(pair, state, self.clock.now());
        self.running().store.run(set).await.expect("it is stored");
    }

    /// Opens a socket of the chatting dialect; the token has been answered.
    pub async fn log_in(&self, account: &Account) -> Client {
        let mut client = Client::open(self.address, "/ws/chatting/").await;
        client.log_in(&account.token).await;
        client
    }

    /// Opens a socket; nothing is said on it.
    pub async fn connect(&self) -> Client {
        Client::open(self.address, "/ws").await
    }

    /// Opens a socket of a user: heartbeat and auth are done.
    pub async fn login(&self, account: &Account) -> Client {
        self.login_at(account, "/ws").await
    }

    /// Opens a socket of a user at a path such as `/ws?compat=wind`.
    pub async fn login_at(&self, account: &Account, path: &str) -> Client {
        let mut client = Client::open(self.address, path).await;
        client.identify(&account.token).await;
        client
    }

    /// Opens a socket of a user that has asked for features.
    pub async fn login_with<F: AsRef<str>>(&self, account: &Account, features: &[F]) -> Client {
        let mut client = self.connect().await;
        client.identify_with(&account.token, features).await;
        client
    }

    /// Has a user block another, or lift the block.
    pub async fn block(&self, blocker: &Account, blocked: &Account, lift: bool) -> Answer {
        let auth = format!("Bearer {}", blocker.token);
        let method = if lift { "DELETE" } else { "POST" };
        let body = serde_json::json!({"target_id": blocked.id()}).to_string();
        let place = (method, "/api/chatting/blockedusers/");
        self.request_as(Some(&auth), place, "application/json", body).await
    }

    /// The sockets of two friends who hear of each other's presence.
    pub async fn sweepers(&self) -> [Client; 2] {
        let (one, other) = (self.user("sweeper").await, self.user("swept").await);
        self.befriend(&one, &other).await;
        let features = ["presence"];
        [self.login_with(&one, &features).await, self.login_with(&other, &features).await]
    }

    /// Stops the server, and asserts that nothing is left in it. Clients must be gone or closing.
    pub async fn stop(mut self) {
        self.end().await;
    }

    async fn end(&mut self) {
        let running = self.running.take().expect("the server runs");
        let metrics = running.metrics.clone();
        until("the end of all sessions", || metrics.sessions.get() == 0).await;
        assert!(running.stop().await, "all sessions ended");
        assert_eq!(metrics.sessions.get(), 0, "sessions are left");
        assert_eq!(metrics.users_online.get(), 0, "users are left online");
        assert_eq!(metrics.store_pending_ops.get(), 0, "writes are left");
    }
}

impl Server {
    /// Stops the server while clients are there; whether all went in time.
    pub async fn stop_under_way(mut self) -> bool {
        self.running.take().expect("the server runs").stop().await
    }

    /// A token that ends soon: up to a second sooner, since tokens count in seconds.
    pub async fn short_token(&self, account: &Account, lifetime: Duration) -> String {
        let (token, login) = self.signed(account, lifetime);
        self.keep_login(login).await;
        token
    }

    /// A token that is well signed, of a log-in that does not exist.
    pub fn unknown_token(&self, account: &Account, lifetime: Duration) -> String {
        self.signed(account, lifetime).0
    }

    fn signed(&self, account: &Account, lifetime: Duration) -> (String, NewLogin) {
        let secret = std::fs::read_to_string(self.folder().join("jwt.key")).expect("the secret");
        let revoked = Arc::clone(self.tokens.revoked());
        let tokens = Tokens::new(secret.trim_end().as_bytes(), lifetime, revoked);
        let created_at = self.clock.now();
        let draft = tokens.draft(created_at).expect("a token");
        let (id, expires_at) = (draft.login.clone(), draft.expires_at);
        let (user, agent, network) = (account.user.id, None, None);
        let login = NewLogin { id, user, agent, network, created_at, expires_at };
        (tokens.sign(&account.user, &draft).expect("a token"), login)
    }

    /// Whether the server still holds its side of a peer's connection. What the kernel keeps of it
    /// afterwards belongs to nobody: it has no inode.
    pub fn has_socket_of(&self, peer: SocketAddr) -> bool {
        let table = std::fs::read_to_string("/proc/net/tcp").expect("Linux");
        let ends = format!(":{:04X} 0100007F:{:04X} ", self.address.port(), peer.port());
        let inode = |line: &str| line.split_whitespace().nth(9).map(str::to_owned);
        let mut held = table.lines().filter(|line| line.contains(&ends)).filter_map(inode);
        held.any(|inode| inode != "0")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.running.is_some() && !std::thread::panicking() {
            panic!("the test must stop its server");
        }
    }
}

/// Settings for a server in a folder: no limits on rates, everything in the folder.
pub fn config(folder: &Path) -> Config {
    let path = |name: &str| folder.join(name).display().to_string();
    let mut config = Config::default();
    config.http.bind = "127.0.0.1:0".to_owned();
    config.store.url = Secret::new(format!("sqlite://{}", path("tradewind.db")));
    config.mail.url = Secret::new(format!("file://{}", path("outbox")));
    config.auth.secret_file = path("jwt.key");
    config.limits.enabled = false;
    config.ws.adapter = adapter();
    config
}

fn listen(config: &Config) -> TcpListener {
    server::listen(config).expect("a port")
}

/// What holds sockets: the default, or what `TRADEWIND_TEST_ADAPTER` says. All tests of sockets
/// must pass with either; `scripts/test` runs them with both.
pub fn adapter() -> AdapterChoice {
    match std::env::var("TRADEWIND_TEST_ADAPTER").as_deref() {
        Err(_) => Config::default().ws.adapter,
        Ok("actors") => AdapterChoice::Actors,
        Ok("upgraded") => AdapterChoice::Upgraded,
        Ok(other) => panic!("TRADEWIND_TEST_ADAPTER is {other}"),
    }
}
