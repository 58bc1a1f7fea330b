//! Dialects for tests of those who use them.

use std::time::Duration;

use super::chatting::{self, Chatting, Ids, Texts};
use super::rewind::{self, Rewind};
use super::{Dialects, Variant};

/// What most sessions of tests speak.
pub const PLAIN: Variant = rewind::RewindOptions {
    mode: rewind::Mode::Readme,
    features: rewind::features::Features::NONE,
}
.variant();

/// The dialects of every server, with short times.
pub fn dialects() -> Dialects {
    let time = Duration::from_secs(1);
    let rewind =
        rewind::Settings { auth_timeout: time, heartbeat_timeout: time, ping_interval: time };
    let texts = Texts {
        logged_in: "in".to_owned(),
        unreachable: "nobody".to_owned(),
        bad_request: "bad".to_owned(),
        system: "system".to_owned(),
        no_such_user: "none".to_owned(),
    };
    let (login_timeout, ping_interval, ping_timeout) = (time, time, time);
    let ids = Ids::Number;
    let chatting = chatting::Settings { login_timeout, ping_interval, ping_timeout, ids, texts };
    Dialects::new(Rewind::new(rewind), Chatting::new(chatting))
}
