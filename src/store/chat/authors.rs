//! Who has ever written in a group, members still or not.

use crate::domain::id::{GroupId, UserId};
use crate::store::engine::Connection;
use crate::store::engine::error::StoreError;

use crate::store::engine::statement::{Statement, Value};

const ADD: &str = "INSERT INTO authors (room_id, user_id) VALUES (?, ?) ON CONFLICT DO NOTHING";

/// Notes that a user has written in a group.
///
/// # Errors
/// [`StoreError::Database`].
pub fn add(conn: &mut Connection, group: GroupId, user: UserId) -> Result<(), StoreError> {
    let values = [group.get(), user.get()].map(Value::Int);
    Statement::<()>::new(ADD, &values).run(conn)
}
