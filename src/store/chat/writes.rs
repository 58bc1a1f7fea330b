//! What can be written of rooms, beside commands: each a job, for
//! [`Store::run`](crate::store::Store::run). They touch all rooms.

use std::sync::Arc;

use crate::domain::accounts::block::{BlockRefusal, BlockVerb};
use crate::domain::accounts::event::AccountsEvent;
use crate::domain::accounts::friendship::FriendVerb;
use crate::domain::clock::{Clock, Timestamp};
use crate::domain::id::UserId;
use crate::domain::news::News;
use crate::store::accounts::blocks;
use crate::store::accounts::own::Outdated;
use crate::store::chat::{ChatRight, deletion, groups, job, nonces, telling};
use crate::store::engine::job::{Job, Op, Yield};

/// Makes or lifts a block, which holds for all that is sent after it; see [`blocks::change`]. Who lifts a block is
/// told of a request for friendship that it has hidden.
pub fn block(
    me: UserId,
    target: Option<UserId>,
    verb: BlockVerb,
    now: Timestamp,
) -> Job<ChatRight, impl Op<Result<(), BlockRefusal>>> {
    telling(move |conn| {
        let by = match blocks::change(conn, me, target, verb, now)? {
            Ok(by) => by,
            Err(refusal) => return Ok(Err(refusal).into()),
        };
        let asked = |by| AccountsEvent::Befriended { verb: FriendVerb::Request, by, to: me };
        let news = by.map(|by| News::to(vec![me.into()], asked(by)));
        Ok(Yield { answer: Ok(()), news: news.into_iter().collect() })
    })
}

/// Deletes the account of a user whose password has this hash; see [`deletion::delete`]. The members of the groups
/// that were left are told.
pub fn delete_account(
    user: UserId,
    password_hash: String,
    clock: Arc<dyn Clock>,
) -> Job<ChatRight, impl Op<Result<(), Outdated>>> {
    telling(move |conn| {
        Ok(match deletion::delete(conn, user, &password_hash, clock.now())? {
            Ok(news) => Yield { answer: Ok(()), news },
            Err(outdated) => Err(outdated).into(),
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
