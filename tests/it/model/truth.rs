//! What the database has, read row by row and put together in the simplest way.

use std::collections::{BTreeMap, HashMap, HashSet};

use diesel::query_builder::SqlQuery;
use diesel::query_dsl::LoadQuery;
use diesel::sql_types::{BigInt, Bool, Nullable, Text};
use diesel::{PgConnection, QueryableByName, RunQueryDsl as _, SqliteConnection, sql_query};
use tradewind::store::engine::Connection;

/// A message as it is stored.
#[derive(Clone, Debug, QueryableByName)]
pub struct Message {
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
    #[diesel(sql_type = Bool)]
    pub deleted: bool,
    #[diesel(sql_type = Text)]
    pub content: String,
}

#[derive(Clone, Debug, QueryableByName)]
struct Room {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    low: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    high: Option<i64>,
    #[diesel(sql_type = BigInt)]
    edits: i64,
}

/// Two numbers.
#[derive(Clone, Debug, QueryableByName)]
struct Pair {
    #[diesel(sql_type = BigInt)]
    a: i64,
    #[diesel(sql_type = BigInt)]
    b: i64,
}

/// Three numbers.
#[derive(Clone, Debug, QueryableByName)]
struct Mark {
    #[diesel(sql_type = BigInt)]
    user_id: i64,
    #[diesel(sql_type = BigInt)]
    room_id: i64,
    #[diesel(sql_type = BigInt)]
    seq: i64,
}

/// All that some users have to do with.
pub struct Truth {
    rooms: HashMap<i64, Room>,
    pub messages: Vec<Message>,
    hidings: HashSet<(i64, i64)>,
    members: HashSet<(i64, i64)>,
    marks: HashMap<(i64, i64), i64>,
}

/// What a user should see of a room.
#[derive(Debug, PartialEq, Eq)]
pub struct Seen {
    pub messages: BTreeMap<i64, (i64, i64, String)>,
    pub read_seq: i64,
    pub unread: usize,
}

fn load<T>(conn: &mut Connection, sql: String) -> Vec<T>
where
    for<'q> SqlQuery: LoadQuery<'q, SqliteConnection, T> + LoadQuery<'q, PgConnection, T>,
{
    let query = sql_query(sql);
    match conn {
        Connection::Sqlite(sqlite) => query.load(sqlite),
        Connection::Postgres(postgres) => query.load(postgres),
    }
    .expect("rows")
}

impl Truth {
    /// Reads it.
    pub fn of(conn: &mut Connection, users: &[i64]) -> Self {
        let list = |ids: &[i64]| ids.iter().map(i64::to_string).collect::<Vec<_>>().join(", ");
        let users = list(users);
        let rooms: Vec<Room> = load(
            conn,
            format!(
                "SELECT id, low, high, edits FROM rooms WHERE low IN ({users}) OR high IN ({users}) \
                 OR id IN (SELECT room_id FROM members WHERE user_id IN ({users}))"
            ),
        );
        let ids = list(&rooms.iter().map(|room| room.id).chain([0]).collect::<Vec<_>>());
        let messages = load(
            conn,
            format!(
                "SELECT id, room_id, seq, rev, author_id, deleted, content FROM messages \
                 WHERE room_id IN ({ids}) ORDER BY room_id, seq"
            ),
        );
        let pairs = |conn: &mut _, sql: String| {
            let rows: Vec<Pair> = load(conn, sql);
            rows.into_iter().map(|pair| (pair.a, pair.b)).collect()
        };
        let hidings = pairs(
            conn,
            format!(
                "SELECT message_id AS a, reader_id AS b FROM hidings WHERE reader_id IN ({users})"
            ),
        );
        let members = pairs(
            conn,
            format!(
                "SELECT room_id AS a, user_id AS b FROM members WHERE user_id IN ({users}) \
                 AND NOT unaware"
            ),
        );
        let marks: Vec<Mark> = load(
            conn,
            format!("SELECT user_id, room_id, seq FROM read_marks WHERE user_id IN ({users})"),
        );
        let marks =
            marks.into_iter().map(|mark| ((mark.user_id, mark.room_id), mark.seq)).collect();
        let rooms = rooms.into_iter().map(|room| (room.id, room)).collect();
        Self { rooms, messages, hidings, members, marks }
    }

    /// Each room numbers its messages and its changes without holes.
    pub fn check_numbers(&self) {
        for room in self.rooms.values() {
            let messages = self.messages.iter().filter(|message| message.room_id == room.id);
            let (mut last, mut revs) = (0, HashSet::new());
            for message in messages {
                assert_eq!(message.seq, last + 1, "a hole in {room:?}");
                last = message.seq;
                assert!(revs.insert(message.rev), "a revision twice in {room:?}");
                assert!(message.rev <= last.max(message.seq) + room.edits + 1_000_000);
            }
            let highest = revs.iter().max().copied().unwrap_or(0);
            let edited = self.messages.iter().any(|m| m.room_id == room.id);
            assert!(!edited || highest <= last + room.edits, "{room:?}");
        }
    }

    /// What a user should see, by the address of the room.
    pub fn seen_by(&self, me: i64) -> HashMap<String, Seen> {
        let mut seen = HashMap::new();
        for room in self.rooms.values() {
            let visible: Vec<&Message> = self
                .messages
                .iter()
                .filter(|m| m.room_id == room.id && !self.hidings.contains(&(m.id, me)))
                .collect();
            let address = match (room.low, room.high) {
                (Some(low), Some(high)) if low == me || high == me => {
                    if visible.is_empty() {
                        continue;
                    }
                    low ^ high
                }
                (None, None) if self.members.contains(&(room.id, me)) => room.id,
                _ => continue,
            };
            let read_seq = self.marks.get(&(me, room.id)).copied().unwrap_or(0);
            let alive = visible.into_iter().filter(|message| !message.deleted);
            let alive: Vec<&Message> = alive.collect();
            let unread = alive.iter().filter(|m| m.author_id != me && m.seq > read_seq).count();
            let messages =
                alive.iter().map(|m| (m.id, (m.seq, m.author_id, m.content.clone()))).collect();
            seen.insert(address.to_string(), Seen { messages, read_seq, unread });
        }
        seen
    }
}
