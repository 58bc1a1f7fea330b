//! The dialect of game lobbies: flat JSON frames told apart by their keys, ids as numbers, UTC.
//!
//! The contract is in `docs/protocol/chatting.md`. Text is escaped here, at the way out, once; the
//! domain keeps it raw.

pub mod decode;
pub mod encode;
pub mod id;

/// What a client's frames look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Form {
    /// How ids are written.
    pub ids: Ids,
    /// The words that clients compare.
    pub texts: &'static Texts,
}

/// How ids are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ids {
    /// As JSON numbers.
    Number,
    /// As JSON strings.
    String,
}

/// Words of the server's that clients compare, so that a deployment may need others.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Texts {
    /// The message of the answer to a good token.
    pub logged_in: String,
    /// The error where nobody can be reached.
    pub unreachable: String,
    /// The error of a frame that is not understood.
    pub bad_request: String,
    /// Who is named as the sender of a system message.
    pub system: String,
    /// What a request about nobody is told.
    pub no_such_user: String,
}
