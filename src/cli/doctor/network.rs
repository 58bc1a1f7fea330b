//! The address to listen on, and the way of mails.

use std::io;

use super::finding::Finding;
use super::listens_at;
use crate::jobs::mail::Transport;
use crate::server::{self, Config, StartError};
use crate::store::Holder;

/// Whether the port can be had, and the mail server be reached.
pub fn check(config: &Config, hub: Option<&Holder>) -> Vec<Finding> {
    vec![port(config, hub), mail(config)]
}

fn port(config: &Config, hub: Option<&Holder>) -> Finding {
    const CHECK: &str = "port";
    let bind = &config.http.bind;
    if let Some(hub) = hub.filter(|_| listens_at(hub, bind)) {
        return Finding::good(CHECK, format!("{hub}"));
    }
    match server::listen(config) {
        Ok(_) => Finding::good(CHECK, format!("{bind} is free")),
        Err(StartError::Bind { source, .. }) => {
            let help = match source.kind() {
                io::ErrorKind::AddrInUse => {
                    "another program listens there: end it, or set http.bind"
                }
                io::ErrorKind::AddrNotAvailable => {
                    "this machine has no such address: set http.bind"
                }
                io::ErrorKind::PermissionDenied => {
                    "ports below 1024 need a right of their own: set http.bind, or grant \
                     CAP_NET_BIND_SERVICE"
                }
                _ => "set http.bind to an address of this machine",
            };
            Finding::bad(CHECK, format!("{bind} cannot be listened on: {source}"), help)
        }
        Err(error) => Finding::bad(CHECK, format!("{bind}: {error}"), "set http.bind"),
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
