//! Pub/Sub: topics, what is published to them, and subscriptions, each with its own copy of what comes.
//!
//! A topic has a name in a project, and so has a subscription; projects are only names. What is published waits in the
//! backlog of each subscription until it is acknowledged.

pub mod ack;
pub mod bridge;
pub mod endpoint;
pub mod event;
pub mod filter;
pub mod limits;
pub mod message;
pub mod name;
pub mod page;
pub mod received;
pub mod refusal;
pub mod snapshot;
pub mod subscription;
pub mod topic;
pub mod update;
