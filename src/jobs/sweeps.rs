//! Forgets what has been kept long enough.
//!
//! A timer looks first, in a read. Only if there is something to forget it writes: bit by bit, so that others get
//! their turn, and each bit takes or renews the timer's lease in its own transaction. So of several processes
//! one sweeps, and where nothing is to be swept nothing is written.

use std::rc::Rc;
use std::time::Duration;

use futures_util::future::LocalBoxFuture;

use crate::domain::accounts::login::LoginId;
use crate::domain::apps::customer_request::UNACKED_KEPT;
use crate::domain::chat::message::NONCE_KEPT;
use crate::domain::clock::Timestamp;
use crate::domain::mint::first_id_at;
use crate::store::accounts::lookups::{has_expired_logins, has_unconfirmed};
use crate::store::accounts::writes as accounts;
use crate::store::apps::customer_lookups::{has_removed_apps, has_unseen_visitors};
use crate::store::apps::customer_writes as customers;
use crate::store::apps::lookups::{
    has_expired_downstreams, has_expired_tokens, has_past_groups, has_past_servers,
    has_unseen_devices,
};
use crate::store::apps::message_lookups::has_pushes;
use crate::store::apps::message_writes;
use crate::store::apps::writes as apps;
use crate::store::chat::lookups::{has_ended_groups, has_nonces};
use crate::store::chat::writes as chat;
use crate::store::jobs::leases::{Hold, held};
use crate::store::jobs::lookups::IsDue;
use crate::store::pubsub::lookups::is_sweep_due;
use crate::store::pubsub::writes::sweep_pubsub;
use crate::store::{Store, StoreError};

/// Between two sweeps of what is many.
const OFTEN: Duration = Duration::from_secs(600);
const MINUTE: Duration = Duration::from_secs(60);
/// Rows of one bit.
const ROWS_MAX: i64 = 1_000;
/// Devices of one bit, for each of which much may wait.
const DEVICES_MAX: i64 = 100;
/// Visitors of one bit.
const VISITORS_MAX: i64 = 100;

/// A sweep, and how often it looks.
pub struct Timer {
    /// What is forgotten; also the name of the lease.
    pub name: &'static str,
    /// The time between two sweeps; none for one that looks whenever the worker does.
    pub every: Duration,
    /// Whether there is anything to forget.
    pub look: Box<dyn Fn(Timestamp) -> IsDue>,
    /// Forgets a bit, and gives how many rows. `None` if somebody else holds the lease.
    pub bit: Box<dyn Fn(Store, Hold) -> Swept>,
}

/// What becomes of one bit of a sweep.
pub type Swept = LocalBoxFuture<'static, Result<Option<usize>, StoreError>>;

/// Is told of log-ins that are not in the store any more.
pub type LoginsForgotten = dyn Fn(&[LoginId]);

/// All that a hub forgets.
pub fn all(
    logins_forgotten: Rc<LoginsForgotten>,
    (device_unseen, visitor_unseen): (Duration, Duration),
) -> Vec<Timer> {
    vec![
        unverified(),
        nonces(),
        logins(logins_forgotten),
        ended_groups(),
        app_tokens(),
        downstreams(),
        servers(),
        device_groups(),
        devices(device_unseen),
        pushes(),
        visitors(visitor_unseen),
        removed_apps(),
        pubsub(),
    ]
}

/// Registrations and new passwords that nobody has confirmed in time, and their keys.
pub fn unverified() -> Timer {
    let bit = |store: Store, hold: Hold| -> Swept {
        let sweep = held(hold, accounts::sweep_expired(hold.now));
        Box::pin(async move { store.run(sweep).await })
    };
    let look = |now| -> IsDue { Box::new(has_unconfirmed(now)) };
    Timer { name: "registrations", every: Duration::ZERO, look: Box::new(look), bit: Box::new(bit) }
}

/// Nonces that are too old to be repeated.
pub fn nonces() -> Timer {
    let bit = |store: Store, hold: Hold| -> Swept {
        let sweep = held(hold, chat::sweep_nonces(too_old(hold.now), ROWS_MAX));
        Box::pin(async move { store.run(sweep).await })
    };
    let look = |now| -> IsDue { Box::new(has_nonces(too_old(now))) };
    Timer { name: "nonces", every: OFTEN, look: Box::new(look), bit: Box::new(bit) }
}

/// Messages up to this id have nonces that are not kept any more.
fn too_old(now: Timestamp) -> i64 {
    let kept_micros = i64::try_from(NONCE_KEPT.as_micros()).unwrap_or(i64::MAX);
    first_id_at(Timestamp::from_micros(now.micros().saturating_sub(kept_micros)))
}

/// Log-ins whose tokens have all expired.
pub fn logins(forgotten: Rc<LoginsForgotten>) -> Timer {
    let bit = move |store: Store, hold: Hold| -> Swept {
        let sweep = held(hold, accounts::sweep_logins(hold.now, ROWS_MAX));
        let forgotten = Rc::clone(&forgotten);
        Box::pin(async move {
            Ok(store.run(sweep).await?.map(|some| {
                forgotten(&some);
                some.len()
            }))
        })
    };
    let look = |now| -> IsDue { Box::new(has_expired_logins(now)) };
    Timer { name: "log-ins", every: OFTEN, look: Box::new(look), bit: Box::new(bit) }
}

/// What was said in groups that have ended.
pub fn ended_groups() -> Timer {
    let bit = |store: Store, hold: Hold| -> Swept {
        let sweep = held(hold, chat::sweep_groups(ROWS_MAX));
        Box::pin(async move { store.run(sweep).await })
    };
    let look = |_| -> IsDue { Box::new(has_ended_groups()) };
    Timer { name: "rows of ended groups", every: OFTEN, look: Box::new(look), bit: Box::new(bit) }
}

/// What users of apps have not acknowledged for too long.
pub fn pushes() -> Timer {
    let bit = |store: Store, hold: Hold| -> Swept {
        let sweep = held(hold, message_writes::sweep_pushes(forgotten(hold.now), ROWS_MAX));
        Box::pin(async move { store.run(sweep).await })
    };
    let look = |now| -> IsDue { Box::new(has_pushes(forgotten(now))) };
    Timer { name: "old pushes", every: OFTEN, look: Box::new(look), bit: Box::new(bit) }
}

/// Messages up to this id need not be acknowledged any more.
fn forgotten(now: Timestamp) -> i64 {
    let kept = i64::try_from(UNACKED_KEPT.as_micros()).unwrap_or(i64::MAX);
    first_id_at(Timestamp::from_micros(now.micros().saturating_sub(kept)))
}

/// Tokens of apps that have expired.
pub fn app_tokens() -> Timer {
    let bit = |store: Store, hold: Hold| -> Swept {
        let sweep = held(hold, apps::sweep_tokens(hold.now, ROWS_MAX));
        Box::pin(async move { store.run(sweep).await })
    };
    let look = |now| -> IsDue { Box::new(has_expired_tokens(now)) };
    Timer { name: "tokens of apps", every: OFTEN, look: Box::new(look), bit: Box::new(bit) }
}

/// Messages to devices that have expired, with what waits of them, and those of apps that were removed.
pub fn downstreams() -> Timer {
    let bit = |store: Store, hold: Hold| -> Swept {
        let sweep = held(hold, apps::sweep_downstreams(hold.now, ROWS_MAX));
        Box::pin(async move { store.run(sweep).await })
    };
    let look = |now| -> IsDue { Box::new(has_expired_downstreams(now)) };
    let name = "rows of messages to devices";
    Timer { name, every: OFTEN, look: Box::new(look), bit: Box::new(bit) }
}

/// Registrations of servers that have ended, once none of their messages is left.
pub fn servers() -> Timer {
    let bit = |store: Store, hold: Hold| -> Swept {
        let sweep = held(hold, apps::sweep_servers(ROWS_MAX));
        Box::pin(async move { store.run(sweep).await })
    };
    let look = |_| -> IsDue { Box::new(has_past_servers()) };
    Timer { name: "servers of apps", every: OFTEN, look: Box::new(look), bit: Box::new(bit) }
}

/// Members that groups of devices had before, and groups that have ended.
pub fn device_groups() -> Timer {
    let bit = |store: Store, hold: Hold| -> Swept {
        let sweep = held(hold, apps::sweep_device_groups(ROWS_MAX));
        Box::pin(async move { store.run(sweep).await })
    };
    let look = |_| -> IsDue { Box::new(has_past_groups()) };
    let name = "rows of groups of devices";
    Timer { name, every: OFTEN, look: Box::new(look), bit: Box::new(bit) }
}

/// Devices that were not seen for so long, and those of apps that were removed.
pub fn devices(unseen: Duration) -> Timer {
    let before = move |now: Timestamp| ago(now, unseen);
    let bit = move |store: Store, hold: Hold| -> Swept {
        let sweep = held(hold, apps::sweep_devices(before(hold.now), DEVICES_MAX));
        Box::pin(async move { store.run(sweep).await })
    };
    let look = move |now| -> IsDue { Box::new(has_unseen_devices(before(now))) };
    Timer { name: "devices", every: OFTEN, look: Box::new(look), bit: Box::new(bit) }
}

/// Visitors of apps who were not seen for so long.
pub fn visitors(unseen: Duration) -> Timer {
    let bit = move |store: Store, hold: Hold| -> Swept {
        let before = ago(hold.now, unseen);
        let sweep = held(hold, customers::sweep_visitors(before, hold.now, VISITORS_MAX));
        Box::pin(async move { store.run(sweep).await })
    };
    let look = move |now| -> IsDue { Box::new(has_unseen_visitors(ago(now, unseen), now)) };
    Timer { name: "visitors of apps", every: OFTEN, look: Box::new(look), bit: Box::new(bit) }
}

/// What is left of apps that were removed: what has a sweep of its own goes before.
pub fn removed_apps() -> Timer {
    let bit = |store: Store, hold: Hold| -> Swept {
        let sweep = held(hold, message_writes::sweep_removed_apps(hold.now));
        Box::pin(async move { store.run(sweep).await })
    };
    let look = |_| -> IsDue { Box::new(has_removed_apps()) };
    Timer { name: "removed apps", every: OFTEN, look: Box::new(look), bit: Box::new(bit) }
}

/// Messages, subscriptions and snapshots of Pub/Sub that have had their time.
pub fn pubsub() -> Timer {
    let bit = |store: Store, hold: Hold| -> Swept {
        let sweep = held(hold, sweep_pubsub(hold.now, ROWS_MAX));
        Box::pin(async move { Ok(store.run(sweep).await?.map(|swept| swept.rows)) })
    };
    let look = |now| -> IsDue { Box::new(is_sweep_due(now)) };
    Timer { name: "rows of Pub/Sub", every: MINUTE, look: Box::new(look), bit: Box::new(bit) }
}

fn ago(now: Timestamp, by: Duration) -> Timestamp {
    let micros = i64::try_from(by.as_micros()).unwrap_or(i64::MAX);
    Timestamp::from_micros(now.micros().saturating_sub(micros))
}
