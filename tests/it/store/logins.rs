//! Log-ins: stored, listed, revoked, swept; and what is loaded at a start.

use std::sync::Arc;
use std::time::Duration;

use tradewind::auth::token::Tokens;
use tradewind::domain::clock::Timestamp;
use tradewind::domain::id::UserId;
use tradewind::domain::login::{LoginId, Which};
use tradewind::store::Database;
use tradewind::store::tables::logins::{self, Begun, NewLogin};

use super::harness::*;

const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);
const DAY: Duration = Duration::from_secs(86_400);

fn login(id: &str, user: UserId, created_at: Timestamp) -> NewLogin {
    let (agent, expires_at) = (Some("test".to_owned()), created_at.after(DAY));
    NewLogin { id: LoginId::new(id), user, agent, created_at, expires_at }
}

fn names(database: &Database, user: UserId, now: Timestamp) -> Vec<String> {
    let logins = database.read(|conn| logins::of(conn, user, now)).unwrap();
    logins.into_iter().map(|login| login.id.as_str().to_owned()).collect()
}

on_both! {
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

        // What a start loads.
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
        assert_eq!((sweep(1), sweep(10), sweep(10)), (1, 1, 0));
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
    let user = tradewind::domain::user::User { id: id(2), name: "a".to_owned(), profile: None };
    let claims = tokens.verify(&tokens.sign(&user, &draft).unwrap(), NOW).unwrap();
    assert_eq!(claims.login, Some(draft.login));
}
