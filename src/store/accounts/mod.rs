//! Users, their log-ins, friends and blocks; registrations and new passwords on their way.

use crate::domain::accounts::user::UserPair;
use crate::store::engine::error::StoreError;
use crate::store::engine::ids::user_id;

pub mod blocks;
pub mod friendships;
pub mod living;
pub mod logins;
pub mod mails;
pub mod name_keys;
pub mod quotas;
pub mod registrations;
pub mod resets;
pub mod users;

pub(in crate::store) fn user_pair(low: i64, high: i64) -> Result<UserPair, StoreError> {
    let pair = UserPair::new(user_id(low)?, user_id(high)?);
    pair.ok_or(StoreError::Corrupt { what: "both users of a pair", value: low })
}
