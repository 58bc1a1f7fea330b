//! Visitors: who they are, and how they are shown.

use std::net::IpAddr;
use std::sync::Arc;

use super::Apps;
use super::budgets::Budgeted;
use super::customers::{CustomerAsker, CustomerRefusal};
use crate::auth::key;
use crate::domain::accounts::user::Email;
use crate::domain::apps::app::Level;
use crate::domain::apps::customer::{AppUser, is_icon, is_shown_name, is_trace};
use crate::domain::id::{AppId, UserId};
use crate::store::apps::customer_lookups;
use crate::store::apps::customer_writes::{self, FoundVisitor, VisitorDraft, VisitorKey};
use crate::store::apps::users::FaceChanges;

/// How somebody wants to be shown. What is `None` stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FaceWish {
    pub shown_name: Option<String>,
    pub icon: Option<String>,
    pub email: Option<String>,
}

impl FaceWish {
    /// Whether a name and a picture may be shown.
    fn check(&self) -> Result<(), CustomerRefusal> {
        let name = self.shown_name.as_deref().is_none_or(is_shown_name);
        let icon = self.icon.as_deref().is_none_or(is_icon);
        if name && icon { Ok(()) } else { Err(CustomerRefusal::Value) }
    }
}

impl Apps {
    /// The visitor who has a secret, known or new; from now on the token is the visitor's.
    ///
    /// # Errors
    /// [`CustomerRefusal::Value`] for a secret that is too short, [`CustomerRefusal::NotYours`] if the token is
    /// another's, [`CustomerRefusal::Full`], and faults.
    pub async fn visitor(
        &self,
        asker: &CustomerAsker,
        secret: &str,
        peer: IpAddr,
    ) -> Result<AppUser, CustomerRefusal> {
        if !is_trace(secret) {
            return Err(CustomerRefusal::Value);
        }
        let (app, trace_hash) = (asker.app.id, key::hash_of(secret));
        let known = self.store.read(customer_lookups::visitor_by_trace(app, trace_hash)).await?;
        if known.is_none() && asker.user.is_none() {
            self.admit_visitor(app, Some(peer)).await?;
        }
        let (key, shown_name, icon) = (VisitorKey::Trace(trace_hash), None, None);
        self.find_visitor(asker, VisitorDraft { app, key, shown_name, icon }).await
    }

    /// The visitor who has an address, known or new. A widget's token is the visitor's from now on.
    ///
    /// # Errors
    /// [`CustomerRefusal::NotAllowed`] if the app does not trust its widgets so far,
    /// [`CustomerRefusal::NotVisitor`] if the address is an agent's, [`CustomerRefusal::Value`],
    /// [`CustomerRefusal::NotYours`], [`CustomerRefusal::Full`], and faults.
    pub async fn visitor_with_email(
        &self,
        asker: &CustomerAsker,
        email: &str,
        wish: FaceWish,
        peer: IpAddr,
    ) -> Result<AppUser, CustomerRefusal> {
        if asker.level() == Level::Ppcom && !asker.app.settings.trust_email {
            return Err(CustomerRefusal::NotAllowed);
        }
        wish.check()?;
        let email = Email::parse(email).ok_or(CustomerRefusal::Value)?;
        let app = asker.app.id;
        let look = customer_lookups::user_by_email(app, email.as_str().to_owned());
        let known = self.store.read(look).await?;
        if known.is_none() && asker.user.is_none() {
            let from = (asker.level() == Level::Ppcom).then_some(peer);
            self.admit_visitor(app, from).await?;
        }
        let FaceWish { shown_name, icon, .. } = wish;
        let key = VisitorKey::Email(email);
        self.find_visitor(asker, VisitorDraft { app, key, shown_name, icon }).await
    }

    /// A new visitor, whom an operator makes.
    ///
    /// # Errors
    /// [`CustomerRefusal::UserExists`], [`CustomerRefusal::Value`], [`CustomerRefusal::Full`], and faults.
    pub(super) async fn create_visitor(
        &self,
        asker: &CustomerAsker,
        email: Email,
        wish: FaceWish,
    ) -> Result<AppUser, CustomerRefusal> {
        wish.check()?;
        let app = asker.app.id;
        let look = customer_lookups::user_by_email(app, email.as_str().to_owned());
        if self.store.read(look).await?.is_some() {
            return Err(CustomerRefusal::UserExists);
        }
        self.admit_visitor(app, None).await?;
        let FaceWish { shown_name, icon, .. } = wish;
        let key = VisitorKey::Email(email);
        self.find_visitor(asker, VisitorDraft { app, key, shown_name, icon }).await
    }

    async fn find_visitor(
        &self,
        asker: &CustomerAsker,
        draft: VisitorDraft,
    ) -> Result<AppUser, CustomerRefusal> {
        let token = (asker.level() == Level::Ppcom).then_some(asker.token.hash);
        let (mint, clock) = (Arc::clone(&self.mint), Arc::clone(&self.clock));
        match self.store.run(customer_writes::visitor(draft, token, mint, clock)).await? {
            FoundVisitor::Visitor(user) => Ok(user),
            FoundVisitor::NotYours => Err(CustomerRefusal::NotYours),
            FoundVisitor::Agent => Err(CustomerRefusal::NotVisitor),
        }
    }

    /// Whether an app may have one more visitor, who comes from an address.
    async fn admit_visitor(&self, app: AppId, peer: Option<IpAddr>) -> Result<(), CustomerRefusal> {
        if let Some(peer) = peer {
            let admitted = self.limits.visitor_from(app, peer);
            admitted.map_err(|over| CustomerRefusal::Fault(over.into()))?;
        }
        let mut budgeted = self.visitors.take(app, self.clock.now());
        if budgeted == Budgeted::Unknown {
            let count = self.store.read(customer_lookups::visitors(app)).await?;
            let left = self.settings.visitors_max.saturating_sub(count);
            budgeted = self.visitors.counted(app, left, self.clock.now());
        }
        if budgeted == Budgeted::Yes { Ok(()) } else { Err(CustomerRefusal::Full) }
    }

    /// Changes how a user of the asker's app is shown.
    ///
    /// # Errors
    /// [`CustomerRefusal::NoUser`], [`CustomerRefusal::Value`], [`CustomerRefusal::NotAllowed`] for an address that
    /// the asker may not claim, [`CustomerRefusal::UserExists`] for one that another has, and faults.
    pub async fn change_user(
        &self,
        asker: &CustomerAsker,
        user: UserId,
        wish: FaceWish,
    ) -> Result<(), CustomerRefusal> {
        wish.check()?;
        let app = asker.app.id;
        let known = self.user_of(app, user).await?;
        let email = match wish.email {
            None => None,
            Some(text) => {
                let email = Email::parse(&text).ok_or(CustomerRefusal::Value)?;
                let same = known.email.as_deref() == Some(email.as_str());
                if !same && !may_claim(asker, &known) {
                    return Err(CustomerRefusal::NotAllowed);
                }
                (!same).then(|| Some(email.as_str().to_owned()))
            }
        };
        let changes = FaceChanges { shown_name: wish.shown_name, icon: wish.icon, email };
        let change = customer_writes::change_user(app, user, changes, self.clock.now());
        match self.store.run(change).await {
            Err(error) if error.is_unique_violation() => Err(CustomerRefusal::UserExists),
            done => Ok(done?),
        }
    }

    /// A user of the asker's app whom the asker may see.
    ///
    /// # Errors
    /// [`CustomerRefusal::NoObject`] if there is none, and faults.
    pub async fn seen_user(
        &self,
        asker: &CustomerAsker,
        whom: UserId,
    ) -> Result<AppUser, CustomerRefusal> {
        let app = asker.app.id;
        let found = if asker.level().administers() {
            self.store.read(customer_lookups::user(app, whom)).await?
        } else {
            let look = customer_lookups::seen_user(app, asker.user_id()?, whom);
            self.store.read(look).await?
        };
        found.ok_or(CustomerRefusal::NoObject)
    }
}

/// Whether the address of a user may be set by whoever asks. That of an agent is the account's.
fn may_claim(asker: &CustomerAsker, user: &AppUser) -> bool {
    let vouches = asker.level().administers() || asker.app.settings.trust_email;
    !user.is_agent && vouches
}
