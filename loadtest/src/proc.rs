//! What the processes cost, from `/proc`; and how many files may be open.

use anyhow::{Context as _, bail};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde::Serialize;

use crate::number::float;

/// Ticks a second in `/proc/PID/stat`: a constant of Linux on all usual machines.
const TICKS: f64 = 100.0;
/// Files besides the sessions.
const SPARE: u64 = 32;

/// What was used up to a moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Sample {
    /// When, in seconds since the start of the run.
    pub at: f64,
    /// The tester's CPU seconds.
    pub own_cpu: f64,
    /// The server's CPU seconds.
    pub server_cpu: Option<f64>,
    /// The server's resident memory, in KiB.
    pub server_rss: Option<u64>,
}

/// Reads what was used up to now.
pub fn sample(at: f64, server: Option<u32>) -> Sample {
    Sample {
        at,
        own_cpu: cpu("self").unwrap_or_default(),
        server_cpu: server.and_then(|pid| cpu(&pid.to_string())),
        server_rss: server.and_then(|pid| rss(&pid.to_string())),
    }
}

/// Fails if there is no such process.
pub fn must_exist(pid: u32) -> anyhow::Result<()> {
    cpu(&pid.to_string()).map(drop).with_context(|| format!("--server-pid {pid}: no such process"))
}

fn cpu(pid: &str) -> Option<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in parentheses may hold anything; fields 14 and 15 are user and system time.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let mut ticks = || fields.next()?.parse::<u64>().ok();
    Some(float(ticks()? + ticks()?) / TICKS)
}

fn rss(pid: &str) -> Option<u64> {
    let field = |file: &str, name: &str| {
        let text = std::fs::read_to_string(format!("/proc/{pid}/{file}")).ok()?;
        let line = text.lines().find_map(|line| line.strip_prefix(name))?;
        line.split_whitespace().next()?.parse().ok()
    };
    // The first is exact but needs rights; the second lags behind by some pages per core.
    field("smaps_rollup", "Rss:").or_else(|| field("status", "VmRSS:"))
}

/// Makes room for so many sessions, or says what to do.
pub fn allow_files(sessions: u64) -> anyhow::Result<()> {
    let needed = sessions.saturating_add(SPARE);
    let limit = getrlimit(Resource::Nofile);
    if limit.current.is_none_or(|current| current >= needed) {
        return Ok(());
    }
    if limit.maximum.is_none_or(|maximum| maximum >= needed) {
        let raised = Rlimit { current: Some(needed), maximum: limit.maximum };
        return setrlimit(Resource::Nofile, raised).context("cannot raise the limit of open files");
    }
    bail!(
        "{sessions} sessions need {needed} open files, and {} is the hard limit here; raise it \
         (`ulimit -Hn`, as root or in limits.conf) or ask for fewer",
        limit.maximum.unwrap_or_default()
    )
}

/// The machine, in one line.
pub fn machine() -> String {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let cpus = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let model = read("/proc/cpuinfo");
    let model = model.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let model = model.map_or("CPU", |(_, name)| name).to_owned();
    let kernel = read("/proc/sys/kernel/osrelease");
    format!("{cpus} × {model}, Linux {}", kernel.trim())
}

/// The load average of the last minute: what else ran before.
pub fn load_average() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split_whitespace().next().unwrap_or("unknown").to_owned()
}
