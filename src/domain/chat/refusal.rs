//! Why something in a room is not done.

/// Refusals for what is in rooms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChatRefusal {
    /// Nobody can be written to at that address: no such user, oneself, not a friend, or nobody there
    /// for what is told at once or never.
    #[error("no such user to write to")]
    NoSuchPeer,
    /// No such message, or not one's own, or not in that room.
    #[error("no such message")]
    NoSuchMessage,
    /// No room can be read at that address.
    #[error("no such room")]
    NoSuchRoom,
    /// Not a member of that group; or there is none.
    #[error("not a member")]
    NotMember,
    /// One's role in the group does not allow it, or one is no user.
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
}
