//! Every command, as an operator types it.

mod backup;
mod seed;
mod serve;
mod settings;
mod users;
