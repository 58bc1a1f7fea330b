//! Users, their log-ins, friends and blocks; registrations and new passwords on their way.

use crate::domain::accounts::user::UserPair;
use crate::store::engine::error::StoreError;
use crate::store::engine::ids::user_id;
use crate::store::engine::job::{Job, Op, QuietOp, StorePart, Touches, quiet};

pub mod acquaintances;
pub mod blocks;
pub mod crowds;
pub mod dossiers;
pub mod friendships;
pub mod living;
pub mod logins;
pub mod lookups;
pub mod mails;
pub mod name_keys;
pub mod own;
pub mod quotas;
pub mod registrations;
pub mod resets;
pub mod users;
pub mod writes;

/// The right to jobs of accounts: users, log-ins, registrations and resets, and nothing that chat holds.
pub struct AccountsRight(());

impl StorePart for AccountsRight {
    const TOUCHES: Touches = Touches::Rest;
}

fn job<T>(op: impl QuietOp<T>) -> Job<AccountsRight, impl Op<T>> {
    quiet(AccountsRight(()), op)
}

/// A job of accounts that may have something to tell.
fn telling<T, F: Op<T>>(op: F) -> Job<AccountsRight, F> {
    Job::new(AccountsRight(()), op)
}

pub(in crate::store) fn user_pair(low: i64, high: i64) -> Result<UserPair, StoreError> {
    let pair = UserPair::new(user_id(low)?, user_id(high)?);
    pair.ok_or(StoreError::Corrupt { what: "both users of a pair", value: low })
}
