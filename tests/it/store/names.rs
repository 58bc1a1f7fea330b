//! Names: one however they are typed, and those that were there before that was so.

use diesel::connection::SimpleConnection as _;
use tradewind::domain::accounts::name::Called;
use tradewind::domain::accounts::user::User;
use tradewind::store::Database;
use tradewind::store::accounts::name_keys;
use tradewind::store::accounts::own::{self, Changes};
use tradewind::store::accounts::registrations::{self, Mail, NewRegistration};
use tradewind::store::accounts::users::{self, NewUser};
use tradewind::store::chat::deletion;

use super::harness::*;

const VERSION: &str = "20261129000100";

fn run_sql(database: &Database, sql: &str) {
    database.write(|conn| Ok(conn.batch_execute(sql)?)).unwrap();
}

/// A database as it was before names had keys, with users of these ids and names.
fn of_old(db: &TestDb, named: &[(i64, &str)]) -> Database {
    let database = db.open();
    // The same for both.
    let down = include_str!("../../../migrations/sqlite/2026-11-29-000100_name_keys/down.sql");
    run_sql(&database, down);
    let forget = format!("DELETE FROM __diesel_schema_migrations WHERE version = '{VERSION}'");
    run_sql(&database, &forget);
    let no = if db.is_sqlite() { "0" } else { "FALSE" };
    let row =
        |(id, name): &(i64, &str)| format!("({id}, '{name}', 'u{id}@x.org', 'hash', {no}, 1)");
    for some in named.chunks(500) {
        let rows: Vec<String> = some.iter().map(row).collect();
        let columns = "id, name, email, password_hash, imported, created_at";
        run_sql(&database, &format!("INSERT INTO users ({columns}) VALUES {}", rows.join(", ")));
    }
    database
}

/// The id of whoever is called so.
fn find(database: &Database, text: &str) -> Option<i64> {
    let called = Called::new(text).unwrap();
    let found = database.read(|conn| users::by_name(conn, &called)).unwrap();
    found.map(|user| user.id.get())
}

fn add_key(database: &Database, registration: i64, key: u8) {
    let add = |conn: &mut _| registrations::add_key(conn, registration, &[key], (at(100), at(500)));
    assert!(database.write(add).unwrap().is_some());
}

fn add(database: &Database, new_id: i64, new_name: &str) -> bool {
    let address = email(&format!("n{new_id}@x.org"));
    let new = NewUser {
        id: id(new_id),
        name: &name(new_name),
        email: &address,
        password_hash: "hash",
        imported: false,
        created_at: at(1),
    };
    match database.write(|conn| users::insert(conn, &new)) {
        Ok(()) => true,
        Err(error) => {
            assert!(error.is_unique_violation(), "{error}");
            false
        }
    }
}

fn rename(database: &Database, who: i64, to: &str) -> bool {
    let changes = Changes { name: Some(name(to)), ..Changes::default() };
    database.write(|conn| own::change(conn, id(who), &changes)).unwrap().is_ok()
}

fn clashes(database: &Database) -> Vec<(String, i64, String)> {
    let found = database.read(name_keys::clashes).unwrap();
    let flat =
        |(key, User { id, name, .. }): (tradewind::domain::accounts::name::NameKey, User)| {
            (key.as_str().to_owned(), id.get(), name)
        };
    found.into_iter().map(flat).collect()
}

on_both! {
    fn a_name_is_one_however_it_is_typed(db) {
        let database = db.open();
        let names = [(2, "Alice"), (4, "윤진"), (6, "Straße 1"), (8, "élan")];
        for (id, name) in names {
            assert!(add(&database, id, name), "{name}");
        }
        let typed = [
            (2, "alice"), (2, "ＡＬＩＣＥ"), (2, "ali\u{200B}ce"), (4, "\u{110B}\u{1172}\u{11AB}\u{110C}\u{1175}\u{11AB}"),
            (6, "STRASSE 1"), (6, "straße\u{A0}１"), (8, "E\u{301}LAN"),
        ];
        for (who, text) in typed {
            assert_eq!(find(&database, text), Some(who), "{text:?}");
            if tradewind::domain::accounts::name::UserName::parse(text).is_some() {
                assert!(!add(&database, 100, text), "{text:?}");
                assert!(database.read(|conn| users::name_taken(conn, &name(text))).unwrap());
                let other = if who == 2 { 4 } else { 2 };
                assert!(!rename(&database, other, text), "{text:?}");
                assert!(rename(&database, who, text), "one may write one's own name otherwise");
            }
        }
        for (_, name) in names {
            assert!(find(&database, name).is_some());
        }
        for other in ["alic", "alice1", "Alise"] {
            assert_eq!(find(&database, other), None);
        }
        let stored = database.read(|conn| users::by_id(conn, id(8))).unwrap().unwrap();
        assert_eq!(stored.name, "ÉLAN", "kept in NFC");
    }

    fn a_pending_name_is_taken_by_whoever_is_first_in_any_form(db) {
        let database = db.open();
        let mut made = Vec::new();
        for (key, (text, address)) in (0_u8..).zip([("Ann", "a@x.org"), ("ann", "b@x.org"), ("ａｎｎ", "c@x.org")]) {
            let new = NewRegistration {
                name: &name(text),
                email: &email(address),
                password_hash: "hash",
                created_at: at(100),
                expires_at: at(1_100),
            };
            let registration = database.write(|conn| registrations::create(conn, &new, Mail::Each)).unwrap();
            add_key(&database, registration, key);
        }
        for key in [1, 0, 2] {
            let to_be = id(2 * (i64::from(key) + 1));
            made.extend(database.write(|conn| registrations::verify(conn, &[key], to_be, at(200))).unwrap());
        }
        assert_eq!(made, [User { id: id(4), name: "ann".to_owned(), profile: None }]);
        // Registered under rules that let it pass.
        let new = NewRegistration {
            name: &name("bob"),
            email: &email("d@x.org"),
            password_hash: "hash",
            created_at: at(100),
            expires_at: at(1_100),
        };
        let registration = database.write(|conn| registrations::create(conn, &new, Mail::Each)).unwrap();
        add_key(&database, registration, 9);
        run_sql(&database, "UPDATE registrations SET name = 'bob '");
        let verified = database.write(|conn| registrations::verify(conn, &[9], id(20), at(200)));
        assert_eq!(verified.unwrap(), None);
    }

    fn names_of_old_get_keys_and_clashes_are_kept_and_told(db) {
        let named = [
            (2, "Zoë"), (4, "alice"), (6, "Alice"), (8, "zoe\u{308}"), (10, "ALICE "), (12, "ＡＬＩＣＥ"),
            (14, "\u{200B}"), (16, "bob\u{200B}"),
        ];
        let database = of_old(&db, &named);
        assert_eq!(database.migrate().unwrap().last().map(String::as_str), Some("2026-11-29-000100_name_keys"));
        for (who, name) in named {
            assert_eq!(find(&database, name), Some(who), "as it is written: {name:?}");
        }
        assert_eq!(find(&database, "aLiCe"), Some(4), "the first of them");
        assert_eq!(find(&database, "ZOE\u{308}"), Some(2));
        assert_eq!(find(&database, "bob"), Some(16));
        let told = [
            ("alice", 4, "alice"), ("alice", 6, "Alice"), ("alice", 12, "ＡＬＩＣＥ"),
            ("zoë", 2, "Zoë"), ("zoë", 8, "zoe\u{308}"),
        ];
        let told = told.map(|(key, id, name)| (key.to_owned(), id, name.to_owned()));
        assert_eq!(clashes(&database), told);
        // Nobody new gets such a name; whoever has one may keep it, or leave it.
        assert!(!add(&database, 100, "aLICE") && !rename(&database, 16, "AlicE"));
        assert!(rename(&database, 12, "ＡＬＩＣＥ") && !rename(&database, 12, "alicE"));
        assert!(rename(&database, 4, "carol"));
        assert_eq!((find(&database, "aLiCe"), find(&database, "alice")), (Some(6), Some(6)));
        assert!(!add(&database, 100, "aLICE"));
        let gone = database.write(|conn| deletion::delete(conn, id(6), "hash", at(9))).unwrap();
        assert!(gone.is_ok());
        assert_eq!(find(&database, "aLiCe"), Some(12));
        assert!(rename(&database, 12, "dave") && add(&database, 100, "aLICE"));
        assert_eq!(clashes(&database).len(), 2);
        assert_eq!(find(&database, &format!("deleted user {:020}", 6)), None);
        assert!(database.migrate().unwrap().is_empty());
    }

    fn many_names_of_old_get_keys_or_none_does(db) {
        let names: Vec<String> = (1..=2_500).map(|n| format!("User {}", n % 2_400)).collect();
        let named: Vec<(i64, &str)> = (1..).zip(&names).map(|(n, name)| (2 * n, name.as_str())).collect();
        // As they were: unique as written.
        let distinct: Vec<String> = names.iter().enumerate().map(|(at, name)| if at < 2_400 { name.clone() } else { name.to_uppercase() }).collect();
        let named: Vec<(i64, &str)> = named.iter().zip(&distinct).map(|((id, _), name)| (*id, name.as_str())).collect();
        let database = of_old(&db, &named);
        let stop = if db.is_sqlite() {
            "CREATE TRIGGER stop BEFORE UPDATE ON users WHEN NEW.id = 4000 \
             BEGIN SELECT RAISE(ABORT, 'stopped'); END"
        } else {
            "CREATE FUNCTION stop() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
             IF NEW.id = 4000 THEN RAISE EXCEPTION 'stopped'; END IF; RETURN NEW; END $$; \
             CREATE TRIGGER stop BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION stop()"
        };
        run_sql(&database, stop);
        let error = database.migrate().unwrap_err().to_string();
        assert!(error.contains("stopped"), "{error}");
        assert!(database.read(name_keys::clashes).is_err(), "the columns are not there");
        run_sql(&database, if db.is_sqlite() { "DROP TRIGGER stop" } else { "DROP TRIGGER stop ON users" });
        assert_eq!(database.migrate().unwrap().len(), 1);
        assert_eq!(clashes(&database).len(), 200);
        for (who, name) in [(2, "uSER 1"), (4_798, "user 2399"), (4_802, "USER 1"), (200, "uSER 100")] {
            assert_eq!(find(&database, name), Some(who), "{name}");
        }
    }
}
