//! Why something was not done, whatever was asked.

use crate::auth::AuthError;
use crate::auth::limits::TooMany;
use crate::domain::mint::MintError;
use crate::store::StoreError;

/// What anything asked by a peer may fail with. Faults of ours are logged where they become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ServiceFault {
    /// It was asked for more often than may be.
    #[error(transparent)]
    TooMany(#[from] TooMany),
    /// There is too much to do. Nothing was done; asking again may do.
    #[error("busy, try again")]
    Busy,
    /// A fault of ours. Nothing was done.
    #[error("internal error")]
    Internal,
}

impl From<StoreError> for ServiceFault {
    fn from(error: StoreError) -> Self {
        if error.is_busy() {
            return Self::Busy;
        }
        log::error!("the store failed: {error}");
        Self::Internal
    }
}

impl From<AuthError> for ServiceFault {
    fn from(error: AuthError) -> Self {
        if matches!(error, AuthError::Busy) {
            return Self::Busy;
        }
        log::error!("a password or token could not be handled: {error}");
        Self::Internal
    }
}

/// Why what an operator has asked failed: shown whole to whoever typed the command.
#[derive(Debug, thiserror::Error)]
pub enum OperatorFault {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("node: {0}")]
    Mint(#[from] MintError),
    #[error(transparent)]
    Auth(#[from] AuthError),
    /// Ids that were minted were taken, again and again.
    #[error("no id for a user that nobody has")]
    Ids,
}
