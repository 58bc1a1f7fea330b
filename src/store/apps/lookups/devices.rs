//! What can be looked up of devices, and of what is sent to them.

use std::collections::HashSet;

use crate::domain::apps::device::Device;
use crate::domain::clock::Timestamp;
use crate::domain::id::{AppId, DeviceId, DownstreamId, UserId};
use crate::store::apps::deliveries::{self, WaitingBatch};
use crate::store::apps::{devices, downstreams, groups, servers, spread};
use crate::store::engine::job::ReadOp;

/// The device with an id, and when it was last seen.
pub fn device(id: DeviceId) -> impl ReadOp<Option<(Device, Timestamp)>> {
    move |conn| devices::find(conn, id)
}

/// The devices of a user of an app, the oldest first.
pub fn devices_of(app: AppId, owner: UserId) -> impl ReadOp<Vec<Device>> {
    move |conn| devices::of_owner(conn, app, owner)
}

/// The next batch of what waits for a device; see [`deliveries::waiting`].
pub fn waiting(
    device: DeviceId,
    sent: HashSet<DownstreamId>,
    now: Timestamp,
) -> impl ReadOp<WaitingBatch> {
    move |conn| deliveries::waiting(conn, device, &sent, now)
}

/// The oldest message of an app whose deliveries have still to be made.
pub fn next_open_downstream(app: AppId) -> impl ReadOp<Option<DownstreamId>> {
    move |conn| spread::next_open(conn, app)
}

/// Whether there are messages to devices that nobody waits for any more.
pub fn has_expired_downstreams(now: Timestamp) -> impl ReadOp<bool> {
    move |conn| downstreams::has_expired(conn, now)
}

/// Whether rows of groups of devices are kept that nobody needs any more.
pub fn has_past_groups() -> impl ReadOp<bool> {
    groups::has_past
}

/// Whether there are registrations that have ended, and of whose messages none is left.
pub fn has_past_servers() -> impl ReadOp<bool> {
    servers::has_past
}

/// Whether there are devices that were not seen since a moment.
pub fn has_unseen_devices(before: Timestamp) -> impl ReadOp<bool> {
    move |conn| devices::has_unseen(conn, before)
}
