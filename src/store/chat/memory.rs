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

use crate::domain::accounts::block::Blocks;
use crate::domain::accounts::user::UserPair;
use crate::domain::chat::room::RoomKey;

use crate::store::chat::rooms::Room;
use crate::store::engine::Connection;
use crate::store::engine::error::StoreError;

/// Rooms that are remembered, and pairs: a room with its pair takes about 200 bytes.
const ROOMS_MAX: usize = 50_000;

/// Rooms and blocks as the last commit has left them.
#[derive(Default)]
pub(in crate::store) struct Memory {
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
        let fits = self.rooms.len().max(self.blocks.len()) <= ROOMS_MAX;
        let is_true = as_of.is_some() && as_of == self.as_of && fits;
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

    use crate::domain::id::UserId;
    use crate::store::chat::memory::*;

    /// How many of so many rooms, and pairs, are known in the next transaction.
    fn known(rooms: usize, pairs: usize) -> (usize, usize) {
        let mut conn = Connection::Sqlite(SqliteConnection::establish(":memory:").unwrap());
        let mut memory = Memory::default().revise(&mut conn).unwrap();
        let user = |number: usize| UserId::new(i64::try_from(number).unwrap() * 2 + 2).unwrap();
        let pair = |other| UserPair::new(user(0), user(other)).unwrap();
        memory.rooms.extend((1..=rooms).map(|other| (RoomKey::Direct(pair(other)), None)));
        memory.blocks.extend((1..=pairs).map(|other| (pair(other), Blocks::default())));
        let memory = memory.revise(&mut conn).unwrap();
        (memory.rooms.len(), memory.blocks.len())
    }

    #[test]
    fn more_than_may_be_remembered_is_forgotten() {
        assert_eq!(known(ROOMS_MAX, ROOMS_MAX), (ROOMS_MAX, ROOMS_MAX));
        assert_eq!(known(ROOMS_MAX + 1, 1), (0, 0));
        assert_eq!(known(1, ROOMS_MAX + 1), (0, 0));
    }
}
