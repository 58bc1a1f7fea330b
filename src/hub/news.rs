//! What news mean for the hub: what it knows of those who are there follows them, and all whom they concern are told.
//!
//! Whoever has asked for what happened, and on which node, makes no difference here.

use super::ChatServer;
use super::presence::Bond;
use crate::delivery::{EventKey, Fanout};
use crate::domain::accounts::event::AccountsEvent;
use crate::domain::accounts::friendship::FriendVerb;
use crate::domain::chat::event::ChatEvent;
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
        if let Event::Chat(ChatEvent::MessagePosted(message)) = &news.event {
            self.stop_typing((message.author, message.room), None, fanout);
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
