//! The hub's side of the control socket.
//!
//! Requests run on threads that may wait, through the hub's own service. What does not
//! come in time, or is too long, ends its own connection only.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::{ControlAnswer, ControlRequest, line, name, path};
use crate::cli::task::{Output, Task};
use crate::server::config::{Config, Control};
use crate::server::{Ending, Part};
use crate::service::Service;
use crate::store::Database;

/// Parts of an answer that wait to be taken.
const PARTS_MAX: usize = 4;
/// The size of a part, in bytes.
const PART_BYTES: usize = 32 * 1024;

/// The file of a socket; removed when this is dropped.
struct SocketFile {
    path: PathBuf,
    /// Which file it is: another hub may have put its own there since.
    inode: (u64, u64),
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        let here = fs::symlink_metadata(&self.path).map(|found| (found.dev(), found.ino()));
        if here.is_ok_and(|here| here == self.inode) {
            drop(fs::remove_file(&self.path));
        }
    }
}

/// The socket, before anything is answered: who connects already waits.
pub struct ControlSocket {
    file: SocketFile,
    listener: UnixListener,
    database: Database,
    hub: (u32, i64),
    settings: Control,
}

/// The socket, open until this is closed or dropped.
pub struct Listener {
    /// Removed first of all.
    file: Option<SocketFile>,
    seats: Arc<Semaphore>,
    seats_max: u32,
    accepting: JoinHandle<()>,
    timeout: Duration,
}

/// What all connections share.
struct ControlState {
    service: Service,
    database: Database,
    hub: (u32, i64),
    settings: Control,
}

impl ControlSocket {
    /// Opens the socket for commands that are about a database. Call it inside an actix system.
    ///
    /// # Errors
    /// Naming the setting and the path.
    pub fn open(config: &Config, database: &Database) -> anyhow::Result<Self> {
        let hub = database.me().context("the database is not locked")?;
        let (path, socket) = free(config)?;
        let said = || format!("control.socket: {}", path.display());
        let found = fs::metadata(&path).with_context(said)?;
        socket.set_nonblocking(true).with_context(said)?;
        let listener = UnixListener::from_std(socket).with_context(said)?;
        let file = SocketFile { inode: (found.dev(), found.ino()), path };
        let (database, settings) = (database.clone(), config.control.clone());
        Ok(Self { file, listener, database, hub: name(hub), settings })
    }

    /// Has what is asked done by a service from now on.
    pub fn serve(self, service: Service) -> Listener {
        let Self { file, listener, database, hub, settings } = self;
        let seats_max = u32::try_from(settings.connections_max).unwrap_or(u32::MAX);
        let seats = usize::try_from(seats_max).unwrap_or(usize::MAX);
        let seats = Arc::new(Semaphore::new(seats.min(Semaphore::MAX_PERMITS)));
        let shared = Arc::new(ControlState { service, database, hub, settings });
        let timeout = shared.settings.timeout();
        let accepting = actix::spawn(accept(listener, Arc::clone(&seats), shared));
        Listener { file: Some(file), seats, seats_max, accepting, timeout }
    }
}

impl Part for Listener {
    fn patience(&self) -> Duration {
        self.timeout
    }

    /// Takes no more requests, removes the socket, and waits for those under way.
    fn drain(&mut self) -> Ending<'_> {
        self.accepting.abort();
        drop(self.file.take());
        Box::pin(async move {
            // Nobody closes it: an error cannot be.
            drop(self.seats.acquire_many(self.seats_max).await);
            Ok(())
        })
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// A socket at the first path at which no other hub listens.
fn free(config: &Config) -> anyhow::Result<(PathBuf, std::os::unix::net::UnixListener)> {
    let mut last = String::new();
    for path in path::candidates(config) {
        let said = || format!("control.socket: {}", path.display());
        if path::connect(&path).is_ok() {
            last = said();
            continue;
        }
        let socket = path::bind(&path).with_context(said)?;
        return Ok((path, socket));
    }
    bail!("{last}: another hub listens there; give each its own")
}

async fn accept(socket: UnixListener, seats: Arc<Semaphore>, shared: Arc<ControlState>) {
    loop {
        let Ok(seat) = Arc::clone(&seats).acquire_owned().await else { return };
        match socket.accept().await {
            Ok((stream, _)) => {
                let shared = Arc::clone(&shared);
                actix::spawn(async move {
                    if let Err(error) = serve(stream, &shared).await {
                        log::debug!("a command went away: {error}");
                    }
                    drop(seat);
                });
            }
            Err(error) => {
                log::warn!("control.socket: {error}");
                tokio::time::sleep(shared.settings.timeout()).await;
            }
        }
    }
}

/// One connection: a request and its answers.
async fn serve(stream: UnixStream, shared: &Arc<ControlState>) -> io::Result<()> {
    let (read, mut write) = stream.into_split();
    let bytes_max = shared.settings.request_bytes_max;
    let limit = u64::try_from(bytes_max).unwrap_or(u64::MAX).saturating_add(1);
    let mut text = Vec::new();
    let mut read = BufReader::new(read.take(limit));
    timeout(shared.settings.timeout(), read.read_until(b'\n', &mut text)).await??;
    let mut said = answers(&text, shared);
    while let Some(answer) = said.recv().await {
        let line = line(&answer).map_err(io::Error::other)?;
        timeout(shared.settings.timeout(), write.write_all(&line)).await??;
    }
    Ok(())
}

/// What is answered to a request, part by part.
fn answers(text: &[u8], shared: &Arc<ControlState>) -> mpsc::Receiver<ControlAnswer> {
    let (answers, said) = mpsc::channel(PARTS_MAX);
    match understood(text, shared.settings.request_bytes_max) {
        Ok(request) if request.hub == shared.hub => {
            let shared = Arc::clone(shared);
            // Goes on to its end if nobody listens any more: what it does is done whole.
            tokio::task::spawn_blocking(move || perform(request.task, &shared, &answers));
        }
        Ok(_) => drop(answers.try_send(ControlAnswer::AnotherHub)),
        Err(what) => {
            let failed = format!("control: this hub does not understand the request: {what}");
            drop(answers.try_send(ControlAnswer::Failed(failed)));
        }
    }
    said
}

/// The request, if it came whole.
fn understood(text: &[u8], bytes_max: usize) -> Result<ControlRequest, String> {
    match text.strip_suffix(b"\n") {
        Some(line) => serde_json::from_slice(line).map_err(|error| error.to_string()),
        None if text.len() > bytes_max => Err(format!("longer than {bytes_max} bytes")),
        None => Err("it ends in the middle".to_owned()),
    }
}

/// Does what was asked, on a thread that may wait.
fn perform(task: Task, shared: &ControlState, answers: &mpsc::Sender<ControlAnswer>) {
    let part = |wrap| io::BufWriter::with_capacity(PART_BYTES, Piece { answers, wrap });
    let (mut screen, mut file) = (part(ControlAnswer::Screen), part(ControlAnswer::File));
    let mut out = Output { screen: &mut screen, file: &mut file };
    let done = bounded(&task, &shared.settings).and_then(|()| {
        let whole = (&shared.service, &shared.database);
        Handle::current().block_on(task.run(whole))?.tell(&mut out)
    });
    let done = done.and_then(|()| Ok(file.flush().and_then(|()| screen.flush())?));
    let last = match done {
        Ok(()) => ControlAnswer::Done,
        Err(error) => {
            let chain: Vec<String> = error.chain().map(ToString::to_string).collect();
            ControlAnswer::Failed(chain.join(": "))
        }
    };
    // Whoever asked may have gone.
    drop(answers.blocking_send(last));
}

fn bounded(task: &Task, settings: &Control) -> anyhow::Result<()> {
    let most = settings.seed_users_max;
    match task {
        Task::Seed(plan) if plan.size() > most => {
            bail!("at most {most} while the hub runs (control.seed_users_max); stop it for more")
        }
        Task::Seed(_)
        | Task::User(_)
        | Task::ServiceKey(_)
        | Task::App(_)
        | Task::Agent(_)
        | Task::Bridge(_)
        | Task::PushToken(_)
        | Task::Topic(_)
        | Task::Subscription(_)
        | Task::Migrate => Ok(()),
    }
}

/// What a command writes, on its way to whoever typed it.
struct Piece<'a> {
    answers: &'a mpsc::Sender<ControlAnswer>,
    wrap: fn(String) -> ControlAnswer,
}

impl Write for Piece<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // Commands write whole texts, and so does what gathers them.
        let text = String::from_utf8(bytes.to_owned()).map_err(io::Error::other)?;
        self.answers.blocking_send((self.wrap)(text)).map_err(io::Error::other)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
