//! What can be written of devices, and of what is sent to them.

use std::sync::Arc;

use crate::domain::apps::console::{RequestId, ResultCode};
use crate::domain::apps::device::OsType;
use crate::domain::clock::Timestamp;
use crate::domain::id::{AppId, DeviceId, DownstreamId, UserId};
use crate::domain::mint::IdMint;
use crate::store::apps::console::{self, ConsoleAsked, ConsoleRules, Operated};
use crate::store::apps::devices::{self, MadeDevice, NewDevice};
use crate::store::apps::server_calls::{self, ServerAsked, ServerServed};
use crate::store::apps::spread::{self, Spread, SpreadStep};
use crate::store::apps::upstreams::{self, Upstream};
use crate::store::apps::{AppsRight, deliveries, downstreams, groups, job, servers, telling};
use crate::store::engine::job::{Job, Op, Yield};

/// Makes a device of a user of an app, unless the user has that terminal; see [`devices::create`].
pub fn make_device(
    (app, owner): (AppId, UserId),
    (terminal_hash, os): ([u8; 32], OsType),
    (mint, at): (Arc<IdMint>, Timestamp),
    devices_max: i64,
) -> Job<AppsRight, impl Op<MadeDevice>> {
    job(move |conn| {
        // Minted within, since it is done again if somebody has that id.
        let new = NewDevice { id: mint.device()?, app, owner, terminal_hash, os, at };
        devices::create(conn, &new, devices_max)
    })
}

/// A device has been seen.
pub fn touch_device(id: DeviceId, now: Timestamp) -> Job<AppsRight, impl Op<()>> {
    job(move |conn| devices::touch(conn, id, now))
}

/// A device runs on something else than was known.
pub fn set_device_os(id: DeviceId, os: OsType) -> Job<AppsRight, impl Op<()>> {
    job(move |conn| devices::set_os(conn, id, os))
}

/// Does what an operator asks; see [`console::perform`].
pub fn operate(rules: ConsoleRules, asked: ConsoleAsked) -> Job<AppsRight, impl Op<Operated>> {
    let bytes = asked.request.action.bytes();
    let operate = telling(move |conn| {
        let (answer, news) = console::perform(conn, &rules, &asked)?;
        Ok(Yield { answer, news })
    });
    operate.holding(bytes)
}

/// Does what a server of an app asks; see [`server_calls::perform`].
pub fn serve(
    rules: ConsoleRules,
    asked: ServerAsked,
) -> Job<AppsRight, impl Op<Option<ServerServed>>> {
    let bytes = asked.request.action.bytes();
    let serve = telling(move |conn| {
        let (answer, news) = server_calls::perform(conn, &rules, &asked)?;
        Ok(Yield { answer, news })
    });
    serve.holding(bytes)
}

/// Tells servers of an app what a device sends; see [`upstreams::send`].
pub fn send_up(upstream: Upstream) -> Job<AppsRight, impl Op<(ResultCode, RequestId)>> {
    let bytes = upstream.data.as_ref().map_or(0, String::len);
    telling(move |conn| upstreams::send(conn, &upstream)).holding(bytes)
}

/// Devices have these messages; see [`deliveries::acknowledge`].
pub fn acknowledge(had: Vec<(DeviceId, DownstreamId)>) -> Job<AppsRight, impl Op<()>> {
    let bytes = size_of_val(had.as_slice());
    job(move |conn| deliveries::acknowledge(conn, &had)).holding(bytes)
}

/// Makes some deliveries of a message to many; whether there are more to make. See [`spread::step`].
pub fn spread_downstream(message: DownstreamId, step: SpreadStep) -> Job<AppsRight, impl Op<bool>> {
    let bytes = match &step {
        SpreadStep::Among(devices) => size_of_val(devices.as_slice()),
        SpreadStep::Next(_) => 0,
    };
    let spread = telling(move |conn| {
        let (answer, news) = match spread::step(conn, message, &step)? {
            Spread::More(news) => (true, news),
            Spread::Done(news) => (false, news),
        };
        Ok(Yield { answer, news: news.into_iter().collect() })
    });
    spread.holding(bytes)
}

/// Forgets messages to devices that nobody waits for any more, at most so many rows; see [`downstreams::sweep`].
pub fn sweep_downstreams(now: Timestamp, rows_max: i64) -> Job<AppsRight, impl Op<usize>> {
    job(move |conn| downstreams::sweep(conn, now, rows_max))
}

/// Forgets rows of groups of devices that nobody needs any more, at most so many; see [`groups::sweep`].
pub fn sweep_device_groups(rows_max: i64) -> Job<AppsRight, impl Op<usize>> {
    job(move |conn| groups::sweep(conn, rows_max))
}

/// Forgets registrations that have ended, at most so many; see [`servers::sweep`].
pub fn sweep_servers(rows_max: i64) -> Job<AppsRight, impl Op<usize>> {
    job(move |conn| servers::sweep(conn, rows_max))
}

/// Forgets devices that were not seen since a moment, at most so many; see [`devices::sweep`].
pub fn sweep_devices(before: Timestamp, devices_max: i64) -> Job<AppsRight, impl Op<usize>> {
    job(move |conn| devices::sweep(conn, before, devices_max))
}
