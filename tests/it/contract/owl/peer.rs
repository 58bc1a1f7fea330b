//! A server of an app, as bytes.

use std::net::SocketAddr;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::harness::soon;

/// A connection to the hub.
pub struct OwlPeer {
    stream: TcpStream,
    read: Vec<u8>,
    /// Of the last request.
    pub stamp: i64,
}

impl OwlPeer {
    /// Connects.
    pub async fn connect(address: SocketAddr) -> Self {
        let stream = soon("the connection", TcpStream::connect(address)).await.expect("connected");
        Self { stream, read: Vec::new(), stamp: 1_796_052_334_000 }
    }

    /// Sends any bytes; whether they could be.
    pub async fn bytes(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        soon("the sending", self.stream.write_all(bytes.as_ref())).await.is_ok()
    }

    /// Sends a text as a frame.
    pub async fn frame(&mut self, text: impl std::fmt::Display) {
        assert!(self.bytes(format!("{text}&#|")).await);
    }

    /// Asks for something, under a stamp of its own.
    pub async fn send(&mut self, command: u16, parameters: Value) {
        self.stamp += 1;
        self.frame(json!({"cId": command, "st": self.stamp, "pm": parameters})).await;
    }

    /// Asks, and gives the answer, which must be the next frame and have the stamp.
    pub async fn ask(&mut self, command: u16, parameters: Value) -> Value {
        self.send(command, parameters).await;
        let answer = self.next().await;
        let number = if (801..=804).contains(&command) { command + 11_000 } else { command };
        assert_eq!(
            (&answer["cId"], &answer["st"]),
            (&json!(number), &json!(self.stamp)),
            "{answer}"
        );
        answer
    }

    /// Asks to be the channel of a registration.
    pub async fn open(&mut self, service: &str, server: &str) -> Value {
        self.ask(403, json!({"sId": service, "st": 4, "rId": server})).await
    }

    /// The next frame as text.
    pub async fn text(&mut self) -> String {
        loop {
            if let Some(at) = self.read.windows(3).position(|three| three == b"&#|") {
                let frame = self.read.drain(..at + 3).take(at).collect();
                let text = String::from_utf8(frame).expect("text");
                assert!(text.is_ascii() && !text.contains('|'), "{text}");
                return text;
            }
            assert!(self.fill().await, "the connection ended: {:?}", self.read);
        }
    }

    /// The next frame.
    pub async fn next(&mut self) -> Value {
        serde_json::from_str(&self.text().await).expect("JSON")
    }

    /// Asserts that nothing has been sent, and that the connection is there.
    pub async fn nothing(&mut self) {
        let answer = self.ask(301, json!({"sId": "none", "rn": "fence", "t": 4})).await;
        assert_eq!(answer["rc"], -304);
    }

    /// Asserts that the hub ends the connection, without a further frame.
    pub async fn ended(&mut self) {
        while self.fill().await {}
        assert_eq!(String::from_utf8_lossy(&self.read), "");
    }

    /// Asserts that the hub says the end, and does not reset the connection.
    pub async fn dismissed(&mut self) {
        loop {
            match soon("the end", self.stream.read_buf(&mut self.read)).await {
                Ok(0) => return,
                Ok(_) => {}
                Err(error) => panic!("{error}"),
            }
        }
    }

    /// Reads more; false at the end.
    async fn fill(&mut self) -> bool {
        let read = soon("bytes", self.stream.read_buf(&mut self.read)).await;
        matches!(read, Ok(count) if count > 0)
    }
}
