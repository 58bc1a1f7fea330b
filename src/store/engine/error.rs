//! How the store fails. Refusals by the rules of the domain are values, not errors.

use std::error::Error;
use std::sync::Arc;

use diesel::result::{DatabaseErrorKind as Kind, Error as DieselError};
use tokio::sync::TryAcquireError;

use crate::domain::mint::MintError;
use crate::store::engine::files::Absence;
use crate::store::engine::lock::Holder;

/// Why the store could not do something. Nothing of it was stored, but perhaps what is `Unsettled`.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// `store.url` names no database; holds what was found before the `://`.
    #[error(
        "store.url: `{0}` is no database; use sqlite://PATH (sqlite:///PATH if absolute) or \
         postgres://USER@HOST/NAME"
    )]
    Url(String),
    /// The database, or a file, cannot be used: missing, locked, read-only, full, unreachable …
    #[error("{place}: {source}")]
    Failed {
        /// The file, or the server's address without user and password.
        place: String,
        source: Box<dyn Error + Send + Sync>,
    },
    /// Another process has the lock.
    #[error("{place}: {}", holder.as_ref().map_or("another process has it".to_owned(), Holder::to_string))]
    Held {
        /// As in [`StoreError::Failed`].
        place: String,
        /// Who, if that can be told.
        holder: Option<Holder>,
    },
    /// A newer release has changed the schema in a way that this one does not know.
    #[error(
        "{place}: the schema is newer than this release: it does not know the migration {unknown}; \
         use the release that made it, or a newer one"
    )]
    NewerSchema {
        /// As in [`StoreError::Failed`].
        place: String,
        /// The last migration that is not known.
        unknown: String,
    },
    /// The SQLite library has known faults in write-ahead logging.
    #[error("SQLite {found} is too old, {needed} is needed")]
    OldSqlite {
        /// Its version.
        found: String,
        /// The oldest one that will do.
        needed: String,
    },
    #[error("{0}")]
    Unsupported(&'static str),
    /// No transaction could begin in time: the server is unreachable, or somebody else holds the
    /// lock.
    #[error("{place}: {cause}")]
    Unavailable {
        /// As in [`StoreError::Failed`].
        place: String,
        /// The cause; text, because it is told to everybody who waited for the same transaction.
        cause: String,
    },
    /// The connection died while a commit waited, and nobody could be asked what became of it: it may be
    /// stored.
    #[error("whether it was stored is not known: {cause}")]
    Unsettled {
        /// Why nobody could be asked.
        cause: String,
    },
    /// The files of the database are not those that are open.
    #[error(transparent)]
    Gone(#[from] Absence),
    /// The disk of the database is as good as full.
    #[error("the disk of the database has room for {room} bytes, and should for {room_min}")]
    NoRoom {
        /// Bytes that can still be written.
        room: u64,
        /// `store.room_min_kib`.
        room_min: u64,
    },
    #[error(transparent)]
    Mint(#[from] MintError),
    /// A stored value breaks a rule of the domain: the database was changed by something else.
    #[error("the database holds {value} as {what}")]
    Corrupt {
        /// What the value should be.
        what: &'static str,
        value: i64,
    },
    /// Too much is waiting already; asking again later may do.
    #[error("the store is busy")]
    Busy,
    /// The store is closed, or its threads have gone.
    #[error("the store is closed")]
    Closed,
    /// The operation panicked; the store goes on.
    #[error("the operation panicked")]
    Panicked,
    /// The same, told to everybody whose question was in the same transaction.
    #[error(transparent)]
    Together(Arc<StoreError>),
    #[error(transparent)]
    Database(#[from] DieselError),
}

impl StoreError {
    /// Whether a value that must be unique was there already.
    pub fn is_unique_violation(&self) -> bool {
        matches!(self, Self::Database(DieselError::DatabaseError(Kind::UniqueViolation, _)))
    }

    /// Whether asking again later may do.
    pub fn is_busy(&self) -> bool {
        match self {
            Self::Together(error) => error.is_busy(),
            error => matches!(error, Self::Busy | Self::Mint(_)),
        }
    }

    /// A failure of what is at `place`.
    pub(super) fn failed(place: &str, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Failed { place: place.to_owned(), source: source.into() }
    }

    /// No transaction could begin at `place`.
    pub(super) fn unavailable(place: &str, cause: &impl Error) -> Self {
        Self::Unavailable { place: place.to_owned(), cause: cause.to_string() }
    }

    /// Whether it may be stored all the same, so that it must not be done again.
    pub fn is_unsettled(&self) -> bool {
        matches!(self, Self::Unsettled { .. })
    }

    /// The same again, if no other transaction can do better.
    pub(super) fn outage(&self) -> Option<Self> {
        match self {
            Self::Unavailable { place, cause } => {
                Some(Self::Unavailable { place: place.clone(), cause: cause.clone() })
            }
            Self::Gone(absence) => Some(Self::Gone(absence.clone())),
            Self::Unsettled { cause } => Some(Self::Unsettled { cause: cause.clone() }),
            Self::Url(_)
            | Self::Failed { .. }
            | Self::Held { .. }
            | Self::NewerSchema { .. }
            | Self::NoRoom { .. }
            | Self::OldSqlite { .. }
            | Self::Unsupported(_)
            | Self::Mint(_)
            | Self::Corrupt { .. }
            | Self::Busy
            | Self::Closed
            | Self::Panicked
            | Self::Together(_)
            | Self::Database(_) => None,
        }
    }

    /// Says where it happened, if the database itself failed and not the statement.
    pub(super) fn at(self, place: &str) -> Self {
        match self {
            // The rollback after it fails because the database has rolled back already.
            Self::Database(DieselError::RollbackErrorOnCommit { commit_error, .. }) => {
                Self::Database(*commit_error).at(place)
            }
            Self::Database(error) if is_outage(&error) => Self::failed(place, error),
            other => other,
        }
    }
}

/// SQLite's faults (locked, full, read-only, not a database) are all of the unknown kind.
fn is_outage(error: &DieselError) -> bool {
    matches!(
        error,
        DieselError::BrokenTransactionManager
            | DieselError::DatabaseError(
                Kind::Unknown
                    | Kind::ClosedConnection
                    | Kind::UnableToSendCommand
                    | Kind::ReadOnlyTransaction
                    | Kind::SerializationFailure,
                _
            )
    )
}

impl From<TryAcquireError> for StoreError {
    fn from(error: TryAcquireError) -> Self {
        match error {
            TryAcquireError::Closed => Self::Closed,
            TryAcquireError::NoPermits => Self::Busy,
        }
    }
}
