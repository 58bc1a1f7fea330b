//! What can be written of rooms, beside commands: each a job, for
//! [`Store::run`](crate::store::Store::run). They touch all rooms.

use std::sync::Arc;

use crate::domain::accounts::block::{BlockRefusal, BlockVerb};
use crate::domain::accounts::login::Revocation;
use crate::domain::accounts::user::User;
use crate::domain::clock::{Clock, Timestamp};
use crate::domain::id::UserId;
use crate::store::accounts::blocks;
use crate::store::accounts::own::Outdated;
use crate::store::chat::departures::Departure;
use crate::store::chat::{ChatRight, deletion, groups, job, nonces};
use crate::store::engine::job::{Job, Op};

/// The groups that were left with an account, and the log-ins that ended with it.
type Deleted = (Result<Vec<Departure>, Outdated>, Option<Revocation>);

/// Makes or lifts a block, which holds for all that is sent after it; see [`blocks::change`].
pub fn block(
    me: UserId,
    target: Option<UserId>,
    verb: BlockVerb,
    now: Timestamp,
) -> Job<ChatRight, impl Op<Result<Option<User>, BlockRefusal>>> {
    job(move |conn| blocks::change(conn, me, target, verb, now))
}

/// Deletes the account of a user whose password has this hash; see [`deletion::delete`].
pub fn delete_account(
    user: UserId,
    password_hash: String,
    clock: Arc<dyn Clock>,
) -> Job<ChatRight, impl Op<Deleted>> {
    job(move |conn| {
        Ok(match deletion::delete(conn, user, &password_hash, clock.now())? {
            Ok((revocation, departures)) => (Ok(departures), Some(revocation)),
            Err(outdated) => (Err(outdated), None),
        })
    })
}

/// Forgets nonces of messages below an id, at most so many; how many it were.
pub fn sweep_nonces(below: i64, rows_max: i64) -> Job<ChatRight, impl Op<usize>> {
    job(move |conn| nonces::sweep(conn, below, rows_max))
}

/// Forgets what was said in groups that have ended, at most so many rows; how many it were.
pub fn sweep_groups(rows_max: i64) -> Job<ChatRight, impl Op<usize>> {
    job(move |conn| groups::sweep(conn, rows_max))
}
