//! What visitors and agents ask has in common: who asks, and why nothing is done.

use super::Apps;
use crate::domain::apps::app::{App, Level};
use crate::domain::apps::customer::AppUser;
use crate::domain::apps::token::AppToken;
use crate::domain::id::{AppId, UserId};
use crate::service::ServiceFault;
use crate::store::StoreError;
use crate::store::apps::{customer_lookups, lookups};

/// Why nothing is done for a visitor, an agent or an operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CustomerRefusal {
    /// The token is another's.
    #[error("the token is not for this")]
    NotYours,
    #[error("no such user")]
    NoUser,
    #[error("no such device")]
    NoDevice,
    /// What is named is nothing that the asker may see.
    #[error("no such object")]
    NoObject,
    #[error("not allowed")]
    NotAllowed,
    #[error("somebody has that address already")]
    UserExists,
    #[error("no such conversation")]
    NoConversation,
    #[error("the user is no visitor")]
    NotVisitor,
    #[error("no such agent")]
    NoAgent,
    /// A value is none that it may be.
    #[error("a value is invalid")]
    Value,
    /// There is as much of it as there may be.
    #[error("too many")]
    Full,
    #[error(transparent)]
    Fault(#[from] ServiceFault),
}

impl From<StoreError> for CustomerRefusal {
    fn from(error: StoreError) -> Self {
        Self::Fault(error.into())
    }
}

/// Who asks, by a good token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomerAsker {
    pub token: AppToken,
    pub app: App,
    /// Whose the token is, once it is somebody's.
    pub user: Option<AppUser>,
}

impl CustomerAsker {
    /// The level of the token.
    pub const fn level(&self) -> Level {
        self.token.level
    }

    /// Whose the token is.
    ///
    /// # Errors
    /// [`CustomerRefusal::NotYours`] if it is nobody's.
    pub fn user_id(&self) -> Result<UserId, CustomerRefusal> {
        self.user.as_ref().map(|user| user.id).ok_or(CustomerRefusal::NotYours)
    }

    /// Whether an agent asks, or one who administers the app: they see what visitors do not.
    pub fn sees_addresses(&self) -> bool {
        self.level().administers() || self.user.as_ref().is_some_and(|user| user.is_agent)
    }
}

impl Apps {
    /// Who shows a token. `None` if the token is not good, or its app or user are gone.
    ///
    /// # Errors
    /// Each variant of [`ServiceFault`]; [`ServiceFault::TooMany`] if its user asks too often.
    pub async fn asker(&self, text: &str) -> Result<Option<CustomerAsker>, ServiceFault> {
        let Some(token) = self.token(text).await? else { return Ok(None) };
        let Some(user) = token.user else {
            let app = self.store.read(lookups::app(token.app)).await?;
            return Ok(app.map(|app| CustomerAsker { token, app, user: None }));
        };
        self.limits.request_of(user)?;
        let found = self.store.read(customer_lookups::app_and_user(token.app, user)).await?;
        Ok(found.map(|(app, user)| CustomerAsker { token, app, user: Some(user) }))
    }

    /// A user of an app.
    pub(super) async fn user_of(
        &self,
        app: AppId,
        user: UserId,
    ) -> Result<AppUser, CustomerRefusal> {
        let found = self.store.read(customer_lookups::user(app, user)).await?;
        found.ok_or(CustomerRefusal::NoUser)
    }
}
