//! Users: their names, passwords, profiles and log-ins; what stands between two of them.

pub mod block;
pub mod command;
pub mod event;
pub mod friendship;
pub mod login;
pub mod name;
pub mod password;
pub mod profile;
pub mod refusal;
pub mod user;
