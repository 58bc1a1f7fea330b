//! Deliveries of a message that was sent to many, made step by step.
//!
//! A step is a transaction that makes some of them and keeps how far it has come (`reached`), so each delivery is made
//! once, however often the process is killed. Devices that are there now can be served before their turn: what they
//! acknowledge meanwhile is remembered until their turn is over.

use diesel::prelude::*;
use diesel::sql_types::BigInt;

use crate::domain::id::{AppId, DeviceId, DownstreamId};
use crate::domain::news::News;
use crate::store::apps::downstreams::{DOWNSTREAM, DownstreamRow, STEP_MAX, message, news, of_app};
use crate::store::apps::{deliveries, devices, groups};
use crate::store::engine::Connection;
use crate::store::engine::error::StoreError;
use crate::store::engine::ids::{app_id, downstream_id};
use crate::store::engine::statement::{Statement, Value};
use crate::store::schema::downstreams;

const NEXT_OPEN: &str =
    "SELECT id FROM downstreams WHERE reached IS NOT NULL AND app_id = ? ORDER BY id LIMIT 1";
const REACH: &str = "UPDATE downstreams SET reached = ? WHERE id = ?";
const REACH_ALL: &str = "UPDATE downstreams SET reached = NULL WHERE id = ?";

/// The oldest message of an app whose deliveries have still to be made.
///
/// # Errors
/// [`StoreError::Database`], [`StoreError::Corrupt`].
pub fn next_open(conn: &mut Connection, app: AppId) -> Result<Option<DownstreamId>, StoreError> {
    let open: Vec<i64> =
        Statement::<BigInt>::new(NEXT_OPEN, &[Value::Int(app.get())]).load(conn)?;
    open.first().map(|id| downstream_id(*id)).transpose()
}

/// Which deliveries a step makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SpreadStep {
    /// Those to devices of these, before their turn.
    Among(Vec<DeviceId>),
    /// The next ones in order, at most so many.
    Next(usize),
}

/// What came of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Spread {
    /// There is more to do.
    More(Option<News>),
    /// All deliveries have been made.
    Done(Option<News>),
}

/// For whom an open message is, and how far its deliveries have come.
struct OpenMessage {
    row: DownstreamRow,
    group: Option<(i64, i64)>,
    reached: i64,
}

fn open(conn: &mut Connection, id: DownstreamId) -> Result<Option<OpenMessage>, StoreError> {
    type Columns = (DownstreamRow, Option<i64>, Option<i64>, Option<i64>);
    let columns = (DOWNSTREAM, downstreams::group_id, downstreams::version, downstreams::reached);
    let found: Option<Columns> =
        downstreams::table.find(id.get()).select(columns).first(conn).optional()?;
    let open = |(row, group, version, reached): Columns| {
        Some(OpenMessage { row, group: Option::zip(group, version), reached: reached? })
    };
    Ok(found.and_then(open))
}

/// Makes some deliveries of a message that was sent to many.
///
/// # Errors
/// [`StoreError::Database`], [`StoreError::Corrupt`].
pub fn step(
    conn: &mut Connection,
    id: DownstreamId,
    which: &SpreadStep,
) -> Result<Spread, StoreError> {
    let Some(OpenMessage { row, group, reached }) = open(conn, id)? else {
        return Ok(Spread::Done(None));
    };
    let of_app_then = (row.1, id.get());
    let devices = match which {
        SpreadStep::Among(some) => {
            // Those that have had their turn have it already, or have said so.
            let ids = some.iter().map(|device| device.get());
            let ids: Vec<i64> = ids.filter(|device| *device > reached).take(STEP_MAX).collect();
            match group {
                Some(group) => groups::members_among(conn, group, &ids)?,
                None => {
                    let of_app = devices::of_app(conn, app_id(row.1)?, &ids)?;
                    of_app.into_iter().filter(|device| *device < id.get()).collect()
                }
            }
        }
        SpreadStep::Next(most) => {
            let limit = i64::try_from(*most).unwrap_or(i64::MAX);
            match group {
                Some(group) => groups::members(conn, group, reached, limit)?,
                None => of_app(conn, of_app_then, reached, limit)?,
            }
        }
    };
    let told = deliveries::insert(conn, id, &devices)?;
    let news = news(message(row)?, &told)?;
    match which {
        SpreadStep::Among(_) => Ok(Spread::More(news)),
        SpreadStep::Next(most) => {
            let last = devices.last().copied().filter(|_| devices.len() >= *most);
            advance(conn, (id, reached), last, news)
        }
    }
}

/// Keeps how far deliveries have come: to a last device, or to the end.
fn advance(
    conn: &mut Connection,
    (id, reached): (DownstreamId, i64),
    last: Option<i64>,
    news: Option<News>,
) -> Result<Spread, StoreError> {
    deliveries::forget_marks(conn, id, (reached, last.unwrap_or(i64::MAX)))?;
    match last {
        Some(last) => {
            let values = [last, id.get()].map(Value::Int);
            Statement::<()>::new(REACH, &values).run(conn)?;
            Ok(Spread::More(news))
        }
        None => {
            Statement::<()>::new(REACH_ALL, &[Value::Int(id.get())]).run(conn)?;
            Ok(Spread::Done(news))
        }
    }
}
