//! What a user may do, or have done to him, only so often in a day.
//!
//! A day begins with the first time, and not at midnight: so there is always one answer to when it can be
//! done again.

use std::time::Duration;

use diesel::sql_types::BigInt;

use crate::domain::accounts::refusal::AccountsRefusal;
use crate::domain::clock::Timestamp;
use crate::domain::id::UserId;
use crate::store::engine::Connection;
use crate::store::engine::error::StoreError;

use crate::store::engine::statement::{Statement, Value};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

const GET: &str = "SELECT since, used FROM quotas WHERE user_id = ? AND kind = ?";
const SET: &str = "INSERT INTO quotas (user_id, kind, since, used) VALUES (?, ?, ?, ?) \
    ON CONFLICT (user_id, kind) DO UPDATE SET since = excluded.since, used = excluded.used";

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quota {
    /// Requests for friendship that the user has made.
    FriendRequests,
    /// Groups that others have put the user into.
    Additions,
    /// The same, by those whom the user blocks: they are refused as others are, and use up nothing of
    /// his.
    HiddenAdditions,
}

impl Quota {
    const fn code(self) -> i64 {
        match self {
            Self::FriendRequests => 0,
            Self::Additions => 1,
            Self::HiddenAdditions => 2,
        }
    }
}

/// Counts one more, if a day may hold so many.
///
/// # Errors
/// [`StoreError::Database`]; inside it [`AccountsRefusal::TooOften`], and then nothing is counted.
pub fn take(
    conn: &mut Connection,
    user: UserId,
    (quota, most): (Quota, i64),
    now: Timestamp,
) -> Result<Result<(), AccountsRefusal>, StoreError> {
    let key = [user.get(), quota.code()].map(Value::Int);
    let rows: Vec<(i64, i64)> = Statement::<(BigInt, BigInt)>::new(GET, &key).load(conn)?;
    let day = i64::try_from(DAY.as_micros()).unwrap_or(i64::MAX);
    // A day that lies ahead was begun by a clock that was wrong.
    let under_way =
        |(since, _): &(i64, i64)| (0..day).contains(&now.micros().saturating_sub(*since));
    let (since, used) = rows.into_iter().find(under_way).unwrap_or((now.micros(), 0));
    if used >= most {
        let left = since.saturating_add(day).saturating_sub(now.micros());
        let retry_after_ms = u64::try_from(left / 1_000).unwrap_or(0).saturating_add(1);
        return Ok(Err(AccountsRefusal::TooOften { retry_after_ms }));
    }
    let values = [user.get(), quota.code(), since, used.saturating_add(1)].map(Value::Int);
    Statement::<()>::new(SET, &values).run(conn)?;
    Ok(Ok(()))
}
