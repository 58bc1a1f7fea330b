//! Who types where, until he stops or it is too long ago.

use std::collections::HashMap;
use std::time::Duration;

use super::ChatServer;
use crate::delivery::Fanout;
use crate::domain::chat::event::ChatEvent;
use crate::domain::chat::room::RoomKey;
use crate::domain::event::{Topic, Viewer};
use crate::domain::id::{SessionId, UserId};
use crate::domain::news::Recipients;
use crate::domain::principal::Mailbox;

/// How long one types who does not say it again.
const TYPING_KEPT: Duration = Duration::from_secs(6);

/// Users who type. No more than their sessions may ask for in that time.
#[derive(Default)]
pub struct Typists {
    typing: HashMap<(UserId, RoomKey), Typist>,
}

struct Typist {
    until: Duration,
    recipients: Recipients,
}

impl ChatServer {
    /// A user types, or does not any more, as one of his sessions says.
    pub(super) fn typed(
        &mut self,
        (user, room, typing): (UserId, RoomKey, bool),
        recipients: Recipients,
        session: Option<SessionId>,
        fanout: &mut Fanout,
    ) {
        let key = (user, room);
        if !typing {
            return self.stop_typing(key, session, fanout);
        }
        let until = self.parts.clock.steady().saturating_add(TYPING_KEPT);
        match self.typists.typing.get_mut(&key) {
            Some(typist) => typist.until = until,
            None => {
                self.tell_typing(key, &recipients, (true, session), fanout);
                self.typists.typing.insert(key, Typist { until, recipients });
            }
        }
    }

    /// A user does not type any more.
    pub(super) fn stop_typing(
        &mut self,
        key: (UserId, RoomKey),
        session: Option<SessionId>,
        fanout: &mut Fanout,
    ) {
        if self.typists.typing.is_empty() {
            return;
        }
        if let Some(typist) = self.typists.typing.remove(&key) {
            self.tell_typing(key, &typist.recipients, (false, session), fanout);
        }
    }

    /// Ends what has not been said again for too long.
    pub(super) fn end_typing(&mut self, now: Duration) {
        if self.typists.typing.is_empty() {
            return;
        }
        let ended: Vec<_> =
            self.typists.typing.extract_if(|_, typist| typist.until <= now).collect();
        let mut fanout = Fanout::default();
        for (key, typist) in ended {
            self.tell_typing(key, &typist.recipients, (false, None), &mut fanout);
        }
        self.deliver(fanout);
    }

    fn tell_typing(
        &self,
        (user, room): (UserId, RoomKey),
        recipients: &Recipients,
        (typing, except): (bool, Option<SessionId>),
        fanout: &mut Fanout,
    ) {
        let event = fanout.event(ChatEvent::Typing { user, room, typing });
        let others = recipients.others(Some(user)).map(|other| (other, Viewer::Peer));
        for (mailbox, viewer) in others.chain([(Mailbox::User(user), Viewer::OwnOther)]) {
            for (session, variant) in self.sessions_at(mailbox) {
                // To whoever is behind it would come too late.
                if Some(session) != except
                    && self.subscribes(variant, Topic::Typing)
                    && !self.is_behind(session)
                {
                    fanout.push_to(event, (mailbox, viewer), session);
                }
            }
        }
    }

    /// Whether the peer of a session reads too slowly to be told what will soon be old.
    pub(super) fn is_behind(&self, session: SessionId) -> bool {
        self.sessions.get(session).is_some_and(|entry| entry.handle.is_congested())
    }
}
