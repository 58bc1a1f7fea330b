//! Friends, and who wants to be one.

use super::Accounts;
use crate::domain::accounts::command::AccountsWrite;
use crate::domain::accounts::event::{AccountsEvent, Requests};
use crate::domain::accounts::friendship::FriendVerb;
use crate::domain::accounts::user::User;
use crate::domain::accounts::user::Who;
use crate::domain::error::Refusal;
use crate::domain::event::Event;
use crate::domain::id::UserId;
use crate::service::{LookUp, look_up};
use crate::store::Line;
use crate::store::accounts::lookups;

/// Something was done about a friendship.
struct Befriended;

impl TryFrom<Event> for Befriended {
    type Error = Event;

    fn try_from(event: Event) -> Result<Self, Event> {
        match event {
            Event::Accounts(AccountsEvent::Befriended { .. }) => Ok(Self),
            Event::Accounts(AccountsEvent::LoginsEnded(_))
            | Event::Chat(_)
            | Event::Apps(_)
            | Event::Pubsub(_) => Err(event),
        }
    }
}

impl Accounts {
    /// A user's friends, oldest friendship first.
    pub fn friends(&self, user: UserId) -> impl LookUp<Vec<User>> + use<> {
        look_up(&self.store, Line::Heavy(user), lookups::friends(user))
    }

    /// Does something about the friendship with another user.
    ///
    /// # Errors
    /// Why it was not done.
    pub async fn befriend(&self, me: UserId, verb: FriendVerb, who: Who) -> Result<(), Refusal> {
        let Befriended = self.hub.change(me, AccountsWrite::Befriend { verb, who }).await?;
        Ok(())
    }

    /// Who has asked for a user's friendship, and whom the user has asked; oldest request first.
    pub fn friend_requests(&self, user: UserId) -> impl LookUp<Requests> + use<> {
        look_up(&self.store, Line::Heavy(user), lookups::requests(user))
    }
}
