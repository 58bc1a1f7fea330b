//! A load tester for hubs that speak REWIND: one thread, its own framing, and a check that every
//! acknowledged message arrives once and in order.

pub mod accounts;
pub mod address;
pub mod apps;
pub mod args;
pub mod check;
pub mod command_line;
pub mod fail_on;
pub mod http;
pub mod hub;
pub mod net;
pub mod number;
pub mod proc;
pub mod record;
pub mod report;
pub mod rewind;
pub mod run;
pub mod scenario;
pub mod topics;
pub mod wire;
