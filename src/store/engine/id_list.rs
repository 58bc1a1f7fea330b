//! Lists of ids in statements: one value, however many there are.
//!
//! A statement says `LIST` where a table of the ids stands, in a column `id`; there its value belongs, as if it
//! were a `?`.

use std::borrow::Cow;

use crate::store::engine::Connection;
use crate::store::engine::statement::Value;

const IN_SQLITE: &str = "(SELECT value AS id FROM json_each(?))";
const IN_POSTGRES: &str = "(SELECT unnest(?) AS id)";

/// Ids, as the database at hand takes them.
pub(in crate::store) enum IdList {
    Json(String),
    Array(Vec<i64>),
}

impl IdList {
    /// A list for this database: SQLite reads JSON, PostgreSQL an array.
    pub fn new(conn: &Connection, ids: &[i64]) -> Self {
        match conn {
            Connection::Sqlite(_) => {
                let texts: Vec<String> = ids.iter().map(i64::to_string).collect();
                Self::Json(format!("[{}]", texts.join(",")))
            }
            Connection::Postgres(_) => Self::Array(ids.to_vec()),
        }
    }

    /// The value for a `LIST`.
    pub fn value(&self) -> Value<'_> {
        match self {
            Self::Json(json) => Value::Text(json),
            Self::Array(ids) => Value::Ints(ids),
        }
    }

    /// The statement for the database at hand.
    pub fn sql(&self, sql: &str) -> Cow<'static, str> {
        let table = match self {
            Self::Json(_) => IN_SQLITE,
            Self::Array(_) => IN_POSTGRES,
        };
        sql.replace("LIST", table).into()
    }
}
