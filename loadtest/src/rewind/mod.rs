//! The frames of REWIND, as far as a load tester needs them.

pub mod cursor;
pub mod scan;
pub mod stamp;
pub mod write;
