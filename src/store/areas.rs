//! All areas together, as the engine runs them: whose commands it holds, what it keeps between
//! transactions, and what one area's jobs mean for what another has in hand.

use crate::store::chat::command::ChatCommand;
use crate::store::chat::member_cache::MemberCache;
use crate::store::chat::outcome::ChatOutcome;
use crate::store::chat::room_cache::RoomCache;
use crate::store::chat::rules::Rules;
use crate::store::chat::unit_of_work::UnitOfWork;
use crate::store::engine::Connection;
use crate::store::engine::error::StoreError;
use crate::store::engine::job::{Areas, Job, Op, StorePart, Touches, quiet};

/// What the areas need besides a database.
pub(in crate::store) struct AllAreas {
    pub rules: Rules,
    /// Outlives a panic of the executor; what it holds is of commits alone.
    pub members: MemberCache,
}

impl Areas for AllAreas {
    type Command = ChatCommand;
    type Outcome = ChatOutcome;
    type Cache = RoomCache;
    type Unit<'u> = UnitOfWork<'u>;

    fn touches(command: &ChatCommand) -> Touches {
        command.touches()
    }

    fn mint_again(&self, command: &mut ChatCommand) -> Result<(), StoreError> {
        if let ChatCommand::Post { id, .. } = command {
            *id = self.rules.mint.message()?;
        }
        Ok(())
    }

    fn begin<'u>(&'u self, conn: &'u mut Connection, cache: &'u mut RoomCache) -> UnitOfWork<'u> {
        UnitOfWork::new(conn, cache, &self.members)
    }

    fn prepare<'j>(
        unit: &mut UnitOfWork<'_>,
        commands: impl Iterator<Item = &'j ChatCommand> + Clone,
    ) -> Result<(), StoreError> {
        let pairs = commands.clone().filter_map(ChatCommand::pair);
        unit.prepare(pairs, commands.filter_map(ChatCommand::key))
    }

    fn apply(
        &self,
        unit: &mut UnitOfWork<'_>,
        command: &ChatCommand,
    ) -> Result<ChatOutcome, StoreError> {
        self.rules.apply(unit, command)
    }

    fn lend<'l>(
        unit: &'l mut UnitOfWork<'_>,
        touches: Touches,
    ) -> Result<&'l mut Connection, StoreError> {
        match touches {
            // No unit of work holds anything of accounts.
            Touches::Accounts => Ok(unit.conn()),
            Touches::Rooms(_) | Touches::All => unit.settled(),
        }
    }

    fn finish(mut unit: UnitOfWork<'_>) -> Result<(), StoreError> {
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
