//! Integration tests: one binary, so that it is linked once.
//!
//! `harness` starts real servers on port 0; each folder holds one kind of test.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    reason = "a test documents itself by its name, and fails by a panic"
)]

mod architecture;
mod docs;
mod harness;
mod http;
mod mail;
mod store;
mod ws;
