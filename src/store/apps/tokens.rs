//! Tokens of apps, by their hashes.

use std::time::Duration;

use diesel::dsl::{exists, select};
use diesel::prelude::*;

use crate::domain::apps::app::Level;
use crate::domain::apps::token::{AppToken, TokenHash};
use crate::domain::clock::Timestamp;
use crate::domain::id::{AppId, UserId};
use crate::store::apps::hash;
use crate::store::apps::keys::{level, number};
use crate::store::engine::Connection;
use crate::store::engine::error::StoreError;
use crate::store::engine::ids::{app_id, user_id};
use crate::store::schema::app_tokens;

/// What a row holds.
type TokenRow = (Vec<u8>, i64, i16, Option<i64>, i64, i64);

fn token(row: TokenRow) -> Result<AppToken, StoreError> {
    let (token_hash, app, number, user, lifetime_ms, expires_at) = row;
    let slides_by = Duration::from_millis(u64::try_from(lifetime_ms).unwrap_or(0));
    Ok(AppToken {
        hash: hash(token_hash)?,
        app: app_id(app)?,
        level: level(number)?,
        user: user.map(user_id).transpose()?,
        expires_at: Timestamp::from_micros(expires_at),
        slides_by,
    })
}

/// Stores a token.
///
/// # Errors
/// [`StoreError::Database`].
pub fn insert(conn: &mut Connection, new: &AppToken) -> Result<(), StoreError> {
    let AppToken { hash, app, level, user, expires_at, slides_by } = *new;
    let lifetime_ms = i64::try_from(slides_by.as_millis()).unwrap_or(i64::MAX);
    let row = (
        app_tokens::hash.eq(&hash[..]),
        app_tokens::app_id.eq(app.get()),
        app_tokens::level.eq(number(level)),
        app_tokens::user_id.eq(user.map(UserId::get)),
        app_tokens::lifetime_ms.eq(lifetime_ms),
        app_tokens::expires_at.eq(expires_at.micros()),
    );
    diesel::insert_into(app_tokens::table).values(row).execute(conn)?;
    Ok(())
}

/// The token of a hash, if it is good now.
///
/// # Errors
/// [`StoreError::Database`], [`StoreError::Corrupt`].
pub fn find(
    conn: &mut Connection,
    hash: &TokenHash,
    now: Timestamp,
) -> Result<Option<AppToken>, StoreError> {
    let live = app_tokens::table.find(&hash[..]).filter(app_tokens::expires_at.gt(now.micros()));
    live.first(conn).optional()?.map(token).transpose()
}

/// Lets a token live until then, if it is there still.
///
/// # Errors
/// [`StoreError::Database`].
pub fn renew(
    conn: &mut Connection,
    hash: &TokenHash,
    expires_at: Timestamp,
) -> Result<(), StoreError> {
    let row = app_tokens::expires_at.eq(expires_at.micros());
    diesel::update(app_tokens::table.find(&hash[..])).set(row).execute(conn)?;
    Ok(())
}

/// Makes a token that is nobody's a user's. False if it is somebody else's, or gone.
///
/// # Errors
/// [`StoreError::Database`].
pub fn bind(conn: &mut Connection, hash: &TokenHash, user: UserId) -> Result<bool, StoreError> {
    let free = app_tokens::user_id.is_null().or(app_tokens::user_id.eq(user.get()));
    let row = app_tokens::user_id.eq(Some(user.get()));
    let bound = diesel::update(app_tokens::table.find(&hash[..]).filter(free)).set(row);
    Ok(bound.execute(conn)? > 0)
}

/// Which tokens of an app.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhichTokens {
    One(TokenHash),
    /// Those that a key of this level was shown for.
    OfLevel(AppId, Level),
    OfApp(AppId),
}

/// Ends tokens; their hashes.
///
/// # Errors
/// [`StoreError::Database`], [`StoreError::Corrupt`].
pub fn end(conn: &mut Connection, which: WhichTokens) -> Result<Vec<TokenHash>, StoreError> {
    let ended: Vec<Vec<u8>> = match which {
        WhichTokens::One(hash) => diesel::delete(app_tokens::table.find(hash.to_vec()))
            .returning(app_tokens::hash)
            .get_results(conn)?,
        WhichTokens::OfLevel(app, level) => {
            let of_level =
                app_tokens::app_id.eq(app.get()).and(app_tokens::level.eq(number(level)));
            diesel::delete(app_tokens::table.filter(of_level))
                .returning(app_tokens::hash)
                .get_results(conn)?
        }
        WhichTokens::OfApp(app) => {
            diesel::delete(app_tokens::table.filter(app_tokens::app_id.eq(app.get())))
                .returning(app_tokens::hash)
                .get_results(conn)?
        }
    };
    ended.into_iter().map(hash).collect()
}

/// Whether any token has expired.
///
/// # Errors
/// [`StoreError::Database`].
pub fn has_expired(conn: &mut Connection, now: Timestamp) -> Result<bool, StoreError> {
    let expired = app_tokens::table.filter(app_tokens::expires_at.le(now.micros()));
    Ok(select(exists(expired)).get_result(conn)?)
}

/// Forgets tokens that have expired, at most so many; how many it were.
///
/// # Errors
/// [`StoreError::Database`].
pub fn sweep(conn: &mut Connection, now: Timestamp, rows_max: i64) -> Result<usize, StoreError> {
    let expired = app_tokens::table.filter(app_tokens::expires_at.le(now.micros()));
    let some: Vec<Vec<u8>> = expired.select(app_tokens::hash).limit(rows_max).load(conn)?;
    Ok(diesel::delete(app_tokens::table.filter(app_tokens::hash.eq_any(some))).execute(conn)?)
}
