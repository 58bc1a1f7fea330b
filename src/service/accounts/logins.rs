//! Log-ins, and the tokens for them.

use std::collections::HashMap;

use super::{Accounts, Login, Peer};
use crate::auth::token::TokenDraft;
use crate::domain::accounts::login::{self, Claims, LoginId, Network};
use crate::domain::accounts::user::User;
use crate::domain::clock::Timestamp;
use crate::domain::error::Refusal;
use crate::domain::id::UserId;
use crate::service::{OperatorFault, ServiceFault};
use crate::store::Line;
use crate::store::accounts::logins::{Begun, NewLogin};
use crate::store::accounts::users::Account;
use crate::store::accounts::{lookups, writes};

/// A further token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Renewed {
    pub token: String,
    pub expires_at: Timestamp,
}

/// A log-in that goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenLogin {
    pub login: Login,
    /// How many sockets it has open now.
    pub sockets: usize,
}

impl Accounts {
    /// A token for whoever knows the password of an address; `None` if it is another. The peer has been admitted.
    ///
    /// # Errors
    /// Each variant of [`ServiceFault`].
    pub async fn log_in(
        &self,
        email: &str,
        password: &str,
        peer: Peer,
    ) -> Result<Option<String>, ServiceFault> {
        let claim = self.claim_of_address(email, peer.address).await?;
        match self.prove(claim, password.to_owned()).await? {
            Some(account) => self.begin(account, peer).await,
            None => Ok(None),
        }
    }

    /// Begins a log-in of an account whose password was found good. `None` if the password is another by now, or
    /// the user is gone.
    async fn begin(&self, account: Account, peer: Peer) -> Result<Option<String>, ServiceFault> {
        let draft = self.tokens.draft(self.clock.now())?;
        let Account { user, password_hash, .. } = account;
        let new = self.new_login(user.id, &draft, Some(peer));
        let begin = writes::begin_login(new, password_hash, self.settings.logins_per_user_max);
        let Begun::Stored(through) = self.run_told(begin).await? else { return Ok(None) };
        log::info!("user {} logged in", user.id);
        self.tokens.revoked().admit(&draft.login, user.id);
        Ok(Some(self.tokens.sign(&user, &draft.after(through))?))
    }

    /// A further token of the log-in of a good one; `None` if it was ended meanwhile.
    ///
    /// # Errors
    /// [`ServiceFault::Busy`], [`ServiceFault::Internal`].
    pub async fn renew(
        &self,
        user: User,
        claims: Claims,
        peer: Peer,
    ) -> Result<Option<Renewed>, ServiceFault> {
        let now = self.clock.now();
        let draft = match &claims.login {
            Some(login) => self.tokens.draft_for(login.clone(), now),
            None => self.tokens.draft(now)?,
        };
        let expires_at = draft.expires_at;
        let new = self.new_login(user.id, &draft, Some(peer));
        let renew = writes::renew_login(new, claims, self.settings.logins_per_user_max);
        let Begun::Stored(through) = self.run_told(renew).await? else { return Ok(None) };
        let token = self.tokens.sign(&user, &draft.after(through))?;
        Ok(Some(Renewed { token, expires_at }))
    }

    /// A token of a new log-in of a user, whatever the password, by whatever calls itself `agent`: for operators.
    ///
    /// # Errors
    /// [`OperatorFault::Store`], [`OperatorFault::Auth`].
    pub async fn issue(&self, user: &User, agent: &str) -> Result<String, OperatorFault> {
        let draft = self.tokens.draft(self.clock.now())?;
        let new = NewLogin { agent: login::agent(agent), ..self.new_login(user.id, &draft, None) };
        let issue = writes::issue_login(new, self.settings.logins_per_user_max);
        let through = self.run_told(issue).await?;
        self.tokens.revoked().admit(&draft.login, user.id);
        Ok(self.tokens.sign(user, &draft.after(through))?)
    }

    /// The log-ins of a user that go on, the one renewed last first.
    ///
    /// # Errors
    /// [`ServiceFault::Busy`], [`ServiceFault::Internal`].
    pub async fn logins(&self, user: UserId) -> Result<Vec<OpenLogin>, ServiceFault> {
        let look = lookups::logins(user, self.clock.now());
        let logins = self.store.read_for(Line::Heavy(user), look).await?;
        let mut sockets: HashMap<LoginId, usize> = HashMap::new();
        let open = self.hub.sockets_of(user).await.map_err(|_: Refusal| ServiceFault::Busy)?;
        for login in open.into_iter().flatten() {
            let count = sockets.entry(login).or_default();
            *count = count.saturating_add(1);
        }
        let open = |login: Login| {
            let sockets = sockets.get(&login.id).copied().unwrap_or(0);
            OpenLogin { login, sockets }
        };
        Ok(logins.into_iter().map(open).collect())
    }

    fn new_login(&self, user: UserId, draft: &TokenDraft, peer: Option<Peer>) -> NewLogin {
        NewLogin {
            id: draft.login.clone(),
            user,
            network: peer.as_ref().map(|peer| Network::of(peer.address)),
            agent: peer.and_then(|peer| login::agent(&peer.agent?)),
            created_at: self.clock.now(),
            expires_at: draft.expires_at,
        }
    }
}
