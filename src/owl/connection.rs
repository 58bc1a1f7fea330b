//! One connection of a server: one request or many at the gate, and then perhaps a channel.

use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::{BufMut as _, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::sync::{SemaphorePermit, watch};
use tokio::time::{Sleep, sleep, timeout};

use super::OwlDoor;
use super::frames::OwlFrames;
use super::parting::{PARTING, part_from};
use super::seen::{Novelty, SeenFrames};
use crate::auth::rates::Counter;
use crate::domain::apps::console::{ConsoleAction, ResultCode};
use crate::domain::apps::server::{ServerAnswer, ServerCall, ServerNews};
use crate::domain::uuid::Uuid;
use crate::service::apps::{ServerFault, ServerLink};
use crate::wire::owl::{self, ChannelAddress, OwlAsk, OwlFrame, OwlKey};

/// Room for what is read at once, in bytes; where more comes there is more.
const READ_BYTES: usize = 4_096;
/// News of one frame, in bytes of data; a longer piece comes alone.
const NEWS_BYTES_MAX: usize = 262_144;
/// What has come of a frame beyond this takes a place among the large ones.
const SMALL_FRAME_BYTES: usize = 65_536;

/// A connection.
pub(super) struct OwlConnection<'a, C> {
    door: &'a OwlDoor,
    peer: IpAddr,
    stream: C,
    frames: OwlFrames,
    /// By when what has come must be a whole frame.
    frame_due: Option<Pin<Box<Sleep>>>,
    /// The place of a large frame.
    place: Option<SemaphorePermit<'a>>,
    seen: SeenFrames,
    /// Whether it was said that something was too old.
    has_complained: bool,
    pace: Counter,
    /// That of what is passed over.
    repeat_pace: Counter,
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
    /// A large frame has a place, and can be read.
    Place,
}

impl<'a, C: AsyncRead + AsyncWrite + Unpin> OwlConnection<'a, C> {
    pub(super) fn new(door: &'a OwlDoor, (stream, peer): (C, IpAddr)) -> Self {
        Self {
            peer,
            stream,
            frames: OwlFrames::default(),
            frame_due: None,
            place: None,
            seen: SeenFrames::default(),
            has_complained: false,
            pace: door.rates.stranger(),
            repeat_pace: door.repeat_rates.stranger(),
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
        match end {
            OwlEnd::Peer | OwlEnd::Stuck => {}
            OwlEnd::Stop | OwlEnd::Late | OwlEnd::TooLong | OwlEnd::Unlinked => {
                // Whether it has become of it or not, the connection ends.
                timeout(PARTING, self.part()).await.unwrap_or(Ok(())).unwrap_or_default();
            }
        }
        log::debug!("a connection of a server has ended: {end:?}");
    }

    async fn turn(&mut self) -> Result<(), OwlEnd> {
        match self.wait().await? {
            OwlTurn::News(news) => self.tell(news).await,
            OwlTurn::Place => Ok(()),
            OwlTurn::Read => self.do_frames().await,
        }
    }

    /// Waits until something has been read, or is to be told. A large frame waits unread for its place.
    async fn wait(&mut self) -> Result<OwlTurn, OwlEnd> {
        let needs_place = self.place.is_none() && self.frames.buf.len() > SMALL_FRAME_BYTES;
        let frame_due = self.frame_due.as_mut().filter(|_| !needs_place);
        if !needs_place {
            self.frames.buf.reserve(READ_BYTES);
        }
        let unplaced = SMALL_FRAME_BYTES.saturating_sub(self.frames.buf.len()).saturating_add(1);
        let bytes_max = if self.place.is_some() { usize::MAX } else { unplaced };
        let mut unread = (&mut self.frames.buf).limit(bytes_max);
        let news = next_news(self.channel.as_mut());
        tokio::select! {
            _ = self.stop.wait_for(|stop| *stop) => Err(OwlEnd::Stop),
            () = &mut self.timer => Err(OwlEnd::Late),
            () = until_due(frame_due) => Err(OwlEnd::Late),
            news = news => news.map(OwlTurn::News).ok_or(OwlEnd::Unlinked),
            place = self.door.large_frames.acquire(), if needs_place => {
                self.place = Some(place.map_err(|_| OwlEnd::Stop)?);
                self.frame_due = Some(self.door.frame_due());
                Ok(OwlTurn::Place)
            }
            read = self.stream.read_buf(&mut unread), if !needs_place => match read {
                Ok(0) | Err(_) => Err(OwlEnd::Peer),
                Ok(_) => Ok(OwlTurn::Read),
            },
        }
    }

    /// Does what has come in full; what is left has its time from now on.
    async fn do_frames(&mut self) -> Result<(), OwlEnd> {
        while let Some(frame) = self.next_frame()? {
            self.frame_due = None;
            self.came(&frame).await?;
            self.tell_some().await?;
            if *self.stop.borrow() {
                return Err(OwlEnd::Stop);
            }
        }
        self.frame_due = match self.frames.buf.is_empty() {
            true => None,
            false => self.frame_due.take().or_else(|| Some(self.door.frame_due())),
        };
        if self.frames.buf.len() <= SMALL_FRAME_BYTES {
            self.place = None;
        }
        Ok(())
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
        let text = std::str::from_utf8(frame).unwrap_or_default();
        let (key, ask) = match owl::frame(text) {
            OwlFrame::Ask(key, ask) => (key, ask),
            OwlFrame::Alive => {
                self.is_alive();
                return self.pass_over().await;
            }
            OwlFrame::Nothing => return self.pass_over().await,
        };
        self.is_alive();
        let novelty = self.seen.note(key, text);
        match novelty {
            Novelty::New | Novelty::SameKey => paced(&self.pace, &mut self.stop).await?,
            Novelty::Repeated => return self.pass_over().await,
            Novelty::Older => {
                self.complain();
                return self.pass_over().await;
            }
        }
        let answer = match ask {
            OwlAsk::Channel { service, server } => self.open(key, service, server).await,
            OwlAsk::Call(call) => self.call(key, *call).await?,
        };
        match novelty {
            Novelty::New => self.write(&answer).await,
            Novelty::SameKey | Novelty::Repeated | Novelty::Older => Ok(()),
        }
    }

    /// Nothing is to be done. The SDK sends all that it has sent once more, at once, and what is new behind it must not
    /// wait for that; so this has a pace of its own.
    async fn pass_over(&mut self) -> Result<(), OwlEnd> {
        paced(&self.repeat_pace, &mut self.stop).await
    }

    /// Counts a request that is passed over since it is older than all that are remembered.
    fn complain(&mut self) {
        self.door.metrics.refusals.with_label_values(&["owl_old_requests"]).inc();
        if let Some(Channel { server, .. }) = &self.channel
            && !self.has_complained
        {
            self.has_complained = true;
            log::warn!(
                "requests of server {server} are older than all that are remembered of it, and passed over: \
                 they have come before, or its clock was set back"
            );
        }
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
        let named = (service.as_str(), server);
        let linked = self.door.apps.link_server(named, bytes_max, self.peer).await;
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
    async fn call(&mut self, key: OwlKey, call: ServerCall) -> Result<Vec<u8>, OwlEnd> {
        let (service, action) = (call.service.clone(), call.request.action.clone());
        let is_for_gate =
            matches!(action, ConsoleAction::Register { .. } | ConsoleAction::Unregister);
        let may = if is_for_gate { Ok(()) } else { self.is_own(&service, call.server) };
        let asked = match may {
            Ok(()) => self.ask(call).await?,
            // It is refused as one that names nobody, so that the consoles of the app hear of it.
            Err(ResultCode::ServerIdWrong) => self.ask(ServerCall { server: None, ..call }).await?,
            Err(code) => Err(code),
        };
        let now = self.door.clock.now();
        let failed = |code| ServerAnswer { line: action.failed(code, now.millis()), message: None };
        let answer = asked.unwrap_or_else(failed);
        let channel = ChannelAddress(&self.door.address);
        Ok(owl::answer(key, &answer, (&service, channel), now))
    }

    /// Asks as soon as the rate of the app allows it.
    async fn ask(&mut self, call: ServerCall) -> Result<Result<ServerAnswer, ResultCode>, OwlEnd> {
        loop {
            let over = match self.door.apps.server_asks(call.clone(), self.peer).await {
                Ok(answer) => return Ok(answer.ok_or(ResultCode::Argument)),
                Err(ServerFault::Service(_)) => return Ok(Err(ResultCode::Unknown)),
                Err(ServerFault::TooFast(over)) => over,
            };
            rest(over.retry_after, &mut self.stop).await?;
            self.tell_some().await?;
        }
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

    /// Tells some of what devices have sent meanwhile; whether there was anything.
    async fn tell_some(&mut self) -> Result<bool, OwlEnd> {
        let news = self.channel.as_mut().and_then(|channel| channel.link.next_now());
        let Some(news) = news else { return Ok(false) };
        self.tell(news).await?;
        Ok(true)
    }

    /// Tells what waits, and leaves the peer time to read it.
    async fn part(&mut self) -> Result<(), OwlEnd> {
        while self.tell_some().await? {}
        part_from(&mut self.stream, &mut self.frames.buf).await;
        Ok(())
    }

    /// Sends bytes, for as long as the peer takes some.
    async fn write(&mut self, mut bytes: &[u8]) -> Result<(), OwlEnd> {
        while !bytes.is_empty() {
            let written = timeout(self.door.bounds.write_timeout, self.stream.write(bytes)).await;
            match written.map_err(|_| OwlEnd::Stuck)? {
                Ok(0) | Err(_) => return Err(OwlEnd::Peer),
                Ok(count) => bytes = bytes.get(count..).unwrap_or_default(),
            }
        }
        Ok(())
    }
}

/// Waits until a rate allows one more.
async fn paced(pace: &Counter, stop: &mut watch::Receiver<bool>) -> Result<(), OwlEnd> {
    while let Err(over) = pace.check() {
        rest(over.retry_after, stop).await?;
    }
    Ok(())
}

/// Waits for a while, but for no longer than the hub runs.
async fn rest(wait: Duration, stop: &mut watch::Receiver<bool>) -> Result<(), OwlEnd> {
    tokio::select! {
        _ = stop.wait_for(|stop| *stop) => Err(OwlEnd::Stop),
        () = sleep(wait) => Ok(()),
    }
}

/// Waits for a moment; for ever if there is none.
async fn until_due(due: Option<&mut Pin<Box<Sleep>>>) {
    match due {
        Some(due) => due.await,
        None => std::future::pending().await,
    }
}

/// The next news for a channel; what is none waits for ever.
async fn next_news(channel: Option<&mut Channel>) -> Option<Arc<ServerNews>> {
    match channel {
        Some(channel) => channel.link.next().await,
        None => std::future::pending().await,
    }
}
