//! The list of rooms at its limits, and who has written in a group.

use diesel::{RunQueryDsl, sql_query};
use tradewind::domain::accounts::friendship::Friendship;
use tradewind::domain::accounts::user::Who;
use tradewind::domain::chat::command::ChatWrite;
use tradewind::domain::chat::group::{GroupStep, Title};
use tradewind::domain::chat::room::RoomKey;
use tradewind::domain::id::GroupId;
use tradewind::store::Database;
use tradewind::store::chat::{contacts, groups, room_list, rooms};
use tradewind::store::engine::Connection;

use super::harness::*;

/// Enough for every text here.
const BYTES: usize = 1_000;

/// Puts `count` deleted messages into a room that has one message.
fn bury(database: &Database, count: i64) {
    let sql = format!(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count}) \
         INSERT INTO messages (id, room_id, seq, sent_rev, rev, author_id, created_at, edited_at, \
         deleted, content) SELECT m.id + i, m.room_id, m.seq + i, m.rev + i, m.rev + i, \
         m.author_id, m.created_at + i, m.created_at + i, NOT FALSE, '' FROM n, messages m \
         WHERE m.seq = 1"
    );
    let run = |conn: &mut Connection| {
        Ok(match conn {
            Connection::Sqlite(sqlite) => sql_query(&sql).execute(sqlite)?,
            Connection::Postgres(postgres) => sql_query(&sql).execute(postgres)?,
        })
    };
    database.write(run).unwrap();
}

on_both! {
    fn the_newest_message_is_looked_for_among_the_last_10_000(db) {
        run(async {
            let live = Live::start(&db);
            make_users(&live.database, &[2, 4]);
            live.posted(2, 4, "first").await;
            let look = || live.database.read(|conn| room_list::of(conn, id(2), BYTES)).unwrap();
            bury(&live.database, 9_999);
            let rooms = look();
            assert_eq!(rooms[0].last.as_ref().unwrap().content, "first");
            assert_eq!(rooms[0].state.seq, 10_000);
            let one_more = "INSERT INTO messages (id, room_id, seq, sent_rev, rev, author_id, \
                created_at, edited_at, deleted, content) SELECT id + 1, room_id, seq + 1, rev + 1, \
                rev + 1, author_id, created_at + 1, created_at + 1, NOT FALSE, '' FROM messages \
                WHERE seq = 10000";
            live.database.write(|conn| Ok(match conn {
                Connection::Sqlite(sqlite) => sql_query(one_more).execute(sqlite)?,
                Connection::Postgres(postgres) => sql_query(one_more).execute(postgres)?,
            })).unwrap();
            let rooms = look();
            assert_eq!((rooms[0].last.as_ref(), rooms[0].last_at), (None, None));
        });
    }

    fn a_member_is_an_author_from_the_first_message_on_and_for_good(db) {
        run(async {
            let live = Live::start(&db);
            make_users(&live.database, &[2, 4, 6]);
            befriend(&live.database, 2, 4, Friendship::Friends);
            befriend(&live.database, 2, 6, Friendship::Friends);
            let step = async |actor: i64, group: Option<GroupId>, step: GroupStep| {
                match live.apply(asked(actor, ChatWrite::Group { group, step })).await {
                    Done::Grouped { change, .. } => change.group.id,
                    other => panic!("{other:?}"),
                }
            };
            let title = Title::new("T".to_owned()).unwrap();
            let group = step(2, None, GroupStep::Create(title)).await;
            let add = |user: i64| GroupStep::Add(Who::Id(id(user)));
            step(2, Some(group), add(4)).await;
            let roster = || live.database.read(|conn| groups::roster(conn, group)).unwrap();
            let version = || live.database.read(|conn| groups::version(conn, group)).unwrap();
            assert!(roster().authors.is_empty());

            let post = |author: i64| post(author, Some(RoomKey::Group(group)), "x", None);
            live.apply(post(4)).await;
            assert_eq!(roster().authors, [id(4)]);
            // Only the first message changes anything about the group.
            let before = version();
            live.apply(post(4)).await;
            assert_eq!(version(), before);
            live.apply(post(2)).await;
            assert_eq!(roster().authors, [id(2), id(4)]);

            step(4, Some(group), GroupStep::Leave).await;
            step(2, Some(group), add(6)).await;
            let known = live.database.read(|conn| contacts::of(conn, id(6), &[id(4), id(2), id(4)])).unwrap();
            assert_eq!(known.iter().map(|one| one.user.id).collect::<Vec<_>>(), [id(4), id(2)]);
            assert_eq!(roster().authors, [id(2)]);
            // Who comes back has written.
            step(2, Some(group), add(4)).await;
            assert!(roster().has_written(id(4)) && !roster().has_written(id(6)));
            assert!(live.database.read(|conn| rooms::of_group(conn, group)).unwrap().is_some());
        });
    }
}
