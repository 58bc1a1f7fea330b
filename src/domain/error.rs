//! How the hub says no. Refusals are values that reach the user, not faults.

/// Why a command was refused. Each dialect gives it its own code and words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Nobody can be written to at that address: no such user, oneself, or not a friend.
    #[error("no such user to write to")]
    NoSuchPeer,
    /// The other user has no session that could be told.
    #[error("the other user is not there")]
    Absent,
    /// No such message, or not one's own, or not in that room.
    #[error("no such message")]
    NoSuchMessage,
    /// No room can be read at that address.
    #[error("no such room")]
    NoSuchRoom,
    /// Nobody has that name.
    #[error("no user of that name")]
    NoSuchName,
    /// Friendship with oneself.
    #[error("that is oneself")]
    Oneself,
    /// The other one has asked already.
    #[error("the other user has asked already")]
    AlreadyRequested,
    /// Friends already.
    #[error("friends already")]
    AlreadyFriend,
    /// No request of that user to answer.
    #[error("no such request")]
    NotRequested,
    /// No friendship to end.
    #[error("not friends")]
    NotFriend,
    /// Not a member of that group; or there is none.
    #[error("not a member")]
    NotMember,
    /// One's role in the group does not allow it.
    #[error("not allowed")]
    NotAllowed,
    /// The other user is no member of that group.
    #[error("the other user is not a member")]
    NoSuchMember,
    /// The other user cannot be added until the ban is lifted.
    #[error("the other user is banned")]
    Banned,
    /// The group has as many members as it may have.
    #[error("the group is full")]
    GroupFull,
    /// One of the two is in as many groups as one may be.
    #[error("too many groups")]
    TooManyGroups,
    /// An owner can leave only as the last member.
    #[error("the owner cannot leave")]
    OwnerStays,
    /// The other user lets nobody put him into groups.
    #[error("the other user is not added to groups")]
    NotAddable,
    /// That group was not offered, or not lately.
    #[error("the group was not offered")]
    NotOffered,
    /// It was done as often as it may be in a day.
    #[error("too often, again in {retry_after_ms} ms")]
    TooOften {
        /// When it can be done again, in milliseconds.
        retry_after_ms: u64,
    },
    /// A queue is full, or the node cannot make ids now. Nothing was stored; asking again may do.
    #[error("busy, try again")]
    Busy,
    /// A fault of ours. Nothing was stored.
    #[error("internal error")]
    Internal,
}
