//! `tradewind restore`.

use std::path::PathBuf;

use anyhow::bail;
use clap::Args;

use crate::clock::SystemClock;
use crate::domain::clock::Clock as _;
use crate::server::{Config, end_history};
use crate::store::Database;

/// Put a backup in place of the database, while no hub runs
#[derive(Args)]
pub struct Restore {
    /// What `tradewind backup` wrote, or any whole copy of a SQLite database of ours
    file: Option<PathBuf>,
    /// What is in place was restored by other means: clients must start over
    #[arg(long)]
    new_epoch: bool,
}

/// Restores a copy, or marks what is there as one.
pub fn run(config: &Config, restore: &Restore) -> anyhow::Result<()> {
    let (settings, now) = (&config.store, SystemClock::start().now());
    match &restore.file {
        Some(file) => {
            let aside = crate::store::restore(settings, file, now)?;
            println!("restored from {}", file.display());
            if let Some(aside) = aside {
                println!("what was there before is in {}", aside.display());
            }
        }
        None if restore.new_epoch => {
            let database = Database::own_existing(settings, now)?;
            database.migrate()?;
            end_history(&database)?;
            println!("a new history begins with the next start");
        }
        None => bail!("name the backup, or say --new-epoch if it is in place already"),
    }
    Ok(())
}
