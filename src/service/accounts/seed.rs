//! Many users at once, for tests and load runs.

use std::sync::Arc;

use super::{Accounts, AddRefusal};
use crate::auth::token::TokenDraft;
use crate::domain::accounts::name::UserName;
use crate::domain::accounts::user::{Email, User, UserPair};
use crate::domain::clock::Timestamp;
use crate::domain::id::UserId;
use crate::service::OperatorFault;
use crate::store::accounts::crowds::NewCrowd;
use crate::store::accounts::logins::NewLogin;
use crate::store::accounts::writes::{self, UserDraft};

/// Whom to make.
pub struct Crowd {
    pub users: usize,
    /// Who is whose friend, of the users with these ids.
    pub friends: fn(&[UserId]) -> Vec<UserPair>,
    /// The one password of all of them; without it they cannot log in.
    pub password: Option<String>,
}

/// A user who was made.
pub struct SeededUser {
    pub user: User,
    pub email: Email,
    pub token: String,
}

/// Users who were made.
pub struct Seeded {
    /// The users, in the order of their ids.
    pub users: Vec<SeededUser>,
    pub friends: Vec<UserPair>,
}

impl Accounts {
    /// Makes users, all or none.
    ///
    /// # Errors
    /// [`AddRefusal::Password`], [`AddRefusal::Fault`].
    pub async fn seed(&self, crowd: &Crowd) -> Result<Seeded, AddRefusal> {
        let password_hash = self.operators_hash(crowd.password.as_deref())?;
        let now = self.clock.now();
        let users = self.strangers(crowd.users, (&password_hash, now)).await?;
        let ids: Vec<UserId> = users.iter().map(|user| user.id).collect();
        let drafts = ids.iter().map(|_| self.tokens.draft(now)).collect::<Result<Vec<_>, _>>()?;
        let logins = ids.iter().zip(&drafts).map(|(user, draft)| login(*user, draft, now));
        let (logins, friends) = (logins.collect(), (crowd.friends)(&ids));
        let kept = Arc::new(NewCrowd { users, logins, friends, now });
        self.store.run(writes::add_crowd(Arc::clone(&kept))).await?;
        let users = kept.users.iter().zip(&drafts).map(|(new, draft)| {
            let user = User { id: new.id, name: new.name.as_str().to_owned(), profile: None };
            let token = self.tokens.sign(&user, draft)?;
            Ok(SeededUser { user, email: new.email.clone(), token })
        });
        let users = users.collect::<Result<_, OperatorFault>>()?;
        Ok(Seeded { users, friends: kept.friends.clone() })
    }

    async fn strangers(
        &self,
        count: usize,
        (password_hash, created_at): (&str, Timestamp),
    ) -> Result<Vec<UserDraft>, OperatorFault> {
        let ids = self.fresh_ids(count).await?;
        let stranger = |id: UserId| {
            let name = UserName::parse(&format!("u{id}"))?;
            let email = Email::parse(&format!("u{id}@seed.example"))?;
            let (password_hash, imported) = (password_hash.to_owned(), false);
            Some(UserDraft { id, name, email, password_hash, imported, created_at })
        };
        ids.into_iter().map(stranger).collect::<Option<_>>().ok_or(OperatorFault::Ids)
    }
}

fn login(user: UserId, draft: &TokenDraft, created_at: Timestamp) -> NewLogin {
    let (id, expires_at) = (draft.login.clone(), draft.expires_at);
    let agent = Some("tradewind seed".to_owned());
    NewLogin { id, user, agent, network: None, created_at, expires_at }
}
