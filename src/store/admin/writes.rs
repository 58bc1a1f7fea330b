//! What operators can write: each a job, for [`Store::run`](crate::store::Store::run).

use crate::domain::clock::Timestamp;
use crate::store::admin::{AdminRight, job, service_keys};
use crate::store::engine::job::{Job, Op};

/// Stores the hash of a key under the unique name of who has it; see [`service_keys::insert`].
pub fn add_key(name: String, key_hash: [u8; 32], now: Timestamp) -> Job<AdminRight, impl Op<()>> {
    job(move |conn| service_keys::insert(conn, &name, &key_hash, now))
}

/// Removes the key of a name; false if there is none.
pub fn remove_key(name: String) -> Job<AdminRight, impl Op<bool>> {
    job(move |conn| service_keys::remove(conn, &name))
}

/// Writes nothing: it shows whether something could be written.
pub fn probe() -> Job<AdminRight, impl Op<()>> {
    job(|_| Ok(()))
}
