//! What transcripts do to the world: users, sockets, mails.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use serde_json::json;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use tradewind::auth::key::ServiceKey;
use tradewind::domain::accounts::profile::Profile;
use tradewind::domain::clock::Timestamp;
use tradewind::store::accounts::own::Changes;
use tradewind::store::accounts::writes as accounts;
use tradewind::store::admin::writes as admin;

use super::runner::{Failed, Mode, Play};
use super::script::{BytesKind, How, World};
use super::values::{capture, is_of_kind};
use crate::harness::{Client, Server, until};

/// A socket of a transcript.
pub struct Socket(pub Client, Dialect);

/// What is said on a socket.
#[derive(Clone, Copy)]
enum Dialect {
    Rewind,
    Chatting,
}

impl Socket {
    pub async fn bytes(&mut self, kind: BytesKind, bytes: &[u8]) {
        let message = match kind {
            BytesKind::Binary => Message::binary(bytes.to_vec()),
            BytesKind::Text => {
                Message::Frame(Frame::message(bytes.to_vec(), OpCode::Data(Data::Text), true))
            }
        };
        self.0.message(message).await;
    }

    /// The text of the next frame.
    pub async fn frame(&mut self) -> Result<String, Failed> {
        match self.0.try_next().await? {
            Some(Message::Text(text)) => Ok(text.to_string()),
            other => Err(format!("expected a text frame, got {other:?}")),
        }
    }

    /// A heartbeat is echoed after everything that was sent before, and a target that is none is
    /// answered; nothing else may come.
    pub async fn nothing(&mut self) -> Result<(), Failed> {
        let heartbeat = r#"{"type":"heartbeat","payload":"fence"}"#;
        let (fence, echo) = match self.1 {
            Dialect::Rewind => (heartbeat, heartbeat),
            Dialect::Chatting => (r#"{"target_id":"fence"}"#, "or its digits."),
        };
        self.0.text(fence).await;
        let mut frames = Vec::new();
        loop {
            match self.frame().await? {
                frame if frame.contains(echo) => break,
                frame => frames.push(frame),
            }
        }
        if frames.is_empty() { Ok(()) } else { Err(format!("expected nothing, got {frames:?}")) }
    }

    pub async fn closed(mut self, code: u16, reason: &str) -> Result<(), Failed> {
        match self.0.try_next().await? {
            Some(Message::Close(Some(close)))
                if u16::from(close.code) == code && close.reason.as_str() == reason => {}
            other => return Err(format!("expected Close {code} {reason:?}, got {other:?}")),
        }
        match self.0.try_next().await? {
            None => Ok(()),
            Some(more) => Err(format!("expected the end of the socket, got {more:?}")),
        }
    }
}

impl Play<'_> {
    /// Changes the world, without a word on the wire.
    pub async fn change(&mut self, world: &World) -> Result<(), Failed> {
        match world {
            World::User { name, id } => self.user(name, *id).await,
            World::Profile { name, profile } => self.profile(name, profile).await,
            World::Friends { one, other } => self.friends(one, other).await,
            World::Block { blocker, blocked, lift } => self.block(blocker, blocked, *lift).await,
            World::Pass { seconds } => {
                self.clock.pass(*seconds);
                Ok(())
            }
            World::Service { name } => self.service(name).await,
            World::Sweep => self.sweep().await,
        }
    }

    async fn user(&mut self, name: &str, id: Option<i64>) -> Result<(), Failed> {
        let account = match id {
            Some(id) => self.server.user_with_id(name, id).await,
            None => self.server.user(name).await,
        };
        self.values.tokens = Some(self.server.tokens.clone());
        self.values.accounts.insert(name.to_owned(), account);
        Ok(())
    }

    async fn friends(&mut self, one: &str, other: &str) -> Result<(), Failed> {
        let (one, other) = (self.values.account(one)?, self.values.account(other)?);
        self.server.befriend(one, other).await;
        Ok(())
    }

    async fn service(&mut self, name: &str) -> Result<(), Failed> {
        let key = ServiceKey::random().map_err(|error| error.to_string())?;
        let add = admin::add_key(name.to_owned(), key.hash(), Timestamp::from_micros(0));
        let stored = self.server.running().store.run(add).await;
        stored.map_err(|error| error.to_string())?;
        self.values.bind(name, key.as_str().to_owned())
    }

    async fn profile(&mut self, name: &str, profile: &str) -> Result<(), Failed> {
        let id = self.values.account(name)?.user.id;
        let profile_kept = Some(Profile::parse(profile).ok_or("no profile")?);
        let changes = Changes { profile: Some(profile_kept), ..Changes::default() };
        let changed = self.server.running().store.run(accounts::change(id, changes)).await;
        changed.map_err(|error| error.to_string())?.map_err(|taken| format!("{taken:?}"))?;
        let account = self.values.accounts.get_mut(name).ok_or("no user")?;
        account.user.profile = Some(profile.to_owned());
        Ok(())
    }

    pub async fn open(
        &mut self,
        socket: &str,
        user: Option<&str>,
        how: &How,
    ) -> Result<(), Failed> {
        let (dialect, place, default) = match self.mode {
            Mode::Readme => (Dialect::Rewind, "/ws", ""),
            Mode::Wind => (Dialect::Rewind, "/ws", "?compat=wind"),
            Mode::Chatting if how.rewind => (Dialect::Rewind, "/ws", ""),
            Mode::Chatting => (Dialect::Chatting, "/ws/chatting/", ""),
        };
        let query = how.query.as_deref().unwrap_or(default);
        let path = format!("{place}{}", query.strip_suffix('?').unwrap_or(query));
        let client = match (user, dialect) {
            (Some(user), Dialect::Rewind) => {
                let account = self.values.account(user)?;
                match &how.features {
                    Some(features) => self.server.login_with(account, features).await,
                    None => self.server.login_at(account, &path).await,
                }
            }
            (Some(user), Dialect::Chatting) => {
                let mut client = Client::open(self.server.address, &path).await;
                client.log_in(&self.values.account(user)?.token).await;
                client
            }
            (None, _) => Client::open(self.server.address, &path).await,
        };
        match self.sockets.insert(socket.to_owned(), Socket(client, dialect)) {
            None => Ok(()),
            Some(_) => Err(format!("{socket} is open already")),
        }
    }

    /// One user blocks another, or does not any more.
    async fn block(&self, blocker: &str, blocked: &str, lift: bool) -> Result<(), Failed> {
        let (blocker, blocked) = (self.values.account(blocker)?, self.values.account(blocked)?);
        let answer = self.server.block(blocker, blocked, lift).await;
        if answer.status < 300 { Ok(()) } else { Err(format!("no block: {answer:?}")) }
    }

    /// The hub tells of changes of presence all at once: when two have been told that were made one
    /// after another, those that were made before have been, too.
    async fn sweep(&mut self) -> Result<(), Failed> {
        let [mut one, mut other] = match self.sweepers.take() {
            Some(sweepers) => sweepers,
            None => self.server.sweepers().await,
        };
        let expected = i64::try_from(self.sockets.len() + 2).map_err(|_| "too many")?;
        let metrics = self.server.running().metrics.clone();
        until("the end of closed sockets", || metrics.sessions.get() == expected).await;
        for sweeper in [&mut one, &mut other] {
            sweeper.send(&json!({"type": "heartbeat"})).await;
        }
        for status in ["away", "online"] {
            let payload = json!({"type": "set", "status": status});
            one.ask(json!({"type": "presence", "payload": payload})).await;
            while other.recv().await["payload"]["status"] != status {}
        }
        self.sweepers = Some([one, other]);
        Ok(())
    }

    pub fn socket(&mut self, name: &str) -> Result<&mut Socket, Failed> {
        self.sockets.get_mut(name).ok_or_else(|| format!("no socket {name}"))
    }

    pub fn take(&mut self, name: &str) -> Result<Socket, Failed> {
        self.sockets.remove(name).ok_or_else(|| format!("no socket {name}"))
    }

    /// Waits for a mail to an address that has not been read, and takes the key in its link.
    pub async fn mail(&mut self, address: &str, key: &str) -> Result<(), Failed> {
        let found = key_for(self.server, address, &mut self.mails_read).await?;
        let (name, kind) = capture(key).ok_or("mail ADDRESS ${name:kind}")?;
        is_of_kind(&found, kind)?;
        self.values.bind(name, found)
    }
}

/// Waits for a letter to an address that is not among those read, and gives the key in its link.
pub async fn key_for(
    server: &Server,
    address: &str,
    read: &mut HashSet<PathBuf>,
) -> Result<String, Failed> {
    let to = format!("To: {address}\r\n");
    let mut letter = None;
    until(&format!("a mail to {address}"), || {
        letter = letters(&server.outbox())
            .find(|(file, text)| text.contains(&to) && !read.contains(file));
        letter.is_some()
    })
    .await;
    let (file, text) = letter.ok_or("no letter")?;
    read.insert(file);
    if !text.contains("Subject: WIND email verification\r\n") {
        return Err(format!("another subject: {text}"));
    }
    let (_, body) = text.split_once("\r\n\r\n").ok_or("a letter without body")?;
    let start = format!("{}/api/v1/auth/email_verify/", server.public_url());
    // A sentence, and one link on a line of its own.
    let mut links = body.split("\r\n").filter(|line| line.contains("://"));
    let key = links.next().and_then(|link| link.strip_prefix(&start));
    let key = key.filter(|_| links.next().is_none()).map(str::to_owned);
    key.ok_or_else(|| format!("expected one link {start}KEY, got {body}"))
}

/// The finished letters of a folder, with their texts.
fn letters(outbox: &Path) -> impl Iterator<Item = (PathBuf, String)> {
    let files = std::fs::read_dir(outbox).into_iter().flatten().flatten().map(|file| file.path());
    files
        .filter(|file| file.extension().is_some_and(|extension| extension == "eml"))
        .filter_map(|file| Some((file.clone(), std::fs::read_to_string(&file).ok()?)))
}
