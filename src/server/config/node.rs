//! The section `node`.

use std::time::Duration;

use crate::config::{at_least, at_most, section};

/// Five bits of an id name the node.
const NODE_ID_MAX: u8 = 31;

section! {
    /// This process among others.
    Node {
        /// The number of this node, 0 to 31. No two nodes on one database may share it.
        id: u8 = 0 => at_most(NODE_ID_MAX);
        /// How far the clock may be behind the last id before the node makes no more of them, in
        /// milliseconds. After a clock that was ahead has been set right: more than it was ahead lets
        /// ids go on from the last one; put it back once that time has come.
        clock_step_max_ms: u64 = 10_000 => at_least(1);
    }
}

impl Node {
    /// How far the clock may be behind the last id.
    pub fn clock_step_max(&self) -> Duration {
        Duration::from_millis(self.clock_step_max_ms)
    }
}
