//! Dialects for tests of those who use them.

use super::chatting::{self, Chatting};
use super::rewind::{self, Rewind};
use super::{Dialects, Variant};

const TIME_MS: u64 = 1_000;

/// What most sessions of tests speak.
pub const PLAIN: Variant = rewind::RewindOptions {
    mode: rewind::Mode::Readme,
    features: rewind::features::Features::NONE,
}
.variant();

/// The dialects of every server, with short times.
pub fn dialects() -> Dialects {
    let rewind = rewind::Settings {
        auth_timeout_ms: TIME_MS,
        heartbeat_timeout_ms: TIME_MS,
        ping_interval_ms: TIME_MS,
        ..rewind::Settings::default()
    };
    let chatting = chatting::Settings {
        login_timeout_ms: TIME_MS,
        ping_interval_ms: TIME_MS,
        ping_timeout_ms: TIME_MS,
        logged_in_text: "in".to_owned(),
        unreachable_text: "nobody".to_owned(),
        bad_request_text: "bad".to_owned(),
        system_text: "system".to_owned(),
        no_such_user_text: "none".to_owned(),
        ..chatting::Settings::default()
    };
    Dialects::new(Rewind::new(&rewind), Chatting::new(&chatting))
}
