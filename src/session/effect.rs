//! What the machine of a session has its shell do.

use std::collections::VecDeque;
use std::sync::Arc;

use super::Input;
use crate::domain::apps::command::AppsRequest;
use crate::domain::close::CloseReason;
use crate::domain::command::{Query, Write};
use crate::domain::principal::{Credential, Principal};
use crate::wire::{Frame, Options};

/// The number of a request within its session.
pub type Request = u64;

/// Something the shell must do.
#[derive(Debug, PartialEq, Eq)]
pub enum Effect {
    Send(Frame),
    /// Send news, which may come faster than the peer reads.
    Push(Frame),
    /// Send news that other sessions get, too.
    PushAll(Arc<[Frame]>),
    Close(CloseReason),
    /// End the session, unless the peer does so first.
    CloseSoon(CloseReason),
    Alive,
    /// Take frames of the peer, or leave them waiting.
    Input(Input),
    /// Count a command above the rate limit.
    Limited,
    Identify {
        /// Whose answer it will be.
        request: Request,
        credential: Credential,
        /// The options of the session once the peer is let in.
        options: Options,
    },
    Write {
        /// Whose answer it will be.
        request: Request,
        write: Write,
    },
    Query {
        /// Whose answer it will be.
        request: Request,
        query: Query,
        by: Principal,
    },
    Apps {
        /// Whose answer it will be.
        request: Request,
        asked: AppsRequest,
        by: Principal,
    },
}

/// The sink of effects.
pub type Effects = VecDeque<Effect>;
