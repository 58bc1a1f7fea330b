//! What the writer remembers of rooms from one transaction to the next.
//!
//! It belongs to one connection to SQLite, which tells whether any other has committed meanwhile
//! (`PRAGMA data_version`, asked inside the transaction, in which nobody else can): then all is
//! forgotten. So it cannot be stale, whoever else writes. PostgreSQL has no such mark; there each
//! transaction begins with nothing.

use std::collections::HashMap;

use diesel::RunQueryDsl as _;
use diesel::dsl::sql;
use diesel::sql_types::BigInt;

use crate::domain::block::Blocks;
use crate::domain::room::RoomKey;
use crate::domain::user::UserPair;

use super::Connection;
use super::error::StoreError;
use super::tables::rooms::Room;

/// Rooms that are remembered: each takes about 200 bytes.
const ROOMS_MAX: usize = 50_000;

/// Rooms and blocks as the last commit has left them.
#[derive(Default)]
pub(super) struct Memory {
    /// What the connection said when they were read; `None` if it is not to be kept.
    as_of: Option<i64>,
    /// Rooms, and who has none.
    pub rooms: HashMap<RoomKey, Option<Room>>,
    /// Who blocks whom; of the pairs that were looked up, all.
    pub blocks: HashMap<UserPair, Blocks>,
}

impl Memory {
    /// What of it is still true in the transaction that has begun.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn revise(self, conn: &mut Connection) -> Result<Self, StoreError> {
        let as_of = match conn {
            Connection::Sqlite(sqlite) => {
                Some(sql::<BigInt>("PRAGMA data_version").get_result(sqlite)?)
            }
            Connection::Postgres(_) => None,
        };
        let is_true = as_of.is_some() && as_of == self.as_of && self.rooms.len() <= ROOMS_MAX;
        Ok(if is_true { self } else { Self { as_of, ..Self::default() } })
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.rooms.clear();
        self.blocks.clear();
    }
}

#[cfg(test)]
mod tests {
    use diesel::{Connection as _, SqliteConnection};

    use super::*;
    use crate::domain::id::UserId;

    fn remembering(rooms: usize, conn: &mut Connection) -> usize {
        let mut memory = Memory::default().revise(conn).unwrap();
        let user = |number: usize| UserId::new(i64::try_from(number).unwrap() * 2 + 2).unwrap();
        let strangers = (1..=rooms).map(|other| RoomKey::direct(user(0), user(other)).unwrap());
        memory.rooms.extend(strangers.map(|room| (room, None)));
        memory.revise(conn).unwrap().rooms.len()
    }

    #[test]
    fn more_rooms_than_may_be_remembered_are_forgotten() {
        let mut conn = Connection::Sqlite(SqliteConnection::establish(":memory:").unwrap());
        assert_eq!(remembering(ROOMS_MAX, &mut conn), ROOMS_MAX);
        assert_eq!(remembering(ROOMS_MAX + 1, &mut conn), 0);
    }
}
