//! Presence for those who want to know more of it than who comes and goes: who is away, who was seen when,
//! and nothing of a user who is back soon.
//!
//! Changes are gathered and told once a sweep, each as it is then, so however often something
//! changes in between, it is told once.

use std::collections::{HashMap, HashSet};
use std::mem;
use std::time::Duration;

use super::ChatServer;
use super::presence::Bond;
use crate::delivery::Fanout;
use crate::domain::chat::event::{ChatEvent, Presence, Status};
use crate::domain::clock::Timestamp;
use crate::domain::event::{Topic, Viewer};
use crate::domain::id::{SessionId, UserId};
use crate::store::accounts::writes;

/// What friends have been told, and what they have still to be told.
#[derive(Default)]
pub struct Statuses {
    /// Users of whom it was not told that they are offline.
    told: HashMap<UserId, Status>,
    /// Users who may be otherwise than it was told.
    changed: HashSet<UserId>,
    /// Users who have left, and may be back soon.
    left: HashMap<UserId, Left>,
    /// Sessions that read slowly, and the friends of whom they have to be told yet.
    behind: HashMap<SessionId, HashSet<UserId>>,
}

/// A user whose last session has gone.
pub struct Left {
    /// When that is told, on the steady clock.
    pub until: Duration,
    pub at: Timestamp,
    /// Whom it is told.
    pub friends: Vec<UserId>,
}

impl Statuses {
    /// A user has come, or has come back.
    pub fn came(&mut self, user: UserId) {
        self.left.remove(&user);
        self.changed.insert(user);
    }

    /// A user's last session has gone.
    pub fn left(&mut self, user: UserId, left: Left) {
        self.left.insert(user, left);
    }

    /// Something has changed about a user who may be online.
    pub fn changed(&mut self, user: UserId) {
        self.changed.insert(user);
    }

    /// A friendship was made or ended.
    pub fn bond(&mut self, (a, b): (UserId, UserId), bond: Bond) {
        for (user, other) in [(a, b), (b, a)] {
            let Some(left) = self.left.get_mut(&user) else { continue };
            left.friends.retain(|friend| *friend != other);
            // A new one is introduced to somebody who is still said to be there.
            if bond == Bond::Made {
                left.friends.push(other);
            }
        }
    }

    /// The users whose time to come back is over.
    fn gone(&mut self, now: Duration) -> Vec<(UserId, Left)> {
        if self.left.is_empty() {
            return Vec::new();
        }
        self.left.extract_if(|_, left| left.until <= now).collect()
    }
}

impl ChatServer {
    /// How a user is, as his friends are told.
    pub(super) fn presence_of(&self, user: UserId) -> Presence {
        let now = self.parts.clock.now();
        let (status, last_seen) = match self.statuses.left.get(&user) {
            Some(left) => (self.statuses.told.get(&user).copied(), Some(left.at)),
            None => (Some(self.presence.status(user)), None),
        };
        let status = status.unwrap_or(Status::Offline);
        let connected = (status != Status::Offline).then_some(now);
        Presence { user, status, last_seen: last_seen.or(connected) }
    }

    /// Tells friends what has changed since the last time.
    pub(super) fn tell_statuses(&mut self, now: Duration) {
        let changed = mem::take(&mut self.statuses.changed);
        let gone = self.statuses.gone(now);
        let nothing = changed.is_empty() && gone.is_empty() && self.statuses.behind.is_empty();
        if self.drain.is_some() || nothing {
            return;
        }
        let mut fanout = Fanout::default();
        for user in changed {
            let is = self.presence_of(user);
            let offline = is.status == Status::Offline;
            if offline || self.statuses.told.insert(user, is.status) == Some(is.status) {
                continue;
            }
            let friends = self.presence.friends(user).to_vec();
            self.add_status(is, &friends, &mut fanout);
        }
        let mut seen = Vec::new();
        for (user, Left { at, friends, .. }) in gone {
            seen.push((user, at));
            if self.statuses.told.remove(&user).is_some() {
                let is = Presence { user, status: Status::Offline, last_seen: Some(at) };
                self.add_status(is, &friends, &mut fanout);
            }
        }
        self.tell_those_behind(&mut fanout);
        self.deliver(fanout);
        self.keep_last_seen(seen);
    }

    /// Tells two new friends how the other one is.
    pub(super) fn introduce(&mut self, (a, b): (UserId, UserId), fanout: &mut Fanout) {
        for (user, friend) in [(a, b), (b, a)] {
            self.add_status(self.presence_of(user), &[friend], fanout);
        }
    }

    fn add_status(&mut self, is: Presence, friends: &[UserId], fanout: &mut Fanout) {
        let mut event = None;
        for friend in friends {
            for (session, variant) in self.presence.sessions(*friend) {
                if !self.subscribes(variant, Topic::Presence) {
                } else if self.is_behind(session) {
                    self.statuses.behind.entry(session).or_default().insert(is.user);
                } else {
                    let event =
                        *event.get_or_insert_with(|| fanout.event(ChatEvent::PresenceChanged(is)));
                    fanout.push_to(event, (*friend, Viewer::Peer), session);
                }
            }
        }
    }

    /// Tells sessions that have caught up how those are now of whom they were not told.
    fn tell_those_behind(&mut self, fanout: &mut Fanout) {
        let behind = mem::take(&mut self.statuses.behind);
        for (session, friends) in behind {
            let Some(user) = self.sessions.get(session).and_then(|entry| entry.user()) else {
                continue;
            };
            if self.is_behind(session) {
                self.statuses.behind.insert(session, friends);
                continue;
            }
            for friend in friends {
                let event = fanout.event(ChatEvent::PresenceChanged(self.presence_of(friend)));
                fanout.push_to(event, (user, Viewer::Peer), session);
            }
        }
    }

    /// Keeps when users were last seen. Not worth a try more: the next time they go it is known again.
    fn keep_last_seen(&self, seen: Vec<(UserId, Timestamp)>) {
        if seen.is_empty() {
            return;
        }
        let store = self.parts.store.clone();
        actix::spawn(async move {
            if let Err(error) = store.run(writes::set_last_seen(seen)).await {
                log::warn!("when users were last seen is not kept: {error}");
            }
        });
    }
}
