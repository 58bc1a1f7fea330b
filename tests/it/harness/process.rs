//! The real binary in a process of its own, to be killed and measured.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

use serde::Deserialize;
use tradewind::domain::accounts::user::User;
use tradewind::domain::id::UserId;

use super::{Account, Client, DEADLINE, http, soon};

/// A `tradewind serve` that listens.
pub struct Process {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
    log: PathBuf,
}

/// The binary, and nothing of our own environment.
pub fn bare(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tradewind"));
    command.current_dir(folder).env_clear();
    command
}

/// The binary with settings for a folder; `set` are further ones, as `section.key=value`.
pub fn command(folder: &Path, set: &[&str]) -> Command {
    let mut command = bare(folder);
    let path = |name: &str| folder.join(name).display().to_string();
    command
        .env("TRADEWIND__HTTP__BIND", "127.0.0.1:0")
        .env("TRADEWIND__STORE__URL", format!("sqlite://{}", path("tradewind.db")))
        .env("TRADEWIND__MAIL__URL", format!("file://{}", path("outbox")))
        .env("TRADEWIND__AUTH__SECRET_FILE", path("jwt.key"))
        .env("TRADEWIND__LIMITS__ENABLED", "false");
    if let Ok(adapter) = std::env::var("TRADEWIND_TEST_ADAPTER") {
        command.env("TRADEWIND__WS__ADAPTER", adapter);
    }
    for setting in set {
        command.args(["--set", setting]);
    }
    command
}

/// Runs a command of the binary to its end.
pub fn run(folder: &Path, set: &[&str], args: &[&str]) -> Output {
    let mut command = command(folder, set);
    command.args(args);
    output(command)
}

/// Runs a command to its end, which must come in time.
pub fn output(mut command: Command) -> Output {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the binary runs");
    let mut stderr = child.stderr.take().expect("a pipe");
    let mut stdout = child.stdout.take().expect("a pipe");
    let reader = std::thread::spawn(move || {
        let mut bytes = Vec::new();
        stderr.read_to_end(&mut bytes).map(|_| bytes)
    });
    let writer = std::thread::spawn(move || {
        let mut bytes = Vec::new();
        stdout.read_to_end(&mut bytes).map(|_| bytes)
    });
    let status = ended(&mut child);
    let stderr = reader.join().expect("no panic").expect("read");
    let stdout = writer.join().expect("no panic").expect("read");
    Output { status, stdout, stderr }
}

/// Makes users, each with a token; nobody is anybody's friend.
pub fn accounts(folder: &Path, users: usize) -> Vec<Account> {
    accounts_with(folder, &[], users)
}

/// Makes users with settings.
pub fn accounts_with(folder: &Path, set: &[&str], users: usize) -> Vec<Account> {
    #[derive(Deserialize)]
    struct Seeded {
        id: String,
        name: String,
        token: String,
    }
    let (file, users) = (folder.join("users.json"), users.to_string());
    let out = file.display().to_string();
    let seed = run(folder, set, &["seed", "--users", &users, "--out", &out]);
    assert!(seed.status.success(), "{seed:?}");
    let text = std::fs::read_to_string(&file).expect("the users");
    std::fs::remove_file(&file).expect("removed");
    let seeded: Vec<Seeded> = serde_json::from_str(&text).expect("JSON");
    let account = |Seeded { id, name, token }| {
        let id = id.parse().ok().and_then(UserId::new).expect("an id");
        Account { user: User { id, name, profile: None }, token }
    };
    seeded.into_iter().map(account).collect()
}

impl Process {
    /// Starts a server, and waits until it says where it listens. Its log goes to a file.
    pub fn start(folder: &Path, set: &[&str]) -> Self {
        Self::spawn(command(folder, set), &["serve"]).0
    }

    /// Starts a server by a command; gives also the lines it says up to the one that tells where
    /// it listens, and those that follow.
    pub fn spawn(mut command: Command, args: &[&str]) -> (Self, std::sync::mpsc::Receiver<String>) {
        let log = command.get_current_dir().expect("a folder").join("stderr.log");
        let mut child = command
            .args(args)
            .stdout(Stdio::piped())
            .stderr(File::options().create(true).append(true).open(&log).expect("a log"))
            .spawn()
            .expect("the binary starts");
        let lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        let (sender, said) = std::sync::mpsc::channel();
        // Reads to the end, so that the server never waits for us.
        std::thread::spawn(move || {
            lines.map_while(Result::ok).for_each(|line| drop(sender.send(line)))
        });
        let deadline = Instant::now() + DEADLINE;
        let address = loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let Ok(line) = said.recv_timeout(left) else {
                drop(child.kill());
                panic!("the server does not say where it listens: {:?}", child.wait());
            };
            if let Some((_, address)) = line.split_once("listens on http://") {
                break address.parse().expect("an address");
            }
        };
        (Self { child, address, log }, said)
    }

    /// Opens a socket of a user: heartbeat and auth are done.
    pub async fn login(&self, account: &Account) -> Client {
        let mut client = Client::open(self.address, "/ws").await;
        client.identify(&account.token).await;
        client
    }

    /// The value of a metric.
    pub async fn metric(&self, name: &str) -> f64 {
        http::metric(&http::metrics(self.address).await, name)
    }

    /// Waits until a metric has a value.
    pub async fn until_metric(&self, name: &str, is_so: impl Fn(f64) -> bool) {
        soon(name, async {
            while !is_so(self.metric(name).await) {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        })
        .await;
    }

    /// Bytes of memory it has now.
    pub fn memory(&self) -> u64 {
        self.status("VmRSS:")
    }

    /// The most bytes of memory it had at once since the start or [`Process::forget_peak`].
    pub fn memory_peak(&self) -> u64 {
        self.status("VmHWM:")
    }

    /// Counts the peak of memory from now on.
    pub fn forget_peak(&self) {
        std::fs::write(self.proc("clear_refs"), "5").expect("Linux");
    }

    /// How many sockets it has open, its listener and its own pipes of sockets included.
    pub fn sockets(&self) -> usize {
        let open = std::fs::read_dir(self.proc("fd")).expect("Linux");
        open.filter_map(|entry| std::fs::read_link(entry.ok()?.path()).ok())
            .filter(|target| target.to_string_lossy().starts_with("socket:"))
            .count()
    }

    fn status(&self, key: &str) -> u64 {
        let text = std::fs::read_to_string(self.proc("status")).expect("Linux");
        let line = text.lines().find_map(|line| line.strip_prefix(key)).expect("the key");
        let kib: u64 = line.trim().trim_end_matches(" kB").parse().expect("a number");
        kib * 1_024
    }

    fn proc(&self, name: &str) -> String {
        format!("/proc/{}/{name}", self.child.id())
    }

    /// What it has logged.
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(&self.log).expect("the log")).into_owned()
    }

    /// `kill -9`.
    pub fn kill(mut self) {
        self.child.kill().expect("killed");
        self.child.wait().expect("dead");
    }

    /// Its number among the processes.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// SIGTERM, or another signal by its name.
    pub fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args(["-s", name, &pid]).status().expect("kill runs");
        assert!(sent.success());
    }

    /// Waits for the end.
    pub fn wait(mut self) -> ExitStatus {
        ended(&mut self.child)
    }

    /// SIGTERM, and a good end.
    pub fn stop(self) {
        self.signal("TERM");
        assert!(self.wait().success());
    }
}

fn ended(child: &mut Child) -> ExitStatus {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait().expect("waited") {
            return status;
        }
        if start.elapsed() > DEADLINE {
            drop(child.kill());
            drop(child.wait());
            panic!("the process did not end");
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // A test that failed must not leave a server behind; one that ended cannot be killed.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
