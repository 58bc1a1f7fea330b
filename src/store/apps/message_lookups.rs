//! What can be looked up for sockets of customer chat, and of files: each for
//! [`Store::read`](crate::store::Store::read).

use crate::domain::apps::app::App;
use crate::domain::apps::customer::AppUser;
use crate::domain::apps::customer_request::Visit;
use crate::domain::apps::device::Device;
use crate::domain::id::{AppId, DeviceId, GroupId, UserId};
use crate::domain::uuid::Uuid;
use crate::store::apps::files::StoredFile;
use crate::store::apps::{conversations, devices, directory, files, pushes, users, visits};
use crate::store::engine::job::ReadOp;

/// A user of an app who comes at a device of the app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SocketUser {
    pub app: App,
    pub user: AppUser,
    pub device: Device,
}

/// Who comes at a device; `None` if anything of it is not, or not of the app.
pub fn socket_user(app: AppId, user: UserId, device: DeviceId) -> impl ReadOp<Option<SocketUser>> {
    move |conn| {
        let found_app = directory::by_id(conn, app)?;
        let found_user = users::find(conn, app, user)?;
        let found_device = devices::find(conn, device)?.map(|(device, _)| device);
        let found_device = found_device.filter(|found| found.app == app && found.owner == user);
        let all = found_app.zip(found_user).zip(found_device);
        Ok(all.map(|((app, user), device)| SocketUser { app, user, device }))
    }
}

/// Whether a user is in a conversation of the app that a device is of.
pub fn may_watch(user: UserId, device: DeviceId, conversation: GroupId) -> impl ReadOp<bool> {
    move |conn| {
        let Some((device, _)) = devices::find(conn, device)? else { return Ok(false) };
        Ok(conversations::of_member(conn, (device.app, user), conversation)?.is_some())
    }
}

/// Where a visitor has come from last.
pub fn latest_visit(app: AppId, user: UserId) -> impl ReadOp<Option<Visit>> {
    move |conn| visits::latest(conn, (app, user))
}

/// A file.
pub fn file(id: Uuid) -> impl ReadOp<Option<StoredFile>> {
    move |conn| files::find(conn, id)
}

/// Whether there are pushes of messages below an id.
pub fn has_pushes(below: i64) -> impl ReadOp<bool> {
    move |conn| pushes::has_before(conn, below)
}
