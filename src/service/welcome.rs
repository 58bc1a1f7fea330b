//! What a session is told when it has shown whose it is.

use std::sync::Arc;

use super::{LookUp, Service};
use crate::domain::event::Welcome;
use crate::domain::id::{SessionId, UserId};
use crate::hub::messages::Arrival;
use crate::hub::refusal;
use crate::store::accounts::acquaintances::{self, Acquaintance};
use crate::store::{Batched, Line, Store};

/// How much a session is told at first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Greeting {
    /// Whom its user knows.
    Friends,
    /// Also which rooms the user is in.
    FriendsAndRooms,
}

/// Answers for all at once who ask in a storm of connections.
pub(super) fn acquaintances(store: &Store) -> Batched<UserId, Option<Acquaintance>> {
    Batched::new(store.clone(), acquaintances::of)
}

impl Service {
    /// Who the user of an identified session is and whom they know, and from then on the session is
    /// there; `None` if there is no such user.
    pub fn welcome(
        &self,
        session: SessionId,
        user: UserId,
        greeting: Greeting,
    ) -> impl LookUp<Option<Welcome>> + use<> {
        let (acquaintances, chat) = (self.acquaintances.clone(), self.chat.clone());
        async move {
            // A session asks once at a time, so there are no more questions than sessions.
            let known = acquaintances.get(user).await.map_err(refusal)?;
            let Some(Acquaintance { user, requests, friends }) = known else { return Ok(None) };
            let ids = friends.iter().map(|friend| friend.id).collect();
            let Arrival { online, at, presence } = chat.hub.arrive(session, ids).await?;
            let presence = chat.last_seen(Line::Heavy(user.id), presence).await?;
            let rooms = match greeting {
                Greeting::FriendsAndRooms => Some(chat.rooms(user.id).await?),
                Greeting::Friends => None,
            };
            let epoch = Arc::clone(chat.epoch());
            Ok(Some(Welcome { user, requests, friends, online, at, presence, rooms, epoch }))
        }
    }
}
