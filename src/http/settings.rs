//! The section `http`.

use std::net::SocketAddr;
use std::thread;
use std::time::Duration;

use crate::config::{Rule, at_least, section, socket_address};
use crate::domain::origin::Origin;

section! {
    /// The HTTP listener.
    Settings {
        /// The IP address and port to listen on. Port 0 takes any free one.
        bind: String = "127.0.0.1:8080".to_owned() => socket_address();
        /// What links in mails start with, such as `https://chat.example`. Empty: `http://` and the
        /// address listened on. Its pages are the hub's own, as those of the requests' `Host` are.
        public_url: String = String::new() => unset_or_web_base();
        /// The origins whose pages may connect, beside the hub's own: such as `https://chat.example`, or
        /// `capacitor://localhost` for a packaged app. Programs other than browsers send none and may
        /// always connect.
        allowed_origins: Vec<String> = Vec::new() => origins();
        /// Whether the peer's address is the last one of X-Forwarded-For. Only turn this on behind a
        /// proxy that writes it there and that nobody can go around.
        trust_proxy: bool = false;
        /// Threads that serve connections. 0: one less than there are cores, at least one.
        workers: usize = 0;
        /// Whether /metrics tells, beside the version, the settings that figures of a load depend on, such as
        /// `store.durability`.
        metrics_settings: bool = true;
        /// A folder to read the files of the chat from, anew for each request, such as `web` of a checkout: for who
        /// changes them. Empty: those in the program.
        web_dir: String = String::new();
        /// Whether the hub shows what helps to try it: the components of its page at /design and, if mails are files,
        /// these at /demo/mails to who sits at its machine. `tradewind serve --demo` does.
        demo: bool = false;
        /// The longest request body, in bytes.
        body_bytes_max: usize = 16_384 => at_least(1);
        /// How long a request body of up to 64 KiB may take, in milliseconds. A longer one has a second
        /// more for each further 16 KiB.
        body_timeout_ms: u64 = 10_000 => at_least(1);
        /// How long the head of a request may take, in milliseconds.
        head_timeout_ms: u64 = 5_000 => at_least(1);
        /// How long a connection is kept for a next request, in milliseconds.
        keep_alive_ms: u64 = 5_000 => at_least(1);
    }
}

impl Settings {
    /// What links start with, without a slash at the end. `bound` is the address listened on.
    pub fn base_url(&self, bound: SocketAddr) -> String {
        match self.public_url.trim_end_matches('/') {
            "" => format!("http://{bound}"),
            base => base.to_owned(),
        }
    }

    /// How many threads serve connections, at least one.
    pub fn worker_count(&self) -> usize {
        let all_but_one = || thread::available_parallelism().map_or(1, |cores| cores.get() - 1);
        if self.workers == 0 { all_but_one().max(1) } else { self.workers }
    }

    /// How long a request body of up to 64 KiB may take.
    pub(super) fn body_timeout(&self) -> Duration {
        Duration::from_millis(self.body_timeout_ms)
    }

    /// How long the head of a request may take.
    pub(super) fn head_timeout(&self) -> Duration {
        Duration::from_millis(self.head_timeout_ms)
    }

    /// How long a connection is kept for a next request.
    pub(super) fn keep_alive(&self) -> Duration {
        Duration::from_millis(self.keep_alive_ms)
    }
}

/// Empty, or the base of web links.
fn unset_or_web_base() -> Rule<String> {
    Rule::new("http:// or https:// and a host, without query and fragment", |text: &String| {
        text.is_empty()
            || (after_web_scheme(text).is_some_and(|rest| !rest.starts_with('/'))
                && text.chars().all(|c| c.is_ascii_graphic() && !"?#\"<>\\".contains(c)))
    })
}

fn after_web_scheme(text: &str) -> Option<&str> {
    let rest = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"))?;
    (!rest.is_empty()).then_some(rest)
}

/// What browsers send as `Origin`.
fn origins() -> Rule<Vec<String>> {
    let must_be = "origins without path, such as https://chat.example or capacitor://localhost";
    Rule::new(must_be, |origins: &Vec<String>| {
        origins.iter().all(|origin| Origin::parse(origin).is_some())
    })
}
