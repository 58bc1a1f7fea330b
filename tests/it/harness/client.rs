//! A WebSocket client that is not ours (tungstenite), with deadlines on everything.

use std::net::SocketAddr;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::http::HeaderName;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, Message};

use super::{DEADLINE, soon};

/// An open socket.
pub struct Client {
    socket: WebSocketStream<TcpStream>,
    fences: u64,
}

impl Client {
    /// Opens a socket at a path.
    pub async fn open(address: SocketAddr, path: &str) -> Self {
        Self::open_with(address, path, &[]).await
    }

    /// Opens a socket at a path, with headers in the request for it.
    pub async fn open_with(address: SocketAddr, path: &str, headers: &[(&str, &str)]) -> Self {
        Self::try_open(address, path, headers).await.expect("101")
    }

    /// The same where the server may be killed meanwhile: none if it was.
    pub async fn try_open(
        address: SocketAddr,
        path: &str,
        headers: &[(&str, &str)],
    ) -> Option<Self> {
        let stream = soon("the connection", TcpStream::connect(address)).await.ok()?;
        stream.set_nodelay(true).expect("no delay");
        let url = format!("ws://{address}{path}");
        let mut request = url.into_client_request().expect("a request");
        for (name, value) in headers {
            let name: HeaderName = name.parse().expect("a header");
            request.headers_mut().append(name, value.parse().expect("a value"));
        }
        let limits = WebSocketConfig::default().read_buffer_size(8 * 1024);
        let handshake = tokio_tungstenite::client_async_with_config(request, stream, Some(limits));
        match soon("the handshake", handshake).await {
            Ok((socket, _)) => Some(Self { socket, fences: 0 }),
            Err(Error::Io(_) | Error::Protocol(ProtocolError::HandshakeIncomplete)) => None,
            Err(error) => panic!("101: {error:?}"),
        }
    }

    /// Opens a socket at a path, from a page of an origin.
    pub async fn open_from(address: SocketAddr, path: &str, origin: Option<&str>) -> Self {
        let stream = soon("the connection", TcpStream::connect(address)).await.expect("connected");
        stream.set_nodelay(true).expect("no delay");
        let mut request = format!("ws://{address}{path}").into_client_request().expect("a request");
        if let Some(origin) = origin {
            request.headers_mut().insert("Origin", origin.parse().expect("a header"));
        }
        let handshake = tokio_tungstenite::client_async(request, stream);
        let (socket, _) = soon("the handshake", handshake).await.expect("101");
        Self { socket, fences: 0 }
    }

    /// Sends a text frame.
    pub async fn text(&mut self, text: impl Into<String>) {
        let message = Message::text(text.into());
        soon("sending", self.socket.send(message)).await.expect("sent");
    }

    /// Sends a frame of JSON.
    pub async fn send(&mut self, frame: &Value) {
        self.text(frame.to_string()).await;
    }

    /// Sends a frame of JSON; false if the socket is dead.
    pub async fn try_send(&mut self, frame: &Value) -> bool {
        soon("sending", self.socket.send(Message::text(frame.to_string()))).await.is_ok()
    }

    /// Sends any message.
    pub async fn message(&mut self, message: Message) {
        soon("sending", self.socket.send(message)).await.expect("sent");
    }

    /// The next frame, which must be text and JSON; pings and pongs are passed over.
    pub async fn recv(&mut self) -> Value {
        match self.next().await {
            Some(Message::Text(text)) => serde_json::from_str(&text).expect("JSON"),
            other => panic!("expected a text frame, got {other:?}"),
        }
    }

    /// The next message; `None` at the end of the socket.
    pub async fn next(&mut self) -> Option<Message> {
        loop {
            match soon("a frame", self.socket.next()).await {
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(message)) => return Some(message),
                Some(Err(_)) | None => return None,
            }
        }
    }

    /// Waits for a ping of the server; other messages are passed over.
    pub async fn pinged(&mut self) {
        loop {
            match soon("a ping", self.socket.next()).await {
                Some(Ok(Message::Ping(_))) => return,
                Some(Ok(_)) => {}
                Some(Err(_)) | None => panic!("the socket has ended"),
            }
        }
    }

    /// As [`Client::next`], for as long as it takes. Pings are answered as they come.
    pub async fn next_unbounded(&mut self) -> Option<Message> {
        loop {
            match self.socket.next().await {
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(message)) => return Some(message),
                Some(Err(_)) | None => return None,
            }
        }
    }

    /// As [`Client::next`], but says so if nothing comes in time.
    pub async fn try_next(&mut self) -> Result<Option<Message>, String> {
        let came = tokio::time::timeout(DEADLINE, self.next_unbounded()).await;
        came.map_err(|_| format!("nothing came within {DEADLINE:?}"))
    }

    /// Sends a frame and gives the next one that comes.
    pub async fn ask(&mut self, frame: Value) -> Value {
        self.send(&frame).await;
        self.recv().await
    }

    /// All frames that come before the echo of a heartbeat sent now: what had been sent to this
    /// client until then, and nothing that comes later.
    pub async fn drain(&mut self) -> Vec<Value> {
        self.fences += 1;
        let fence = json!({"type": "heartbeat", "payload": {"fence": self.fences}});
        self.send(&fence).await;
        let mut frames = Vec::new();
        loop {
            let frame = self.recv().await;
            if frame == fence {
                return frames;
            }
            frames.push(frame);
        }
    }

    /// As [`Client::drain`], on a socket of the chatting dialect: up to the answer to a frame that is
    /// no good.
    pub async fn drain_chatting(&mut self) -> Vec<Value> {
        self.send(&json!({"target_id": "fence"})).await;
        let mut frames = Vec::new();
        loop {
            let frame = self.recv().await;
            if frame["error"] == "Bad Request" {
                return frames;
            }
            frames.push(frame);
        }
    }

    /// Asserts that nothing has been sent to this client.
    pub async fn expect_nothing(&mut self) {
        assert_eq!(self.drain().await, Vec::<Value>::new());
    }

    /// Heartbeat and auth; gives the payload of the auth answer.
    pub async fn identify(&mut self, token: &str) -> Value {
        let beat = json!({"type": "heartbeat", "payload": {"count": 0}});
        assert_eq!(self.ask(beat.clone()).await, beat);
        let answer = self.ask(json!({"type": "auth", "payload": {"auth": token}})).await;
        assert_eq!(answer["type"], "auth", "{answer}");
        answer["payload"].clone()
    }

    /// The same, asking for features; gives the payloads of the auth answer and, with presence, of the
    /// snapshot.
    pub async fn identify_with<F: AsRef<str>>(
        &mut self,
        token: &str,
        features: &[F],
    ) -> (Value, Value) {
        let beat = json!({"type": "heartbeat", "payload": {"count": 0}});
        assert_eq!(self.ask(beat.clone()).await, beat);
        let features: Vec<&str> = features.iter().map(AsRef::as_ref).collect();
        let payload = json!({"auth": token, "features": features});
        let answer = self.ask(json!({"type": "auth", "payload": payload})).await;
        assert_eq!(answer["type"], "auth", "{answer}");
        assert_eq!(answer["payload"]["features"], json!(features));
        let snapshot = if features.contains(&"presence") { self.recv().await } else { json!({}) };
        (answer["payload"].clone(), snapshot["payload"].clone())
    }

    /// Shows the token on a socket of the chatting dialect; gives the answer.
    pub async fn log_in(&mut self, token: &str) -> Value {
        let answer = self.ask(json!({"token": token})).await;
        assert!(answer["online_friends"].is_array(), "{answer}");
        answer
    }

    /// The code and reason of the Close frame that must come next.
    pub async fn closed(&mut self) -> (u16, String) {
        match self.next().await {
            Some(Message::Close(Some(close))) => (close.code.into(), close.reason.to_string()),
            other => panic!("expected a Close frame, got {other:?}"),
        }
    }

    /// Closes the socket, whoever closes first.
    pub async fn end(mut self) {
        drop(soon("closing", self.socket.close(None)).await);
        while self.next().await.is_some() {}
    }

    /// Closes the socket in good order.
    pub async fn close(mut self) {
        soon("closing", self.socket.close(None)).await.expect("closed");
        while self.next().await.is_some() {}
    }
}
