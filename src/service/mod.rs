//! What can be asked of the hub and the store, by whatever door.

pub mod authenticators;
