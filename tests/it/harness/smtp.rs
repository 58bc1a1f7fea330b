//! A real SMTP server (`scripts/smtp-sink.py`), and the Python that `scripts/with-servers` brings.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::soon;

/// A mail that the server took.
#[derive(Clone, Debug)]
pub struct Mail {
    /// The sender of the envelope.
    pub from: String,
    /// The receivers of the envelope.
    pub to: Vec<String>,
    /// The mail as it came, line ends included.
    pub data: String,
}

/// A server that takes mails, or not.
pub struct Sink {
    child: Child,
    port: u16,
    lines: UnboundedReceiver<String>,
}

impl Sink {
    /// Starts one with the options of the script.
    pub async fn start(options: &[&str]) -> Self {
        let mut child = python()
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/smtp-sink.py"))
            .args(options)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the SMTP server starts");
        let (sender, mut lines) = unbounded_channel();
        let output = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        std::thread::spawn(move || {
            output.map_while(Result::ok).for_each(|line| drop(sender.send(line)));
        });
        let first = soon("the SMTP server's first line", lines.recv()).await.expect("a line");
        let port = first.strip_prefix("port ").and_then(|port| port.parse().ok());
        Self { child, port: port.expect("a port"), lines }
    }

    /// What `mail.url` must be.
    pub fn url(&self) -> String {
        format!("smtp://127.0.0.1:{}", self.port)
    }

    /// The next mail it takes.
    pub async fn mail(&mut self) -> Mail {
        let line = soon("a mail", self.lines.recv()).await.expect("the SMTP server runs");
        let mail: Value = serde_json::from_str(&line).expect("JSON");
        let text = |value: &Value| value.as_str().expect("text").to_owned();
        Mail {
            from: text(&mail["from"]),
            to: mail["to"].as_array().expect("receivers").iter().map(text).collect(),
            data: text(&mail["data"]),
        }
    }

    /// Asserts that no more mail came until now.
    pub fn expect_nothing(&mut self) {
        assert!(self.lines.try_recv().is_err(), "one more mail");
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// The Python with the packages of `scripts/requirements.txt`.
pub fn python() -> Command {
    let python = std::env::var_os("TRADEWIND_TEST_PYTHON");
    Command::new(
        python.expect("no Python for this test: run scripts/test, or scripts/with-servers"),
    )
}
