//! Tradewind: a messaging hub in one binary.
//!
//! `ARCHITECTURE.md` at the root of the repository draws the house, says who may know whom, and
//! follows a message from socket to disk to socket.

pub mod auth;
pub mod bridges;
pub mod cli;
pub mod clock;
pub mod config;
pub mod delivery;
pub mod domain;
#[cfg(feature = "grpc")]
pub mod grpc;
pub mod http;
pub mod hub;
pub mod jobs;
pub mod net;
pub mod owl;
pub mod private;
pub mod push;
pub mod server;
pub mod service;
pub mod session;
pub mod store;
pub mod telemetry;
pub mod wire;
pub mod ws;
