//! A run from the command line to the report.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context as _, ensure};
use indicatif::{ProgressBar, ProgressStyle};
use signal_hook::consts::{SIGINT, SIGTERM};

use crate::accounts::{Account, App, Entry, log_in};
use crate::address::Address;
use crate::args::{self, Cli, Common, Mode as Asked};
use crate::fail_on::{self, Condition};
use crate::http::Client;
use crate::hub::Hub;
use crate::net::tls::Tls;
use crate::net::{Net, Protocol, Target};
use crate::number::{float, index, long, nanos, whole};
use crate::proc;
use crate::record::Book;
use crate::report::compare::Earlier;
use crate::report::{self, Report};
use crate::scenario::alone::Alone;
use crate::scenario::devices::Devices;
use crate::scenario::engine::Engine;
use crate::scenario::fanout::Fanout;
use crate::scenario::history::History;
use crate::scenario::idle::Idle;
use crate::scenario::mixed::Mixed;
use crate::scenario::pages::Pages;
use crate::scenario::pairs::Pairs;
use crate::scenario::storm::Storm;
use crate::scenario::topics::Topics;
use crate::scenario::{Mode, Stage};
use crate::topics::streams::Streams;

/// How often to look at signals and progress.
const LOOK: u64 = 100_000_000;
/// Signals closer than this count as one.
const SLIP: u64 = 500_000_000;

/// A kind of load, and how many sessions and users it needs.
struct Plan {
    name: &'static str,
    mode: Box<dyn Mode>,
    sessions: u64,
    users: u64,
}

fn plan(asked: &Asked, users: usize, (app, hub): (Option<&App>, &Client)) -> anyhow::Result<Plan> {
    let plan = match asked {
        Asked::Idle(args) => Plan {
            name: "idle",
            mode: Box::new(Idle::new(args, users)),
            sessions: u64::from(args.connections),
            users: 1,
        },
        Asked::Storm(args) => {
            let mode = Storm::new(args, users);
            let sessions = u64::from(mode.connections());
            Plan { name: "storm", mode: Box::new(mode), sessions, users: 1 }
        }
        Asked::Pairs(args) => {
            let sessions = u64::from(args.pairs) * 2;
            Plan { name: "pairs", mode: Box::new(Pairs::new(args)), sessions, users: sessions }
        }
        Asked::Fanout(args) => Plan {
            name: "fanout",
            mode: Box::new(Fanout::new(args)),
            sessions: u64::from(args.connections) + u64::from(args.writers),
            users: u64::from(args.writers)
                + if args.group { u64::from(args.connections) } else { 1 },
        },
        Asked::History(args) => {
            let sessions = u64::from(args.pairs) * 2;
            Plan { name: "history", mode: Box::new(History::new(args)), sessions, users: sessions }
        }
        Asked::Mixed(args) => {
            let sessions = u64::from(args.users & !1);
            Plan { name: "mixed", mode: Box::new(Mixed::new(args)), sessions, users: sessions }
        }
        Asked::Echo(args) => alone("echo", Alone::echo(args), args.connections),
        Asked::Rooms(args) => alone("rooms", Alone::rooms(args), args.authors),
        Asked::Devices(args) => Plan {
            name: "devices",
            mode: Box::new(Devices::new(args, app.map_or(&[], |app| &app.devices), hub.clone())),
            sessions: u64::from(args.connections) + 1,
            users: 0,
        },
        Asked::Topics(args) => topics(args, hub)?,
        Asked::Pages(args) => Plan {
            name: "pages",
            mode: Box::new(Pages::new(args)?),
            sessions: u64::from(args.connections),
            users: u64::from(args.pairs) * 2,
        },
    };
    Ok(plan)
}

fn alone(name: &'static str, mode: Alone, sessions: u32) -> Plan {
    let users = mode.users();
    Plan { name, mode: Box::new(mode), sessions: u64::from(sessions), users }
}

fn topics(args: &args::Topics, hub: &Client) -> anyhow::Result<Plan> {
    let streams = args.consumers > 0 && !args.is_nats();
    let open = || Streams::open(&hub.url(""), &args.subscription, args.consumers);
    let mode = Topics::new(args, streams.then(open).transpose()?);
    let sessions = u64::from(args.publishers) + u64::from(args.consumers);
    Ok(Plan { name: "topics", mode: Box::new(mode), sessions, users: 0 })
}

/// The app that the mode needs, if it needs one.
fn app(asked: &Asked) -> anyhow::Result<Option<App>> {
    let Asked::Devices(args) = asked else { return Ok(None) };
    let file = args.common.accounts.as_deref();
    let file = file.context("--accounts FILE is missing: what `tradewind seed --devices` wrote")?;
    let app = App::read(file)?;
    let there = args.group.map_or(app.devices.len(), index);
    let enough = index(args.connections) <= there && there <= app.devices.len();
    ensure!(enough, "{} devices are in {}", app.devices.len(), file.display());
    Ok(Some(app))
}

/// The users, where the protocol has any.
fn entries(common: &Common) -> anyhow::Result<Vec<Entry>> {
    if common.protocol.has_users() { common.entries() } else { Ok(Vec::new()) }
}

/// Fails if there are too few users for the plan.
fn must_suffice(plan: &Plan, there: usize, common: &Common, friends: &str) -> anyhow::Result<()> {
    let named = || "the command line".to_owned();
    let place = common.accounts.as_ref().map_or_else(named, |path| path.display().to_string());
    let there = long(there);
    ensure!(
        plan.users <= there || !common.protocol.has_users(),
        "{} users are needed and {there} are in {place}; make more with `tradewind seed --users {} \
         --friends {friends} --out FILE`",
        plan.users,
        plan.users
    );
    Ok(())
}

/// The accounts, all that is not known of them asked for.
fn accounts(
    plan: &Plan,
    entries: Vec<Entry>,
    common: &Common,
    hub: &Client,
) -> anyhow::Result<Vec<Account>> {
    if entries.iter().all(Entry::is_complete) {
        return log_in(hub, entries, None);
    }
    let needed = usize::try_from(plan.users.max(plan.sessions)).unwrap_or(usize::MAX);
    let entries = entries.into_iter().take(needed).collect();
    log_in(hub, entries, common.password.as_deref())
}

/// Fails if the first user cannot bring the others into a group.
fn must_be_friends(accounts: &[Account], users: u64) -> anyhow::Result<()> {
    let users = usize::try_from(users).unwrap_or(usize::MAX);
    let mut users = accounts.iter().take(users);
    let Some(first) = users.next() else { return Ok(()) };
    let stranger = users.find(|user| user.plain_name().is_none() || !first.may_be_friend_of(user));
    ensure!(
        stranger.is_none(),
        "the first user must be a friend of all others, with names: `tradewind seed --friends star`"
    );
    Ok(())
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// All that was due was done, and all that was promised was kept.
    Good,
    Failed,
    /// It was so, and a condition of the user's is met.
    Beyond,
}

/// Makes the run, writes the reports; `words` are those of the command line, without secrets.
pub fn run(cli: &Cli, words: Vec<String>) -> anyhow::Result<Outcome> {
    let common = cli.mode.common();
    cli.mode.validate()?;
    let conditions = conditions(cli)?;
    let earlier = common.compare.as_deref().map(Earlier::read).transpose()?;
    let files = report::Files::check(common)?;
    let address = Address::parse(&common.address)?;
    let client = Client::new(&address, common.ca.as_deref())?;
    let entries = entries(common)?;
    let app = app(&cli.mode)?;
    let plan = plan(&cli.mode, entries.len(), (app.as_ref(), &client))?;
    ensure!(plan.sessions > 0, "no session is asked for");
    let friends = if cli.mode.has_group() { "star" } else { "pairs" };
    must_suffice(&plan, entries.len(), common, friends)?;
    proc::allow_files(plan.sessions)?;
    common.server_pid.map_or(Ok(()), proc::must_exist)?;
    let target = target(cli, &address)?;
    let accounts = match &app {
        Some(app) => app.accounts(usize::try_from(plan.sessions)?.saturating_sub(1)),
        None => accounts(&plan, entries, common, &client)?,
    };
    if cli.mode.has_group() {
        must_be_friends(&accounts, plan.users)?;
    }
    let mut report = Report::begin(plan.name, common, &address, words);
    if matches!(common.protocol, Protocol::Rewind | Protocol::Apps) {
        report.hub = Hub::ask(&client);
    }
    measure(&mut report, plan, common, target, accounts)?;
    report.fail_on = conditions.iter().map(|one| one.judge(&report, cli.mode.rate())).collect();
    report.comparison = earlier.map(|earlier| earlier.beside(&report)).transpose()?;
    files.write(&report)?;
    let found = report.did_something() || !report.check.is_good();
    ensure!(found, "nothing was measured; see the errors above");
    Ok(match (report.verdict.good, report.is_good()) {
        (false, _) => Outcome::Failed,
        (true, false) => Outcome::Beyond,
        (true, true) => Outcome::Good,
    })
}

fn conditions(cli: &Cli) -> anyhow::Result<Vec<Condition>> {
    let has_rate = cli.mode.rate().is_some();
    let all = cli.mode.common().fail_on.iter().map(|text| fail_on::parse(text, has_rate));
    Ok(all.collect::<anyhow::Result<Vec<_>>>()?.concat())
}

fn target(cli: &Cli, address: &Address) -> anyhow::Result<Target> {
    let common = cli.mode.common();
    let ca = common.ca.as_deref();
    Ok(Target {
        address: address.resolve()?,
        protocol: common.protocol,
        path: common.path(address).to_owned(),
        sources: common.sources()?,
        deadline: nanos(common.deadline_seconds),
        heartbeat: nanos(common.heartbeat_seconds),
        spin: common.spin,
        groups: cli.mode.has_group(),
        host: address.host_header(),
        tls: address.is_encrypted.then(|| Tls::new(&address.host, ca)).transpose()?,
    })
}

fn measure(
    report: &mut Report,
    plan: Plan,
    common: &Common,
    target: Target,
    accounts: Vec<Account>,
) -> anyhow::Result<()> {
    let id = getrandom::u64()?;
    // Sleep as short as asked for: the default lets timers be 50 us late.
    rustix::thread::set_current_timer_slack(std::num::NonZero::new(1))?;
    let mut net = Net::new(target, accounts, id)?;
    let mut engine = Engine::new(plan.mode, common, Book::new(common.server_pid), id);
    drive(&mut net, &mut engine)?;
    report.fill(&engine, &net);
    net.farewell();
    Ok(())
}

/// Runs until the end, or a signal; a second one, later than a slip of the finger, ends at once.
fn drive(net: &mut Net, engine: &mut Engine) -> anyhow::Result<()> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        signal_hook::flag::register(signal, Arc::clone(&stop))?;
    }
    let bar = ProgressBar::new(1000);
    bar.set_style(ProgressStyle::with_template("{prefix:>10} {bar:40} {elapsed} {msg}")?);
    let (mut shown, mut interrupted) = (0, None);
    while engine.desk.stage != Stage::Finished {
        let now = net.look();
        if stop.swap(false, Ordering::Relaxed) {
            let first = *interrupted.get_or_insert(now);
            ensure!(now - first < SLIP, "interrupted twice; no report");
            engine.interrupt();
        }
        let wake = engine.tick(net);
        net.flush(engine);
        if now >= shown {
            show(&bar, engine, now);
            shown = now + LOOK;
        }
        net.poll(wake.min(now + LOOK), engine)?;
    }
    bar.finish_and_clear();
    Ok(())
}

fn show(bar: &ProgressBar, engine: &Engine, now: u64) {
    let book = &engine.desk.book;
    let stage = match engine.desk.stage {
        Stage::Opening => "opening",
        Stage::Warmup => "warm-up",
        Stage::Measuring => "measuring",
        Stage::Draining => "draining",
        Stage::Finished => "finished",
    };
    let (tally, _) = engine.mode().unit();
    let count = book.tallies.get(tally).map_or(0, |tally| tally.all);
    let errors: u64 = book.errors.values().sum();
    bar.set_prefix(stage);
    bar.set_position(whole(engine.progress(now) * float(1000)).min(1000));
    bar.set_message(format!("{} sessions, {count} {tally}, {errors} errors", book.open));
}
