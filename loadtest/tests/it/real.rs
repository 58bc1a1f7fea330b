//! The real hub: `$TRADEWIND_BIN`, or the one built beside this test.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// A hub with some users, killed in the end.
pub struct Hub {
    pub child: Child,
    pub address: String,
    /// Where Pub/Sub is, if the settings say that it shall be.
    pub pubsub: Option<String>,
    pub folder: TempDir,
}

impl Drop for Hub {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn binary() -> PathBuf {
    let beside = Path::new(env!("CARGO_BIN_EXE_tradewind-loadtest")).with_file_name("tradewind");
    let path = std::env::var_os("TRADEWIND_BIN").map_or(beside, PathBuf::from);
    let path = std::path::absolute(&path).unwrap();
    assert!(
        path.is_file(),
        "{} is not there: run `cargo build` in the root first, or set TRADEWIND_BIN",
        path.display()
    );
    path
}

pub fn command(folder: &Path) -> Command {
    let path = |name: &str| folder.join(name).display().to_string();
    let mut command = Command::new(binary());
    command
        .current_dir(folder)
        .env("TRADEWIND__HTTP__BIND", "127.0.0.1:0")
        .env("TRADEWIND__STORE__URL", format!("sqlite://{}", path("tradewind.db")))
        .env("TRADEWIND__MAIL__URL", format!("file://{}", path("outbox")))
        .env("TRADEWIND__AUTH__SECRET_FILE", path("jwt.key"))
        .env("TRADEWIND__LIMITS__ENABLED", "false");
    command
}

pub fn start(friends: &str, settings: &[(&str, &str)]) -> Hub {
    let folder = tempfile::tempdir().unwrap();
    let users = folder.path().join("users.json");
    let seeded = command(folder.path())
        .args(["seed", "--users", "20", "--friends", friends, "--out"])
        .arg(&users)
        .output()
        .unwrap();
    assert!(seeded.status.success(), "{}", String::from_utf8_lossy(&seeded.stderr));
    let mut child = command(folder.path())
        .arg("serve")
        .envs(settings.iter().copied())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let address = lines
        .find_map(|line| Some(line.split_once("listens on http://")?.1.to_owned()))
        .expect("the hub says where it listens");
    let more = lines.by_ref().take_while(|line| !line.starts_with("  messages"));
    let pubsub = more
        .filter_map(|line| Some(line.split_once("pubsub    http://")?.1.replace("/v1", "")))
        .last();
    std::thread::spawn(move || lines.for_each(drop));
    Hub { child, address, pubsub, folder }
}

impl Hub {
    /// A file in its folder.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// The sum of a metric over its labels.
    fn metric(&self, name: &str) -> f64 {
        let mut socket = TcpStream::connect(&self.address).unwrap();
        let ask =
            format!("GET /metrics HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", self.address);
        socket.write_all(ask.as_bytes()).unwrap();
        let mut text = String::new();
        socket.read_to_string(&mut text).unwrap();
        let values = text
            .lines()
            .filter_map(|line| line.strip_prefix(name)?.rsplit(' ').next()?.parse::<f64>().ok());
        values.sum()
    }

    /// Waits until a metric is at least so much.
    pub fn wait(&self, name: &str, least: f64) {
        let deadline = Instant::now() + Duration::from_secs(30);
        while self.metric(name) < least {
            assert!(Instant::now() < deadline, "{name} does not reach {least}");
            std::thread::yield_now();
        }
    }
}
