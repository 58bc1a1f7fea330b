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
            let none = ChangedRooms::These(BTreeSet::new());
            let changed = std::mem::replace(&mut *self.0.changed(), none);
            match changed {
                ChangedRooms::These(rooms) if rooms.is_empty() => self.0.wake.notified().await,
                ChangedRooms::Any | ChangedRooms::These(_) => return changed,
            }
        }
    }

    /// Has the next look be at all rooms.
    pub fn start_over(&self) {
        *self.0.changed() = ChangedRooms::Any;
        self.0.wake.notify_one();
    }
}

impl FeedState {
    fn changed(&self) -> MutexGuard<'_, ChangedRooms> {
        self.changed.lock().unwrap_or_else(PoisonError::into_inner)
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
        let mut rooms = BTreeSet::new();
        for entry in committed.entries.iter() {
            match entry {
                BatchEntry::Command(_, Ok(ChatOutcome::Told { news, before })) => {
                    rooms.extend(before.iter().chain([news]).filter_map(changed_room));
                }
                BatchEntry::Command(_, Ok(_) | Err(_)) => {}
                BatchEntry::Job(news) => rooms.extend(news.iter().filter_map(changed_room)),
            }
        }
        self.feeds.retain(|feed| match feed.upgrade() {
            Some(feed) => {
                feed.add(&rooms);
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
