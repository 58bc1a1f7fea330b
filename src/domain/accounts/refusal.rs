//! Why something between users is not done.

/// Refusals for what is between users.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AccountsRefusal {
    #[error("no user of that name")]
    NoSuchName,
    #[error("that is oneself")]
    Oneself,
    /// The other one has asked already.
    #[error("the other user has asked already")]
    AlreadyRequested,
    #[error("friends already")]
    AlreadyFriend,
    /// No request of that user to answer.
    #[error("no such request")]
    NotRequested,
    #[error("not friends")]
    NotFriend,
    /// It was done as often as it may be in a day.
    #[error("too often, again in {retry_after_ms} ms")]
    TooOften {
        /// When it can be done again, in milliseconds.
        retry_after_ms: u64,
    },
}
