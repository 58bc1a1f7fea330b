//! Visitors with their devices, many at once.

use crate::domain::apps::token::AppToken;
use crate::domain::id::AppId;
use crate::store::apps::devices::NewDevice;
use crate::store::apps::users::{self, NewVisitor};
use crate::store::apps::{AppsRight, devices, job, keys, tokens};
use crate::store::engine::job::{Job, Op};

/// A visitor to be stored, with a token and devices.
#[derive(Clone, Debug)]
pub struct NewDeviceOwner {
    pub visitor: NewVisitor,
    pub token: AppToken,
    pub devices: Vec<NewDevice>,
}

/// Stores visitors of an app with all that is theirs. False if the app has been removed meanwhile.
pub fn add_owners(app: AppId, owners: Vec<NewDeviceOwner>) -> Job<AppsRight, impl Op<bool>> {
    job(move |conn| {
        if !keys::app_lives(conn, app)? {
            return Ok(false);
        }
        for NewDeviceOwner { visitor, token, devices } in &owners {
            users::add_visitor(conn, visitor)?;
            tokens::insert(conn, token)?;
            devices::insert_many(conn, devices)?;
        }
        Ok(true)
    })
}
