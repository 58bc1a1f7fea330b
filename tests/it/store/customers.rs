//! Visitors of apps: who is forgotten, and what stays.

use std::time::Duration;

use tradewind::domain::apps::app::Level;
use tradewind::domain::apps::customer::ConversationKind;
use tradewind::domain::apps::token::AppToken;
use tradewind::domain::clock::Timestamp;
use tradewind::domain::id::{AppId, GroupId, UserId};
use tradewind::store::accounts::users as accounts;
use tradewind::store::apps::conversations::{self, NewConversation};
use tradewind::store::apps::directory::{self, NewApp};
use tradewind::store::apps::users::{self, NewVisitor};
use tradewind::store::apps::{tokens, unseen_visitors, waits};
use tradewind::store::{Database, StoreError};

use super::harness::*;

const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);
const HOUR: Duration = Duration::from_secs(3_600);

fn app() -> AppId {
    AppId::new(1).unwrap()
}

fn visitor(number: i64) -> UserId {
    UserId::new(number).unwrap()
}

fn add(database: &Database, number: u8, seen: Timestamp) -> Result<(), StoreError> {
    let new = NewVisitor {
        id: visitor(number.into()),
        app: app(),
        shown_name: format!("Visitor {number}"),
        icon: None,
        email: None,
        trace_hash: Some([number; 32]),
        created_at: seen,
    };
    database.write(|conn| users::add_visitor(conn, &new))
}

on_both! {
    fn visitors_whom_nobody_sees_are_forgotten_in_bits(db) {
        let database = db.open();
        let new = NewApp { id: app(), name: "shop".to_owned(), service_hash: [1; 32], created_at: NOW };
        database.write(|conn| directory::insert(conn, &new)).unwrap();
        // Two hours ago, just at the bound, and after it; one has a token still.
        let bound = NOW.after(HOUR);
        for (number, seen) in [(2, NOW), (4, NOW), (6, NOW), (8, bound), (10, bound.after(HOUR))] {
            add(&database, number, seen).unwrap();
        }
        let now = bound.after(HOUR);
        let token = AppToken {
            hash: [6; 32],
            app: app(),
            level: Level::Ppcom,
            user: Some(visitor(6)),
            expires_at: now.after(HOUR),
            slides_by: HOUR,
        };
        let room = NewConversation {
            id: GroupId::new(101).unwrap(),
            app: app(),
            by: visitor(2),
            agents: Vec::new(),
            kind: ConversationKind::Visitor,
            title: "Visitor 2".to_owned(),
            created_at: NOW,
        };
        database
            .write(|conn| {
                tokens::insert(conn, &token)?;
                waits::add(conn, app(), visitor(4), NOW)?;
                conversations::create(conn, &room)
            })
            .unwrap();
        let due = |now| database.read(move |conn| unseen_visitors::are_there(conn, bound, now)).unwrap();
        let sweep = |max| {
            database.write(move |conn| unseen_visitors::sweep(conn, bound, now, max)).unwrap()
        };
        assert!(due(now));
        assert_eq!((sweep(1), sweep(10), sweep(10)), (1, 1, 0));
        assert!(!due(now));
        assert!(due(now.after(HOUR)), "the token is not good any more");
        for (number, there) in [(2, false), (4, false), (6, true), (8, true), (10, true)] {
            let id = visitor(number);
            let hash = [u8::try_from(number).unwrap(); 32];
            let found = database
                .read(|conn| {
                    let user = users::find(conn, app(), id)?;
                    let trace = users::by_trace(conn, app(), &hash)?;
                    let account = accounts::by_id(conn, id)?;
                    Ok((user.is_some(), trace.is_some(), account.is_some()))
                })
                .unwrap();
            assert_eq!(found, (there, there, there), "{number}");
        }
        // The conversation stays, for the agents; who waited waits no more.
        let (latest, place) = database
            .read(|conn| {
                let latest = conversations::latest(conn, (app(), visitor(2)))?;
                Ok((latest, waits::place(conn, app(), visitor(4))?))
            })
            .unwrap();
        assert_eq!((latest.map(|found| found.id), place), (Some(room.id), (0, 0)));
    }

    fn who_waits_is_counted_in_the_order_of_coming(db) {
        let database = db.open();
        let new = NewApp { id: app(), name: "shop".to_owned(), service_hash: [1; 32], created_at: NOW };
        database.write(|conn| directory::insert(conn, &new)).unwrap();
        for number in [2, 4, 6] {
            add(&database, number, NOW).unwrap();
        }
        let place = |number| {
            database.read(move |conn| waits::place(conn, app(), visitor(number))).unwrap()
        };
        assert_eq!(place(2), (0, 0));
        for (number, at) in [(6, NOW), (2, NOW.after(HOUR)), (4, NOW.after(HOUR))] {
            database.write(move |conn| waits::add(conn, app(), visitor(number), at)).unwrap();
        }
        // Asking again is no new place.
        database.write(|conn| waits::add(conn, app(), visitor(6), NOW.after(3 * HOUR))).unwrap();
        assert_eq!([6, 2, 4].map(place), [(3, 1), (3, 2), (3, 3)]);
        let longest = database.read(|conn| waits::longest(conn, app(), 2)).unwrap();
        assert_eq!(longest, [visitor(6), visitor(2)]);
        database.write(|conn| waits::remove(conn, app(), visitor(6))).unwrap();
        assert_eq!([6, 2, 4].map(place), [(2, 0), (2, 1), (2, 2)]);
    }
}
