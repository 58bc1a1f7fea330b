//! One connection of a server: one request or many at the gate, and then perhaps a channel.

use std::pin::Pin;
use std::sync::Arc;

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::sync::watch;
use tokio::time::{Sleep, sleep, timeout};

use super::OwlDoor;
use super::frames::OwlFrames;
use super::seen::{Novelty, SeenFrames};
use crate::auth::rates::Counter;
use crate::domain::apps::console::{ConsoleAction, ResultCode};
use crate::domain::apps::server::{ServerAnswer, ServerCall, ServerNews};
use crate::domain::uuid::Uuid;
use crate::service::apps::ServerLink;
use crate::wire::owl::{self, ChannelAddress, OwlAsk, OwlFrame, OwlKey};

/// Room for what is read at once, in bytes; where more comes there is more.
const READ_BYTES: usize = 4_096;
/// News of one frame, in bytes of data; a longer piece comes alone.
const NEWS_BYTES_MAX: usize = 262_144;

/// A connection.
pub(super) struct OwlConnection<'a, C> {
    door: &'a OwlDoor,
    stream: C,
    frames: OwlFrames,
    seen: SeenFrames,
    pace: Counter,
    channel: Option<Channel>,
    /// Ends the connection: when it should be a channel by then, or has been silent for too long.
    timer: Pin<Box<Sleep>>,
    stop: watch::Receiver<bool>,
}

/// Whose a connection is.
struct Channel {
    /// The service's id, as it was shown.
    service: String,
    server: Uuid,
    link: ServerLink,
}

/// Why a connection ends.
#[derive(Debug)]
enum OwlEnd {
    /// The peer has ended it, or it is broken.
    Peer,
    Stop,
    /// It is no channel in time, or has been silent for too long.
    Late,
    TooLong,
    /// Its link has ended: the registration, the service or the app is gone, or the peer reads too slowly.
    Unlinked,
    /// The peer takes nothing of what is sent.
    Stuck,
}

/// What happens next.
enum OwlTurn {
    Read,
    News(Arc<ServerNews>),
}

impl<'a, C: AsyncRead + AsyncWrite + Unpin> OwlConnection<'a, C> {
    pub(super) fn new(door: &'a OwlDoor, stream: C) -> Self {
        Self {
            stream,
            frames: OwlFrames::default(),
            seen: SeenFrames::default(),
            pace: door.rates.stranger(),
            channel: None,
            timer: Box::pin(sleep(door.settings.channel_timeout())),
            stop: door.stop.clone(),
            door,
        }
    }

    /// Does what is asked until the end.
    pub(super) async fn live(mut self) {
        let end = loop {
            match self.turn().await {
                Ok(()) => {}
                Err(end) => break end,
            }
        };
        log::debug!("a connection of a server has ended: {end:?}");
    }

    async fn turn(&mut self) -> Result<(), OwlEnd> {
        match self.wait().await? {
            OwlTurn::News(news) => self.tell(news).await,
            OwlTurn::Read => {
                while let Some(frame) = self.next_frame()? {
                    self.came(&frame).await?;
                    if *self.stop.borrow() {
                        return Err(OwlEnd::Stop);
                    }
                }
                Ok(())
            }
        }
    }

    /// Waits until something has been read, or is to be told.
    async fn wait(&mut self) -> Result<OwlTurn, OwlEnd> {
        self.frames.buf.reserve(READ_BYTES);
        let news = next_news(self.channel.as_mut());
        tokio::select! {
            _ = self.stop.wait_for(|stop| *stop) => Err(OwlEnd::Stop),
            () = &mut self.timer => Err(OwlEnd::Late),
            news = news => news.map(OwlTurn::News).ok_or(OwlEnd::Unlinked),
            read = self.stream.read_buf(&mut self.frames.buf) => match read {
                Ok(0) | Err(_) => Err(OwlEnd::Peer),
                Ok(_) => Ok(OwlTurn::Read),
            },
        }
    }

    fn next_frame(&mut self) -> Result<Option<BytesMut>, OwlEnd> {
        let settings = &self.door.settings;
        let bytes_max = match self.channel {
            Some(_) => settings.frame_bytes_max,
            None => settings.frame_before_channel_bytes_max.min(settings.frame_bytes_max),
        };
        self.frames.next(bytes_max).map_err(|_| OwlEnd::TooLong)
    }

    /// A frame came. Empty ones are passed over: the SDK sends some.
    async fn came(&mut self, frame: &[u8]) -> Result<(), OwlEnd> {
        if frame.is_empty() {
            return Ok(());
        }
        self.keep_pace().await?;
        let text = std::str::from_utf8(frame).unwrap_or_default();
        let (key, ask) = match owl::frame(text) {
            OwlFrame::Ask(key, ask) => (key, ask),
            OwlFrame::Alive => {
                self.is_alive();
                return Ok(());
            }
            OwlFrame::Nothing => return Ok(()),
        };
        self.is_alive();
        let novelty = self.seen.note(key, text);
        if novelty == Novelty::Repeated {
            return Ok(());
        }
        let answer = match ask {
            OwlAsk::Channel { service, server } => self.open(key, service, server).await,
            OwlAsk::Call(call) => self.call(key, *call).await,
        };
        match novelty {
            Novelty::New => self.write(&answer).await,
            Novelty::SameKey | Novelty::Repeated => Ok(()),
        }
    }

    /// Waits until the rate allows one more.
    async fn keep_pace(&mut self) -> Result<(), OwlEnd> {
        while let Err(over) = self.pace.check() {
            tokio::select! {
                _ = self.stop.wait_for(|stop| *stop) => return Err(OwlEnd::Stop),
                () = sleep(over.retry_after) => {}
            }
        }
        Ok(())
    }

    /// A whole frame of a channel is a sign of life. What is no channel has one time for all.
    fn is_alive(&mut self) {
        if self.channel.is_some() {
            self.timer.set(sleep(self.door.settings.idle_timeout()));
        }
    }

    /// Makes the connection the channel of a registration.
    async fn open(&mut self, key: OwlKey, service: String, server: Option<Uuid>) -> Vec<u8> {
        let outcome = self.link(service, server).await;
        if outcome.is_ok() {
            self.is_alive();
        }
        let outcome = outcome.map(|()| self.door.settings.keep_alive_minutes);
        owl::linked(key, outcome, self.door.clock.now())
    }

    async fn link(&mut self, service: String, server: Option<Uuid>) -> Result<(), ResultCode> {
        if self.channel.is_some() {
            return self.is_own(&service, server);
        }
        let bytes_max = self.door.settings.outbox_bytes_max;
        let linked = self.door.apps.link_server(&service, server, bytes_max).await;
        let link = linked.unwrap_or(Err(ResultCode::Unknown))?;
        let server = server.ok_or(ResultCode::ServerIdWrong)?;
        self.channel = Some(Channel { service, server, link });
        Ok(())
    }

    /// Whether that is what the channel was opened for.
    fn is_own(&self, service: &str, server: Option<Uuid>) -> Result<(), ResultCode> {
        let channel = self.channel.as_ref().ok_or(ResultCode::NotRegistered)?;
        match (channel.service == service, Some(channel.server) == server) {
            (true, true) => Ok(()),
            (false, _) => Err(ResultCode::Argument),
            (true, false) => Err(ResultCode::ServerIdWrong),
        }
    }

    /// Does what is asked. Servers register, and end that, on any connection; all else is asked on a channel.
    async fn call(&mut self, key: OwlKey, call: ServerCall) -> Vec<u8> {
        let service = call.service.clone();
        let is_for_gate = matches!(
            call.request.action,
            ConsoleAction::Register { .. } | ConsoleAction::Unregister
        );
        let may = if is_for_gate { Ok(()) } else { self.is_own(&service, call.server) };
        let action = call.request.action.clone();
        let now = self.door.clock.now();
        let failed = |code| ServerAnswer { line: action.failed(code, now.millis()), message: None };
        let answer = match may {
            Ok(()) => {
                let asked = self.door.apps.server_asks(call).await;
                let answer = asked.map_err(|_| ResultCode::Unknown);
                let answer = answer.and_then(|answer| answer.ok_or(ResultCode::Argument));
                answer.unwrap_or_else(failed)
            }
            Err(code) => failed(code),
        };
        let channel = ChannelAddress(&self.door.address);
        owl::answer(key, &answer, (&service, channel), self.door.clock.now())
    }

    /// Tells the server what devices have sent, with what else there is by now.
    async fn tell(&mut self, first: Arc<ServerNews>) -> Result<(), OwlEnd> {
        let Some(channel) = &mut self.channel else { return Ok(()) };
        let mut bytes = first.data.len();
        let mut all = vec![first];
        while bytes < NEWS_BYTES_MAX
            && let Some(news) = channel.link.next_now()
        {
            bytes = bytes.saturating_add(news.data.len());
            all.push(news);
        }
        let frame = owl::news(&channel.service, all.iter().map(Arc::as_ref));
        self.write(&frame).await
    }

    async fn write(&mut self, frame: &[u8]) -> Result<(), OwlEnd> {
        match timeout(self.door.bounds.write_timeout, self.stream.write_all(frame)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(OwlEnd::Peer),
            Err(_) => Err(OwlEnd::Stuck),
        }
    }
}

/// The next news for a channel; what is none waits for ever.
async fn next_news(channel: Option<&mut Channel>) -> Option<Arc<ServerNews>> {
    match channel {
        Some(channel) => channel.link.next().await,
        None => std::future::pending().await,
    }
}
