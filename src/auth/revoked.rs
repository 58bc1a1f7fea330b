//! What has been revoked, in memory: so a token is checked without a question to the database, and a
//! revocation holds from one moment to the next.
//!
//! Loaded from the store at the start; what is revoked later is added once it is committed there.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use crate::domain::clock::Timestamp;
use crate::domain::id::UserId;
use crate::domain::login::{Claims, LoginId, Revocation, Void};

/// Over so many log-ins, those whose tokens have expired are forgotten.
const LOGINS_KEPT: usize = 10_000;

/// The revoked log-ins and void tokens of all users.
#[derive(Debug, Default)]
pub struct Revocations {
    books: RwLock<Books>,
}

#[derive(Debug, Default)]
struct Books {
    /// With the moment at which the last of its tokens expires.
    logins: HashMap<LoginId, Timestamp>,
    voids: HashMap<UserId, Void>,
    /// How many log-ins there may be before expired ones are looked for again.
    logins_max: usize,
}

impl Revocations {
    /// What the store has kept.
    pub fn new(
        logins: impl IntoIterator<Item = (LoginId, Timestamp)>,
        voids: impl IntoIterator<Item = (UserId, Void)>,
    ) -> Self {
        let (logins, voids) = (logins.into_iter().collect(), voids.into_iter().collect());
        Self { books: RwLock::new(Books { logins, voids, logins_max: LOGINS_KEPT }) }
    }

    /// Whether a token with these claims is not to be taken any more.
    pub fn cover(&self, claims: &Claims) -> bool {
        let books = self.books.read().unwrap_or_else(PoisonError::into_inner);
        claims.login.as_ref().is_some_and(|login| books.logins.contains_key(login))
            || books.voids.get(&claims.user).is_some_and(|void| void.covers(claims))
    }

    /// Adds what has been committed.
    pub fn add(&self, revocation: Revocation, now: Timestamp) {
        let Revocation { user, logins, void } = revocation;
        let mut books = self.books.write().unwrap_or_else(PoisonError::into_inner);
        books.logins.extend(logins);
        if let Some(void) = void {
            books.voids.insert(user, void);
        }
        if books.logins.len() > books.logins_max {
            books.logins.retain(|_, expires_at| *expires_at > now);
            books.logins_max = books.logins.len().saturating_mul(2).max(LOGINS_KEPT);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

    fn user(id: i64) -> UserId {
        UserId::new(id).unwrap()
    }

    fn claims(id: i64, login: &str) -> Claims {
        let login = Some(LoginId::new(login));
        Claims { user: user(id), login, issued_at: NOW, expires_at: NOW }
    }

    #[test]
    fn what_is_revoked_is_covered_and_nothing_else() {
        let void = Void { through: NOW, kept: Some(LoginId::new("kept")) };
        let revoked = Revocations::new([(LoginId::new("old"), NOW)], [(user(4), void)]);
        assert!(revoked.cover(&claims(2, "old")));
        assert!(!revoked.cover(&claims(2, "new")));
        assert!(revoked.cover(&claims(4, "new")));
        assert!(!revoked.cover(&claims(4, "kept")));
        let more =
            Revocation { user: user(2), logins: vec![(LoginId::new("new"), NOW)], void: None };
        revoked.add(more, NOW);
        assert!(revoked.cover(&claims(2, "new")));
    }

    #[test]
    fn expired_ones_are_forgotten() {
        let later = NOW.after(std::time::Duration::from_secs(1));
        let name = |number: usize| LoginId::new(&number.to_string());
        let revoked = Revocations::new((0..LOGINS_KEPT).map(|number| (name(number), NOW)), []);
        let more = vec![(name(LOGINS_KEPT), later)];
        revoked.add(Revocation { user: user(2), logins: more, void: None }, NOW);
        assert_eq!(revoked.books.read().unwrap().logins.len(), 1);
        assert!(revoked.cover(&claims(2, &LOGINS_KEPT.to_string())));
    }
}
