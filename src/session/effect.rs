//! What the machine of a session has its shell do.

use std::collections::VecDeque;
use std::sync::Arc;

use super::Input;
use crate::domain::close::CloseReason;
use crate::domain::command::{Query, Write};
use crate::domain::principal::{Credential, Principal};
use crate::wire::{Frame, Options};

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
    /// End the session, unless the peer does so first.
    CloseSoon(CloseReason),
    /// Note a sign of life.
    Alive,
    /// Take frames of the peer, or leave them waiting.
    Input(Input),
    /// Count a command above the rate limit.
    Limited,
    /// Find out who shows this.
    Identify {
        /// Whose answer it will be.
        request: Request,
        /// What is shown.
        credential: Credential,
        /// What the session wants of its dialect then.
        options: Options,
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
        by: Principal,
    },
}

/// The sink of effects.
pub type Effects = VecDeque<Effect>;
