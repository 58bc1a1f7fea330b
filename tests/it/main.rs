//! Integration tests: one binary, so that it is linked once.
//!
//! `harness` starts real servers on port 0; each folder holds one kind of test.

#![allow(
    missing_docs,
    clippy::as_conversions,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unreachable,
    reason = "a test documents itself by its name, and fails by a panic"
)]

mod architecture;
mod bridges;
mod contract;
mod docs;
#[cfg(feature = "grpc")]
mod grpc;
mod harness;
mod http;
mod mail;
mod model;
mod net;
mod process;
mod push;
mod store;
mod toy;
mod ws;
