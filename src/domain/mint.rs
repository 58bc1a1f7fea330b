//! The id mint: 53-bit snowflakes that strictly increase, whatever the clock does.
//!
//! Layout (hub contract, section 1): 41 bits of milliseconds since 2026-01-01T00:00:00Z, 5 bits of
//! node, 7 bits of sequence. `snowflake_me` keeps the layout and the sequence; what is added here
//! is a logical clock that never steps back, a floor that survives restarts, and parity.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use snowflake_me::Snowflake;

use super::clock::{Clock, Timestamp};
use super::id::{
    AppId, AppServerId, BridgeId, DeviceGroupId, DeviceId, DownstreamId, GroupId, MessageId,
    RoomId, SnapshotId, SubscriptionId, TopicId, UserId,
};

/// The first moment an id can name: 2026-01-01T00:00:00Z.
pub const EPOCH: Timestamp = Timestamp::from_millis(1_767_225_600_000);
/// Ids are below this, and so exact as a JavaScript number.
pub const ID_LIMIT: i64 = 1 << 53;
/// The highest node number.
pub const NODE_MAX: u16 = 31;

const SEQUENCE_BITS: u8 = 7;
const NODE_BITS: u8 = 5;

/// Why no id could be minted.
#[derive(Debug, thiserror::Error)]
pub enum MintError {
    /// The clock is so far behind the last id that going on would only hide the fault.
    #[error(
        "the clock is {behind_ms} ms behind the last id; if it is right now, wait so long, or raise \
         node.clock_step_max_ms above {behind_ms} and start again"
    )]
    ClockWentBack {
        /// How far behind, in milliseconds.
        behind_ms: i64,
    },
    /// The node number is above [`NODE_MAX`].
    #[error("node id {0} is above {NODE_MAX}")]
    NodeOutOfRange(u16),
    /// The time is outside what 41 bits can hold, or the layout was refused.
    #[error("no id can be made: {0}")]
    Snowflake(#[from] snowflake_me::Error),
    /// The number drawn is not an id; only a broken generator could do this.
    #[error("the generator made {0}, which is no id")]
    NotAnId(u64),
}

/// The lowest id that can be minted at a moment.
pub const fn first_id_at(moment: Timestamp) -> i64 {
    let elapsed_ms = moment.millis().saturating_sub(EPOCH.millis());
    elapsed_ms.saturating_mul(1 << (SEQUENCE_BITS + NODE_BITS))
}

/// When an id was minted, to the millisecond.
pub const fn made_at(id: i64) -> Timestamp {
    Timestamp::from_millis(EPOCH.millis().saturating_add(id >> (SEQUENCE_BITS + NODE_BITS)))
}

/// Makes every id of one node. Shared by reference; safe from any thread.
pub struct IdMint {
    snowflake: Snowflake,
    clock: Arc<LogicalClock>,
    step_back_max: Duration,
    steps_back: AtomicU64,
    unready: AtomicBool,
}

impl IdMint {
    /// A mint for `node`, whose ids all lie above `floor` (the highest id this node has stored).
    ///
    /// `step_back_max` is how far the clock may be behind the last id before the mint refuses.
    ///
    /// # Errors
    /// [`MintError::NodeOutOfRange`], or [`MintError::Snowflake`] for a clock before [`EPOCH`].
    pub fn new(
        node: u16,
        floor: i64,
        step_back_max: Duration,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, MintError> {
        if node > NODE_MAX {
            return Err(MintError::NodeOutOfRange(node));
        }
        let clock = Arc::new(LogicalClock::new(clock, first_free_ms(floor)));
        let source = Arc::clone(&clock);
        let snowflake = Snowflake::builder()
            .start_time(EPOCH.millis())
            .bit_len_time(63 - SEQUENCE_BITS - NODE_BITS)
            .bit_len_data_center_id(0)
            .bit_len_machine_id(NODE_BITS)
            .bit_len_sequence(SEQUENCE_BITS)
            .machine_id(&|| Ok(node))
            .data_center_id(&|| Ok(0))
            .clock_source(move || source.now_ms())
            .finalize()?;
        Ok(Self {
            snowflake,
            clock,
            step_back_max,
            steps_back: AtomicU64::new(0),
            unready: AtomicBool::new(false),
        })
    }

    /// A new user id, even.
    ///
    /// # Errors
    /// [`MintError::ClockWentBack`] and the generator's own, as for all that mint.
    pub fn user(&self) -> Result<UserId, MintError> {
        // The sequence is the lowest bits, so one of two neighbours is even.
        loop {
            let raw = self.draw()?;
            if let Some(id) = UserId::new(raw) {
                return Ok(id);
            }
        }
    }

    /// A new group id, odd.
    ///
    /// # Errors
    /// As [`IdMint::user`].
    pub fn group(&self) -> Result<GroupId, MintError> {
        loop {
            let raw = self.draw()?;
            if let Some(id) = GroupId::new(raw) {
                return Ok(id);
            }
        }
    }

    /// A new room id.
    ///
    /// # Errors
    /// As [`IdMint::user`].
    pub fn room(&self) -> Result<RoomId, MintError> {
        self.positive(RoomId::new)
    }

    /// A new message id.
    ///
    /// # Errors
    /// As [`IdMint::user`].
    pub fn message(&self) -> Result<MessageId, MintError> {
        self.positive(MessageId::new)
    }

    /// A new app id.
    ///
    /// # Errors
    /// As [`IdMint::user`].
    pub fn app(&self) -> Result<AppId, MintError> {
        self.positive(AppId::new)
    }

    /// A new id of a server's registration.
    ///
    /// # Errors
    /// As [`IdMint::user`].
    pub fn app_server(&self) -> Result<AppServerId, MintError> {
        self.positive(AppServerId::new)
    }

    /// A new device id.
    ///
    /// # Errors
    /// As [`IdMint::user`].
    pub fn device(&self) -> Result<DeviceId, MintError> {
        self.positive(DeviceId::new)
    }

    /// A new id of a device group.
    ///
    /// # Errors
    /// As [`IdMint::user`].
    pub fn device_group(&self) -> Result<DeviceGroupId, MintError> {
        self.positive(DeviceGroupId::new)
    }

    /// A new id of a downstream message.
    ///
    /// # Errors
    /// As [`IdMint::user`].
    pub fn downstream(&self) -> Result<DownstreamId, MintError> {
        self.positive(DownstreamId::new)
    }

    /// A new topic id.
    ///
    /// # Errors
    /// As [`IdMint::user`].
    pub fn topic(&self) -> Result<TopicId, MintError> {
        self.positive(TopicId::new)
    }

    /// A new subscription id.
    ///
    /// # Errors
    /// As [`IdMint::user`].
    pub fn subscription(&self) -> Result<SubscriptionId, MintError> {
        self.positive(SubscriptionId::new)
    }

    /// A new snapshot id.
    ///
    /// # Errors
    /// As [`IdMint::user`].
    pub fn snapshot(&self) -> Result<SnapshotId, MintError> {
        self.positive(SnapshotId::new)
    }

    /// A new id of a bridge.
    ///
    /// # Errors
    /// As [`IdMint::user`].
    pub fn bridge(&self) -> Result<BridgeId, MintError> {
        self.positive(BridgeId::new)
    }

    fn positive<T>(&self, id: impl Fn(i64) -> Option<T>) -> Result<T, MintError> {
        let raw = self.draw()?;
        id(raw).ok_or(MintError::NotAnId(raw.unsigned_abs()))
    }

    /// Whether ids can be made now; false after a large step back of the clock.
    pub fn is_ready(&self) -> bool {
        self.check().is_ok()
    }

    /// How often the clock was found too far behind.
    pub fn steps_back(&self) -> u64 {
        self.steps_back.load(Ordering::Relaxed)
    }

    /// As [`IdMint::is_ready`], with the reason.
    ///
    /// # Errors
    /// [`MintError::ClockWentBack`].
    pub fn check(&self) -> Result<(), MintError> {
        let behind_ms = self.clock.behind_ms();
        let max_ms = i64::try_from(self.step_back_max.as_millis()).unwrap_or(i64::MAX);
        let unready = behind_ms > max_ms;
        let was_unready = self.unready.swap(unready, Ordering::Relaxed);
        if unready && !was_unready {
            self.steps_back.fetch_add(1, Ordering::Relaxed);
        }
        if unready { Err(MintError::ClockWentBack { behind_ms }) } else { Ok(()) }
    }

    fn draw(&self) -> Result<i64, MintError> {
        self.check()?;
        let raw = self.snowflake.next_id()?.as_u64();
        i64::try_from(raw).map_err(|_| MintError::NotAnId(raw))
    }
}

/// The millisecond in which the first id above `floor` may be made, since the Unix epoch.
fn first_free_ms(floor: i64) -> i64 {
    let elapsed = floor >> (SEQUENCE_BITS + NODE_BITS);
    EPOCH.millis().saturating_add(elapsed).saturating_add(i64::from(floor > 0))
}

/// Milliseconds that never fall and, while the wall clock is behind, go on at its pace.
struct LogicalClock {
    clock: Arc<dyn Clock>,
    /// The last reading, and the steady time at which it was taken.
    last: Mutex<(i64, Duration)>,
    behind_ms: AtomicI64,
}

impl LogicalClock {
    fn new(clock: Arc<dyn Clock>, floor_ms: i64) -> Self {
        let steady = clock.steady();
        let this =
            Self { clock, last: Mutex::new((floor_ms, steady)), behind_ms: AtomicI64::new(0) };
        this.now_ms();
        this
    }

    fn now_ms(&self) -> i64 {
        let wall = self.clock.now().millis();
        let steady = self.clock.steady();
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let (last_ms, last_steady) = *last;
        let passed_ms = i64::try_from(steady.saturating_sub(last_steady).as_millis()).unwrap_or(0);
        if wall >= last_ms {
            *last = (wall, steady);
        } else if passed_ms > 0 {
            *last = (last_ms.saturating_add(passed_ms), steady);
        }
        self.behind_ms.store(last.0.saturating_sub(wall), Ordering::Relaxed);
        last.0
    }

    fn behind_ms(&self) -> i64 {
        self.now_ms();
        self.behind_ms.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
#[path = "mint_tests.rs"]
mod tests;
