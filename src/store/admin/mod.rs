//! What operators have given out, and whether the store works.

use crate::store::engine::job::{Job, Op, QuietOp, StorePart, Touches, quiet};

pub mod lookups;
pub mod service_keys;
pub mod writes;

/// The right to jobs of admin: service keys, and nothing of other areas.
pub struct AdminRight(());

impl StorePart for AdminRight {
    const TOUCHES: Touches = Touches::Rest;
}

fn job<T>(op: impl QuietOp<T>) -> Job<AdminRight, impl Op<T>> {
    quiet(AdminRight(()), op)
}
