//! What can be looked up of admin: each for [`Store::read`](crate::store::Store::read).

use crate::store::admin::service_keys;
use crate::store::engine::job::ReadOp;

/// Whether a key of this hash is valid.
pub fn is_key(key_hash: [u8; 32]) -> impl ReadOp<bool> {
    move |conn| service_keys::is_valid(conn, &key_hash)
}

/// The names that have keys, in their order.
pub fn key_names() -> impl ReadOp<Vec<String>> {
    service_keys::names
}
