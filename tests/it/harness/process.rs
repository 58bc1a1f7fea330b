//! The real binary in a process of its own, to be killed.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

use super::DEADLINE;

/// A `tradewind serve` that listens.
pub struct Process {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
    log: PathBuf,
}

/// The binary with settings for a folder; `set` are further ones, as `section.key=value`.
pub fn command(folder: &Path, set: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tradewind"));
    let path = |name: &str| folder.join(name).display().to_string();
    command
        .current_dir(folder)
        .env_clear()
        .env("TRADEWIND__HTTP__BIND", "127.0.0.1:0")
        .env("TRADEWIND__STORE__URL", format!("sqlite://{}", path("tradewind.db")))
        .env("TRADEWIND__MAIL__URL", format!("file://{}", path("outbox")))
        .env("TRADEWIND__AUTH__SECRET_FILE", path("jwt.key"))
        .env("TRADEWIND__LIMITS__ENABLED", "false");
    for setting in set {
        command.args(["--set", setting]);
    }
    command
}

/// Runs a command of the binary to its end.
pub fn run(folder: &Path, set: &[&str], args: &[&str]) -> Output {
    command(folder, set).args(args).output().expect("the binary runs")
}

impl Process {
    /// Starts a server, and waits until it says where it listens. Its log goes to a file.
    pub fn start(folder: &Path, set: &[&str]) -> Self {
        let log = folder.join("stderr.log");
        let mut child = command(folder, set)
            .arg("serve")
            .stdout(Stdio::piped())
            .stderr(File::options().create(true).append(true).open(&log).expect("a log"))
            .spawn()
            .expect("the binary starts");
        let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        let address = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| line.split_once("listens on http://")?.1.parse().ok())
            .expect("the server says where it listens");
        // Read on, so that the server never waits for us.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, address, log }
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

    /// SIGTERM, or another signal by its name.
    pub fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args(["-s", name, &pid]).status().expect("kill runs");
        assert!(sent.success());
    }

    /// Waits for the end.
    pub fn wait(mut self) -> ExitStatus {
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("waited") {
                return status;
            }
            assert!(start.elapsed() < DEADLINE, "the server did not end");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // A test that failed must not leave a server behind; one that ended cannot be killed.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
