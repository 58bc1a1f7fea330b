//! The life of a registration: its mail, its keys, and what becomes of it.

use tradewind::domain::accounts::user::User;
use tradewind::store::Database;
use tradewind::store::accounts::mails::{KIND, MailJob};
use tradewind::store::accounts::registrations::{self, Mail, NewRegistration};
use tradewind::store::accounts::resets;
use tradewind::store::accounts::users;
use tradewind::store::jobs::Lease;
use tradewind::store::jobs::queue::{self, DueJob};

use super::harness::*;

fn register(database: &Database, who: &str, address: &str, now: i64) -> i64 {
    register_with(database, (who, address), now, Mail::Each)
}

fn register_with(database: &Database, (who, address): (&str, &str), now: i64, mail: Mail) -> i64 {
    let new = NewRegistration {
        name: &name(who),
        email: &email(address),
        password_hash: "hash",
        created_at: at(now),
        expires_at: at(now + 1_000),
    };
    database.write(|conn| registrations::create(conn, &new, mail)).unwrap()
}

fn add_key(database: &Database, registration: i64, key: &[u8], expires_at: i64) -> bool {
    let times = (at(100), at(expires_at));
    let added =
        database.write(|conn| registrations::add_key(conn, registration, key, times)).unwrap();
    added.is_some()
}

fn verify(database: &Database, key: &[u8], user: i64, now: i64) -> Option<User> {
    database.write(|conn| registrations::verify(conn, key, id(user), at(now))).unwrap()
}

/// Mails that are due, claimed under a lease that has run out already: the next look sees them, too.
fn due(database: &Database, now: i64) -> Vec<DueJob> {
    let lease = Lease { by: 0, until: at(now) };
    database.write(|conn| queue::claim(conn, KIND, at(now), lease, 10)).unwrap()
}

fn about(job: &DueJob) -> MailJob {
    MailJob::parse(&job.payload).unwrap()
}

on_both! {
    fn a_key_makes_a_user_once(db) {
        let database = db.open();
        let registration = register(&database, "ann", "ann@x.org", 100);
        assert!(add_key(&database, registration, b"one", 500));
        assert!(add_key(&database, registration, b"two", 500), "each attempt has its own key");
        assert_eq!(verify(&database, b"three", 2, 200), None);
        let ann = User { id: id(2), name: "ann".to_owned(), profile: None };
        assert_eq!(verify(&database, b"one", 2, 200), Some(ann.clone()));
        assert_eq!(verify(&database, b"one", 4, 200), None, "used up");
        assert_eq!(verify(&database, b"two", 4, 200), None, "gone with its registration");
        assert!(due(&database, 1_000).is_empty(), "so is the mail");
        assert!(!add_key(&database, registration, b"four", 500));
        let account = database.read(|conn| users::by_email(conn, &email("ANN@x.org"))).unwrap();
        let account = account.unwrap();
        assert_eq!((account.user, account.email.as_str()), (ann, "ann@x.org"));
        assert_eq!(account.password_hash, "hash");
        assert_eq!(database.id_floor().unwrap(), 2, "a verified user's id is minted");
    }

    fn the_first_verified_gets_name_and_address(db) {
        let database = db.open();
        let rivals = [("ann", "a@x.org"), ("ann", "b@x.org"), ("bob", "a@x.org"), ("cat", "c@x.org")];
        for (key, (who, address)) in (0_u8..).zip(rivals) {
            let registration = register(&database, who, address, 100);
            assert!(add_key(&database, registration, &[key], 500));
        }
        assert!(verify(&database, &[0], 2, 200).is_some());
        assert_eq!(verify(&database, &[1], 4, 200), None, "the name is taken");
        assert_eq!(verify(&database, &[2], 6, 200), None, "the address is taken");
        assert!(verify(&database, &[3], 8, 200).is_some());
        assert_eq!(database.read(users::count).unwrap(), 2);
    }

    fn keys_and_registrations_expire(db) {
        let database = db.open();
        let registration = register(&database, "ann", "ann@x.org", 100);
        assert!(add_key(&database, registration, b"short", 200));
        assert_eq!(verify(&database, b"short", 2, 200), None, "the key has expired");
        let sweep = |now| database.write(|conn| registrations::sweep_expired(conn, at(now))).unwrap();
        assert_eq!(sweep(1_099), 0, "it waits for another mail");
        assert_eq!(verify(&database, b"short", 2, 100), None, "swept");
        assert!(add_key(&database, registration, b"late", 9_000));
        assert_eq!(sweep(1_100), 0, "a mail that went out late leaves as much time as any");
        assert_eq!(verify(&database, b"late", 2, 9_000), None, "that key has expired, too");
        assert_eq!(sweep(9_000), 1);
        assert!(due(&database, i64::MAX).is_empty());
        let next = register(&database, "bob", "bob@x.org", 100);
        assert!(next > registration, "the id of a registration never comes back");
    }

    fn one_mail_waits_for_an_address_and_is_about_the_newest(db) {
        let database = db.open();
        let ann = |now| register_with(&database, ("ann", "ann@x.org"), now, Mail::One);
        let waiting = |now| due(&database, now).iter().map(about).collect::<Vec<_>>();
        let of = MailJob::Registration;
        let (first, second) = (ann(100), ann(200));
        assert_eq!(waiting(900), [of(second)]);
        // One that is on its way when the next comes: what was sent was about the second.
        let sent = due(&database, 900).remove(0);
        let third = ann(300);
        database.write(|conn| queue::finish(conn, &sent)).unwrap();
        assert_eq!(waiting(900), [of(third)]);
        let sent = due(&database, 900).remove(0);
        database.write(|conn| queue::finish(conn, &sent)).unwrap();
        assert_eq!(waiting(900), []);
        let other = register_with(&database, ("bob", "bob@x.org"), 400, Mail::One);
        assert_eq!(waiting(900), [of(other)]);
        for registration in [first, second, third] {
            assert!(add_key(&database, registration, &registration.to_be_bytes(), 500));
        }
    }

    fn a_new_password_that_nobody_can_have_leaves_no_job_while_its_mail_is_on_its_way(db) {
        let database = db.open();
        let address = email("nobody@x.org");
        for _ in 0..3 {
            database.write(|conn| resets::ask(conn, &address, at(100), at(500))).unwrap();
            let jobs = due(&database, 200);
            let [job] = &jobs[..] else { panic!("{jobs:?}") };
            let MailJob::Reset(reset) = about(job) else { panic!("{job:?}") };
            let times = (at(200), at(400));
            let sent = database.write(|conn| resets::add_key(conn, reset, b"key", times)).unwrap();
            assert_eq!(sent, None);
            assert_eq!(due(&database, 300), [], "nor is there a second one beside the next");
            database.write(|conn| queue::finish(conn, job)).unwrap();
        }
    }

    fn mails_wait_their_turn(db) {
        let database = db.open();
        let first = register(&database, "ann", "ann@x.org", 100);
        let second = register(&database, "bob", "bob@x.org", 50);
        assert!(due(&database, 49).is_empty());
        let both = due(&database, 100);
        let of = MailJob::Registration;
        assert_eq!(both.iter().map(about).collect::<Vec<_>>(), [of(second), of(first)]);
        for job in &both {
            database.write(|conn| queue::finish(conn, job)).unwrap();
        }
        assert_eq!(due(&database, 900), []);
        assert!(add_key(&database, first, b"key", 500), "the registration waits on");
    }

    fn no_key_is_added_to_what_has_expired(db) {
        let database = db.open();
        let registration = register(&database, "ann", "ann@x.org", 100);
        let add = |now| {
            let key = [u8::try_from(now % 251).unwrap()];
            let times = (at(now), at(now + 9_000));
            database.write(|conn| registrations::add_key(conn, registration, &key, times)).unwrap()
        };
        let has_expired = |now| database.read(|conn| registrations::has_expired(conn, at(now))).unwrap();
        assert!(has_expired(1_100) && !has_expired(1_099));
        assert_eq!(add(1_100), None);
        assert_eq!(add(1_099).as_deref(), Some("ann@x.org"));
        assert!(!has_expired(1_100), "a mail that went out late leaves as much time as any");
        assert!(has_expired(10_099));
    }
}
