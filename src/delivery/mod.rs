//! From a committed event to the sockets: who gets it, in which dialect, by which thread, within which
//! bounds.
//!
//! [`Fanout`] gathers what one commit has for each user and encodes each event once a dialect. A
//! [`SessionHandle`] takes what one session gets, within the bounds of its [`Backlog`]. What goes to the
//! sessions of one thread leaves in one batch ([`Batches`]), and the dispatcher of the thread writes it
//! into sockets or puts it into the sessions' mailboxes. No rule is known here, nor the database.

mod batch;
mod dispatcher;
mod fanout;
mod handle;

pub use batch::{Batches, Deliver, Delivery, SessionRoute, SessionSlot, SharedFrames};
pub use dispatcher::{Bypass, LocalSession, join, leave};
pub use fanout::{EventKey, Fanout};
pub use handle::{Backlog, Congested, SessionHandle};
