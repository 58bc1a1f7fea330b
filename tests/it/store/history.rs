//! Pages of history, against a model that keeps a plain list.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use tradewind::domain::accounts::friendship::{DmPolicy, Friendship};
use tradewind::domain::chat::message::Message;
use tradewind::domain::chat::room::RoomKey;
use tradewind::store::Database;
use tradewind::store::chat::history::{Before, Page, history, history_rest};
use tradewind::store::chat::{messages, rooms};

use super::harness::*;

/// One message of a generated room.
#[derive(Clone, Debug)]
struct Sent {
    /// Microseconds after the one before.
    gap: i64,
    bytes: usize,
    deleted: bool,
}

fn sent() -> impl Strategy<Value = Sent> {
    let deleted = prop::bool::weighted(0.3);
    (1_i64..4, 1_usize..40, deleted).prop_map(|(gap, bytes, deleted)| Sent { gap, bytes, deleted })
}

/// Stores a room of `a` and `b` with these messages; returns those that are not deleted.
fn fill(database: &Database, a: i64, b: i64, sent: &[Sent]) -> Vec<Message> {
    let pair = pair(a, b);
    let (mint, mut created, mut all) = (mint(), 100, Vec::new());
    for (seq, one) in (1..).zip(sent) {
        created += one.gap;
        all.push(Message {
            id: mint.message().unwrap(),
            room: RoomKey::Direct(pair),
            author: if seq % 3 == 0 { id(a) } else { id(b) },
            seq,
            rev: seq,
            content: if one.deleted { String::new() } else { "é".repeat(one.bytes) },
            created_at: at(created),
            edited_at: one.deleted.then(|| at(created + 1)),
            deleted: one.deleted,
            hidden: false,
            nonce: None,
        });
    }
    let filled = database.write(|conn| {
        let room = rooms::create(conn, mint.room().unwrap(), pair)?.id;
        let new: Vec<_> = all.iter().map(|message| (room, message.clone())).collect();
        messages::insert_many(conn, &new)?;
        all.iter().filter(|m| m.deleted).try_for_each(|message| messages::update(conn, message))
    });
    filled.unwrap();
    all.retain(|message| !message.deleted);
    all
}

fn page(me: i64, peer: i64, before: i64, count: u32) -> Page {
    let (room, before) = (room(me, Some(peer)), Before::Moment(at(before)));
    Page { me: id(me), room, before, count, named: false }
}

/// All slices of a page; checks that each is within its bound and only the last is not full.
fn slices(database: &Database, page: &Page, slice_bytes: usize) -> Option<Vec<Message>> {
    let bytes = |m: &Message| m.content.len();
    let mut slice =
        database.read(|conn| history(conn, page, DmPolicy::Anyone, slice_bytes)).unwrap().ok()?;
    let mut whole = Vec::new();
    loop {
        let size: usize = slice.messages.iter().map(bytes).sum();
        assert!(size <= slice_bytes || slice.messages.len() == 1);
        whole.append(&mut slice.messages);
        let Some(rest) = slice.next else { return Some(whole) };
        assert!(size > 0, "a slice with a rest is not empty");
        slice = database.read(|conn| history_rest(conn, &rest, slice_bytes)).unwrap();
        let first = slice.messages.first().expect("a rest is not empty");
        assert!(size + bytes(first) > slice_bytes, "a slice is as large as it may be");
    }
}

on_both! {
    fn pages_are_those_of_the_model(db) {
        let database = db.open();
        let rooms = prop::collection::vec(sent(), 0..40);
        let queries = prop::collection::vec((90_i64..230, 0_u32..45, 1_usize..300), 1..12);
        let config = Config { cases: 40, failure_persistence: None, ..Config::default() };
        let users = std::cell::Cell::new(2);
        let outcome = TestRunner::new(config).run(&(rooms, queries), |(sent, queries)| {
            let (a, b) = (users.get(), users.get() + 2);
            users.set(b + 2);
            make_users(&database, &[a, b]);
            let kept = fill(&database, a, b, &sent);
            for (before, count, slice_bytes) in queries {
                let mut expected: Vec<Message> =
                    kept.iter().rev().filter(|m| m.created_at < at(before)).cloned().collect();
                expected.truncate(usize::try_from(count).unwrap());
                expected.reverse();
                let page = page(a, b, before, count);
                prop_assert_eq!(slices(&database, &page, slice_bytes), Some(expected));
            }
            Ok(())
        });
        outcome.unwrap();
    }

    fn places_are_found_however_times_leap(db) {
        let database = db.open();
        let gap = prop_oneof![1_i64..4, 1_i64..10_000, 1_i64..1_000_000_000_000];
        let gaps = prop::collection::vec(gap, 1..120);
        let config = Config { cases: 30, failure_persistence: None, ..Config::default() };
        let users = std::cell::Cell::new(2);
        let outcome = TestRunner::new(config).run(&gaps, |gaps| {
            let (a, b) = (users.get(), users.get() + 2);
            users.set(b + 2);
            make_users(&database, &[a, b]);
            let sent: Vec<Sent> =
                gaps.iter().map(|gap| Sent { gap: *gap, bytes: 1, deleted: false }).collect();
            let kept = fill(&database, a, b, &sent);
            for message in &kept {
                for (later, newest) in [(0, message.seq - 1), (1, message.seq)] {
                    let page = page(a, b, message.created_at.micros() + later, 1);
                    let found = slices(&database, &page, 1_000).unwrap();
                    prop_assert_eq!(found.first().map_or(0, |found| found.seq), newest);
                }
            }
            Ok(())
        });
        outcome.unwrap();
    }

    fn cursors_at_the_time_of_a_message_exclude_it(db) {
        let database = db.open();
        make_users(&database, &[2, 4]);
        let sent = Sent { gap: 10, bytes: 1, deleted: false };
        let kept = fill(&database, 2, 4, &vec![sent; 9]);
        for message in &kept {
            let cursor = message.created_at.micros();
            let before = slices(&database, &page(4, 2, cursor, 3), 1_000).unwrap();
            let seqs: Vec<i64> = before.iter().map(|m| m.seq).collect();
            assert_eq!(seqs, ((message.seq - 3).max(1)..message.seq).collect::<Vec<_>>());
            let through = slices(&database, &page(4, 2, cursor + 1, 1), 1_000).unwrap();
            assert_eq!(through, std::slice::from_ref(message));
        }
        for cursor in [i64::MIN, i64::MAX] {
            let all = slices(&database, &page(2, 4, cursor, u32::MAX), 1_000).unwrap();
            assert_eq!(all.len(), if cursor > 0 { kept.len() } else { 0 });
        }
    }

    fn many_short_messages_come_in_slices_too(db) {
        let database = db.open();
        make_users(&database, &[2, 4]);
        let kept = fill(&database, 2, 4, &vec![Sent { gap: 1, bytes: 1, deleted: false }; 1_500]);
        let whole = page(2, 4, i64::MAX, 1_500);
        let first = database.read(|conn| history(conn, &whole, DmPolicy::Anyone, usize::MAX)).unwrap().unwrap();
        let rest = first.next.clone().expect("a slice has a bound");
        let second = database.read(|conn| history_rest(conn, &rest, usize::MAX)).unwrap();
        assert_eq!([first.messages, second.messages].concat(), kept);
    }

    fn who_may_look(db) {
        let database = db.open();
        make_users(&database, &[2, 4, 6, 8]);
        fill(&database, 2, 4, &[Sent { gap: 1, bytes: 1, deleted: true }]);
        befriend(&database, 2, 6, Friendship::Friends);
        use DmPolicy::{Anyone, Friends};
        let table = [
            (None, Anyone, false),
            (Some(2), Anyone, false),
            (Some(100), Anyone, false),
            (Some(100), Friends, false),
            (Some(8), Anyone, true),
            (Some(8), Friends, false),
            (Some(6), Friends, true),
            (Some(4), Friends, true),
        ];
        for (peer, dm_policy, readable) in table {
            let page = Page { room: room(2, peer), ..page(2, 4, i64::MAX, 10) };
            let read = |conn: &mut _| history(conn, &page, dm_policy, 1_000);
            let found = database.read(read).unwrap().ok().map(|slice| slice.messages);
            assert_eq!(found, readable.then(Vec::new), "{peer:?} {dm_policy:?}");
        }
    }
}
