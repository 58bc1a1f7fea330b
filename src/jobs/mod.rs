//! What must happen later and once.

pub mod mail;
pub mod sweeper;
