//! What is in a database file, looked at past the server.

use std::path::Path;

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

#[derive(QueryableByName)]
struct Word {
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
    let rows: Vec<Row> =
        sql_query("SELECT * FROM messages ORDER BY room_id, seq").load(&mut conn).expect("rows");
    for pair in rows.windows(2) {
        let [before, after] = pair else { continue };
        if before.room_id == after.room_id {
            assert_eq!(after.seq, before.seq + 1);
            assert_eq!(after.rev, before.rev + 1, "nothing but messages were stored");
            assert!(after.created_at > before.created_at);
            assert!(after.id > before.id);
        } else {
            assert_eq!((after.seq, after.rev), (1, 1));
        }
    }
    let edits = "SELECT CAST(sum(edits) AS TEXT) AS word FROM rooms HAVING count(*) > 0";
    assert!(words(&mut conn, edits).iter().all(|sum| sum == "0"), "nothing was edited");
    rows
}

fn words(conn: &mut SqliteConnection, query: &str) -> Vec<String> {
    let words: Vec<Word> = sql_query(query).load(conn).expect("words");
    words.into_iter().map(|row| row.word).collect()
}
