//! What can be written of apps: each a job, for [`Store::run`](crate::store::Store::run).

mod devices;

use crate::domain::apps::app::{AppSettings, Level};
use crate::domain::apps::event::AppsEvent;
use crate::domain::apps::token::{AppToken, TokenHash};
use crate::domain::clock::Timestamp;
use crate::domain::id::{AppId, UserId};
use crate::domain::news::News;
use crate::store::apps::directory::{self, NewApp};
use crate::store::apps::keys::{self, NewAppKey};
use crate::store::apps::tokens::{self, WhichTokens};
use crate::store::apps::{AppsRight, job, telling};
use crate::store::engine::Connection;
use crate::store::engine::error::StoreError;
use crate::store::engine::job::{Job, Op, Yield};

pub use devices::{
    acknowledge, make_device, operate, send_up, serve, set_device_os, spread_downstream,
    sweep_device_groups, sweep_devices, sweep_downstreams, sweep_servers, touch_device,
};

/// Stores an app with its keys. False if there are so many apps already.
pub fn add_app(app: NewApp, keys: Vec<NewAppKey>, apps_max: i64) -> Job<AppsRight, impl Op<bool>> {
    job(move |conn| {
        if directory::count(conn)? >= apps_max {
            return Ok(false);
        }
        directory::insert(conn, &app)?;
        keys::insert(conn, app.id, &keys, app.created_at)?;
        Ok(true)
    })
}

/// Sets all that an app's owner may set; see [`directory::set`].
pub fn set_app(app: AppId, settings: AppSettings) -> Job<AppsRight, impl Op<()>> {
    job(move |conn| directory::set(conn, app, &settings))
}

/// Gives an app's service another id; see [`directory::set_service`].
pub fn set_service(app: AppId, service_hash: [u8; 32]) -> Job<AppsRight, impl Op<()>> {
    job(move |conn| directory::set_service(conn, app, &service_hash))
}

/// Ends an app: its keys and tokens at once, and the rest bit by bit.
pub fn remove_app(app: AppId) -> Job<AppsRight, impl Op<()>> {
    telling(move |conn| {
        keys::end(conn, app)?;
        directory::remove(conn, app)?;
        ended(conn, WhichTokens::OfApp(app), ())
    })
}

/// Gives a key another secret; see [`keys::rotate`]. Unless the old one is kept, the tokens of the key end.
pub fn rotate_key(
    app: AppId,
    level: Level,
    secret_hash: [u8; 32],
    keeps_old: bool,
) -> Job<AppsRight, impl Op<Option<String>>> {
    telling(move |conn| {
        let key = keys::rotate(conn, (app, level), &secret_hash, keeps_old)?;
        match keeps_old {
            true => Ok(key.into()),
            false => ended(conn, WhichTokens::OfLevel(app, level), key),
        }
    })
}

/// Stores a token for whoever has shown a key. False if the app has been removed meanwhile.
pub fn add_token(token: AppToken) -> Job<AppsRight, impl Op<bool>> {
    job(move |conn| {
        let lives = keys::app_lives(conn, token.app)?;
        if lives {
            tokens::insert(conn, &token)?;
        }
        Ok(lives)
    })
}

/// Lets a token live on; see [`tokens::renew`].
pub fn renew_token(hash: TokenHash, expires_at: Timestamp) -> Job<AppsRight, impl Op<()>> {
    job(move |conn| tokens::renew(conn, &hash, expires_at))
}

/// Makes a token a user's; see [`tokens::bind`].
pub fn bind_token(hash: TokenHash, user: UserId) -> Job<AppsRight, impl Op<bool>> {
    job(move |conn| tokens::bind(conn, &hash, user))
}

/// Ends a token, and its sessions.
pub fn end_token(hash: TokenHash) -> Job<AppsRight, impl Op<()>> {
    telling(move |conn| ended(conn, WhichTokens::One(hash), ()))
}

/// Forgets tokens that have expired, at most so many; how many it were.
pub fn sweep_tokens(now: Timestamp, rows_max: i64) -> Job<AppsRight, impl Op<usize>> {
    job(move |conn| tokens::sweep(conn, now, rows_max))
}

/// Ends tokens, and tells the hub, which ends their sessions.
fn ended<T>(conn: &mut Connection, which: WhichTokens, answer: T) -> Result<Yield<T>, StoreError> {
    let tokens = tokens::end(conn, which)?;
    let news = (!tokens.is_empty()).then(|| News::to(Vec::new(), AppsEvent::TokensEnded(tokens)));
    Ok(Yield { answer, news: news.into_iter().collect() })
}
