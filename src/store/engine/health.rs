//! Whether the store can keep what it is given.
//!
//! One condition, found by whoever writes or probes, and asked by whoever wants to know. Each change is
//! logged once.

use std::sync::Arc;

use tokio::sync::watch;

use crate::store::engine::error::StoreError;
use crate::store::engine::observer::Observer;

/// How the store is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// It writes.
    Well,
    /// It does not, for this cause: full, locked, unreachable, moved … It is tried again until it does.
    Ailing(String),
    /// It never will again in this process: what is open is not the database any more.
    Lost(String),
}

/// The condition, and who has to hear of it.
pub(in crate::store) struct Health {
    condition: watch::Sender<Condition>,
    observer: Arc<dyn Observer>,
}

impl Health {
    /// Of a store that has just been opened.
    pub fn new(observer: Arc<dyn Observer>) -> Self {
        observer.condition(&Condition::Well);
        Self { condition: watch::Sender::new(Condition::Well), observer }
    }

    /// Follows the condition.
    pub fn watch(&self) -> watch::Receiver<Condition> {
        self.condition.subscribe()
    }

    /// A write or probe has failed. Nothing, if the database is not to blame.
    pub fn heed(&self, error: &StoreError) {
        if let Some(condition) = found(error) {
            self.turn(condition);
        }
    }

    /// A probe has been written.
    pub fn heal(&self) {
        self.turn(Condition::Well);
    }

    fn turn(&self, to: Condition) {
        self.condition.send_if_modified(|condition| match (&*condition, &to) {
            (Condition::Lost(_), _) | (Condition::Well, Condition::Well) => false,
            // The newest cause is what helps.
            (Condition::Ailing(_), Condition::Ailing(_)) => {
                *condition = to;
                false
            }
            (
                Condition::Well | Condition::Ailing(_),
                Condition::Well | Condition::Ailing(_) | Condition::Lost(_),
            ) => {
                tell(&to);
                self.observer.condition(&to);
                *condition = to;
                true
            }
        });
    }
}

fn tell(condition: &Condition) {
    match condition {
        Condition::Well => log::info!("the store writes again"),
        Condition::Ailing(cause) => log::error!("the store cannot write: {cause}"),
        Condition::Lost(cause) => log::error!("the store is lost: {cause}"),
    }
}

fn found(error: &StoreError) -> Option<Condition> {
    match error {
        StoreError::Gone(absence) if absence.is_final() => {
            Some(Condition::Lost(absence.to_string()))
        }
        StoreError::Gone(_)
        | StoreError::Failed { .. }
        | StoreError::Held { .. }
        | StoreError::Unsettled { .. }
        | StoreError::Unavailable { .. }
        | StoreError::NoRoom { .. } => Some(Condition::Ailing(error.to_string())),
        StoreError::Together(error) => found(error),
        StoreError::Url(_)
        | StoreError::NewerSchema { .. }
        | StoreError::OldSqlite { .. }
        | StoreError::Unsupported(_)
        | StoreError::Mint(_)
        | StoreError::Corrupt { .. }
        | StoreError::Busy
        | StoreError::Closed
        | StoreError::Panicked
        | StoreError::Database(_) => None,
    }
}
