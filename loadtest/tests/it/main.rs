//! Tests of the load tester: one binary, so that it is linked once.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test documents itself by its name, and fails by a panic"
)]

mod check;
mod devices;
mod encryption;
mod end_to_end;
mod faults;
mod forms;
mod framing;
mod hub;
mod pages;
mod peer;
mod peers;
mod real;
mod reports;
mod topics;
mod verdicts;
