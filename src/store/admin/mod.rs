//! What operators have given out.

pub mod service_keys;
