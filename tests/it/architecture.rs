//! Who may know whom: reads the source, and fails on what STYLE 2.2 forbids.
//!
//! The tables come first and are the rules; `source` reads Rust. Each rule is also tried on planted
//! text, so that a rule that catches nothing is a rule that nobody breaks.

mod docs;
mod figures;
mod names;
pub mod source;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use tradewind::server::Config;

use self::source::{Source, root, sources};
use crate::harness::process::run;

/// What each module may use of ours, besides itself: whole modules, or paths into them.
const MAY_USE: &[(&str, &[&str])] = &[
    ("domain", &[]),
    // What settings are made of, and none of them: each module has its own.
    ("config", &[]),
    ("telemetry", &["config"]),
    // The machine's clock is one implementation of the domain's trait.
    ("clock", &["domain"]),
    ("wire", &["domain", "config"]),
    ("private", &[]),
    // What it keeps is for its owner's eyes only; so for secrets and mails.
    ("store", &["domain", "config", "private"]),
    // No area: what it runs is a parameter.
    ("store::engine", &["domain", "config", "private", "store::schema::epochs"]),
    ("store::accounts", &["domain", "store::engine", "store::jobs", "store::schema"]),
    ("store::admin", &["domain", "store::engine", "store::schema"]),
    ("store::jobs", &["domain", "store::engine", "store::schema"]),
    ("store::pubsub", &["domain", "store::engine", "store::schema"]),
    ("store::chat", &["domain", "store::engine", "store::accounts", "store::schema"]),
    (
        "store::apps",
        &[
            "domain",
            "store::engine",
            "store::accounts",
            "store::chat",
            "store::jobs",
            "store::schema",
        ],
    ),
    ("auth", &["domain", "config", "private"]),
    // Beyond STYLE 2.2: counters may be used by all but domain.
    ("delivery", &["domain", "wire", "telemetry"]),
    (
        "hub",
        &[
            "domain",
            "config",
            "delivery",
            "store",
            // What a dialect can be asked, but no dialect.
            "wire::Dialects",
            "wire::KeepAlive",
            "wire::Signs",
            "wire::Variant",
            // Only in tests.
            "wire::fixtures",
            // A session that was revoked between the check of its token and its arrival.
            "auth::revoked",
            "telemetry",
        ],
    ),
    (
        "session",
        &[
            "domain",
            "config",
            "wire",
            "delivery",
            "hub",
            // How many sockets an address has whose users are not known.
            "auth::concurrency",
            // The rate of a user's commands.
            "auth::limits::TooMany",
            "auth::rates",
            // What it looks up, and who a peer is, by what it shows.
            "service",
            "telemetry",
        ],
    ),
    (
        "service",
        &[
            "domain",
            "auth",
            // Live questions are messages to the hub; how it is built is not known here.
            "hub::Hub",
            "hub::refusal",
            // Servers that are there, which ask nothing of the hub.
            "hub::ServerLink",
            "hub::ServerLinks",
            "hub::messages",
            // What live subscriptions can be asked.
            "hub::Subscriptions",
            "hub::subscriptions",
            "telemetry",
            // The store is asked by name: no query, and no connection to run one on.
            "store::Batched",
            "store::Condition",
            "store::Job",
            "store::Line",
            "store::Op",
            "store::ReadOp",
            "store::Store",
            "store::StoreError",
            "store::StorePart",
            "store::Yield",
            "store::accounts::lookups",
            "store::accounts::writes",
            "store::admin::lookups",
            "store::admin::writes",
            "store::apps::lookups",
            "store::apps::writes",
            "store::chat::lookups",
            "store::chat::writes",
            "store::pubsub::lookups",
            "store::pubsub::writes",
            // What these take and give.
            "store::apps::console::ConsoleAsked",
            "store::apps::console::ConsoleRules",
            "store::apps::console::Operated",
            "store::apps::deliveries::WaitingBatch",
            "store::apps::devices::MadeDevice",
            "store::apps::devices::NewDevice",
            "store::apps::downstreams::STEP_MAX",
            "store::apps::seed",
            "store::apps::server_calls",
            "store::apps::conversation_history::CountedPage",
            "store::apps::conversation_writes",
            "store::apps::customer_lookups",
            "store::apps::customer_writes",
            "store::apps::files::NewFile",
            "store::apps::files::StoredFile",
            "store::apps::message_lookups",
            "store::apps::message_writes",
            "store::apps::users::FaceChanges",
            "store::apps::users::NewVisitor",
            "store::apps::directory::NewApp",
            "store::apps::keys::AppKey",
            "store::apps::keys::NewAppKey",
            "store::apps::upstreams::Upstream",
            "store::accounts::acquaintances",
            "store::accounts::crowds::NewCrowd",
            "store::accounts::dossiers::Dossier",
            "store::accounts::logins::Begun",
            "store::accounts::logins::Login",
            "store::accounts::logins::NewLogin",
            "store::accounts::own::Changes",
            "store::accounts::own::NameTaken",
            "store::accounts::own::Outdated",
            "store::accounts::own::Own",
            "store::accounts::registrations::Mail",
            "store::accounts::users::Account",
            // What a bridge brings to an app is acknowledged in the same transaction.
            "store::apps::bridged",
            "store::pubsub::bridge_writes",
            "store::pubsub::seek::SeekPoint",
            "store::pubsub::subscriptions::NewSubscriptionRow",
            "store::chat::changes::CatchUp",
            "store::chat::changes::CaughtUp",
            "store::chat::history::Before",
            "store::chat::history::HistoryRest",
            "store::chat::history::HistorySlice",
            "store::chat::history::Page",
            "store::chat::history::Place",
        ],
    ),
    // Frames go through as they are; which code closes a socket is said by the dialect.
    ("ws", &["session", "wire::Frame", "domain::close"]),
    // Servers of apps over TCP: each says what it asks, and is no session.
    (
        "owl",
        &[
            "domain",
            // How many connections an address has, and how fast each may ask.
            "auth::concurrency",
            "auth::rates",
            // Whatever can be asked.
            "service",
            "wire::owl",
            "telemetry",
        ],
    ),
    // The state of a connection belongs to its requests; a socket that is upgraded goes to `ws`.
    ("net", &["http::connection", "ws::handover"]),
    (
        "http",
        &[
            "domain",
            "config",
            // How many requests of one address are unfinished, and when one that came too early may come
            // again.
            "auth::concurrency",
            "auth::limits::TooMany",
            // Tokens of interfaces are compared by their hashes.
            "auth::key::hash_of",
            // Why a push to the hub is not taken, and of which form a list of issuers is.
            "auth::oidc::KeySets",
            "auth::oidc::PushTokenFault",
            // Whatever can be asked.
            "service",
            // The dialect is chosen at the door, by its path and query.
            "wire::rewind::Mode",
            "wire::rewind::Rewind",
            "wire::rewind::RewindOptions",
            "wire::Dialect",
            // Ids and frames of this dialect are said over HTTP, too.
            "wire::chatting",
            "wire::device::DeviceDialect",
            // So are messages of customer chat, and its times.
            "wire::ppcom",
            // What is set for the console is set for its pages, too.
            "wire::console",
            // What servers of apps say over TCP they say over HTTP, too.
            "wire::owl",
            // What sessions share is carried to the socket, unseen.
            "session::Opening",
            "session::Shared",
            "session::Seat",
            "session::NoSeat",
            // Its door.
            "ws",
            "telemetry",
        ],
    ),
    (
        "grpc",
        &[
            "domain",
            // Names that the server picks.
            "auth::random",
            // Whatever can be asked.
            "service",
        ],
    ),
    (
        "jobs",
        &[
            "domain",
            "config",
            "telemetry",
            "private",
            // A key is drawn when its mail is sent; the error is that of drawing it.
            "auth::key",
            "auth::AuthError",
            // The store is asked by name, as `service` does; jobs and leases are its own area.
            "store::Store",
            "store::StoreError",
            "store::accounts::lookups",
            "store::accounts::mails",
            "store::accounts::writes",
            "store::apps::customer_lookups",
            "store::apps::customer_writes",
            "store::apps::downstreams::KIND",
            "store::apps::downstreams::STEP_MAX",
            "store::apps::lookups",
            "store::apps::message_lookups",
            "store::apps::message_writes",
            "store::apps::spread::SpreadStep",
            "store::apps::writes",
            "store::chat::lookups",
            "store::chat::writes",
            "store::jobs",
            "store::pubsub::lookups",
            "store::pubsub::writes",
        ],
    ),
    // A consumer as any other, whose endpoints are elsewhere.
    (
        "push",
        &["domain", "auth::AuthError", "auth::oidc::TOKEN_REUSED", "service::pubsub", "telemetry"],
    ),
    // So is a bridge, which also hears in which rooms something has changed.
    (
        "bridges",
        &[
            "domain",
            "hub::ChangedRooms",
            "hub::FeedScope",
            "hub::RoomFeed",
            "hub::RoomFeeds",
            "service::apps",
            "service::pubsub",
            "telemetry",
        ],
    ),
    ("server", ALL_BUT_CLI),
    // Commands that write go through the service; the others look at the database as a file, or as a whole.
    (
        "cli",
        &[
            "auth",
            "clock",
            "config",
            "domain",
            // `doctor` asks the mail server.
            "jobs::mail::Transport",
            "private",
            "server",
            "service",
            "store::Condition",
            "store::Database",
            "store::Holder",
            "store::StoreError",
            "store::restore",
            // What `doctor` finds in a database, with or without a hub.
            "store::engine::inspect",
            "telemetry",
        ],
    ),
    ("lib", ALL),
    ("main", &["cli"]),
];

const ALL_BUT_CLI: &[&str] = &[
    "auth",
    "bridges",
    "clock",
    "config",
    "delivery",
    "wire",
    "domain",
    "grpc",
    "http",
    "hub",
    "jobs",
    "net",
    "owl",
    "private",
    "push",
    "service",
    "session",
    "store",
    "telemetry",
    "ws",
];

const ALL: &[&str] = &[
    "auth",
    "bridges",
    "cli",
    "clock",
    "config",
    "delivery",
    "wire",
    "domain",
    "grpc",
    "http",
    "hub",
    "jobs",
    "net",
    "owl",
    "private",
    "push",
    "server",
    "service",
    "session",
    "store",
    "telemetry",
    "ws",
];

/// Names that only some files may say, outside of tests. A folder ends with a slash.
const ONLY_IN: &[(&str, &[&str])] = &[
    ("actix_http", &["src/net/", "src/ws/"]),
    ("actix_server", &["src/net/"]),
    ("actix_web_actors", &["src/ws/"]),
    ("actix_web", &["src/http/", "src/net/", "src/server/", "src/ws/"]),
    // The store's writer, the hub, the sessions and the dispatchers of their threads are actors, in the
    // system that `cli` runs.
    (
        "actix",
        &[
            "src/cli/",
            "src/delivery/",
            "src/hub/",
            "src/server/",
            "src/session/",
            "src/store/",
            "src/ws/",
        ],
    ),
    ("diesel", &["src/store/"]),
    ("diesel_migrations", &["src/store/"]),
    ("libsqlite3_sys", &["src/store/"]),
    ("r2d2", &["src/store/"]),
    ("hyper_rustls", &["src/push/"]),
    ("lettre", &["src/jobs/mail/"]),
    ("argon2", &["src/auth/"]),
    ("aws_lc_rs", &["src/auth/oidc/"]),
    // Messages and services of gRPC, and HTTP/2 under them; requests that the hub itself sends.
    ("hyper", &["src/grpc/", "src/push/"]),
    ("hyper_util", &["src/grpc/", "src/push/"]),
    ("prost", &["src/grpc/"]),
    ("prost_types", &["src/grpc/"]),
    ("tonic", &["src/grpc/"]),
    ("tonic_types", &["src/grpc/"]),
    ("googleapis_tonic_google_pubsub_v1", &["src/grpc/"]),
    // Rates of log-ins, and of one session's commands. Its clock is a steady one, and counts as
    // part of the limiter.
    ("governor", &["src/auth/limits.rs", "src/auth/rates.rs"]),
    ("DefaultClock", &["src/auth/limits.rs"]),
    ("MonotonicClock", &["src/auth/rates.rs"]),
    ("jsonwebtoken", &["src/auth/"]),
    ("sha2", &["src/auth/", "src/http/page/files.rs"]),
    // Since when somebody has the lock is said to people.
    (
        "jiff",
        &[
            "src/wire/",
            "src/http/v1/time.rs",
            "src/http/pubsub/json/time.rs",
            "src/push/request.rs",
            "src/store/engine/lock/holder.rs",
        ],
    ),
    ("utoipa", &["src/http/"]),
    ("snowflake_me", &["src/domain/mint.rs"]),
    // Bodies that are packed.
    ("flate2", &["src/http/page/files.rs", "src/http/pubsub/body.rs"]),
    ("prometheus", &["src/telemetry/"]),
    ("env_logger", &["src/telemetry/"]),
    ("toml", &["src/config/file.rs"]),
    ("clap", &["src/cli/"]),
    ("anyhow", &["src/cli/"]),
    // The wall clock is read in one place.
    ("SystemTime", &["src/clock.rs"]),
    // The steady one too, and where durations are measured for the metrics.
    (
        "Instant",
        &[
            // How long a bridge has held messages, and when it tries again; tokio's.
            "src/bridges/inward.rs",
            "src/bridges/outward.rs",
            "src/bridges/rooms_left.rs",
            "src/cli/doctor/files.rs",
            "src/clock.rs",
            "src/hub/messages.rs",
            "src/hub/mod.rs",
            // The system's, which goes on while the process is stopped.
            "src/hub/pauses.rs",
            // Since when others have had the store to themselves; tokio's.
            "src/service/gather.rs",
            "src/session/mod.rs",
            "src/store/engine/executor.rs",
            "src/store/engine/settle.rs",
            // Not std's: an associated type of governor's clock.
            "src/auth/limits.rs",
        ],
    ),
    // JSON is the business of dialects, bodies, tokens, the log and the command line; `config` writes
    // TOML's strings by it.
    (
        "serde_json",
        &[
            "src/auth/oidc/",
            "src/auth/token.rs",
            "src/cli/",
            "src/config/value.rs",
            "src/wire/",
            "src/http/",
            // Bodies that the hub itself sends, and publishes.
            "src/bridges/message.rs",
            "src/push/request.rs",
            // Settings of topics and subscriptions lie in rows as JSON.
            "src/store/pubsub/mod.rs",
            "src/telemetry/log_json.rs",
        ],
    ),
];

const FILE_LINES_MAX: usize = 400;
const FUNCTION_LINES_MAX: usize = 70;
/// A function should not be longer than this, and few are.
const FUNCTION_LINES_LONG: usize = 50;
const FUNCTIONS_LONG_MAX: usize = 5;

/// Each area of the store with its tables. An area may name its own and those of areas above it in this
/// list that it is built on.
const TABLES: &[(&str, &[&str], &[&str])] = &[
    (
        "accounts",
        &["jobs"],
        &[
            "users",
            "logins",
            "token_voids",
            "registrations",
            "verification_keys",
            "resets",
            "reset_keys",
            "friendships",
            "blocks",
            "lifted_blocks",
            "quotas",
        ],
    ),
    (
        "chat",
        &["accounts", "jobs"],
        &[
            "rooms",
            "room_groups",
            "members",
            "authors",
            "bans",
            "group_offers",
            "messages",
            "hidings",
            "nonces",
            "read_marks",
        ],
    ),
    (
        "apps",
        &["accounts", "chat", "jobs"],
        &[
            "apps",
            "app_keys",
            "app_tokens",
            "app_servers",
            "app_users",
            "devices",
            "device_groups",
            "device_group_members",
            "downstreams",
            "deliveries",
            "conversations",
            "conversation_messages",
            "pushes",
            "conversation_waits",
            "app_files",
            "visits",
        ],
    ),
    (
        "pubsub",
        &[],
        &[
            "ps_topics",
            "ps_subscriptions",
            "ps_messages",
            "ps_clock",
            "ps_backlog",
            "ps_retained",
            "ps_snapshots",
            "ps_snapshot_messages",
            "ps_leavings",
            "ps_received",
            "ps_bridges",
            "ps_bridge_rooms",
        ],
    ),
    ("jobs", &[], &["jobs", "leases"]),
    ("admin", &[], &["service_keys"]),
];

#[test]
fn modules_know_only_whom_they_may() {
    none(sources().iter().flat_map(forbidden_uses).collect());
}

#[test]
fn names_of_crates_and_clocks_stay_where_they_belong() {
    none(sources().iter().flat_map(misplaced_names).collect());
}

#[test]
fn every_file_says_what_it_is_for_and_fits_in_a_reading() {
    none(sources().iter().flat_map(shape_faults).collect());
}

#[test]
fn functions_fit_on_a_screen_and_few_fill_it() {
    let sources = sources();
    none(sources.iter().flat_map(|file| longer(file, FUNCTION_LINES_MAX)).collect());
    let long: Vec<_> = sources.iter().flat_map(|file| longer(file, FUNCTION_LINES_LONG)).collect();
    println!("{} functions over {FUNCTION_LINES_LONG} lines", long.len());
    if long.len() > FUNCTIONS_LONG_MAX {
        none(long);
    }
}

#[test]
fn areas_name_no_table_of_an_area_above_or_beside() {
    none(sources().iter().flat_map(foreign_tables).collect());
    let text =
        "//! A.\nconst A: &str = \"SELECT 1 FROM rooms r JOIN users\";\nuse schema::messages;";
    let found = foreign_tables(&planted("src/store/accounts/x.rs", text));
    assert_eq!(found.len(), 2, "{found:?}");
    assert_eq!(foreign_tables(&planted("src/store/chat/x.rs", text)), [""; 0]);
}

#[test]
fn whether_a_reader_may_see_a_message_is_asked_in_one_way() {
    let chat = |name: &&str| format!("src/store/chat/{name}.rs");
    let naming = |word: &str| -> Vec<String> {
        let files = sources().into_iter().filter(|file| says(&file.text, word));
        files.map(|file| file.path).collect()
    };
    // Where the table is read and written, but for its schema.
    let keepers = ["hidden_messages", "visible"].iter().map(chat);
    let keepers: Vec<String> = keepers.chain(["src/store/schema.rs".to_owned()]).collect();
    assert_eq!(naming("hidings"), keepers);
    let readers =
        ["changes", "contacts", "following", "history", "mod", "pages", "room_list", "visible"];
    assert_eq!(naming("visible"), readers.iter().map(chat).collect::<Vec<_>>());
}

#[test]
fn only_the_store_names_its_connection() {
    let naming = |file: &Source| -> Vec<String> {
        let uses = file.uses().into_iter();
        let named = uses.filter(|(_, path)| {
            ["store::Connection", "store::engine::Connection"].contains(&path.as_str())
        });
        named.map(|(line, path)| file.violation(line, &format!("crate::{path} is named"))).collect()
    };
    let beside = sources().into_iter().filter(|file| file.module() != "store");
    none(beside.flat_map(|file| naming(&file)).collect());
    for named in ["use crate::store::{Connection, Store};", "type C = crate::store::Connection;"] {
        assert_eq!(naming(&planted("src/hub/x.rs", named)).len(), 1, "{named}");
    }
}

#[test]
fn every_module_has_its_rule() {
    let whole = MAY_USE.iter().filter(|(module, _)| !module.contains("::"));
    let ruled: BTreeSet<&str> = whole.map(|(module, _)| *module).collect();
    let there: BTreeSet<String> = sources().iter().map(|file| file.module().to_owned()).collect();
    assert_eq!(there, ruled.into_iter().map(str::to_owned).collect());
}

#[test]
fn both_databases_have_the_same_migrations() {
    let names = |backend: &str| -> BTreeSet<String> {
        let folder = root().join("migrations").join(backend);
        let files = fs::read_dir(folder).expect("migrations").flat_map(|migration| {
            let migration = migration.expect("a migration").path();
            fs::read_dir(&migration).expect("a folder").map(move |file| {
                let file = file.expect("a file").path();
                let name = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
                format!("{}/{}", name(&migration), name(&file))
            })
        });
        files.collect()
    };
    assert_eq!(names("sqlite"), names("postgres"));
    assert!(names("sqlite").iter().any(|name| name.ends_with("/up.sql")));
}

#[test]
fn the_default_file_is_what_the_code_says() {
    let file = fs::read_to_string(root().join("config/tradewind.toml")).expect("the file");
    assert_eq!(file, Config::default_toml(), "run: tradewind config default");
    let folder = tempfile::tempdir().expect("a folder");
    let output = run(folder.path(), &[], &["config", "default"]);
    assert!(output.status.success());
    assert_eq!(String::from_utf8(output.stdout).expect("text"), file);
}

/// Shows all violations, one a line.
fn none(violations: Vec<String>) {
    assert!(violations.is_empty(), "\n{}\n", violations.join("\n"));
}

/// The rule for a file: that of the innermost module which has one.
fn rule(file: &Source) -> (&str, &[&str]) {
    let below = file.path.trim_start_matches("src/").trim_end_matches(".rs").replace('/', "::");
    let within = |module: &str| {
        let rest = below.strip_prefix(module);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
    };
    let rules = MAY_USE.iter().filter(|(module, _)| within(module));
    let rule = rules.max_by_key(|(module, _)| module.len());
    rule.map_or((file.module(), &[][..]), |(module, allowed)| (*module, *allowed))
}

fn forbidden_uses(file: &Source) -> Vec<String> {
    let (module, allowed) = rule(file);
    let may = |path: &str| {
        let below = |prefix: &&str| {
            path.strip_prefix(*prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
        };
        // `pub(in crate::store)` names what it is part of.
        let is_part = module.strip_prefix(path).is_some_and(|rest| rest.starts_with("::"));
        is_part || std::iter::once(&module).chain(allowed).any(below)
    };
    file.uses()
        .into_iter()
        .filter(|(_, path)| !may(path))
        .map(|(line, path)| file.violation(line, &format!("{module} must not use crate::{path}")))
        .collect()
}

/// Tables of other areas that a file of the store names, in SQL or in the schema.
fn foreign_tables(file: &Source) -> Vec<String> {
    let Some(below) = file.path.strip_prefix("src/store/") else { return Vec::new() };
    let Some((area, _)) = below.split_once('/') else { return Vec::new() };
    let Some((_, built_on, _)) = TABLES.iter().find(|(name, ..)| *name == area) else {
        return Vec::new();
    };
    let foreign = TABLES.iter().filter(|(name, ..)| *name != area && !built_on.contains(name));
    let code = file.text.lines().filter(|line| !line.trim_start().starts_with("//"));
    let code = code.collect::<Vec<_>>().join(" ");
    let words: Vec<&str> = code
        .split(|c: char| !c.is_alphanumeric() && c != '_')
        .filter(|word| !word.is_empty())
        .collect();
    let is_named = |table: &&str| {
        let in_sql = |pair: &[&str]| {
            ["FROM", "JOIN", "INTO", "UPDATE"].contains(&pair[0]) && pair[1] == *table
        };
        words.windows(2).any(in_sql) || code.contains(&format!("{table}::table")) || {
            let in_schema = |import: &str| says(import.split(';').next().unwrap_or(""), table);
            code.split("schema::").skip(1).any(in_schema)
        }
    };
    foreign
        .flat_map(|(_, _, tables)| tables.iter().filter(|table| is_named(table)))
        .map(|table| file.violation(1, &format!("{area} names the table {table}")))
        .collect()
}

/// Whether a text has a word.
fn says(text: &str, word: &str) -> bool {
    text.split(|c: char| !c.is_alphanumeric() && c != '_').any(|one| one == word)
}

fn misplaced_names(file: &Source) -> Vec<String> {
    if file.is_tests() {
        return Vec::new();
    }
    let tokens = file.tokens();
    let mut found = Vec::new();
    for (name, places) in ONLY_IN {
        let fits = |place: &&str| {
            if place.ends_with('/') { file.path.starts_with(place) } else { file.path == *place }
        };
        if !places.iter().any(fits) {
            let said = tokens.iter().filter(|token| !token.within.tests && token.text == *name);
            found.extend(said.map(|token| file.violation(token.line, &format!("{name} is said"))));
        }
    }
    found
}

fn shape_faults(file: &Source) -> Vec<String> {
    let lines = file.text.lines().count();
    let mut faults = Vec::new();
    if lines > FILE_LINES_MAX {
        faults.push(file.violation(lines, &format!("over {FILE_LINES_MAX} lines")));
    }
    if !file.is_tests() && !file.text.starts_with("//!") {
        faults.push(file.violation(1, "does not open with //!"));
    }
    faults
}

/// The functions over a number of lines.
fn longer(file: &Source, max: usize) -> Vec<String> {
    let long = file.functions().into_iter().filter(|function| function.lines > max);
    long.map(|it| file.violation(it.line, &format!("{} has {} lines", it.name, it.lines))).collect()
}

fn planted(path: &str, text: &str) -> Source {
    Source { path: path.to_owned(), text: text.to_owned() }
}

#[test]
fn planted_imports_are_found_with_their_lines() {
    let text = "//! Rules.\n\nuse crate::{\n    domain::{id::UserId, user::{self, Email as E}},\n    \
                hub::Hub,\n};\nfn f() { crate::store::Store::start(); super::super::http::x(); }\n";
    let found = forbidden_uses(&planted("src/domain/user.rs", text));
    let expected = [
        "src/domain/user.rs:5: domain must not use crate::hub::Hub",
        "src/domain/user.rs:7: domain must not use crate::store::Store::start",
        "src/domain/user.rs:7: domain must not use crate::http::x",
    ];
    assert_eq!(found, expected);
}

#[test]
fn every_way_to_name_a_module_is_read() {
    let paths = |path: &str, text: &str| -> Vec<String> {
        planted(path, text).uses().into_iter().map(|(_, path)| path).collect()
    };
    assert_eq!(
        paths("src/hub/x.rs", "use crate::{a, b::{c, d::*}, e as f};"),
        ["a", "b::c", "b::d", "e"]
    );
    assert_eq!(paths("src/hub/mod.rs", "pub(in crate::hub) use super::ws::T;"), ["hub", "ws::T"]);
    assert_eq!(paths("src/hub/x.rs", "use super::y; mod tests { use super::super::y; }"), [""; 0]);
    assert_eq!(paths("src/hub/x.rs", "mod tests { use super::super::super::ws; }"), ["ws"]);
    assert_eq!(paths("src/main.rs", "fn main() { tradewind::cli::run() }"), ["cli::run"]);
    assert_eq!(paths("src/hub/x.rs", "macro_rules! m { () => { $crate::ws::T } }"), ["ws::T"]);
    let hidden = "// crate::a\n/* crate::b */ \"crate::c \\\" crate::d\" r#\"crate::e\"# '\"' 'x'";
    assert_eq!(paths("src/hub/x.rs", hidden), [""; 0]);
    assert_eq!(paths("src/hub/x.rs", "fn f<'a>(x: &'a str) { crate::g::h('\\'') }"), ["g::h"]);
}

#[test]
fn parts_of_a_module_can_be_allowed_alone() {
    let found = |text: &str| forbidden_uses(&planted("src/session/x.rs", text)).len();
    assert_eq!(found("use crate::auth::rates::Rates;"), 0);
    assert_eq!(found("use crate::auth::rate::Rates;"), 1);
    assert_eq!(found("use crate::auth::{password, rates::Rates};"), 1);
}

#[test]
fn doors_name_no_tables() {
    let users = "use crate::store::accounts::users;";
    for door in ["src/http/x.rs", "src/http/v1/x.rs", "src/cli/x.rs", "src/session/x.rs"] {
        assert_eq!(forbidden_uses(&planted(door, users)).len(), 1, "{door}");
    }
    for live in ["use crate::hub::Hub;", "use crate::store::{Line, Store};"] {
        assert!(!forbidden_uses(&planted("src/http/x.rs", live)).is_empty(), "{live}");
    }
    let by_name = "use crate::store::accounts::{lookups, writes};";
    for asking in ["src/service/x.rs", "src/jobs/x.rs"] {
        assert_eq!(forbidden_uses(&planted(asking, by_name)), [""; 0], "{asking}");
        for query in [users, "use crate::store::engine::Connection;"] {
            assert_eq!(forbidden_uses(&planted(asking, query)).len(), 1, "{asking}: {query}");
        }
    }
    for above in ["http::State", "wire::Variant", "jobs::mail::Queue", "hub::ChatServer"] {
        let found = forbidden_uses(&planted("src/service/x.rs", &format!("use crate::{above};")));
        assert_eq!(found.len(), 1, "{above}");
    }
}

#[test]
fn planted_names_are_found_outside_of_tests_only() {
    let found = |path: &str, text: &str| misplaced_names(&planted(path, text));
    let text = "use std::time::SystemTime;\n#[cfg(test)]\nmod tests {\n use diesel::x;\n}\n";
    assert_eq!(found("src/domain/x.rs", text), ["src/domain/x.rs:1: SystemTime is said"]);
    assert_eq!(found("src/clock.rs", text), [""; 0]);
    let text = "fn f() {\n    diesel::select(1);\n}\n";
    assert_eq!(found("src/http/x.rs", text), ["src/http/x.rs:2: diesel is said"]);
    assert_eq!(found("src/store/x.rs", text), [""; 0]);
    assert_eq!(found("src/hub/x_tests.rs", text), [""; 0]);
}

#[test]
fn planted_shapes_are_found() {
    let long = "//! Long.\n".repeat(FILE_LINES_MAX + 1);
    assert_eq!(shape_faults(&planted("src/a.rs", &long)), ["src/a.rs:401: over 400 lines"]);
    let bare = shape_faults(&planted("src/a.rs", "fn f() {}\n"));
    assert_eq!(bare, ["src/a.rs:1: does not open with //!"]);
}

#[test]
fn planted_functions_are_measured_outside_of_tests_only() {
    let text = "trait T {\n    fn a() {\n        // Why.\n\n        b();\n    }\n}\n\
                mod m {\n    async fn b() {\n        1\n    }\n}\n\
                #[cfg(test)]\nmod tests {\n    fn c() {}\n}\n";
    let lengths = |path: &str| -> Vec<String> { longer(&planted(path, text), 0) };
    let expected = ["src/hub/x.rs:2: a has 1 lines", "src/hub/x.rs:9: b has 1 lines"];
    assert_eq!(lengths("src/hub/x.rs"), expected);
    assert_eq!(lengths("src/hub/x_tests.rs"), [""; 0]);
}

#[test]
fn names_within_macros_are_found() {
    let text =
        "fn f() {\n    log::info!(peer:%, n = crate::hub::n();\n        \"{}\", diesel::x);\n}\n";
    let file = planted("src/domain/x.rs", text);
    assert_eq!(forbidden_uses(&file), ["src/domain/x.rs:2: domain must not use crate::hub::n"]);
    assert_eq!(misplaced_names(&file), ["src/domain/x.rs:3: diesel is said"]);
}
