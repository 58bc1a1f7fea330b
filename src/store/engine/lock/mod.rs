//! The lock on a database: as long as one process has it, no other hub or command writes there.
//!
//! The operating system (SQLite: `file`) or the server (PostgreSQL: `session`) keeps it, so that it is
//! free as soon as its holder is dead, however it died. What the holder says about itself is beside it,
//! for the line that turns others away; it is never what decides.

mod file;
mod holder;
mod session;

use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use tokio::sync::watch;

use crate::domain::clock::Timestamp;
use crate::store::engine::error::StoreError;
use crate::store::engine::location::Location;

use crate::store::engine::lock::file::FileLock;
pub use crate::store::engine::lock::holder::{Holder, OtherAddresses};
use crate::store::engine::lock::session::SessionLock;

/// Between two tries to take a lock that somebody has for a moment.
const RETRY: Duration = Duration::from_millis(10);

/// Whether a lock that was taken is held still.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::store) enum LockState {
    Held,
    /// Not at the moment, for this reason; it is asked for again.
    Lost(String),
    /// Another process has it.
    Taken(String),
    Released,
}

/// A lock that was taken. Given back by [`Lock::release`], the drop, or the end of the process.
pub(in crate::store) struct Lock {
    place: String,
    me: Holder,
    grip: Mutex<Option<Grip>>,
    state: watch::Sender<LockState>,
}

enum Grip {
    File(FileLock),
    Session(SessionLock),
}

/// What comes of asking for a lock: it, or who has it, if that can be told.
type Asked<T> = Result<Result<T, Option<Holder>>, StoreError>;

impl Lock {
    /// Takes the lock on what is at `location`. Waits up to `patience` for whoever has it for a
    /// moment only: a hub that listens will not give it back.
    ///
    /// # Errors
    /// [`StoreError::Held`]; [`StoreError::Failed`].
    pub fn take(
        location: &Location,
        now: Timestamp,
        patience: Duration,
    ) -> Result<Self, StoreError> {
        let (state, _) = watch::channel(LockState::Held);
        let me = Holder::starting(now);
        let mut waited = Duration::ZERO;
        let grip = loop {
            let holder = match Grip::ask(location, &me, &state)? {
                Ok(grip) => break grip,
                Err(holder) => holder,
            };
            if waited >= patience || holder.as_ref().is_some_and(Holder::is_hub) {
                return Err(StoreError::Held { place: location.place(), holder });
            }
            thread::sleep(RETRY);
            waited = waited.saturating_add(RETRY);
        };
        Ok(Self { place: location.place(), me, grip: Mutex::new(Some(grip)), state })
    }

    /// Says, to all who ask from now on, that a hub that listens at `address` has it.
    pub fn announce(&self, address: &str, others: OtherAddresses<'_>) {
        let me = self.me.listening(address, others);
        let said = match &*self.grip.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(Grip::File(file)) => file.say(&me),
            Some(Grip::Session(session)) => session.say(&me),
            None => Ok(()),
        };
        if let Err(error) = said {
            log::warn!("{}: others cannot be told who has it: {error}", self.place);
        }
    }

    /// Who has it: this process.
    pub fn me(&self) -> &Holder {
        &self.me
    }

    /// Gives it back.
    pub fn release(&self) {
        drop(self.grip.lock().unwrap_or_else(PoisonError::into_inner).take());
        self.state.send_replace(LockState::Released);
    }

    /// Nothing, if it is held.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Closed`].
    pub fn check(&self) -> Result<(), StoreError> {
        match &*self.state.borrow() {
            LockState::Held => Ok(()),
            LockState::Lost(why) | LockState::Taken(why) => {
                Err(StoreError::Unavailable { place: self.place.clone(), cause: why.clone() })
            }
            LockState::Released => Err(StoreError::Closed),
        }
    }

    /// Waits until another process has it; gives the reason. Never, for a lock that cannot be lost.
    pub fn taken(&self) -> impl Future<Output = String> + use<> {
        let mut state = self.state.subscribe();
        let place = self.place.clone();
        async move {
            match state.wait_for(|state| matches!(state, LockState::Taken(_))).await.as_deref() {
                Ok(LockState::Taken(why)) => format!("{place}: {why}"),
                Ok(_) | Err(_) => std::future::pending().await,
            }
        }
    }
}

impl Grip {
    fn ask(location: &Location, me: &Holder, state: &watch::Sender<LockState>) -> Asked<Self> {
        Ok(match location {
            Location::Sqlite(path) => FileLock::ask(path, me)?.map(Self::File),
            Location::Postgres(url) => {
                SessionLock::ask(url, &location.place(), me, state)?.map(Self::Session)
            }
        })
    }
}

/// Who has the lock on what is at `location`, if anybody; makes nothing, and keeps nothing.
///
/// # Errors
/// [`StoreError::Failed`].
pub(in crate::store) fn holder(location: &Location) -> Result<Option<Option<Holder>>, StoreError> {
    match location {
        Location::Sqlite(path) => file::holder(path),
        Location::Postgres(url) => session::holder(url, &location.place()),
    }
}
