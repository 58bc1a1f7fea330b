//! What a session is told when it has shown whose it is.

use std::collections::HashMap;
use std::sync::Arc;

use super::{LookUp, Service};
use crate::domain::accounts::user::User;
use crate::domain::event::Welcome;
use crate::domain::id::{SessionId, UserId};
use crate::hub::messages::Arrival;
use crate::hub::refusal;
use crate::store::accounts::{friendships, users};
use crate::store::engine::Connection;
use crate::store::{Batched, Line, Store, StoreError};

/// How much a session is told at first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Greeting {
    /// Whom its user knows.
    Friends,
    /// Also which rooms the user is in.
    FriendsAndRooms,
}

/// Who a user is and whom they know.
pub(super) struct Acquaintance {
    user: User,
    requests: Vec<User>,
    friends: Vec<User>,
}

/// Answers for all at once who ask in a storm of connections.
pub(super) fn acquaintances(store: &Store) -> Batched<UserId, Option<Acquaintance>> {
    Batched::new(store.clone(), of_users)
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

fn of_users(
    conn: &mut Connection,
    ids: &[UserId],
) -> Result<Vec<Option<Acquaintance>>, StoreError> {
    let users = users::by_ids(conn, ids)?;
    let requests = friendships::requests_to(conn, ids)?;
    let friends = friendships::friends_of(conn, ids)?;
    let known = |id| {
        let of = |lists: &HashMap<UserId, Vec<User>>| lists.get(id).cloned().unwrap_or_default();
        let user = users.get(id)?.clone();
        Some(Acquaintance { user, requests: of(&requests), friends: of(&friends) })
    };
    Ok(ids.iter().map(known).collect())
}
