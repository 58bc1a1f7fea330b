//! Settings that are good each by itself, and together are probably not what somebody wants. The hub
//! starts with them all the same, and says so.

use std::net::SocketAddr;

use super::Config;

/// REWIND's own clients beat this often, whatever the hub is set to, in milliseconds.
const CLIENT_HEARTBEAT_MS: u64 = 40_000;
/// What a client far away needs to answer at all, in milliseconds.
const ANSWER_MS: u64 = 1_000;

impl Config {
    /// What is probably a mistake, one line each, which names the settings.
    pub fn remarks(&self) -> Vec<String> {
        let times = self.keep_alive().into_iter().chain(self.deadlines());
        times.chain(self.bounds()).chain(self.addresses()).chain(self.scripts()).collect()
    }

    fn keep_alive(&self) -> Vec<String> {
        let mut remarks = Vec::new();
        let beat = self.rewind.heartbeat_timeout_ms;
        if beat <= CLIENT_HEARTBEAT_MS {
            remarks.push(format!(
                "rewind.heartbeat_timeout_ms ({beat}): REWIND's clients send a heartbeat each \
                 {CLIENT_HEARTBEAT_MS} ms, so their sessions end between two of them"
            ));
        }
        remarks.extend(pings("rewind", "heartbeat_timeout_ms", self.rewind.ping_interval_ms, beat));
        let chatting = &self.chatting;
        remarks.extend(pings(
            "chatting",
            "ping_timeout_ms",
            chatting.ping_interval_ms,
            chatting.ping_timeout_ms,
        ));
        let (console, device, ppcom) = (&self.app_server, &self.device, &self.ppcom);
        for (section, interval, timeout) in [
            ("app_server", console.ping_interval_ms, console.ping_timeout_ms),
            ("device", device.ping_interval_ms, device.ping_timeout_ms),
            ("ppcom", ppcom.ping_interval_ms, ppcom.ping_timeout_ms),
        ] {
            remarks.extend(pings(section, "ping_timeout_ms", interval, timeout));
        }
        remarks
    }

    fn deadlines(&self) -> Vec<String> {
        let deadlines = [
            ("chatting.login_timeout_ms", self.chatting.login_timeout_ms),
            ("rewind.auth_timeout_ms", self.rewind.auth_timeout_ms),
            ("device.auth_timeout_ms", self.device.auth_timeout_ms),
            ("ppcom.auth_timeout_ms", self.ppcom.auth_timeout_ms),
            ("ws.close_timeout_ms", self.ws.close_timeout_ms),
            ("mail.timeout_ms", self.mail.timeout_ms),
        ];
        let short = deadlines.into_iter().filter(|(_, ms)| *ms < ANSWER_MS);
        let short = short.map(|(key, ms)| {
            format!("{key} ({ms}) is shorter than an answer from far away takes, {ANSWER_MS} ms")
        });
        let mail = &self.mail;
        let upside_down = (mail.retry_first_ms > mail.retry_max_ms).then(|| {
            format!(
                "mail.retry_first_ms ({}) is above mail.retry_max_ms ({}), which then counts",
                mail.retry_first_ms, mail.retry_max_ms
            )
        });
        short.chain(upside_down).collect()
    }

    fn bounds(&self) -> Vec<String> {
        let mut remarks = Vec::new();
        let (store, ws, limits) = (&self.store, &self.ws, &self.limits);
        if store.pressure_ops >= store.pending_ops_max {
            remarks.push(format!(
                "store.pressure_ops ({}) is not below store.pending_ops_max ({}): writes are refused \
                 before sessions are read more slowly",
                store.pressure_ops, store.pending_ops_max
            ));
        }
        if ws.outbox_bytes_max < ws.frame_bytes_max {
            remarks.push(format!(
                "ws.outbox_bytes_max ({}) is below ws.frame_bytes_max ({}): who gets one long message is \
                 closed as too slow",
                ws.outbox_bytes_max, ws.frame_bytes_max
            ));
        }
        if limits.enabled && limits.commands_burst < limits.commands_per_second {
            remarks.push(format!(
                "limits.commands_burst ({}) is below limits.commands_per_second ({}), which is then never \
                 reached",
                limits.commands_burst, limits.commands_per_second
            ));
        }
        remarks
    }

    fn addresses(&self) -> Vec<String> {
        let mut remarks = self.console_address();
        remarks.extend(self.pubsub_address());
        remarks.extend(self.owl_address());
        let Ok(bind) = self.http.bind.parse::<SocketAddr>() else { return remarks };
        if bind.ip().is_unspecified() && self.http.public_url.is_empty() {
            remarks.push(format!(
                "http.bind is {bind} and http.public_url is not set: links in mails lead to http://{bind}, \
                 which is no address"
            ));
        }
        if !bind.ip().is_loopback() && self.mail.url.expose().starts_with("file://") {
            remarks.push(
                "mail.url is a folder while http.bind can be reached from elsewhere: nobody gets the links \
                 to verify an address; set smtp:// or smtps://"
                    .to_owned(),
            );
        }
        remarks
    }

    /// The console's own address, as far as it is one.
    fn console_address(&self) -> Vec<String> {
        let mut remarks = Vec::new();
        let Ok(console) = self.app_server.bind.parse::<SocketAddr>() else { return remarks };
        if !console.ip().is_loopback() && !self.http.public_url.starts_with("https://") {
            remarks.push(format!(
                "app_server.bind is {console}, which can be reached from elsewhere, and http.public_url is no \
                 https:// address: whoever is between an operator and the hub reads the keys of the console"
            ));
        }
        if self.http.bind.parse().is_ok_and(|bind| are_one(bind, console)) {
            remarks.push(format!(
                "app_server.bind is {console} and http.bind is {}: only one of them can be listened on",
                self.http.bind
            ));
        }
        remarks
    }

    /// The address of Pub/Sub, as far as it is one.
    fn pubsub_address(&self) -> Vec<String> {
        let Ok(pubsub) = self.pubsub.bind.parse::<SocketAddr>() else { return Vec::new() };
        let others = [("http.bind", &self.http.bind), ("app_server.bind", &self.app_server.bind)];
        let taken = others
            .into_iter()
            .filter(|(_, other)| other.parse().is_ok_and(|other| are_one(other, pubsub)));
        let remarks = taken.map(|(key, other)| {
            format!(
                "pubsub.bind is {pubsub} and {key} is {other}: only one of them can be listened on"
            )
        });
        let is_open = !pubsub.ip().is_loopback() && self.pubsub.api_token.is_empty();
        let open = is_open.then(|| {
            format!(
                "pubsub.bind is {pubsub}, which can be reached from elsewhere, and pubsub.api_token is not \
                 set: anybody may publish, and read what is published"
            )
        });
        remarks.chain(open).collect()
    }

    /// The address for servers of apps, as far as it is one.
    fn owl_address(&self) -> Vec<String> {
        let Ok(owl) = self.owl.bind.parse::<SocketAddr>() else { return Vec::new() };
        let others = [
            ("http.bind", &self.http.bind),
            ("app_server.bind", &self.app_server.bind),
            ("pubsub.bind", &self.pubsub.bind),
        ];
        let taken = others
            .into_iter()
            .filter(|(_, other)| other.parse().is_ok_and(|other| are_one(other, owl)));
        let remarks = taken.map(|(key, other)| {
            format!("owl.bind is {owl} and {key} is {other}: only one of them can be listened on")
        });
        let is_open = !owl.ip().is_loopback();
        let open = is_open.then(|| {
            format!(
                "owl.bind is {owl}, which can be reached from elsewhere, and nothing there is encrypted: whoever \
                 is between a server and the hub reads the ids of services"
            )
        });
        remarks.chain(open).collect()
    }

    fn scripts(&self) -> Option<String> {
        let console = &self.app_server;
        (console.original_script && console.assets_dir.is_empty()).then(|| {
            "app_server.original_script is on and app_server.assets_dir is not set: the console's page loads \
             scripts that are not there"
                .to_owned()
        })
    }
}

/// Whether who listens on one address leaves nothing of the other.
fn are_one(a: SocketAddr, b: SocketAddr) -> bool {
    let has_all = a.ip().is_unspecified() || b.ip().is_unspecified();
    let is_chosen = a.port() != 0;
    is_chosen && a.port() == b.port() && a.is_ipv4() == b.is_ipv4() && (has_all || a.ip() == b.ip())
}

/// Pings each `interval`, and the end after `timeout`, the setting of that `key`, without an answer.
fn pings(section: &str, key: &str, interval: u64, timeout: u64) -> Option<String> {
    let (key, interval_key) = (format!("{section}.{key}"), format!("{section}.ping_interval_ms"));
    if timeout <= interval {
        return Some(format!(
            "{key} ({timeout}) is not above {interval_key} ({interval}): every session ends before it \
             is asked"
        ));
    }
    (timeout.saturating_sub(interval) < ANSWER_MS).then(|| {
        format!(
            "{key} ({timeout}) is hardly above {interval_key} ({interval}): less than {ANSWER_MS} ms are \
             left to answer"
        )
    })
}
