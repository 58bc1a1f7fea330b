//! Apps, their keys and tokens, and the order of their requests.

use std::time::Duration;

use tradewind::domain::apps::app::{AppSettings, Level};
use tradewind::domain::apps::token::AppToken;
use tradewind::domain::clock::Timestamp;
use tradewind::domain::id::{AppId, UserId};
use tradewind::store::apps::directory::{self, NewApp};
use tradewind::store::apps::keys::{self, NewAppKey};
use tradewind::store::apps::requests;
use tradewind::store::apps::tokens::{self, WhichTokens};
use tradewind::store::{Database, StoreError};

use super::harness::*;

const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);
const HOUR: Duration = Duration::from_secs(3_600);

fn app(number: i64) -> AppId {
    AppId::new(number).unwrap()
}

fn hash(number: u8) -> [u8; 32] {
    [number; 32]
}

fn add(database: &Database, number: u8, name: &str) -> Result<(), StoreError> {
    let id = app(number.into());
    let new = NewApp { id, name: name.to_owned(), service_hash: hash(number), created_at: NOW };
    database.write(|conn| {
        directory::insert(conn, &new)?;
        let key = |level: Level| NewAppKey {
            level,
            key: format!("{name} {level}"),
            secret_hash: hash(number),
        };
        keys::insert(conn, id, &Level::ALL.map(key), NOW)
    })
}

fn token(number: u8, of: (i64, Level), slides_by: Duration) -> AppToken {
    let (id, level) = of;
    let expires_at = NOW.after(HOUR);
    AppToken { hash: hash(number), app: app(id), level, user: None, expires_at, slides_by }
}

on_both! {
    fn apps_are_found_by_name_and_id_until_they_are_removed(db) {
        let database = db.open();
        add(&database, 1, "shop").unwrap();
        assert!(add(&database, 2, "shop").unwrap_err().is_unique_violation());
        add(&database, 2, "bank").unwrap();
        let settings = AppSettings {
            allowed_origins: vec!["https://a.example".to_owned(), "https://b.example".to_owned()],
            welcome: "Hi".to_owned(),
            offline_text: "Later".to_owned(),
            return_offline: true,
            trust_email: true,
        };
        database.write(|conn| directory::set(conn, app(1), &settings)).unwrap();
        let shop = database.read(|conn| directory::by_name(conn, "shop")).unwrap().unwrap();
        assert_eq!((shop.id, &shop.settings), (app(1), &settings));
        assert_eq!(database.read(|conn| directory::by_id(conn, app(1))).unwrap(), Some(shop));
        let names = || -> Vec<String> {
            let all = database.read(directory::all).unwrap();
            all.into_iter().map(|app| app.name).collect()
        };
        assert_eq!(names(), ["shop", "bank"]);
        let is_service = |number| {
            database.read(|conn| directory::is_service(conn, app(1), &hash(number))).unwrap()
        };
        assert!(is_service(1) && !is_service(2));
        database
            .write(|conn| {
                keys::end(conn, app(1))?;
                directory::remove(conn, app(1))
            })
            .unwrap();
        assert_eq!(names(), ["bank"]);
        assert_eq!(database.read(|conn| directory::by_id(conn, app(1))).unwrap(), None);
        add(&database, 3, "shop").unwrap();
        assert_eq!(database.read(directory::count).unwrap(), 2);
        assert_eq!(database.id_floor().unwrap(), 3, "ids go on above those of apps");
    }

    fn a_key_has_two_secrets_while_one_takes_the_place_of_the_other(db) {
        let database = db.open();
        add(&database, 1, "shop").unwrap();
        let found = || {
            let key = database.read(|conn| keys::find(conn, "shop PPCOM")).unwrap().unwrap();
            (key.app, key.level, key.secret_hash[0], key.old_secret_hash.map(|hash| hash[0]))
        };
        assert_eq!(found(), (app(1), Level::Ppcom, 1, None));
        let rotate = |number, keeps_old| {
            let which = (app(1), Level::Ppcom);
            database.write(|conn| keys::rotate(conn, which, &hash(number), keeps_old)).unwrap()
        };
        assert_eq!(rotate(7, true).unwrap(), "shop PPCOM");
        assert_eq!(found(), (app(1), Level::Ppcom, 7, Some(1)));
        rotate(8, true);
        assert_eq!(found(), (app(1), Level::Ppcom, 8, Some(7)), "two, and never three");
        rotate(9, false);
        assert_eq!(found(), (app(1), Level::Ppcom, 9, None));
        let none = (app(2), Level::Ppcom);
        let none = database.write(|conn| keys::rotate(conn, none, &hash(1), true)).unwrap();
        assert_eq!(none, None);
        assert_eq!(database.read(|conn| keys::find(conn, "shop ppcom")).unwrap(), None);
        database.write(|conn| keys::end(conn, app(1))).unwrap();
        assert_eq!(database.read(keys::all).unwrap(), []);
    }

    fn a_token_becomes_one_users_and_ends_alone_with_its_key_or_with_its_app(db) {
        let database = db.open();
        make_users(&database, &[2, 4]);
        add(&database, 1, "shop").unwrap();
        add(&database, 2, "bank").unwrap();
        let [shop, bank] = [1, 2].map(|number| (number, Level::Ppcom));
        let console = (1, Level::ThirdPartyConsole);
        for (number, of) in [(1, shop), (2, shop), (3, console), (4, bank), (5, console)] {
            let new = token(number, of, HOUR);
            database.write(|conn| tokens::insert(conn, &new)).unwrap();
        }
        let find = |number, now| {
            database.read(|conn| tokens::find(conn, &hash(number), now)).unwrap()
        };
        assert_eq!(find(1, NOW), Some(token(1, shop, HOUR)));
        assert_eq!(find(1, NOW.after(HOUR)), None, "it has expired");
        assert_eq!(find(9, NOW), None);
        let bind = |number, user| {
            let user = UserId::new(user).unwrap();
            database.write(|conn| tokens::bind(conn, &hash(number), user)).unwrap()
        };
        assert!(bind(1, 2) && bind(1, 2) && !bind(1, 4) && !bind(9, 2));
        assert_eq!(find(1, NOW).unwrap().user, UserId::new(2));
        database.write(|conn| tokens::renew(conn, &hash(1), NOW.after(HOUR * 2))).unwrap();
        assert!(find(1, NOW.after(HOUR)).is_some());
        let end = |which| database.write(|conn| tokens::end(conn, which)).unwrap();
        assert_eq!(end(WhichTokens::One(hash(5))), [hash(5)]);
        assert_eq!(end(WhichTokens::One(hash(5))), [[0; 32]; 0]);
        assert_eq!(end(WhichTokens::OfLevel(app(1), Level::ThirdPartyConsole)), [hash(3)]);
        let mut ended = end(WhichTokens::OfApp(app(1)));
        ended.sort_unstable();
        assert_eq!(ended, [hash(1), hash(2)]);
        assert!(find(4, NOW).is_some(), "another app's");
    }

    fn expired_tokens_are_swept_a_few_at_a_time(db) {
        let database = db.open();
        add(&database, 1, "shop").unwrap();
        for number in 0..5 {
            let new = token(number, (1, Level::Ppcom), Duration::ZERO);
            database.write(|conn| tokens::insert(conn, &new)).unwrap();
        }
        let has_any = |now| database.read(|conn| tokens::has_expired(conn, now)).unwrap();
        let sweep = |now| database.write(|conn| tokens::sweep(conn, now, 3)).unwrap();
        assert!(!has_any(NOW) && sweep(NOW) == 0);
        let later = NOW.after(HOUR);
        assert_eq!((has_any(later), sweep(later), sweep(later), has_any(later)), (true, 3, 2, false));
    }

    fn requests_of_an_app_have_times_that_grow_whatever_the_clock_does(db) {
        let database = db.open();
        add(&database, 1, "shop").unwrap();
        add(&database, 2, "bank").unwrap();
        let next = |number, now| {
            database.write(|conn| requests::next_ms(conn, app(number), now)).unwrap()
        };
        let ms = NOW.millis();
        let second = Duration::from_secs(1);
        assert_eq!([next(1, NOW), next(1, NOW), next(2, NOW)], [ms, ms + 1, ms]);
        assert_eq!(next(1, NOW.after(second)), ms + 1_000);
        assert_eq!(next(1, NOW), ms + 1_001, "the clock was set back");
        assert!(database.write(|conn| requests::next_ms(conn, app(3), NOW)).is_err());
    }
}
