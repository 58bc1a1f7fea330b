//! What a transaction has done and not written yet.
//!
//! The posts of a batch are put together here: each room is looked up once, its counters go on in
//! memory, and the messages are stored many at once. Whoever looks at these tables otherwise goes
//! through [`Ledger::settled`], which writes first.

use std::collections::HashMap;

use crate::domain::block::Blocks;
use crate::domain::id::{MessageId, RoomId};
use crate::domain::message::{Message, Nonce};
use crate::domain::user::UserPair;

use super::Connection;
use super::error::StoreError;
use super::tables::blocks;
use super::tables::messages;
use super::tables::nonces::{self, Key};
use super::tables::rooms::{self, Room};

/// The books of one transaction.
pub(super) struct Ledger<'c> {
    conn: &'c mut Connection,
    /// Rooms as they will be, and who has none.
    rooms: HashMap<UserPair, Option<Room>>,
    /// Who blocks whom; of the pairs that were looked up, all.
    blocks: HashMap<UserPair, Blocks>,
    /// Messages by their authors' own names for them; of the keys that were looked up, all.
    names: HashMap<Key, Option<MessageId>>,
    posted: Vec<(RoomId, Message)>,
    named: Vec<(Key, MessageId)>,
}

impl<'c> Ledger<'c> {
    /// An empty ledger.
    pub fn new(conn: &'c mut Connection) -> Self {
        Self {
            conn,
            rooms: HashMap::new(),
            blocks: HashMap::new(),
            names: HashMap::new(),
            posted: Vec::new(),
            named: Vec::new(),
        }
    }

    /// Looks up at once what will be asked for one by one.
    ///
    /// # Errors
    /// [`StoreError::Database`], as for all that follow.
    pub fn prepare(
        &mut self,
        pairs: impl Iterator<Item = UserPair>,
        names: impl Iterator<Item = Key>,
    ) -> Result<(), StoreError> {
        self.rooms.extend(pairs.map(|pair| (pair, None)));
        if !self.rooms.is_empty() {
            let pairs: Vec<UserPair> = self.rooms.keys().copied().collect();
            let found = rooms::of_pairs(self.conn, &pairs)?;
            self.rooms.extend(found.into_iter().map(|room| (room.pair, Some(room))));
            self.find_blocks(&pairs)?;
        }
        self.names.extend(names.map(|key| (key, None)));
        if !self.names.is_empty() {
            let keys: Vec<Key> = self.names.keys().cloned().collect();
            let found = nonces::find_many(self.conn, &keys)?;
            self.names.extend(found.into_iter().map(|(key, message)| (key, Some(message))));
        }
        Ok(())
    }

    /// The connection, for tables that no post changes.
    pub fn conn(&mut self) -> &mut Connection {
        self.conn
    }

    /// The connection, with everything written, for whatever use.
    pub fn settled(&mut self) -> Result<&mut Connection, StoreError> {
        self.write()?;
        self.rooms.clear();
        self.blocks.clear();
        self.names.clear();
        Ok(self.conn)
    }

    /// The room of a pair, if there is one.
    pub fn room(&mut self, pair: UserPair) -> Result<Option<&mut Room>, StoreError> {
        if !self.rooms.contains_key(&pair) {
            let room = rooms::of_pair(self.conn, pair)?;
            self.rooms.insert(pair, room);
        }
        Ok(self.rooms.get_mut(&pair).and_then(Option::as_mut))
    }

    /// Who of a pair blocks the other.
    pub fn blocks(&mut self, pair: UserPair) -> Result<Blocks, StoreError> {
        if !self.blocks.contains_key(&pair) {
            self.find_blocks(&[pair])?;
        }
        Ok(self.blocks.get(&pair).copied().unwrap_or_default())
    }

    fn find_blocks(&mut self, pairs: &[UserPair]) -> Result<(), StoreError> {
        self.blocks.extend(pairs.iter().map(|pair| (*pair, Blocks::default())));
        for (pair, blocker) in blocks::of_pairs(self.conn, pairs)? {
            self.blocks.entry(pair).or_default().add(pair, blocker);
        }
        Ok(())
    }

    /// Makes the room of a pair that has none.
    pub fn create_room(&mut self, id: RoomId, pair: UserPair) -> Result<(), StoreError> {
        let room = rooms::create(self.conn, id, pair)?;
        self.rooms.insert(pair, Some(room));
        Ok(())
    }

    /// Which message an author has sent under this name.
    pub fn named(&mut self, key: &Key) -> Result<Option<MessageId>, StoreError> {
        if let Some(known) = self.names.get(key) {
            return Ok(*known);
        }
        let found = nonces::find_many(self.conn, std::slice::from_ref(key))?;
        let message = found.into_iter().next().map(|(_, message)| message);
        self.names.insert(key.clone(), message);
        Ok(message)
    }

    /// Enters a message that has taken the next number of its room.
    pub fn post(&mut self, room: RoomId, message: &Message, nonce: Option<&Nonce>) {
        if let Some(nonce) = nonce {
            let key = (message.author, nonce.clone());
            self.names.insert(key.clone(), Some(message.id));
            self.named.push((key, message.id));
        }
        self.posted.push((room, message.clone()));
    }

    /// A message.
    pub fn message(&mut self, id: MessageId) -> Result<Option<Message>, StoreError> {
        match self.posted.iter().find(|(_, message)| message.id == id) {
            Some((_, message)) => Ok(Some(message.clone())),
            None => messages::find(self.conn, id),
        }
    }

    /// Stores what an edit or a deletion has changed in a message, and in its room.
    pub fn edit(&mut self, message: &Message) -> Result<(), StoreError> {
        if self.posted.iter().any(|(_, posted)| posted.id == message.id) {
            self.write()?;
        }
        messages::update(self.conn, message)?;
        match self.rooms.get(&message.pair) {
            Some(Some(room)) => rooms::update(self.conn, room),
            Some(None) | None => Ok(()),
        }
    }

    /// Writes what has not been written.
    pub fn write(&mut self) -> Result<(), StoreError> {
        if !self.posted.is_empty() {
            messages::insert_many(self.conn, &self.posted)?;
            self.posted.clear();
        }
        if !self.named.is_empty() {
            nonces::insert_many(self.conn, &self.named)?;
            self.named.clear();
        }
        Ok(())
    }
}
