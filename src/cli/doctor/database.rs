//! The database: is it there, who has it, does its time fit.

use std::time::Duration;

use super::finding::Finding;
use crate::clock::SystemClock;
use crate::domain::clock::{Clock as _, Timestamp};
use crate::domain::mint;
use crate::server::Config;
use crate::store::engine::inspect::{self, Facts};
use crate::store::{Database, Holder, StoreError};

/// How far the clocks may be apart before times of messages look wrong.
const SKEW_MAX: Duration = Duration::from_secs(2);
const CHECK: &str = "database";

/// How the database answers, who else has it, and whether its clock agrees with ours.
pub fn check(
    config: &Config,
    holder: Result<&Option<Option<Holder>>, &StoreError>,
) -> Vec<Finding> {
    if is_missing(config) {
        return vec![Finding::good(CHECK, "there is none yet; the first start makes it")];
    }
    let opened = Database::open_existing(&config.store);
    let found = opened.and_then(|database| {
        let facts = database.read(inspect::facts)?;
        Ok((database, facts))
    });
    let (database, facts) = match found {
        Ok(found) => found,
        Err(error) => {
            let help = "check store.url: is the server up, the password right, the file readable?";
            return vec![Finding::bad(CHECK, error.to_string(), help)];
        }
    };
    let place = database.place();
    let mut findings = vec![Finding::good(CHECK, format!("{place}, {}", facts.version))];
    findings.push(lock(holder));
    findings.extend(others(&facts));
    findings.extend(contents(&database, facts.time));
    findings
}

/// The schema, and what only a schema of this release can be asked.
fn contents(database: &Database, time: Option<Timestamp>) -> Vec<Finding> {
    const CHECK: &str = "schema";
    let missing = match database.missing_migrations() {
        Ok(missing) => missing,
        Err(error) => {
            let help = "start the release that has made it, or restore a backup";
            return vec![Finding::bad(CHECK, error.to_string(), help)];
        }
    };
    if missing > 0 {
        let found = format!("{missing} migrations are applied by the next start");
        return vec![Finding::good(CHECK, found)];
    }
    let clock = match database.id_floor() {
        Ok(floor) => clock(time, floor),
        Err(error) => Finding::bad("clock", format!("not compared: {error}"), "look at it by hand"),
    };
    vec![Finding::good(CHECK, "up to date"), clock]
}

/// Whether a SQLite file has still to be made.
fn is_missing(config: &Config) -> bool {
    let file = config.store.url.expose().strip_prefix("sqlite://");
    file.is_some_and(|file| !std::path::Path::new(file).exists())
}

fn lock(holder: Result<&Option<Option<Holder>>, &StoreError>) -> Finding {
    const CHECK: &str = "lock";
    match holder {
        Ok(None) => Finding::good(CHECK, "no hub has the database"),
        Ok(Some(Some(holder))) => Finding::good(CHECK, holder.to_string()),
        Ok(Some(None)) => Finding::warning(
            CHECK,
            "somebody has the database, and does not say who",
            "end it before a hub is started",
        ),
        Err(error) => Finding::bad(CHECK, error.to_string(), "look at it by hand"),
    }
}

fn others(facts: &Facts) -> Option<Finding> {
    const CHECK: &str = "other users";
    let names = facts.others.join(", ");
    (!facts.others.is_empty()).then(|| Finding::good(CHECK, format!("connected: {names}")))
}

/// The hub makes no id that is older than one it has made: a clock behind them makes it unready.
fn clock(time: Option<Timestamp>, floor: i64) -> Finding {
    const CHECK: &str = "clock";
    let now = SystemClock::start().now();
    let newest = mint::made_at(floor);
    let ahead = |of: Timestamp| {
        Duration::from_micros(of.micros().saturating_sub(now.micros()).max(0).unsigned_abs())
    };
    if ahead(newest) > SKEW_MAX {
        return Finding::bad(
            CHECK,
            format!(
                "the clock is {} s behind the newest id in the database",
                ahead(newest).as_secs()
            ),
            "set the clock right; docs/operations.md, \"A clock that was ahead\"",
        );
    }
    let Some(time) = time else {
        return Finding::good(CHECK, "not behind the newest id in the database");
    };
    let apart = Duration::from_micros(time.micros().abs_diff(now.micros()));
    if apart > SKEW_MAX {
        let found = format!("{} s apart from the database server's", apart.as_secs());
        return Finding::warning(CHECK, found, "have both set by NTP");
    }
    Finding::good(CHECK, "as the database server's, and not behind the newest id")
}
