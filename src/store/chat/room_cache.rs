//! What the writer remembers of rooms from one transaction to the next.
//!
//! The engine keeps it as long as nobody else commits, with the connection that writes; so it cannot be
//! stale, whoever else writes. On PostgreSQL each transaction begins with an empty one.

use foldhash::HashMap;

use crate::domain::accounts::block::Blocks;
use crate::domain::accounts::user::UserPair;
use crate::domain::chat::room::RoomKey;
use crate::domain::id::UserId;

use crate::store::chat::rooms::Room;

/// Rooms that are remembered, and pairs: a room with its pair takes about 200 bytes.
const ROOMS_MAX: usize = 50_000;

/// Rooms and blocks as the last commit has left them.
#[derive(Default)]
pub(in crate::store) struct RoomCache {
    /// Rooms, and who has none.
    pub rooms: HashMap<RoomKey, Option<Room>>,
    /// Who blocks whom; of the pairs that were looked up, all.
    pub blocks: HashMap<UserPair, Blocks>,
}

impl RoomCache {
    /// Adds who blocks whom of these pairs: each that was found, with the one of it who blocks.
    pub fn add_blocks(&mut self, pairs: &[UserPair], found: Vec<(UserPair, UserId)>) {
        self.blocks.extend(pairs.iter().map(|pair| (*pair, Blocks::default())));
        for (pair, blocker) in found {
            self.blocks.entry(pair).or_default().add(pair, blocker);
        }
    }

    /// Forgets all if it is too much.
    pub fn bound(&mut self) {
        if self.rooms.len().max(self.blocks.len()) > ROOMS_MAX {
            self.clear();
        }
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.rooms.clear();
        self.blocks.clear();
    }
}

#[cfg(test)]
mod tests {
    use crate::store::chat::room_cache::*;

    /// How many of so many rooms, and pairs, are known afterwards.
    fn known(rooms: usize, pairs: usize) -> (usize, usize) {
        let mut cache = RoomCache::default();
        let user = |number: usize| UserId::new(i64::try_from(number).unwrap() * 2 + 2).unwrap();
        let pair = |other| UserPair::new(user(0), user(other)).unwrap();
        cache.rooms.extend((1..=rooms).map(|other| (RoomKey::Direct(pair(other)), None)));
        cache.blocks.extend((1..=pairs).map(|other| (pair(other), Blocks::default())));
        cache.bound();
        (cache.rooms.len(), cache.blocks.len())
    }

    #[test]
    fn more_than_may_be_remembered_is_forgotten() {
        assert_eq!(known(ROOMS_MAX, ROOMS_MAX), (ROOMS_MAX, ROOMS_MAX));
        assert_eq!(known(ROOMS_MAX + 1, 1), (0, 0));
        assert_eq!(known(1, ROOMS_MAX + 1), (0, 0));
    }
}
