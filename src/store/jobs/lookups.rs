//! What whoever does jobs looks up: each for [`Store::read`](crate::store::Store::read).

use crate::store::engine::Connection;
use crate::store::engine::job::ReadOp;
use crate::store::jobs::queue::{self, Look};

/// Whether there is something to be done.
pub type IsDue = Box<dyn ReadOp<bool>>;

/// Answers each question, and looks at the jobs of each kind, all at one moment.
pub fn together(due: Vec<IsDue>, kinds: Vec<&'static str>) -> impl ReadOp<(Vec<bool>, Vec<Look>)> {
    move |conn: &mut Connection| {
        let due = due.into_iter().map(|is_due| is_due(conn)).collect::<Result<_, _>>()?;
        let looks = kinds.iter().map(|kind| queue::look(conn, kind)).collect::<Result<_, _>>()?;
        Ok((due, looks))
    }
}

/// Whether a node holds any job.
pub fn holds_any(node: i16) -> impl ReadOp<bool> {
    move |conn| queue::holds_any(conn, node)
}
