//! Statements written by hand, for the paths where each microsecond counts.
//!
//! diesel prepares most of its own queries anew each time they run: updates, inserts of many rows,
//! and whatever passes through the enum of both databases. A [`Statement`] is prepared once per
//! connection, by its text. `?` stands for a value.

use std::borrow::Cow;
use std::iter::once;
use std::marker::PhantomData;

use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::query_dsl::methods::LoadQuery;
use diesel::result::Error as DieselError;
use diesel::sql_types::{Array, BigInt, Binary, Text};
use diesel::sqlite::Sqlite;
use diesel::{PgConnection, QueryResult, RunQueryDsl, SqliteConnection};
use memchr::memchr_iter;

use crate::store::engine::Connection;
use crate::store::engine::error::StoreError;

/// Rows of one `INSERT`; SQLite allows 32,766 values in a statement.
pub(in crate::store) const INSERT_ROWS_MAX: usize = 1_000;

/// A value for a `?`.
#[derive(Clone, Copy, Debug)]
pub(in crate::store) enum Value<'a> {
    Int(i64),
    Text(&'a str),
    Bytes(&'a [u8]),
    /// Numbers; PostgreSQL only.
    Ints(&'a [i64]),
    /// Texts; PostgreSQL only.
    Texts(&'a [&'a str]),
    /// Byte strings; PostgreSQL only.
    ManyBytes(&'a [&'a [u8]]),
}

/// A statement and its values. `ST` is the type of the rows it gives.
#[derive(Debug)]
pub(in crate::store) struct Statement<'a, ST = ()> {
    sql: Cow<'static, str>,
    values: &'a [Value<'a>],
    rows: PhantomData<ST>,
}

impl<'a, ST> Statement<'a, ST> {
    /// A statement with as many `?` as values.
    pub fn new(sql: impl Into<Cow<'static, str>>, values: &'a [Value<'a>]) -> Self {
        Self { sql: sql.into(), values, rows: PhantomData }
    }

    /// The pieces of the text, each with the value that follows it.
    fn pieces(&self) -> impl Iterator<Item = (&str, Option<&Value<'a>>)> {
        let (mut values, mut from) = (self.values.iter(), 0);
        // std's search for a character looks at one after another; texts are some hundred long.
        let places = memchr_iter(b'?', self.sql.as_bytes());
        places.chain(once(self.sql.len())).map(move |at| {
            let piece = self.sql.get(from..at).unwrap_or_default();
            from = at.saturating_add(1);
            (piece, values.next())
        })
    }
}

impl Statement<'_> {
    /// Runs it on either database.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn run(self, conn: &mut Connection) -> Result<(), StoreError> {
        match conn {
            Connection::Sqlite(sqlite) => self.execute(sqlite)?,
            Connection::Postgres(postgres) => self.execute(postgres)?,
        };
        Ok(())
    }
}

impl<'s, ST> Statement<'s, ST> {
    /// Runs it on either database, and gives its rows.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn load<R>(self, conn: &mut Connection) -> Result<Vec<R>, StoreError>
    where
        Self: LoadQuery<'s, SqliteConnection, R> + LoadQuery<'s, PgConnection, R>,
    {
        Ok(match conn {
            Connection::Sqlite(sqlite) => RunQueryDsl::load(self, sqlite)?,
            Connection::Postgres(postgres) => RunQueryDsl::load(self, postgres)?,
        })
    }
}

impl<ST> QueryFragment<Sqlite> for Statement<'_, ST> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        for (piece, value) in self.pieces() {
            out.push_sql(piece);
            match value {
                None => (),
                Some(Value::Int(int)) => out.push_bind_param::<BigInt, _>(int)?,
                Some(Value::Text(text)) => out.push_bind_param::<Text, _>(*text)?,
                Some(Value::Bytes(bytes)) => out.push_bind_param::<Binary, _>(*bytes)?,
                Some(Value::Ints(_) | Value::Texts(_) | Value::ManyBytes(_)) => {
                    return Err(no_arrays());
                }
            }
        }
        Ok(())
    }
}

impl<ST> QueryFragment<Pg> for Statement<'_, ST> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        for (piece, value) in self.pieces() {
            out.push_sql(piece);
            match value {
                None => (),
                Some(Value::Int(int)) => out.push_bind_param::<BigInt, _>(int)?,
                Some(Value::Text(text)) => out.push_bind_param::<Text, _>(*text)?,
                Some(Value::Bytes(bytes)) => out.push_bind_param::<Binary, _>(*bytes)?,
                Some(Value::ManyBytes(many)) => out.push_bind_param::<Array<Binary>, _>(*many)?,
                Some(Value::Ints(ints)) => out.push_bind_param::<Array<BigInt>, _>(*ints)?,
                Some(Value::Texts(texts)) => out.push_bind_param::<Array<Text>, _>(*texts)?,
            }
        }
        Ok(())
    }
}

fn no_arrays() -> DieselError {
    DieselError::QueryBuilderError("SQLite has no arrays".into())
}

impl<ST> QueryId for Statement<'_, ST> {
    type QueryId = ();

    /// The text is the key under which it is kept.
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<ST> Query for Statement<'_, ST> {
    type SqlType = ST;
}

impl<ST, C> RunQueryDsl<C> for Statement<'_, ST> {}
