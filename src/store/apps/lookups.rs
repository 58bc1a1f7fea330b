//! What can be looked up of apps: each for [`Store::read`](crate::store::Store::read).

mod devices;

use crate::domain::apps::app::{App, Level};
use crate::domain::apps::token::{AppToken, TokenHash};
use crate::domain::clock::Timestamp;
use crate::domain::id::AppId;
use crate::domain::uuid::Uuid;
use crate::store::apps::keys::{self, AppKey};
use crate::store::apps::server_calls::{self, FoundServer};
use crate::store::apps::{directory, tokens};
use crate::store::engine::job::ReadOp;

pub use devices::{
    device, devices_of, has_expired_downstreams, has_past_groups, has_past_servers,
    has_unseen_devices, next_open_downstream, waiting,
};

/// The app with an id.
pub fn app(id: AppId) -> impl ReadOp<Option<App>> {
    move |conn| directory::by_id(conn, id)
}

/// The app with a name.
pub fn app_named(name: String) -> impl ReadOp<Option<App>> {
    move |conn| directory::by_name(conn, &name)
}

/// All apps, and all their keys.
pub fn apps() -> impl ReadOp<(Vec<App>, Vec<(AppId, Level, String)>)> {
    |conn| Ok((directory::all(conn)?, keys::all(conn)?))
}

/// Whose the id of a service, by its SHA-256, and a registration are.
pub fn server(service_hash: [u8; 32], server: Option<Uuid>) -> impl ReadOp<FoundServer> {
    move |conn| server_calls::find(conn, &service_hash, server)
}

/// The key that somebody shows, if it is one.
pub fn app_key(key: String) -> impl ReadOp<Option<AppKey>> {
    move |conn| keys::find(conn, &key)
}

/// The token that somebody shows, if it is good now.
pub fn app_token(hash: TokenHash, now: Timestamp) -> impl ReadOp<Option<AppToken>> {
    move |conn| tokens::find(conn, &hash, now)
}

/// Whether there are tokens of apps to forget.
pub fn has_expired_tokens(now: Timestamp) -> impl ReadOp<bool> {
    move |conn| tokens::has_expired(conn, now)
}
