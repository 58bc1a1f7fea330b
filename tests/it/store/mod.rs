//! The store, as one suite on SQLite and on PostgreSQL.

mod areas;
mod batched;
mod batches;
mod blocks;
mod collisions;
mod done;
mod failures;
mod groups;
mod harness;
mod history;
mod jobs;
mod ledger;
mod lines;
mod logins;
mod memory;
mod names;
mod news;
mod nonces;
mod registrations;
mod room_list;
mod rules;
mod schema;
mod subscribers;
mod users;
