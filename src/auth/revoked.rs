//! Which log-ins live and which were ended, in memory: so a token is checked without a question to the
//! database, and a revocation holds from one moment to the next.
//!
//! Loaded from the store at the start; what is begun or revoked later is added once it is committed
//! there. A log-in that is in neither book is looked up once: it may have begun in another process.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::domain::accounts::login::{Claims, LoginId, Revocation, Void};
use crate::domain::clock::Timestamp;
use crate::domain::id::UserId;

/// Over so many ended log-ins, those whose tokens have expired are forgotten.
const ENDED_KEPT: usize = 10_000;

/// How a token stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenStanding {
    Lives,
    /// The token was revoked.
    Ended,
    /// The token's log-in is in no book.
    Unknown,
}

/// The log-ins and void tokens of all users.
#[derive(Default)]
pub struct Revocations {
    books: RwLock<RevocationBooks>,
}

#[derive(Debug)]
struct RevocationBooks {
    /// The users of living log-ins. About 40 bytes each, until a log-in ends or is swept.
    living: foldhash::HashMap<[u8; 16], UserId>,
    /// With the moment at which the last of their tokens expires.
    ended: HashMap<LoginId, Timestamp>,
    voids: HashMap<UserId, Void>,
    /// How many ended log-ins there may be before expired ones are looked for again.
    ended_max: usize,
}

impl Revocations {
    /// What the store has kept of revocations.
    pub fn new(
        ended: impl IntoIterator<Item = (LoginId, Timestamp)>,
        voids: impl IntoIterator<Item = (UserId, Void)>,
    ) -> Self {
        let (ended, voids) = (ended.into_iter().collect(), voids.into_iter().collect());
        let books = RwLock::new(RevocationBooks { ended, voids, ..RevocationBooks::default() });
        Self { books }
    }

    /// How a token with these claims stands.
    pub fn standing(&self, claims: &Claims) -> TokenStanding {
        let books = self.read();
        if books.cover(claims) {
            return TokenStanding::Ended;
        }
        // Another program's that has our key: there is no log-in to look for, only voids end it.
        let Some(login) = &claims.login else { return TokenStanding::Lives };
        match key(login).and_then(|key| books.living.get(&key)) {
            Some(user) if *user == claims.user => TokenStanding::Lives,
            Some(_) => TokenStanding::Ended,
            None => TokenStanding::Unknown,
        }
    }

    /// Whether a token with these claims was revoked.
    pub fn cover(&self, claims: &Claims) -> bool {
        self.read().cover(claims)
    }

    /// Adds a log-in that goes on. False if it was ended meanwhile.
    pub fn admit(&self, login: &LoginId, user: UserId) -> bool {
        let mut books = self.write();
        let lives = !books.ended.contains_key(login);
        if let Some(key) = key(login).filter(|_| lives) {
            books.living.insert(key, user);
        }
        lives
    }

    /// A log-in of a token that expires at a moment does not exist, and never will again.
    pub fn bury(&self, login: LoginId, expires_at: Timestamp, now: Timestamp) {
        self.write().end([(login, expires_at)], now);
    }

    /// The store has forgotten these log-ins.
    pub fn forget(&self, logins: &[LoginId]) {
        let mut books = self.write();
        for key in logins.iter().filter_map(key) {
            books.living.remove(&key);
        }
    }

    /// Adds what has been revoked and committed.
    pub fn add(&self, revocation: Revocation, now: Timestamp) {
        let Revocation { user, logins, void } = revocation;
        let mut books = self.write();
        if let Some(void) = void {
            books.voids.insert(user, void);
        }
        books.end(logins, now);
    }

    fn read(&self) -> RwLockReadGuard<'_, RevocationBooks> {
        self.books.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, RevocationBooks> {
        self.books.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for RevocationBooks {
    fn default() -> Self {
        let (living, ended, voids) = Default::default();
        Self { living, ended, voids, ended_max: ENDED_KEPT }
    }
}

impl RevocationBooks {
    fn cover(&self, claims: &Claims) -> bool {
        claims.login.as_ref().is_some_and(|login| self.ended.contains_key(login))
            || self.voids.get(&claims.user).is_some_and(|void| void.covers(claims))
    }

    fn end(&mut self, logins: impl IntoIterator<Item = (LoginId, Timestamp)>, now: Timestamp) {
        for (login, expires_at) in logins {
            if let Some(key) = key(&login) {
                self.living.remove(&key);
            }
            self.ended.insert(login, expires_at);
        }
        if self.ended.len() > self.ended_max {
            self.ended.retain(|_, expires_at| *expires_at > now);
            self.ended_max = self.ended.len().saturating_mul(2).max(ENDED_KEPT);
        }
    }
}

/// The 128 bits of a name that we have drawn; others are looked up each time. As bytes, which take 25 bytes a place
/// of the table with their user; as a number it would be 33.
fn key(login: &LoginId) -> Option<[u8; 16]> {
    let mut bits = [0; 16];
    match URL_SAFE_NO_PAD.decode_slice(login.as_str(), &mut bits) {
        Ok(16) => Some(bits),
        Ok(_) | Err(_) => None,
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
    fn a_log_in_lives_from_its_begin_to_its_end() {
        let name = |bits: u128| LoginId::new(&URL_SAFE_NO_PAD.encode(bits.to_be_bytes()));
        let logins = Revocations::default();
        let standing = |login: &LoginId| logins.standing(&claims(2, login.as_str()));
        let (one, two, odd) = (name(0), name(u128::MAX), LoginId::new("odd"));
        for login in [&one, &two, &odd] {
            assert_eq!(standing(login), TokenStanding::Unknown);
            assert!(logins.admit(login, user(2)));
        }
        assert_eq!([&one, &two].map(standing), [TokenStanding::Lives; 2]);
        assert_eq!(standing(&odd), TokenStanding::Unknown, "that is no name of ours");
        assert_eq!(standing(&name(1)), TokenStanding::Unknown);
        assert_eq!(
            logins.standing(&claims(4, two.as_str())),
            TokenStanding::Ended,
            "it is another's"
        );
        let nameless = Claims { login: None, ..claims(2, "") };
        assert_eq!(logins.standing(&nameless), TokenStanding::Lives);

        logins.forget(&[two.clone(), odd.clone()]);
        assert_eq!(standing(&two), TokenStanding::Unknown);
        let ended = Revocation { user: user(2), logins: vec![(one.clone(), NOW)], void: None };
        logins.add(ended, NOW);
        logins.bury(odd.clone(), NOW, NOW);
        assert_eq!([&one, &odd].map(standing), [TokenStanding::Ended; 2]);
        // Who has looked it up before it ended comes too late.
        assert!(!logins.admit(&one, user(2)));
        assert_eq!(standing(&one), TokenStanding::Ended);
    }

    #[test]
    fn expired_ones_are_forgotten() {
        let later = NOW.after(std::time::Duration::from_secs(1));
        let name = |number: usize| LoginId::new(&number.to_string());
        let revoked = Revocations::new((0..ENDED_KEPT).map(|number| (name(number), NOW)), []);
        let more = vec![(name(ENDED_KEPT), later)];
        revoked.add(Revocation { user: user(2), logins: more, void: None }, NOW);
        assert_eq!(revoked.read().ended.len(), 1);
        assert!(revoked.cover(&claims(2, &ENDED_KEPT.to_string())));
    }
}
