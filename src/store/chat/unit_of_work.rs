//! What a transaction has done and not written yet.
//!
//! The posts of a batch are put together here: each room is looked up once, its counters go on in
//! memory, and the messages are stored many at once. Whoever looks at these tables otherwise goes
//! through [`UnitOfWork::settled`], which writes first.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::domain::accounts::block::Blocks;
use crate::domain::accounts::user::UserPair;
use crate::domain::chat::message::{Message, Nonce};
use crate::domain::chat::room::RoomKey;
use crate::domain::id::{GroupId, MessageId, RoomId, UserId};
use crate::domain::news::{Circle, Recipients};

use crate::store::accounts::blocks;
use crate::store::chat::command::ChatCommand;
use crate::store::chat::groups::{self, Roster};
use crate::store::chat::hidden_messages::{self, HiddenMessage};
use crate::store::chat::member_cache::MemberCache;
use crate::store::chat::nonces::{self, Key};
use crate::store::chat::room_cache::RoomCache;
use crate::store::chat::rooms::{self, Between, Room};
use crate::store::chat::{authors, messages};
use crate::store::engine::Connection;
use crate::store::engine::error::StoreError;

/// The work of one transaction.
pub(in crate::store) struct UnitOfWork<'c> {
    conn: &'c mut Connection,
    /// Rooms and blocks as they will be.
    cache: &'c mut RoomCache,
    /// Messages by their authors' own names for them; of the keys that were looked up, all.
    names: HashMap<Key, Option<MessageId>>,
    /// Who blocks an author; of those that were looked up, all.
    blockers: foldhash::HashMap<UserId, Vec<UserId>>,
    /// The members of groups, and what is no group.
    groups: foldhash::HashMap<GroupId, Option<Arc<Roster>>>,
    known_members: &'c MemberCache,
    /// Groups that this transaction has changed; `None` for all that it may have.
    touched: Option<HashSet<GroupId>>,
    posted: Vec<(RoomId, Message)>,
    named: Vec<(Key, MessageId)>,
    hidden: Vec<HiddenMessage>,
}

impl<'c> UnitOfWork<'c> {
    /// Begins, and looks up at once what the commands would ask for one by one.
    ///
    /// # Errors
    /// [`StoreError::Database`], as for all that follow.
    pub fn begin<'j>(
        conn: &'c mut Connection,
        cache: &'c mut RoomCache,
        known_members: &'c MemberCache,
        commands: impl Iterator<Item = &'j ChatCommand>,
    ) -> Result<Self, StoreError> {
        cache.bound();
        let (mut new, mut names) = (Vec::new(), HashMap::new());
        for ChatCommand { by, change, .. } in commands {
            let Some(write) = change.chat() else { continue };
            if let Some(RoomKey::Direct(pair)) = write.room(*by)
                && let Entry::Vacant(place) = cache.rooms.entry(RoomKey::Direct(pair))
            {
                place.insert(None);
                new.push(pair);
            }
            if let Some(nonce) = write.nonce() {
                names.insert((*by, nonce.clone()), None);
            }
        }
        if !new.is_empty() {
            let Between { rooms, blocks } = rooms::between_pairs(conn, &new)?;
            cache.rooms.extend(rooms.into_iter().map(|room| (room.key, Some(room))));
            cache.add_blocks(&new, blocks);
        }
        if !names.is_empty() {
            let keys: Vec<Key> = names.keys().cloned().collect();
            let found = nonces::find_many(conn, &keys)?;
            names.extend(found.into_iter().map(|(key, message)| (key, Some(message))));
        }
        Ok(Self {
            conn,
            cache,
            names,
            blockers: foldhash::HashMap::default(),
            groups: foldhash::HashMap::default(),
            known_members,
            touched: Some(HashSet::new()),
            posted: Vec::new(),
            named: Vec::new(),
            hidden: Vec::new(),
        })
    }

    /// The connection, for tables that no post changes.
    pub fn conn(&mut self) -> &mut Connection {
        self.conn
    }

    /// The connection, with everything written, to look something up.
    pub fn written(&mut self) -> Result<&mut Connection, StoreError> {
        self.write()?;
        Ok(self.conn)
    }

    /// The connection, with everything written, for whatever use.
    pub fn settled(&mut self) -> Result<&mut Connection, StoreError> {
        self.write()?;
        self.cache.clear();
        self.names.clear();
        self.blockers.clear();
        self.groups.clear();
        self.touched = None;
        Ok(self.conn)
    }

    /// A room, if there is one.
    pub fn room(&mut self, key: RoomKey) -> Result<Option<&mut Room>, StoreError> {
        if !self.cache.rooms.contains_key(&key) {
            let room = rooms::find(self.conn, key)?;
            self.cache.rooms.insert(key, room);
        }
        Ok(self.cache.rooms.get_mut(&key).and_then(Option::as_mut))
    }

    /// The members of a group, if there is one.
    pub fn roster(&mut self, group: GroupId) -> Result<Option<Arc<Roster>>, StoreError> {
        if let Some(known) = self.groups.get(&group) {
            return Ok(known.clone());
        }
        let roster = match groups::version(self.conn, group)? {
            Some(version) => Some(self.roster_of(group, version)?),
            None => None,
        };
        self.groups.insert(group, roster.clone());
        Ok(roster)
    }

    fn roster_of(&mut self, group: GroupId, version: i64) -> Result<Arc<Roster>, StoreError> {
        // A version of this transaction may be rolled back, and given to another list later.
        let committed = self.touched.as_ref().is_some_and(|touched| !touched.contains(&group));
        if let Some(roster) = self.known_members.get(group, version).filter(|_| committed) {
            return Ok(roster);
        }
        let roster = Arc::new(groups::roster_in(self.conn, group, version)?);
        if committed {
            self.known_members.keep(&roster);
        }
        Ok(roster)
    }

    /// Notes that a group is changed.
    pub fn touch(&mut self, group: GroupId) -> Result<(), StoreError> {
        self.groups.remove(&group);
        if let Some(touched) = &mut self.touched {
            touched.insert(group);
        }
        groups::touch(self.conn, group)
    }

    /// Notes that a member writes in a group, if it is for the first time.
    pub fn note_author(&mut self, key: RoomKey, author: UserId) -> Result<(), StoreError> {
        let RoomKey::Group(group) = key else { return Ok(()) };
        let Some(roster) = self.roster(group)? else { return Ok(()) };
        if roster.has_written(author) {
            return Ok(());
        }
        authors::add(self.conn, group, author)?;
        self.touch(group)?;
        // Many may write for the first time in one batch: the list is not read again for each.
        self.groups.insert(group, Some(Arc::new(roster.with_author(author))));
        Ok(())
    }

    /// Who hears of what an author does in a room.
    pub fn recipients(&mut self, key: RoomKey, author: UserId) -> Result<Recipients, StoreError> {
        let group = match key {
            RoomKey::Direct(pair) => {
                let hidden = self.blocks(pair)?.hide(pair, author);
                let hidden_from = hidden.then(|| pair.other(author)).into_iter().collect();
                return Ok(Recipients { circle: Circle::Pair(pair), hidden_from });
            }
            RoomKey::Group(group) => group,
        };
        let Some(roster) = self.roster(group)? else { return Ok(Recipients::of(Vec::new())) };
        let blockers = self.blockers(author)?.iter().copied();
        let hidden_from = blockers.filter(|user| roster.seat(*user).is_some()).collect();
        Ok(Recipients { circle: Circle::Group(roster.membership(None)), hidden_from })
    }

    /// Who blocks a user.
    pub fn blockers(&mut self, user: UserId) -> Result<&[UserId], StoreError> {
        if !self.blockers.contains_key(&user) {
            let found = blocks::blockers_of(self.conn, user)?;
            self.blockers.insert(user, found);
        }
        Ok(self.blockers.get(&user).map_or(&[], Vec::as_slice))
    }

    /// Hides a message from readers; `withdrawn` if they could see it.
    pub fn hide(&mut self, message: MessageId, readers: &[UserId], withdrawn: bool) {
        let hiding = |reader: &UserId| HiddenMessage { message, reader: *reader, withdrawn };
        self.hidden.extend(readers.iter().map(hiding));
    }

    /// Who of a pair blocks the other.
    pub fn blocks(&mut self, pair: UserPair) -> Result<Blocks, StoreError> {
        if !self.cache.blocks.contains_key(&pair) {
            let found = rooms::between_pairs(self.conn, &[pair])?;
            self.cache.add_blocks(&[pair], found.blocks);
        }
        Ok(self.cache.blocks.get(&pair).copied().unwrap_or_default())
    }

    /// Makes the room of a pair that has none.
    pub fn create_room(&mut self, id: RoomId, pair: UserPair) -> Result<(), StoreError> {
        let room = rooms::create(self.conn, id, pair)?;
        self.cache.rooms.insert(room.key, Some(room));
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
        match self.cache.rooms.get(&message.room) {
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
        if !self.hidden.is_empty() {
            hidden_messages::insert_many(self.conn, &self.hidden)?;
            self.hidden.clear();
        }
        Ok(())
    }
}
