//! The addresses to listen on, and the way of mails.

use std::io;

use super::finding::Finding;
use super::listens_at;
use crate::jobs::mail::Transport;
use crate::server::{self, Config, StartError};
use crate::store::Holder;

/// Whether the ports can be had, and the mail server be reached.
pub fn check(config: &Config, hub: Option<&Holder>) -> Vec<Finding> {
    let mut findings = vec![main_port(config, hub)];
    findings.extend(console_port(config, hub));
    findings.extend(pubsub_port(config, hub));
    findings.push(mail(config));
    findings
}

fn main_port(config: &Config, hub: Option<&Holder>) -> Finding {
    let address = ListenAddress { check: "port", setting: "http.bind", bind: &config.http.bind };
    address.look(hub, || server::listen(config).map(drop))
}

/// The port of the console's own, if it has one.
fn console_port(config: &Config, hub: Option<&Holder>) -> Option<Finding> {
    let bind = &config.app_server.bind;
    let address = ListenAddress { check: "console port", setting: "app_server.bind", bind };
    let listen = || server::listen_console(config).map(drop);
    (!bind.is_empty()).then(|| address.look(hub, listen))
}

/// The port of Pub/Sub, if it has one.
fn pubsub_port(config: &Config, hub: Option<&Holder>) -> Option<Finding> {
    let bind = &config.pubsub.bind;
    let address = ListenAddress { check: "pubsub port", setting: "pubsub.bind", bind };
    let listen = || server::listen_pubsub(config).map(drop);
    (!bind.is_empty()).then(|| address.look(hub, listen))
}

/// An address to listen on.
struct ListenAddress<'a> {
    check: &'static str,
    setting: &'static str,
    bind: &'a str,
}

impl ListenAddress<'_> {
    fn look(
        &self,
        hub: Option<&Holder>,
        listen: impl FnOnce() -> Result<(), StartError>,
    ) -> Finding {
        let Self { check, setting, bind } = *self;
        if let Some(hub) = hub.filter(|_| listens_at(hub, bind)) {
            return Finding::good(check, format!("{hub}"));
        }
        match listen() {
            Ok(()) => Finding::good(check, format!("{bind} is free")),
            Err(StartError::Bind { source, .. }) => {
                let help = help(source.kind(), setting);
                Finding::bad(check, format!("{bind} cannot be listened on: {source}"), help)
            }
            Err(error) => Finding::bad(check, format!("{bind}: {error}"), format!("set {setting}")),
        }
    }
}

fn help(fault: io::ErrorKind, setting: &str) -> String {
    match fault {
        io::ErrorKind::AddrInUse => {
            format!("another program listens there: end it, or set {setting}")
        }
        io::ErrorKind::AddrNotAvailable => {
            format!("this machine has no such address: set {setting}")
        }
        io::ErrorKind::PermissionDenied => format!(
            "ports below 1024 need a right of their own: set {setting}, or grant CAP_NET_BIND_SERVICE"
        ),
        _ => format!("set {setting} to an address of this machine"),
    }
}

fn mail(config: &Config) -> Finding {
    const CHECK: &str = "mail";
    if let Some(folder) = config.mail.url.expose().strip_prefix("file://") {
        return match super::files::writable(folder.as_ref()) {
            Ok(()) => Finding::good(CHECK, format!("mails are files in {folder}")),
            Err(error) => Finding::bad(
                CHECK,
                format!("{folder} cannot be written to: {error}"),
                "let the hub's user write there, or set mail.url",
            ),
        };
    }
    let greeted =
        Transport::new(&config.mail).map_err(|error| error.to_string()).and_then(|transport| {
            actix::System::new().block_on(transport.greet()).map_err(|error| error.to_string())
        });
    match greeted {
        Ok(()) => Finding::good(CHECK, "the SMTP server greets and takes the log-in"),
        Err(error) => Finding::bad(
            CHECK,
            format!("the SMTP server cannot be used: {error}"),
            "check mail.url: host, port, user, password; smtps:// is TLS from the first byte",
        ),
    }
}
