//! How the hub says no: a thin sum of each area's refusals. Refusals are values that reach the user, not
//! faults.
//!
//! Each area has its own, so a dialect has words only for those of the areas it speaks of.

use crate::domain::accounts::refusal::AccountsRefusal;
use crate::domain::chat::refusal::ChatRefusal;

/// Why a command was refused. Each dialect gives it its own code and words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error(transparent)]
    Accounts(#[from] AccountsRefusal),
    #[error(transparent)]
    Chat(#[from] ChatRefusal),
    /// A queue is full, or the node cannot make ids now. Nothing was stored; asking again may do.
    #[error("busy, try again")]
    Busy,
    /// A fault of ours. Nothing was stored.
    #[error("internal error")]
    Internal,
}
