//! What is in a database file, looked at past the server.

use std::collections::HashMap;
use std::path::Path;

use diesel::query_builder::SqlQuery;
use diesel::query_dsl::LoadQuery;
use diesel::sql_types::{BigInt, Text};
use diesel::{Connection as _, QueryableByName, RunQueryDsl as _, SqliteConnection, sql_query};

/// A message as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, QueryableByName)]
pub struct Row {
    #[diesel(sql_type = BigInt)]
    pub id: i64,
    #[diesel(sql_type = BigInt)]
    pub room_id: i64,
    #[diesel(sql_type = BigInt)]
    pub seq: i64,
    #[diesel(sql_type = BigInt)]
    pub rev: i64,
    #[diesel(sql_type = BigInt)]
    pub author_id: i64,
    #[diesel(sql_type = BigInt)]
    pub created_at: i64,
    #[diesel(sql_type = Text)]
    pub content: String,
}

/// A text, or a number as text.
#[derive(QueryableByName)]
pub struct Word {
    #[diesel(sql_type = Text)]
    word: String,
}

/// A connection to a file.
pub fn connect(file: &Path) -> SqliteConnection {
    let mut conn = SqliteConnection::establish(&file.display().to_string()).expect("it opens");
    sql_query("PRAGMA busy_timeout = 5000").execute(&mut conn).expect("set");
    conn
}

/// All messages, room by room, in the order of `seq`. The file is sound, and in each room numbers
/// have no holes and times and ids grow.
pub fn sound_messages(file: &Path) -> Vec<Row> {
    let mut conn = connect(file);
    let check = "SELECT integrity_check AS word FROM pragma_integrity_check()";
    assert_eq!(words(&mut conn, check), ["ok"]);
    let dangling = words(&mut conn, "SELECT \"table\" AS word FROM pragma_foreign_key_check()");
    assert_eq!(dangling, Vec::<String>::new());
    let rows = messages(&mut conn, 0);
    follow(&rows, &mut HashMap::new());
    assert_eq!(count(&mut conn), rows.len());
    rows
}

/// The messages with ids above one, room by room, in the order of `seq`.
pub fn messages<C>(conn: &mut C, above: i64) -> Vec<Row>
where
    SqlQuery: for<'q> LoadQuery<'q, C, Row>,
{
    let query = format!("SELECT * FROM messages WHERE id > {above} ORDER BY room_id, seq");
    sql_query(query).load(conn).expect("rows")
}

/// Asserts that messages continue their rooms, of which `last` holds the last ones known: numbers
/// have no holes, times and ids grow. Nothing but messages has been stored.
pub fn follow(rows: &[Row], last: &mut HashMap<i64, Row>) {
    for row in rows {
        match last.insert(row.room_id, row.clone()) {
            None => assert_eq!((row.seq, row.rev), (1, 1)),
            Some(before) => {
                assert_eq!((row.seq, row.rev), (before.seq + 1, before.rev + 1), "{row:?}");
                assert!(row.created_at > before.created_at, "{before:?}, then {row:?}");
                assert!(row.id > before.id, "{before:?}, then {row:?}");
            }
        }
    }
}

/// How many messages there are. Asserts that no room counts anything else.
pub fn count<C>(conn: &mut C) -> usize
where
    SqlQuery: for<'q> LoadQuery<'q, C, Word>,
{
    let miscounted = "SELECT CAST(id AS TEXT) AS word FROM rooms WHERE edits <> 0";
    assert_eq!(words(conn, miscounted), Vec::<String>::new(), "nothing was edited");
    let all = words(conn, "SELECT CAST(count(*) AS TEXT) AS word FROM messages");
    all[0].parse().expect("a number")
}

fn words<C>(conn: &mut C, query: &str) -> Vec<String>
where
    SqlQuery: for<'q> LoadQuery<'q, C, Word>,
{
    let words: Vec<Word> = sql_query(query).load(conn).expect("words");
    words.into_iter().map(|row| row.word).collect()
}
