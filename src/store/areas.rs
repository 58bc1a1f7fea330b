//! All areas together, as the engine runs them: whose commands it holds, what it keeps between
//! transactions, and what one area's jobs mean for what another has in hand.

use crate::store::apps::known::KnownConversations;
use crate::store::chat::command::{ChatCommand, ChatOutcome};
use crate::store::chat::member_cache::MemberCache;
use crate::store::chat::room_cache::RoomCache;
use crate::store::chat::rules::Rules;
use crate::store::chat::unit_of_work::UnitOfWork;
use crate::store::engine::Connection;
use crate::store::engine::error::StoreError;
use crate::store::engine::job::{Areas, Job, Op, StorePart, Submitted, Touches, quiet};

/// What the areas need besides a database.
pub(in crate::store) struct AllAreas {
    pub rules: Rules,
    /// Outlives a panic of the executor; what it holds is of commits alone.
    pub members: MemberCache,
    pub conversations: KnownConversations,
}

impl Areas for AllAreas {
    type Command = ChatCommand;
    type Outcome = ChatOutcome;
    type Cache = RoomCache;

    const TOUCHES: Touches = Touches::Rooms;

    fn take_id(command: &mut ChatCommand) {
        command.id = None;
    }

    fn transact(
        &self,
        conn: &mut Connection,
        cache: &mut RoomCache,
        batch: &mut [Submitted<Self>],
    ) -> Result<(), StoreError> {
        let commands = batch.iter().filter_map(Submitted::command);
        let mut unit = UnitOfWork::begin(conn, cache, &self.members, commands)?;
        for job in batch {
            match job {
                Submitted::Command { command, outcome, .. } => {
                    let mut done = self.rules.apply(&mut unit, command)?;
                    self.conversations.follow(&mut unit, &mut done)?;
                    *outcome = Some(done);
                }
                Submitted::Job { call, touches, .. } => call.run(match touches {
                    // No unit of work holds anything of it.
                    Touches::Rest => unit.conn(),
                    Touches::Rooms | Touches::All => unit.settled()?,
                })?,
            }
        }
        unit.write()
    }
}

/// The right to jobs that wait for all before them.
pub(in crate::store) struct Whole(());

impl StorePart for Whole {
    const TOUCHES: Touches = Touches::All;
}

/// A job that does nothing: once it is answered, all before it are.
pub(in crate::store) fn marker() -> Job<Whole, impl Op<()>> {
    quiet(Whole(()), |_| Ok(()))
}
