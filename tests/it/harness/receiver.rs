//! An endpoint of pushes: shows each request that comes, and answers as the test says.

use std::net::SocketAddr;
use std::time::Instant;

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};

use super::soon;

/// What was asked for that is taken.
pub const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
/// An interim answer: the rest follows.
pub const PROCESSING: &str = "HTTP/1.1 102 Processing\r\n\r\n";

/// The endpoint. It ends with its test.
pub struct Receiver {
    /// Where it listens.
    pub address: SocketAddr,
    requests: mpsc::UnboundedReceiver<Pushed>,
}

/// A request that waits for its answer.
#[derive(Debug)]
pub struct Pushed {
    pub method: String,
    /// The path with the query, as it came.
    pub target: String,
    /// Names in small letters.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// When it came.
    pub at: Instant,
    answer: oneshot::Sender<Said>,
}

/// What is answered.
#[derive(Debug)]
struct Said {
    text: String,
    /// Whether the connection ends then.
    ends: bool,
}

impl Receiver {
    /// An endpoint on this machine.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (sender, requests) = mpsc::unbounded_channel();
        actix_web::rt::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                actix_web::rt::spawn(serve(stream, sender.clone()));
            }
        });
        Self { address, requests }
    }

    /// Its URL with a path.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The next request.
    pub async fn next(&mut self) -> Pushed {
        soon("a push", self.requests.recv()).await.expect("the endpoint listens")
    }

    /// The next request, if it has come already.
    pub fn try_next(&mut self) -> Option<Pushed> {
        self.requests.try_recv().ok()
    }

    /// Shows each request that comes, as long as the test lasts.
    pub async fn each(mut self, mut shown: impl FnMut(Pushed)) {
        while let Some(push) = self.requests.recv().await {
            shown(push);
        }
    }

    /// Takes the next so many requests, and gives their payloads.
    pub async fn take(&mut self, count: usize) -> Vec<String> {
        let mut payloads = Vec::new();
        for _ in 0..count {
            let push = self.next().await;
            payloads.push(push.payload());
            push.answer(OK);
        }
        payloads
    }
}

impl Pushed {
    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }

    /// The payload of a wrapped push, as text.
    pub fn payload(&self) -> String {
        use base64::Engine as _;
        let json = self.json();
        let data = json["message"]["data"].as_str().unwrap_or_default();
        let bytes = base64::engine::general_purpose::STANDARD.decode(data).expect("base64");
        String::from_utf8(bytes).expect("text")
    }

    /// A header, if it is there once.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.iter().filter(|(found, _)| found == name);
        let (_, value) = values.next()?;
        assert!(values.next().is_none(), "{name} is there twice");
        Some(value)
    }

    /// Answers, and keeps the connection.
    pub fn answer(self, text: &str) {
        self.say(text, false);
    }

    /// Answers with a status and nothing else.
    pub fn status(self, status: u16) {
        self.say(&format!("HTTP/1.1 {status} X\r\ncontent-length: 0\r\n\r\n"), false);
    }

    /// Says something, or nothing, and ends the connection.
    pub fn end(self, text: &str) {
        self.say(text, true);
    }

    /// Says something, and nothing more, while the connection stays.
    pub fn hang(self, text: &str) {
        self.say(text, false);
    }

    fn say(self, text: &str, ends: bool) {
        // Whoever asked may have gone.
        drop(self.answer.send(Said { text: text.to_owned(), ends }));
    }
}

async fn serve(mut stream: TcpStream, requests: mpsc::UnboundedSender<Pushed>) {
    let mut bytes = Vec::new();
    while let Some((push, answer)) = read(&mut stream, &mut bytes).await {
        if requests.send(push).is_err() {
            return;
        }
        let Ok(Said { text, ends }) = answer.await else { return };
        if stream.write_all(text.as_bytes()).await.is_err() || ends {
            return;
        }
    }
}

async fn read(
    stream: &mut TcpStream,
    bytes: &mut Vec<u8>,
) -> Option<(Pushed, oneshot::Receiver<Said>)> {
    let end = loop {
        if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break at;
        }
        more(stream, bytes).await?;
    };
    let head = String::from_utf8(bytes[..end].to_vec()).expect("a head of text");
    let mut lines = head.split("\r\n");
    let mut words = lines.next().expect("a line").split(' ');
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let headers: Vec<(String, String)> = lines
        .map(|line| line.split_once(": ").expect("a header"))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length: usize = length.map_or(0, |(_, value)| value.parse().expect("a number"));
    while bytes.len() < end + 4 + length {
        more(stream, bytes).await?;
    }
    let rest = bytes.split_off(end + 4 + length);
    let body = bytes.split_off(end + 4);
    *bytes = rest;
    let (answer, said) = oneshot::channel();
    Some((Pushed { method, target, headers, body, at: Instant::now(), answer }, said))
}

async fn more(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> Option<()> {
    let read = stream.read_buf(bytes).await.ok()?;
    (read > 0).then_some(())
}
