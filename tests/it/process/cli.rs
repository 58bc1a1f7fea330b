//! Every command, as an operator types it.

mod agents;
mod apps;
mod backup;
mod bridge_docs;
mod bridges;
mod doctor;
mod push_token;
mod seed;
mod serve;
mod service_keys;
mod settings;
mod topics;
mod users;
