//! Many users at once, for tests and load runs.

use std::sync::Arc;

use super::{Accounts, AddRefusal};
use crate::auth::token::TokenDraft;
use crate::domain::accounts::friendship::Friendship;
use crate::domain::accounts::name::UserName;
use crate::domain::accounts::user::{Email, User, UserPair};
use crate::domain::clock::Timestamp;
use crate::domain::id::UserId;
use crate::service::OperatorFault;
use crate::store::StoreError;
use crate::store::accounts::logins::{self, NewLogin};
use crate::store::accounts::{friendships, users};
use crate::store::engine::Connection;

/// Whom to make.
pub struct Crowd {
    /// How many users.
    pub users: usize,
    /// Who is whose friend, of the users with these ids.
    pub friends: fn(&[UserId]) -> Vec<UserPair>,
    /// The one password of all of them; without it they cannot log in.
    pub password: Option<String>,
}

/// A user who was made.
pub struct SeededUser {
    /// Who it is.
    pub user: User,
    /// The address.
    pub email: Email,
    /// A token of a log-in.
    pub token: String,
}

/// Users who were made.
pub struct Seeded {
    /// The users, in the order of their ids.
    pub users: Vec<SeededUser>,
    /// Who is whose friend.
    pub friends: Vec<UserPair>,
}

type Person = (UserId, UserName, Email);

/// What is stored in one transaction.
struct Rows {
    people: Vec<Person>,
    logins: Vec<NewLogin>,
    friends: Vec<UserPair>,
    password_hash: String,
    now: Timestamp,
}

impl Accounts {
    /// Makes users, all or none.
    ///
    /// # Errors
    /// [`AddRefusal::Password`], [`AddRefusal::Fault`].
    pub async fn seed(&self, crowd: &Crowd) -> Result<Seeded, AddRefusal> {
        let password_hash = self.operators_hash(crowd.password.as_deref())?;
        let people = self.people(crowd.users).await?;
        let ids: Vec<UserId> = people.iter().map(|(id, _, _)| *id).collect();
        let now = self.clock.now();
        let drafts = ids.iter().map(|_| self.tokens.draft(now)).collect::<Result<Vec<_>, _>>()?;
        let logins = ids.iter().zip(&drafts).map(|(user, draft)| login(*user, draft, now));
        let (logins, friends) = (logins.collect(), (crowd.friends)(&ids));
        let rows = Arc::new(Rows { people, logins, friends, password_hash, now });
        self.keep_crowd(Arc::clone(&rows)).await?;
        let users = rows.people.iter().zip(&drafts).map(|((id, name, email), draft)| {
            let user = User { id: *id, name: name.as_str().to_owned(), profile: None };
            let token = self.tokens.sign(&user, draft)?;
            Ok(SeededUser { user, email: email.clone(), token })
        });
        let users = users.collect::<Result<_, OperatorFault>>()?;
        Ok(Seeded { users, friends: rows.friends.clone() })
    }

    async fn keep_crowd(&self, rows: Arc<Rows>) -> Result<(), StoreError> {
        self.store.write(move |conn: &mut Connection| rows.insert(conn)).await
    }

    async fn people(&self, count: usize) -> Result<Vec<Person>, OperatorFault> {
        let ids = self.fresh_ids(count).await?;
        let person = |id: UserId| {
            let name = UserName::parse(&format!("u{id}"))?;
            Some((id, name, Email::parse(&format!("u{id}@seed.example"))?))
        };
        ids.into_iter().map(person).collect::<Option<_>>().ok_or(OperatorFault::Ids)
    }
}

impl Rows {
    fn insert(&self, conn: &mut Connection) -> Result<(), StoreError> {
        let rows: Vec<users::NewUser<'_>> = self
            .people
            .iter()
            .map(|(id, name, email)| users::NewUser {
                id: *id,
                name,
                email,
                password_hash: &self.password_hash,
                imported: false,
                created_at: self.now,
            })
            .collect();
        users::insert_many(conn, &rows)?;
        logins::insert_many(conn, &self.logins)?;
        friendships::insert_many(conn, &self.friends, Friendship::Friends, self.now)
    }
}

fn login(user: UserId, draft: &TokenDraft, created_at: Timestamp) -> NewLogin {
    let (id, expires_at) = (draft.login.clone(), draft.expires_at);
    let agent = Some("tradewind seed".to_owned());
    NewLogin { id, user, agent, network: None, created_at, expires_at }
}
