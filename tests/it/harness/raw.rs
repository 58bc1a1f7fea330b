//! A peer that writes WebSocket by hand, and so can do what a good client cannot.

use std::net::SocketAddr;

use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpSocket, TcpStream};

use super::{Account, soon};

/// First bytes of whole frames.
pub const TEXT: u8 = 0x81;
pub const BINARY: u8 = 0x82;
pub const CONTINUATION: u8 = 0x80;
pub const CLOSE: u8 = 0x88;
pub const PING: u8 = 0x89;
pub const PONG: u8 = 0x8A;
/// First byte of a text that goes on in further frames.
pub const TEXT_BEGIN: u8 = 0x01;

/// A TCP connection on which the handshake is done.
pub struct Raw<S = TcpStream> {
    stream: S,
    read: Vec<u8>,
}

/// A frame of the server.
#[derive(Debug, PartialEq, Eq)]
pub struct Frame {
    /// Opcode with the FIN bit: always whole frames.
    pub first: u8,
    /// What is in it.
    pub payload: Vec<u8>,
}

impl Raw {
    /// Opens a socket at `/ws`.
    pub async fn open(address: SocketAddr) -> Self {
        Self::on(soon("the connection", TcpStream::connect(address)).await.expect("connected"))
            .await
    }

    /// Opens a socket whose kernel keeps as little as it can of what is not read.
    pub async fn open_narrow(address: SocketAddr) -> Self {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.set_recv_buffer_size(4_096).expect("a small buffer");
        Self::on(soon("the connection", socket.connect(address)).await.expect("connected")).await
    }

    /// As [`Raw::open_narrow`], on a socket of the chatting dialect whose user is known.
    pub async fn chatting(address: SocketAddr, account: &Account) -> Self {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.set_recv_buffer_size(4_096).expect("a small buffer");
        let stream = soon("the connection", socket.connect(address)).await.expect("connected");
        let mut raw = Self::unopened(stream);
        raw.shake(upgrade_at("GET", "/ws/chatting/", &[]).as_bytes()).await;
        raw.text(&json!({"token": account.token}).to_string()).await;
        assert_eq!(raw.json().await["type"], "system_message");
        raw
    }

    /// Opens a socket by a handshake of one's own.
    pub async fn open_with(address: SocketAddr, handshake: &[u8]) -> Self {
        let stream = soon("the connection", TcpStream::connect(address)).await.expect("connected");
        let mut raw = Self::unopened(stream);
        raw.shake(handshake).await;
        raw
    }

    /// A connection on which the handshake is still to be done.
    pub fn unopened(stream: TcpStream) -> Self {
        stream.set_nodelay(true).expect("no delay");
        Self { stream, read: Vec::new() }
    }

    async fn on(stream: TcpStream) -> Self {
        let mut raw = Self::unopened(stream);
        raw.shake(upgrade("GET", &[]).as_bytes()).await;
        raw
    }

    async fn shake(&mut self, handshake: &[u8]) {
        self.bytes(handshake).await;
        let head = self.head().await;
        assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    }

    /// Says whose the socket is.
    pub async fn identify(&mut self, account: &Account) {
        self.text(r#"{"type":"heartbeat","payload":0}"#).await;
        self.json().await;
        let auth = json!({"type": "auth", "payload": {"auth": account.token}});
        self.text(&auth.to_string()).await;
        assert_eq!(self.json().await["type"], "auth");
    }

    /// Takes apart what reads and what writes.
    pub fn split(self) -> (Raw<OwnedReadHalf>, OwnedWriteHalf) {
        let (stream, write) = self.stream.into_split();
        (Raw { stream, read: self.read }, write)
    }

    /// Where the peer is, as the server sees it.
    pub fn address(&self) -> SocketAddr {
        self.stream.local_addr().expect("an address")
    }

    /// The TCP stream.
    pub fn stream(&mut self) -> &mut TcpStream {
        &mut self.stream
    }

    /// Sends bytes.
    pub async fn bytes(&mut self, bytes: &[u8]) {
        soon("sending", self.stream.write_all(bytes)).await.expect("sent");
    }

    /// Sends a whole text.
    pub async fn text(&mut self, text: &str) {
        self.bytes(&frame(TEXT, text.as_bytes())).await;
    }

    /// Closes in good order.
    pub async fn close(mut self) {
        self.bytes(&frame(CLOSE, &1000_u16.to_be_bytes())).await;
        while self.frame().await.is_some() {}
    }
}

impl<S: AsyncRead + Unpin> Raw<S> {
    /// The next frame; `None` at the end of the connection, however it ends.
    pub async fn frame(&mut self) -> Option<Frame> {
        loop {
            if let Some((frame, length)) = parse(&self.read) {
                self.read.drain(..length);
                return Some(frame);
            }
            if !self.fill().await {
                return None;
            }
        }
    }

    /// The next frame, which must be JSON.
    pub async fn json(&mut self) -> Value {
        let frame = self.frame().await.expect("a frame");
        assert_eq!(frame.first, TEXT, "{frame:?}");
        serde_json::from_slice(&frame.payload).expect("JSON")
    }

    /// Code and reason of the next frame, which must be Close.
    pub async fn closed(&mut self) -> (u16, String) {
        close_of(&self.frame().await.expect("a Close frame"))
    }

    /// Asserts that the server ends the connection without a further frame.
    pub async fn ended(&mut self) {
        assert_eq!(self.frame().await, None);
    }

    /// Reads more; false at the end.
    async fn fill(&mut self) -> bool {
        let read = soon("bytes", self.stream.read_buf(&mut self.read)).await;
        matches!(read, Ok(count) if count > 0)
    }

    /// The head of the answer to a handshake.
    pub async fn head(&mut self) -> String {
        loop {
            let end = self.read.windows(4).position(|four| four == b"\r\n\r\n");
            if let Some(end) = end {
                let head = self.read.drain(..end + 4).collect();
                return String::from_utf8(head).expect("text");
            }
            assert!(self.fill().await, "the connection ended before the answer");
        }
    }
}

/// The answer to any bytes sent to a server, up to the end of its head.
pub async fn answer(address: SocketAddr, request: &str) -> String {
    let stream = soon("the connection", TcpStream::connect(address)).await.expect("connected");
    let mut raw = Raw::unopened(stream);
    raw.bytes(request.as_bytes()).await;
    raw.head().await
}

/// A handshake; headers replace the usual ones of their name, and without value take them out.
pub fn upgrade(method: &str, headers: &[(&str, &str)]) -> String {
    upgrade_at(method, "/ws", headers)
}

/// A handshake at a path.
pub fn upgrade_at(method: &str, path: &str, headers: &[(&str, &str)]) -> String {
    let mut all = vec![
        ("Host", "hub.example"),
        ("Connection", "Upgrade"),
        ("Upgrade", "websocket"),
        ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];
    for header in headers {
        all.retain(|(name, _)| *name != header.0);
        all.push(*header);
    }
    let mut request = format!("{method} {path} HTTP/1.1\r\n");
    for (name, value) in all.iter().filter(|(_, value)| !value.is_empty()) {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    request + "\r\n"
}

/// A masked frame.
pub fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    const MASK: [u8; 4] = [0x37, 0xFA, 0x21, 0x3D];
    let mut bytes = head(first, payload.len() as u64);
    bytes.extend_from_slice(&MASK);
    bytes.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    bytes
}

/// A frame as only a server may send it.
pub fn unmasked(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = head(first, payload.len() as u64);
    if let Some(second) = bytes.get_mut(1) {
        *second &= 0x7F;
    }
    bytes.extend_from_slice(payload);
    bytes
}

/// The head of a masked frame, up to the mask.
pub fn head(first: u8, length: u64) -> Vec<u8> {
    match length {
        0..=125 => vec![first, 0x80 | length as u8],
        126..=0xFFFF => [&[first, 0xFE][..], &(length as u16).to_be_bytes()].concat(),
        _ => [&[first, 0xFF][..], &length.to_be_bytes()].concat(),
    }
}

/// Code and reason of a frame that must be Close.
pub fn close_of(frame: &Frame) -> (u16, String) {
    assert_eq!(frame.first, CLOSE, "{frame:?}");
    let (code, reason) = frame.payload.split_first_chunk().expect("a code");
    (u16::from_be_bytes(*code), String::from_utf8(reason.to_vec()).expect("text"))
}

fn parse(bytes: &[u8]) -> Option<(Frame, usize)> {
    let (&first, &second) = (bytes.first()?, bytes.get(1)?);
    let (length, head) = match second {
        126 => (u16::from_be_bytes(bytes.get(2..4)?.try_into().ok()?) as usize, 4),
        127 => (u64::from_be_bytes(bytes.get(2..10)?.try_into().ok()?) as usize, 10),
        short => (usize::from(short), 2),
    };
    let payload = bytes.get(head..head + length)?.to_vec();
    Some((Frame { first, payload }, head + length))
}
