//! `tradewind doctor`: looks at everything that the hub needs, changes nothing, and says what to do.
//!
//! One file a kind of thing: `files` (folders, modes, the disk), `database`, `network` (the port, mail),
//! `machine` (open files, memory). What cannot be checked is bad, not good.

mod database;
mod files;
mod finding;
mod machine;
mod network;

use anyhow::bail;
use clap::Args;
use serde::Serialize;

use crate::config::ConfigError;
use crate::server::Config;
use crate::store::{Database, Holder};

use finding::{Finding, Severity};

/// The command `doctor`.
#[derive(Args)]
pub struct Doctor {
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// What `--json` prints.
#[derive(Serialize)]
struct Report<'a> {
    version: &'static str,
    /// Whether nothing is bad.
    good: bool,
    checks: &'a [Finding],
}

/// Checks the settings that were loaded, if they could be, and `remarks` about them.
pub fn run(
    doctor: &Doctor,
    config: &Result<Config, ConfigError>,
    remarks: Vec<String>,
) -> anyhow::Result<()> {
    let findings = match config {
        Ok(config) => examine(config, remarks),
        Err(error) => {
            let help = "`tradewind config default` shows all settings; nothing else was checked";
            let faults = error.to_string();
            faults.lines().map(|fault| Finding::bad("settings", fault, help)).collect()
        }
    };
    let bad = findings.iter().filter(|finding| finding.severity == Severity::Bad).count();
    if doctor.json {
        let report =
            Report { version: env!("CARGO_PKG_VERSION"), good: bad == 0, checks: &findings };
        println!("{}", serde_json::to_string(&report)?);
    } else {
        findings.iter().for_each(|finding| println!("{finding}"));
    }
    if bad > 0 {
        bail!("{bad} of {} checks are bad", findings.len());
    }
    Ok(())
}

fn examine(config: &Config, remarks: Vec<String>) -> Vec<Finding> {
    let mut findings = settings(remarks);
    let holder = Database::holder(&config.store);
    let hub = match &holder {
        Ok(Some(Some(holder))) if holder.is_hub() => Some(holder),
        Ok(_) | Err(_) => None,
    };
    findings.extend(files::check(config));
    findings.extend(database::check(config, holder.as_ref()));
    findings.extend(network::check(config, hub));
    findings.extend(machine::check(config));
    findings
}

fn settings(remarks: Vec<String>) -> Vec<Finding> {
    if remarks.is_empty() {
        return vec![Finding::good("settings", "nothing is wrong with them")];
    }
    let help = "change the setting, or leave it if it is meant";
    remarks.into_iter().map(|remark| Finding::warning("settings", remark, help)).collect()
}

/// Whether a living hub listens there, or its console does, or its Pub/Sub.
fn listens_at(hub: Option<&Holder>, address: &str) -> bool {
    let places = hub.map(|hub| [&hub.address, &hub.console, &hub.pubsub].map(Option::as_deref));
    places.into_iter().flatten().flatten().any(|at| at == address)
}
