//! What the machine of a session has its shell do.

use std::collections::VecDeque;
use std::sync::Arc;

use super::Input;
use crate::domain::close::CloseReason;
use crate::domain::command::{Query, Write};
use crate::domain::id::UserId;
use crate::wire::{Frame, Kind};

/// The number of a request within its session.
pub type Request = u64;

/// Something the shell must do.
#[derive(Debug, PartialEq, Eq)]
pub enum Effect {
    /// Send an answer.
    Send(Frame),
    /// Send news, which may come faster than the peer reads.
    Push(Frame),
    /// Send news that other sessions get, too.
    PushAll(Arc<[Frame]>),
    /// End the session.
    Close(CloseReason),
    /// Note a sign of life.
    Alive,
    /// Take frames of the peer, or leave them waiting.
    Input(Input),
    /// Count a command above the rate limit.
    Limited,
    /// Find out whose token this is.
    Identify {
        /// Whose answer it will be.
        request: Request,
        /// The token.
        token: String,
        /// What the session is then.
        kind: Kind,
    },
    /// Have something changed.
    Write {
        /// Whose answer it will be.
        request: Request,
        /// What to change.
        write: Write,
    },
    /// Have something looked up.
    Query {
        /// Whose answer it will be.
        request: Request,
        /// What to look up.
        query: Query,
        /// Who asks.
        user: UserId,
    },
}

/// The sink of effects.
pub type Effects = VecDeque<Effect>;
