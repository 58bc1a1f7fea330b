//! Which sockets of customer chat watch who types, each in one conversation.

use std::time::Duration;

use actix::{Context, Handler};
use foldhash::HashMap;

use super::ChatServer;
use super::messages::{TypeThere, WatchTyping};
use crate::delivery::Fanout;
use crate::domain::apps::event::AppsEvent;
use crate::domain::chat::group::{GroupChange, GroupVerb};
use crate::domain::event::Viewer;
use crate::domain::id::{GroupId, SessionId, UserId};

/// Sockets that watch; of each socket no more than one conversation.
#[derive(Default)]
pub struct Watchers {
    sessions: HashMap<SessionId, Watcher>,
    conversations: HashMap<GroupId, Vec<SessionId>>,
}

struct Watcher {
    user: UserId,
    conversation: Option<GroupId>,
    /// When it was told last that its user types, on the steady clock.
    typed_at: Option<Duration>,
}

impl Watchers {
    /// A socket watches a conversation, and none beside it.
    fn watch(&mut self, session: SessionId, user: UserId, conversation: GroupId) {
        self.forget(session);
        let watcher = Watcher { user, conversation: None, typed_at: None };
        let watcher = self.sessions.entry(session).or_insert(watcher);
        watcher.conversation = Some(conversation);
        self.conversations.entry(conversation).or_default().push(session);
    }

    /// A socket watches nothing any more; when it typed last is known still.
    fn forget(&mut self, session: SessionId) {
        let watcher = self.sessions.get_mut(&session);
        let Some(before) = watcher.and_then(|watcher| watcher.conversation.take()) else { return };
        let Some(watching) = self.conversations.get_mut(&before) else { return };
        watching.retain(|other| *other != session);
        if watching.is_empty() {
            self.conversations.remove(&before);
        }
    }

    /// A socket has gone.
    pub fn leave(&mut self, session: SessionId) {
        if !self.sessions.is_empty() {
            self.forget(session);
            self.sessions.remove(&session);
        }
    }

    /// The user of a socket types: who, and where, if that is to be told.
    fn types(
        &mut self,
        session: SessionId,
        now: Duration,
        interval: Duration,
    ) -> Option<(UserId, GroupId)> {
        let watcher = self.sessions.get_mut(&session)?;
        let conversation = watcher.conversation?;
        let is_early = |at: Duration| now < at.saturating_add(interval);
        if watcher.typed_at.is_some_and(is_early) {
            return None;
        }
        watcher.typed_at = Some(now);
        Some((watcher.user, conversation))
    }

    /// The sockets that watch a conversation, with their users.
    fn of(&self, conversation: GroupId) -> impl Iterator<Item = (SessionId, UserId)> {
        let watching = self.conversations.get(&conversation).map_or(&[][..], Vec::as_slice);
        let known = |session: &SessionId| Some((*session, self.sessions.get(session)?.user));
        watching.iter().filter_map(known)
    }

    /// Somebody is no member of a group any more, if that is what has changed.
    pub fn changed(&mut self, change: &GroupChange) {
        if self.conversations.is_empty() {
            return;
        }
        let gone = match change.verb {
            GroupVerb::Leave => Some(change.by),
            GroupVerb::Kick | GroupVerb::Ban => change.user.as_ref().map(|user| user.id),
            GroupVerb::Create
            | GroupVerb::Rename
            | GroupVerb::Add
            | GroupVerb::Unban
            | GroupVerb::SetRole
            | GroupVerb::Transfer
            | GroupVerb::Offer
            | GroupVerb::Accept
            | GroupVerb::Decline
            | GroupVerb::Delete => return,
        };
        let here = self.of(change.group.id).filter(|(_, user)| Some(*user) == gone);
        for (session, _) in here.collect::<Vec<_>>() {
            self.forget(session);
        }
    }
}

impl Handler<WatchTyping> for ChatServer {
    type Result = ();

    fn handle(&mut self, watch: WatchTyping, _: &mut Context<Self>) {
        let WatchTyping { session, user, conversation } = watch;
        // One that has gone meanwhile would never be forgotten.
        match conversation.filter(|_| self.sessions.get(session).is_some()) {
            Some(conversation) => self.watchers.watch(session, user, conversation),
            None => self.watchers.forget(session),
        }
    }
}

impl Handler<TypeThere> for ChatServer {
    type Result = ();

    fn handle(&mut self, typed: TypeThere, _: &mut Context<Self>) {
        let (now, interval) = (self.parts.clock.steady(), self.settings.typing_interval);
        let typed = self.watchers.types(typed.session, now, interval);
        let Some((user, conversation)) = typed else { return };
        let mut fanout = Fanout::default();
        let event = fanout.event(AppsEvent::Typing { user, conversation });
        for (session, listener) in self.watchers.of(conversation) {
            // To whoever is behind it would come too late.
            if listener != user && !self.is_behind(session) {
                fanout.push_to(event, (listener, Viewer::Peer), session);
            }
        }
        self.deliver(fanout);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: SessionId = SessionId(1);
    const B: SessionId = SessionId(2);
    const SECOND: Duration = Duration::from_secs(1);

    fn group(raw: i64) -> GroupId {
        GroupId::new(raw).unwrap()
    }

    fn user(raw: i64) -> UserId {
        UserId::new(raw).unwrap()
    }

    #[test]
    fn a_socket_watches_one_conversation_at_a_time() {
        let mut watchers = Watchers::default();
        watchers.watch(A, user(2), group(1));
        watchers.watch(B, user(4), group(1));
        watchers.watch(A, user(2), group(3));
        assert!(watchers.of(group(1)).eq([(B, user(4))]));
        assert!(watchers.of(group(3)).eq([(A, user(2))]));
        watchers.forget(A);
        watchers.leave(B);
        assert!(watchers.conversations.is_empty() && watchers.sessions.len() == 1);
        watchers.leave(A);
        assert!(watchers.sessions.is_empty());
    }

    #[test]
    fn a_socket_types_once_in_an_interval_whatever_it_watches() {
        let mut watchers = Watchers::default();
        assert_eq!(watchers.types(A, SECOND, SECOND), None, "without a conversation");
        watchers.watch(A, user(2), group(1));
        assert_eq!(watchers.types(A, SECOND, SECOND), Some((user(2), group(1))));
        watchers.watch(A, user(2), group(3));
        assert_eq!(watchers.types(A, SECOND * 3 / 2, SECOND), None);
        assert_eq!(watchers.types(A, SECOND * 2, SECOND), Some((user(2), group(3))));
    }
}
