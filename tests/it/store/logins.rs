//! Log-ins: stored, listed, revoked, swept; and what is loaded at a start.

use std::sync::Arc;
use std::time::Duration;

use tradewind::auth::token::Tokens;
use tradewind::domain::accounts::login::{LoginId, Network, Proof, Which};
use tradewind::domain::clock::Timestamp;
use tradewind::domain::id::UserId;
use tradewind::store::Database;
use tradewind::store::accounts::living;
use tradewind::store::accounts::logins::{self, Begun, NewLogin};

use super::harness::*;

const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);
const DAY: Duration = Duration::from_secs(86_400);

fn login(id: &str, user: UserId, created_at: Timestamp) -> NewLogin {
    let (agent, expires_at) = (Some("test".to_owned()), created_at.after(DAY));
    NewLogin { id: LoginId::new(id), user, agent, network: None, created_at, expires_at }
}

fn names(database: &Database, user: UserId, now: Timestamp) -> Vec<String> {
    let logins = database.read(|conn| logins::of(conn, user, now)).unwrap();
    logins.into_iter().map(|login| login.id.as_str().to_owned()).collect()
}

on_both! {
    fn log_ins_beyond_the_bound_end_with_the_one_renewed_longest_ago(db) {
        let database = db.open();
        let alice = id(2);
        make_users(&database, &[2]);
        let at = |seconds| NOW.after(Duration::from_secs(seconds));
        let stored = |name, seconds| {
            let new = login(name, alice, at(seconds));
            let max = 2;
            database.write(|conn| {
                logins::insert(conn, &new)?;
                logins::trim(conn, &new, max)
            }).unwrap().map(|ended| ended.logins)
        };
        assert_eq!(stored("a", 1), None);
        assert_eq!(stored("b", 2), None);
        assert_eq!(stored("c", 3), Some(vec![(LoginId::new("a"), at(1).after(DAY))]));
        assert_eq!(names(&database, alice, NOW), ["c", "b"]);
        // A clock that was set back: never the one that has just begun.
        assert_eq!(stored("d", 0), Some(vec![(LoginId::new("b"), at(2).after(DAY))]));
        assert_eq!(names(&database, alice, NOW), ["c", "d"]);
    }

    fn a_network_is_known_from_log_ins_even_ended_ones_until_they_are_forgotten(db) {
        let database = db.open();
        make_users(&database, &[2, 4]);
        let network = |text: &str| Network::of(text.parse().unwrap());
        let new = NewLogin { network: Some(network("192.0.2.1")), ..login("a", id(2), NOW) };
        database.write(|conn| logins::insert(conn, &new)).unwrap();
        let knows = |user, ip| {
            database.read(|conn| logins::came_from(conn, id(user), &network(ip))).unwrap()
        };
        assert!(knows(2, "192.0.2.99"));
        assert!(!knows(2, "192.0.3.1") && !knows(4, "192.0.2.1") && !knows(2, "::1"));
        let all = Which::AllBut(None);
        database.write(|conn| logins::revoke(conn, id(2), &all, NOW)).unwrap();
        assert!(knows(2, "192.0.2.99"));
        database.write(|conn| logins::forget_peers(conn, id(2))).unwrap();
        assert!(!knows(2, "192.0.2.99"));
    }

    fn log_ins_begin_and_are_revoked_one_by_one_or_all_but_one(db) {
        let database = db.open();
        let (alice, bob) = (id(2), id(4));
        make_users(&database, &[2, 4]);
        let later = NOW.after(Duration::from_secs(1));
        let new = [login("a", alice, NOW), login("b", alice, later), login("c", alice, NOW)];
        database.write(|conn| {
            logins::insert_many(conn, &new)?;
            logins::insert(conn, &login("x", bob, NOW))
        }).unwrap();
        assert_eq!(names(&database, alice, NOW), ["b", "a", "c"]);
        assert_eq!(names(&database, bob, NOW.after(DAY)), [] as [&str; 0]);

        let revoke = |user, which| database.write(|conn| logins::revoke(conn, user, &which, later));
        let one = |name| Which::One(LoginId::new(name));
        let revoked = revoke(alice, one("a")).unwrap();
        assert_eq!(revoked.logins, [(LoginId::new("a"), NOW.after(DAY))]);
        assert_eq!(revoked.void, None);
        // Once is enough, and it must be one's own.
        assert_eq!(revoke(alice, one("a")).unwrap().logins, []);
        assert_eq!(revoke(alice, one("x")).unwrap().logins, []);
        assert_eq!(names(&database, bob, NOW), ["x"]);
        assert_eq!(names(&database, alice, NOW), ["b", "c"]);

        let revoked = revoke(alice, Which::AllBut(Some(LoginId::new("b")))).unwrap();
        assert_eq!(revoked.logins, [(LoginId::new("c"), NOW.after(DAY))]);
        let void = revoked.void.unwrap();
        assert_eq!((void.through, &void.kept), (later, &Some(LoginId::new("b"))));
        assert_eq!(names(&database, alice, NOW), ["b"]);
        assert_eq!(database.read(logins::voids).unwrap(), [(alice, void)]);
        // Again, and the last word counts.
        let revoked = revoke(alice, Which::AllBut(None)).unwrap();
        assert_eq!(database.read(logins::voids).unwrap(), [(alice, revoked.void.unwrap())]);
        assert_eq!(names(&database, alice, NOW), [] as [&str; 0]);

        // What is asked of a token, and what a start loads.
        let proof = |user, name| {
            database.read(|conn| living::proof(conn, user, Some(&LoginId::new(name)))).unwrap()
        };
        for (user, name, expected) in [
            (bob, "x", Proof::Lives),
            (alice, "x", Proof::Ended),
            (alice, "a", Proof::Ended),
            (alice, "unheard of", Proof::Ended),
            (alice, "", Proof::Ended),
            (id(8), "x", Proof::NoUser),
        ] {
            assert_eq!(proof(user, name), expected, "{user} {name}");
        }
        assert_eq!(database.read(|conn| living::proof(conn, bob, None)).unwrap(), Proof::Ended);
        let page = |above| {
            database.read(|conn| living::page(conn, &LoginId::new(above), 10)).unwrap()
        };
        assert_eq!((page(""), page("x")), (vec![(LoginId::new("x"), bob)], vec![]));
        let mut kept = database.read(|conn| logins::revoked(conn, NOW)).unwrap();
        kept.sort_by(|a, b| a.0.as_str().cmp(b.0.as_str()));
        let names: Vec<&str> = kept.iter().map(|(login, _)| login.as_str()).collect();
        assert_eq!(names, ["a", "b", "c"]);
        let through = database.write(|conn| logins::insert(conn, &login("d", alice, later)));
        assert_eq!(through.unwrap(), Some(later));
    }

    fn a_log_in_begins_with_the_password_that_is_still_the_users(db) {
        let database = db.open();
        make_users(&database, &[2]);
        let begin = |name, hash: &str| {
            let new = login(name, id(2), NOW);
            database.write(|conn| logins::begin(conn, &new, hash)).unwrap()
        };
        assert_eq!(begin("a", "hash"), Begun::Stored(None));
        assert_eq!(begin("b", "another"), Begun::Refused);
        let nobody = login("c", id(8), NOW);
        let begun = database.write(|conn| logins::begin(conn, &nobody, "hash")).unwrap();
        assert_eq!(begun, Begun::Refused);
        assert_eq!(names(&database, id(2), NOW), ["a"]);
    }

    fn expired_log_ins_are_swept(db) {
        let database = db.open();
        make_users(&database, &[2]);
        let later = NOW.after(Duration::from_secs(10));
        for (name, at) in [("a", NOW), ("b", NOW), ("c", later)] {
            database.write(|conn| logins::insert(conn, &login(name, id(2), at))).unwrap();
        }
        let sweep = |rows| database.write(|conn| logins::sweep(conn, NOW.after(DAY), rows)).unwrap();
        assert_eq!([sweep(1), sweep(10), sweep(10)].map(|swept| swept.len()), [1, 1, 0]);
        assert_eq!(names(&database, id(2), NOW), ["c"]);
        let which = Which::One(LoginId::new("c"));
        database.write(|conn| logins::revoke(conn, id(2), &which, NOW)).unwrap();
        assert_eq!(database.read(|conn| logins::revoked(conn, later.after(DAY))).unwrap(), []);
    }
}

#[test]
fn a_draft_is_stored_under_the_name_that_the_token_says() {
    let tokens = Tokens::new(&[b'x'; 32], DAY, Arc::default());
    let draft = tokens.draft(NOW).unwrap();
    let user =
        tradewind::domain::accounts::user::User { id: id(2), name: "a".to_owned(), profile: None };
    tokens.revoked().admit(&draft.login, user.id);
    let claims = tokens.verify(&tokens.sign(&user, &draft).unwrap(), NOW).unwrap();
    assert_eq!(claims.login, Some(draft.login));
}
