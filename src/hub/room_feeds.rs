//! Rooms in which something has changed, for those who follow rooms from outside of chat.
//!
//! Whoever follows has a feed: a set of rooms, in which each is once however much happens there, so that it is bounded and
//! slows nobody down. An actor, which subscribes to what is committed, fills the feeds. It is made by the first who follows
//! and ends with its handle: while nobody follows, nothing of this is there.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use actix::{Actor, ActorContext as _, Addr, ArbiterHandle, Context, Handler, Message};
use tokio::sync::Notify;

use crate::domain::chat::event::ChatEvent;
use crate::domain::chat::room::RoomKey;
use crate::domain::event::Event;
use crate::domain::news::News;
use crate::store::{BatchEntry, ChatOutcome, Committed, Store};

/// Rooms of one feed; of more it is only said that something has changed somewhere.
const ROOMS_MAX: usize = 10_000;

/// The way to feeds. They get nothing more once it is dropped.
pub struct RoomFeeds {
    store: Store,
    watcher: Addr<RoomWatcher>,
}

/// Which rooms a feed is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FeedScope {
    One(RoomKey),
    AllGroups,
}

/// What has changed since it was asked last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChangedRooms {
    /// Perhaps any; so it is at first.
    Any,
    These(BTreeSet<RoomKey>),
}

/// Rooms in which something has changed.
pub struct RoomFeed(Arc<FeedState>);

struct FeedState {
    scope: FeedScope,
    changed: Mutex<ChangedRooms>,
    wake: Notify,
}

/// Fills the feeds.
struct RoomWatcher {
    feeds: Vec<Weak<FeedState>>,
}

#[derive(Message)]
#[rtype(result = "()")]
struct AddFeed(Weak<FeedState>);

#[derive(Message)]
#[rtype(result = "()")]
struct EndFeeds;

impl RoomFeeds {
    /// Starts what fills feeds, on a thread.
    pub fn start(store: &Store, thread: &ArbiterHandle) -> Self {
        let watcher = RoomWatcher::start_in_arbiter(thread, |_| RoomWatcher { feeds: Vec::new() });
        store.subscribe(watcher.clone().recipient());
        Self { store: store.clone(), watcher }
    }

    /// Opens a feed. What is not told by it is committed by then, and can be read.
    pub async fn open(&self, scope: FeedScope) -> RoomFeed {
        let changed = Mutex::new(ChangedRooms::Any);
        let state = Arc::new(FeedState { scope, changed, wake: Notify::new() });
        if self.watcher.send(AddFeed(Arc::downgrade(&state))).await.is_err() {
            log::debug!("rooms are followed no more");
        }
        // What was on its way to the disk before may have been told to others alone.
        self.store.flush().await;
        RoomFeed(state)
    }
}

impl Drop for RoomFeeds {
    fn drop(&mut self) {
        // Past the bound: once.
        self.watcher.do_send(EndFeeds);
    }
}

impl RoomFeed {
    /// What has changed, once something has.
    pub async fn next(&self) -> ChangedRooms {
        loop {
            match self.now() {
                Some(changed) => return changed,
                None => self.0.wake.notified().await,
            }
        }
    }

    /// What has changed, if something has.
    pub fn now(&self) -> Option<ChangedRooms> {
        let none = ChangedRooms::These(BTreeSet::new());
        match std::mem::replace(&mut *self.0.changed(), none) {
            ChangedRooms::These(rooms) if rooms.is_empty() => None,
            changed @ (ChangedRooms::Any | ChangedRooms::These(_)) => Some(changed),
        }
    }
}

impl FeedState {
    fn changed(&self) -> MutexGuard<'_, ChangedRooms> {
        self.changed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has the next look be at all rooms.
    fn add_all(&self) {
        *self.changed() = ChangedRooms::Any;
        self.wake.notify_one();
    }

    fn add(&self, rooms: &BTreeSet<RoomKey>) {
        let is_wanted = |room: &&RoomKey| match (self.scope, room) {
            (FeedScope::One(only), room) => only == **room,
            (FeedScope::AllGroups, RoomKey::Group(_)) => true,
            (FeedScope::AllGroups, RoomKey::Direct(_)) => false,
        };
        let mut changed = self.changed();
        let ChangedRooms::These(known) = &mut *changed else { return };
        let before = known.len();
        known.extend(rooms.iter().filter(is_wanted).copied());
        if known.len() == before {
            return;
        }
        if known.len() > ROOMS_MAX {
            *changed = ChangedRooms::Any;
        }
        self.wake.notify_one();
    }
}

impl Actor for RoomWatcher {
    type Context = Context<Self>;
}

impl Handler<AddFeed> for RoomWatcher {
    type Result = ();

    fn handle(&mut self, AddFeed(feed): AddFeed, _: &mut Context<Self>) {
        self.feeds.push(feed);
    }
}

impl Handler<EndFeeds> for RoomWatcher {
    type Result = ();

    fn handle(&mut self, EndFeeds: EndFeeds, ctx: &mut Context<Self>) {
        ctx.stop();
    }
}

impl Handler<Committed> for RoomWatcher {
    type Result = ();

    fn handle(&mut self, committed: Committed, _: &mut Context<Self>) {
        let (mut rooms, mut is_known) = (BTreeSet::new(), true);
        for entry in committed.entries.iter() {
            match entry {
                BatchEntry::Command(_, Ok(ChatOutcome::Told { news, before })) => {
                    rooms.extend(before.iter().chain([news]).filter_map(changed_room));
                }
                BatchEntry::Command(_, Err(error)) => is_known &= !error.is_unsettled(),
                BatchEntry::Command(_, Ok(_)) => {}
                BatchEntry::Unsettled => is_known = false,
                BatchEntry::Job(news) => rooms.extend(news.iter().filter_map(changed_room)),
            }
        }
        self.feeds.retain(|feed| match feed.upgrade() {
            Some(feed) => {
                match is_known {
                    true => feed.add(&rooms),
                    // In any room something may have been stored all the same.
                    false => feed.add_all(),
                }
                true
            }
            None => false,
        });
    }
}

/// The room in which a message has changed by something that has happened.
fn changed_room(news: &News) -> Option<RoomKey> {
    match &news.event {
        Event::Chat(
            ChatEvent::MessagePosted(message)
            | ChatEvent::MessageEdited(message)
            | ChatEvent::MessageWithdrawn(message),
        ) => Some(message.room),
        Event::Chat(
            ChatEvent::MessageRepeated(_)
            | ChatEvent::Typing { .. }
            | ChatEvent::Read { .. }
            | ChatEvent::GroupChanged(_)
            | ChatEvent::StatusSet(_)
            | ChatEvent::PresenceChanged(_)
            | ChatEvent::StatusChanged { .. }
            | ChatEvent::Invited { .. }
            | ChatEvent::Noted { .. }
            | ChatEvent::Noticed { .. },
        )
        | Event::Accounts(_)
        | Event::Apps(_)
        | Event::Pubsub(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::GroupId;
    use crate::store::StoreError;

    fn feed(watcher: &mut RoomWatcher) -> RoomFeed {
        let changed = Mutex::new(ChangedRooms::Any);
        let (scope, wake) = (FeedScope::AllGroups, Notify::new());
        let state = Arc::new(FeedState { scope, changed, wake });
        watcher.feeds.push(Arc::downgrade(&state));
        RoomFeed(state)
    }

    async fn tell(watcher: &Addr<RoomWatcher>, entry: BatchEntry<ChatOutcome>) {
        watcher.send(Committed { entries: Arc::new(vec![entry]) }).await.unwrap();
    }

    #[actix_web::test]
    async fn what_may_be_stored_all_the_same_may_be_in_any_room() {
        let mut watcher = RoomWatcher { feeds: Vec::new() };
        let feed = feed(&mut watcher);
        let watcher = watcher.start();
        assert_eq!(feed.now(), Some(ChangedRooms::Any), "at first");
        let failed = |error| BatchEntry::Command(1, Err(Arc::new(error)));
        tell(&watcher, failed(StoreError::Busy)).await;
        assert_eq!(feed.now(), None);
        for entry in [failed(StoreError::Unsettled { cause: String::new() }), BatchEntry::Unsettled]
        {
            tell(&watcher, entry).await;
            assert_eq!(feed.next().await, ChangedRooms::Any);
            assert_eq!(feed.now(), None);
        }
    }

    #[test]
    fn more_rooms_than_a_feed_holds_are_any() {
        let mut watcher = RoomWatcher { feeds: Vec::new() };
        let feed = feed(&mut watcher);
        assert_eq!(feed.now(), Some(ChangedRooms::Any));
        let rooms = |count: usize| -> BTreeSet<RoomKey> {
            let room = |number: i64| RoomKey::Group(GroupId::new(number * 2 + 1).unwrap());
            (1..).take(count).map(room).collect()
        };
        feed.0.add(&rooms(ROOMS_MAX));
        assert_eq!(feed.now(), Some(ChangedRooms::These(rooms(ROOMS_MAX))));
        feed.0.add(&rooms(ROOMS_MAX + 1));
        assert_eq!(feed.now(), Some(ChangedRooms::Any));
    }
}
