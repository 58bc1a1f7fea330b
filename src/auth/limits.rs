//! How often somebody may try to log in or to register.

mod customers;
mod servers;
mod settings;

use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};

use super::rates::{Rate, Rates};
use super::tries::Tries;
use crate::domain::accounts::login::Network;
use crate::domain::accounts::user::Email;
use crate::domain::id::UserId;

pub use settings::Settings;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);
/// How many refusals of one peer are logged, per minute.
const COMPLAINTS: NonZeroU32 = NonZeroU32::MIN;
/// Over so many keys, those that have not been used lately are forgotten.
const KEYS_KEPT: usize = 10_000;

/// A try that came too early.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many tries, the next in {} ms", retry_after.as_millis())]
pub struct TooMany {
    pub retry_after: Duration,
}

/// The limits on logins and registrations of one node.
pub struct RateLimits {
    login_per_ip: Option<Keyed<IpAddr>>,
    /// Wrong ones.
    login_per_email: Option<Tries<(Email, Network)>>,
    login_elsewhere: Option<Tries<Email>>,
    register_per_ip: Option<Keyed<IpAddr>>,
    console_logins: Option<Tries<IpAddr>>,
    app_keys: Option<Tries<IpAddr>>,
    register_per_email: Option<Keyed<Email>>,
    complaint_per_ip: Keyed<IpAddr>,
    clock: DefaultClock,
    start: <DefaultClock as Clock>::Instant,
    reset_per_ip: Option<Keyed<IpAddr>>,
    reset_per_email: Option<Keyed<Email>>,
    api_per_user: Option<Keyed<UserId>>,
    customers: customers::Limits,
    servers: servers::CallLimits,
    commands: Arc<Rates>,
}

impl RateLimits {
    /// Limits as set; none at all if they are not enabled.
    pub fn new(rates: &Settings) -> Self {
        let clock = DefaultClock::default();
        let set = |rate: u32| NonZeroU32::new(rate).filter(|_| rates.enabled);
        let commands = set(rates.commands_per_second)
            .zip(NonZeroU32::new(rates.commands_burst))
            .map(|(per_second, burst)| Rate { per_second, burst });
        Self {
            login_per_ip: set(rates.login_per_ip_per_minute).map(Quota::per_minute).map(Keyed::new),
            login_per_email: set(rates.login_per_email_per_minute)
                .map(|rate| Tries::new(rate.get(), MINUTE)),
            login_elsewhere: set(rates.login_elsewhere_per_email_per_hour)
                .map(|rate| Tries::new(rate.get(), HOUR)),
            register_per_email: set(rates.register_per_email_per_hour)
                .map(Quota::per_hour)
                .map(Keyed::new),
            console_logins: set(rates.console_login_wrong_per_ip_per_minute)
                .map(|rate| Tries::new(rate.get(), MINUTE)),
            app_keys: set(rates.app_key_wrong_per_ip_per_minute)
                .map(|rate| Tries::new(rate.get(), MINUTE)),
            complaint_per_ip: Keyed::new(Quota::per_minute(COMPLAINTS)),
            start: clock.now(),
            clock,
            register_per_ip: set(rates.register_per_ip_per_hour)
                .map(Quota::per_hour)
                .map(Keyed::new),
            reset_per_ip: set(rates.reset_per_ip_per_hour).map(Quota::per_hour).map(Keyed::new),
            reset_per_email: set(rates.reset_per_email_per_hour)
                .map(Quota::per_hour)
                .map(Keyed::new),
            api_per_user: set(rates.api_per_second)
                .zip(NonZeroU32::new(rates.api_burst))
                .map(|(rate, burst)| Keyed::new(Quota::per_second(rate).allow_burst(burst))),
            customers: customers::Limits::new(rates),
            servers: servers::CallLimits::new(rates),
            commands: Rates::new(commands),
        }
    }

    /// What users may ask for, by whatever door.
    pub fn commands(&self) -> &Arc<Rates> {
        &self.commands
    }

    /// A login comes from `ip`. To be asked first, since it bounds how many addresses one peer
    /// can have counted by [`RateLimits::attempt`].
    ///
    /// # Errors
    /// [`TooMany`] if it came too early.
    pub fn login_from(&self, ip: IpAddr) -> Result<(), TooMany> {
        check(self.login_per_ip.as_ref(), &network(ip))
    }

    /// Begins a try at the password of `email`, known or not, from a network.
    ///
    /// # Errors
    /// [`TooMany`] if it came too early after wrong ones from there, or, for strangers there, from
    /// anywhere.
    pub fn attempt(
        &self,
        email: &Email,
        from: Network,
        familiarity: Familiarity,
    ) -> Result<Attempt<'_>, TooMany> {
        let elsewhere = (familiarity == Familiarity::Stranger).then(|| email.clone());
        let now = self.clock.now().duration_since(self.start);
        let mut attempt = Attempt { limits: self, here: None, elsewhere: None };
        if let Some(tries) = &self.login_per_email {
            let key = (email.clone(), from);
            tries.take(&key, now)?;
            attempt.here = Some(key);
        }
        if let Some((tries, email)) = self.login_elsewhere.as_ref().zip(elsewhere) {
            if let Err(over) = tries.take(&email, now) {
                attempt.take_back();
                return Err(over);
            }
            attempt.elsewhere = Some(email);
        }
        Ok(attempt)
    }

    /// Whether a refusal of what comes from `ip` is to be logged: now and then, since a peer can be
    /// refused as often as it likes.
    pub fn is_news(&self, ip: IpAddr) -> bool {
        self.complaint_per_ip.check(&network(ip)).is_ok()
    }

    /// A new password is asked for from `ip`. To be asked first, as [`RateLimits::login_from`].
    ///
    /// # Errors
    /// [`TooMany`] if it came too early.
    pub fn reset_from(&self, ip: IpAddr) -> Result<(), TooMany> {
        check(self.reset_per_ip.as_ref(), &network(ip))
    }

    /// A new password is asked for `email`, known or not.
    ///
    /// # Errors
    /// [`TooMany`] if it came too early.
    pub fn reset_as(&self, email: &Email) -> Result<(), TooMany> {
        check(self.reset_per_email.as_ref(), &email.mailbox())
    }

    /// A request with a token comes from `user`. It counts among his requests, and among all that he asks
    /// for by whatever door.
    ///
    /// # Errors
    /// [`TooMany`] if it came too early.
    pub fn request_of(&self, user: UserId) -> Result<(), TooMany> {
        check(self.api_per_user.as_ref(), &user)?;
        self.commands.of(user).check()
    }

    /// A registration comes from `ip`.
    ///
    /// # Errors
    /// [`TooMany`] if it came too early.
    pub fn register_from(&self, ip: IpAddr) -> Result<(), TooMany> {
        check(self.register_per_ip.as_ref(), &network(ip))
    }

    /// A registration that would have a mail sent to `email`.
    ///
    /// # Errors
    /// [`TooMany`] if it came too early.
    pub fn register_as(&self, email: &Email) -> Result<(), TooMany> {
        check(self.register_per_email.as_ref(), &email.mailbox())
    }
}

impl RateLimits {
    /// Begins a try at the secret of an app's key, or at an agent's password, from an address.
    ///
    /// # Errors
    /// [`TooMany`] if it came too early after wrong ones.
    pub fn key_try(&self, door: KeyDoor, ip: IpAddr) -> Result<KeyTry<'_>, TooMany> {
        let tries = match door {
            KeyDoor::Console => &self.console_logins,
            KeyDoor::Token => &self.app_keys,
        };
        let from = network(ip);
        if let Some(tries) = tries {
            tries.take(&from, self.clock.now().duration_since(self.start))?;
        }
        Ok(KeyTry { tries: tries.as_ref(), from })
    }
}

/// Where the secret of an app's key is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyDoor {
    /// The log-in of the console's page.
    Console,
    /// The endpoint of tokens.
    Token,
}

/// A try at the secret of a key, which stays counted as wrong unless it was right.
pub struct KeyTry<'l> {
    tries: Option<&'l Tries<IpAddr>>,
    from: IpAddr,
}

impl KeyTry<'_> {
    /// The secret was right.
    pub fn right(self) {
        if let Some(tries) = self.tries {
            tries.give_back(&self.from);
        }
    }
}

/// What is known of the network that a try comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Familiarity {
    /// The user has logged in from there before.
    Known,
    /// Nobody knows the network.
    Stranger,
}

/// A try at a password, which stays counted as wrong unless it is taken back.
#[must_use]
pub struct Attempt<'a> {
    limits: &'a RateLimits,
    here: Option<(Email, Network)>,
    elsewhere: Option<Email>,
}

impl Attempt<'_> {
    /// The password was right, or could not be looked at.
    pub fn take_back(self) {
        if let Some((tries, key)) = self.limits.login_per_email.as_ref().zip(self.here) {
            tries.give_back(&key);
        }
        if let Some((tries, key)) = self.limits.login_elsewhere.as_ref().zip(self.elsewhere) {
            tries.give_back(&key);
        }
    }
}

fn check<K: Hash + Eq + Clone>(limit: Option<&Keyed<K>>, key: &K) -> Result<(), TooMany> {
    limit.map_or(Ok(()), |limit| limit.check(key))
}

/// What counts as one peer: an IPv4 address, or a /64 of IPv6, which one household has.
pub(super) fn network(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V4(ip) => IpAddr::V4(ip),
        IpAddr::V6(ip) => IpAddr::V6(Ipv6Addr::from_bits(ip.to_bits() & !u128::from(u64::MAX))),
    }
}

/// One limit for each key.
struct Keyed<K: Hash + Eq + Clone, C: Clock = DefaultClock> {
    limiter: RateLimiter<K, DashMapStateStore<K>, C, NoOpMiddleware<C::Instant>>,
    clock: C,
    /// How many keys there may be before old ones are looked for again.
    keys_max: AtomicUsize,
}

impl<K: Hash + Eq + Clone> Keyed<K> {
    fn new(quota: Quota) -> Self {
        Self::with_clock(quota, DefaultClock::default())
    }

    fn per_hour(rate: NonZeroU32) -> Self {
        Self::new(Quota::per_hour(rate))
    }
}

impl<K: Hash + Eq + Clone, C: Clock + Clone> Keyed<K, C> {
    fn with_clock(quota: Quota, clock: C) -> Self {
        Self {
            limiter: RateLimiter::dashmap_with_clock(quota, clock.clone()),
            clock,
            keys_max: AtomicUsize::new(KEYS_KEPT),
        }
    }

    fn check(&self, key: &K) -> Result<(), TooMany> {
        let outcome = self.limiter.check_key(key).map_err(|not_until| TooMany {
            retry_after: not_until.wait_time_from(self.clock.now()),
        });
        self.forget_old_keys();
        outcome
    }

    /// Looks through all keys, but only when they have doubled since the last time, so that each
    /// try pays for a few of them.
    fn forget_old_keys(&self) {
        if self.limiter.len() > self.keys_max.load(Ordering::Relaxed) {
            self.limiter.retain_recent();
            let next = self.limiter.len().saturating_mul(2).max(KEYS_KEPT);
            self.keys_max.store(next, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use governor::clock::FakeRelativeClock;

    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn per_minute(rate: u32) -> Quota {
        Quota::per_minute(NonZeroU32::new(rate).unwrap())
    }

    #[test]
    fn a_limit_refuses_what_is_over_it_and_says_how_long() {
        let clock = FakeRelativeClock::default();
        let limit = Keyed::with_clock(per_minute(2), clock.clone());
        assert_eq!(limit.check(&"a"), Ok(()));
        assert_eq!(limit.check(&"a"), Ok(()));
        let refused = TooMany { retry_after: Duration::from_secs(30) };
        assert_eq!(limit.check(&"a"), Err(refused));
        assert_eq!(limit.check(&"b"), Ok(()), "each key counts by itself");
        clock.advance(Duration::from_secs(30));
        assert_eq!(limit.check(&"a"), Ok(()));
        assert!(limit.check(&"a").is_err());
    }

    #[test]
    fn old_keys_are_forgotten() {
        let clock = FakeRelativeClock::default();
        let limit = Keyed::with_clock(per_minute(60), clock.clone());
        for key in 0..KEYS_KEPT {
            limit.check(&key).unwrap();
        }
        clock.advance(Duration::from_secs(10));
        assert_eq!(limit.limiter.len(), KEYS_KEPT);
        limit.check(&KEYS_KEPT).unwrap();
        assert_eq!(limit.limiter.len(), 1);
    }

    #[test]
    fn each_door_has_its_own_limit() {
        let rates = Settings {
            login_per_ip_per_minute: 2,
            login_per_email_per_minute: 1,
            login_elsewhere_per_email_per_hour: 2,
            register_per_ip_per_hour: 1,
            ..Settings::default()
        };
        let limits = RateLimits::new(&rates);
        let email = Email::parse("a@b.example").unwrap();
        assert!(limits.login_from(ip("10.0.0.1")).is_ok());
        assert!(limits.login_from(ip("::ffff:10.0.0.1")).is_ok());
        assert!(limits.login_from(ip("10.0.0.1")).is_err());
        let attempt =
            |from, familiarity| limits.attempt(&email, Network::of(ip(from)), familiarity);
        attempt("10.0.1.1", Familiarity::Stranger).unwrap().take_back();
        assert!(attempt("10.0.1.1", Familiarity::Stranger).is_ok());
        assert!(attempt("10.0.1.2", Familiarity::Stranger).is_err(), "the same /24");
        assert!(attempt("10.0.2.1", Familiarity::Stranger).is_ok());
        assert!(attempt("10.0.3.1", Familiarity::Stranger).is_err(), "from everywhere together");
        assert!(attempt("10.0.3.1", Familiarity::Known).is_ok());
        assert!(attempt("10.0.3.1", Familiarity::Known).is_err(), "too often from there");
        assert!(limits.register_from(ip("2001:db8::1")).is_ok());
        assert!(limits.register_from(ip("2001:db8::2")).is_err(), "the same /64");
        assert!(limits.register_from(ip("2001:db8:0:1::2")).is_ok());
    }

    #[test]
    fn limits_that_are_off_let_all_pass() {
        let rates = Settings { enabled: false, register_per_ip_per_hour: 1, ..Settings::default() };
        let limits = RateLimits::new(&rates);
        assert!((0..1_000).all(|_| limits.register_from(ip("10.0.0.1")).is_ok()));
    }
}
