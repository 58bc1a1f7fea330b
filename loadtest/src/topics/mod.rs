//! What is said to a server of topics: Pub/Sub by REST, what it streams by gRPC, and NATS JetStream to compare with.

pub mod nats;
pub mod rest;
pub mod streams;
