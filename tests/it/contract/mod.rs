//! Contracts: what goes over the wire, in transcripts played against a real server.
//!
//! `runner` plays them and describes their format. Each file is a test in every form of its dialect
//! and on both databases. `defects` names the faults of the original that must not come back.

mod blocks;
mod chatting;
mod console;
mod defects;
mod exact_ids;
mod features;
mod isolation;
mod owl;
pub mod ppcom;
mod races;
mod roles;
mod runner;
mod runner_tests;
mod script;
mod stage;
mod values;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::harness::Backend;
use runner::Mode;

fn dialect(mode: Mode) -> &'static str {
    match mode {
        Mode::Readme | Mode::Wind => "rewind",
        Mode::Chatting => "chatting",
    }
}

fn folder(dialect: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/contract").join(dialect)
}

/// Plays a file of a dialect's folder.
async fn play(name: &str, mode: Mode, backend: Backend) {
    play_in(dialect(mode), name, mode, backend).await;
}

/// Plays a file of a folder.
async fn play_in(place: &str, name: &str, mode: Mode, backend: Backend) {
    let file = folder(place).join(name).with_extension("jsonl");
    let text = std::fs::read_to_string(&file).expect("a transcript");
    let short = format!("{place}/{name}.jsonl ({mode:?}, {backend:?})");
    if let Err(why) = runner::play(&short, &text, mode, backend).await {
        panic!("{why}");
    }
}

/// Each named transcript becomes four tests.
macro_rules! transcripts {
    ($($name:ident),+ $(,)?) => {
        const NAMES: &[&str] = &[$(stringify!($name)),+];
        $(mod $name {
            use super::{Backend, Mode, play};

            #[actix_web::test]
            async fn readme_on_sqlite() {
                play(stringify!($name), Mode::Readme, Backend::Sqlite).await;
            }

            #[actix_web::test]
            async fn readme_on_postgres() {
                play(stringify!($name), Mode::Readme, Backend::Postgres).await;
            }

            #[actix_web::test]
            async fn wind_on_sqlite() {
                play(stringify!($name), Mode::Wind, Backend::Sqlite).await;
            }

            #[actix_web::test]
            async fn wind_on_postgres() {
                play(stringify!($name), Mode::Wind, Backend::Postgres).await;
            }
        })+
    };
}

transcripts! {
    accounts,
    accounts_domains,
    audience_friends,
    auth,
    chat_blank,
    chat_edit,
    chat_limits,
    chat_send,
    compat,
    compat_wind,
    deadline,
    errors,
    handshake,
    http_bodies,
    http_routes,
    load_chat,
    load_count,
    mutual_users,
    nonce,
    order,
    room_ids,
}

#[test]
fn every_transcript_is_played() {
    all_are_played("rewind", NAMES);
}

/// Fails for a file of a dialect's folder that no test plays.
fn all_are_played(dialect: &str, names: &[&str]) {
    let files = std::fs::read_dir(folder(dialect)).expect("the folder").map(|file| {
        let path = file.expect("a file").path();
        assert!(path.extension().is_some_and(|extension| extension == "jsonl"), "{path:?}");
        path.file_stem().and_then(|stem| stem.to_str()).expect("a name").to_owned()
    });
    let names = names.iter().map(|name| (*name).to_owned());
    assert_eq!(files.collect::<BTreeSet<_>>(), names.collect::<BTreeSet<_>>());
}
