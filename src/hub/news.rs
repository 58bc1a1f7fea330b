//! What news mean for the hub: what it knows of those who are there follows them, and all whom they concern are told.
//!
//! Whoever has asked for what happened, and on which node, makes no difference here.

use std::mem;

use super::ChatServer;
use super::presence::Bond;
use super::sessions::Entry;
use crate::delivery::{EventKey, Fanout};
use crate::domain::accounts::event::AccountsEvent;
use crate::domain::accounts::friendship::FriendVerb;
use crate::domain::chat::event::ChatEvent;
use crate::domain::close::CloseReason;
use crate::domain::event::Event;
use crate::domain::id::{SessionId, UserId};
use crate::domain::news::News;

impl ChatServer {
    /// Takes note of news, and tells them. If they are a user's doing, the session that has asked for it is
    /// answered by them.
    pub(super) fn hear(
        &mut self,
        news: News,
        asker: Option<(SessionId, u64)>,
        fanout: &mut Fanout,
    ) -> EventKey {
        match &news.event {
            Event::Chat(ChatEvent::MessagePosted(message)) => {
                self.stop_typing((message.author, message.room), None, fanout);
            }
            Event::Accounts(AccountsEvent::LoginsEnded(ended)) => {
                self.parts.revoked.add(ended.clone(), self.parts.clock.now());
                self.revoked.push(ended.user);
            }
            Event::Chat(_) | Event::Accounts(AccountsEvent::Befriended { .. }) => {}
        }
        let bound = bound(&news.event);
        let event = fanout.tell(news, asker);
        if let Some((pair, bond)) = bound {
            self.presence.bond(pair, bond);
            self.statuses.bond(pair, bond);
            if bond == Bond::Made {
                self.introduce(pair, fanout);
            }
        }
        event
    }

    /// Ends the sessions of log-ins that have ended; to be called once all that happened before is told.
    pub(super) fn end_revoked(&mut self) {
        for user in mem::take(&mut self.revoked) {
            let is_void = |session: &SessionId| {
                let claims = self.sessions.get(*session).and_then(Entry::claims);
                claims.is_some_and(|claims| self.parts.revoked.cover(claims))
            };
            let sessions = self.presence.sessions(user).map(|(session, _)| session);
            for session in sessions.filter(is_void).collect::<Vec<_>>() {
                self.evict(session, CloseReason::TokenRevoked);
            }
        }
        self.tell_transitions();
    }
}

/// The friendship that was made or ended, if that is what happened.
fn bound(event: &Event) -> Option<((UserId, UserId), Bond)> {
    let Event::Accounts(AccountsEvent::Befriended { verb, by, to }) = event else { return None };
    let bond = match verb {
        FriendVerb::Accept => Bond::Made,
        FriendVerb::End => Bond::Ended,
        FriendVerb::Request | FriendVerb::Discard | FriendVerb::Withdraw => return None,
    };
    Some(((by.id, *to), bond))
}
