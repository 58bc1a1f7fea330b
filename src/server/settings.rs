//! From the configuration's sections to the settings of the parts.

use std::net::SocketAddr;
use std::time::Duration;

use super::Config;
use crate::auth::concurrency::PerAddress;
use crate::http::connection::ConnectionBounds;
use crate::service::{self, accounts};
use crate::{http, hub};

/// The HTTP side's.
pub fn http(config: &Config, address: SocketAddr) -> http::Settings {
    http::Settings {
        origins: http::Origins::new(&config.http.base_url(address), &config.http.allowed_origins),
        trust_proxy: config.http.trust_proxy,
        body_bytes_max: config.http.body_bytes_max,
        body_timeout: Duration::from_millis(config.http.body_timeout_ms),
        default_mode: config.rewind.default_compat,
    }
}

/// How many requests of one address may be unfinished: no more than leave most of the files that the
/// process may open to others.
pub fn unfinished_max(config: &Config) -> Option<usize> {
    let files = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    let quarter = files.and_then(|files| usize::try_from(files / 4).ok()).unwrap_or(usize::MAX);
    let max = config.limits.unfinished_requests_per_ip_max.min(quarter).max(1);
    Some(max).filter(|_| config.limits.enabled)
}

/// The bounds of connections. Those of a trusted proxy are not counted; its requests are, by whom it
/// speaks for.
pub fn connections(config: &Config) -> ConnectionBounds {
    let max = unfinished_max(config).filter(|_| !config.http.trust_proxy);
    ConnectionBounds {
        head_timeout: Duration::from_millis(config.http.head_timeout_ms),
        keep_alive: Duration::from_millis(config.http.keep_alive_ms),
        unfinished: PerAddress::new(max),
        idle: PerAddress::new(max),
    }
}

/// The service's.
pub fn service(config: &Config) -> service::Settings {
    service::Settings {
        dm_policy: config.dm.audience,
        history_slice_bytes: config.store.history_slice_bytes,
        accounts: accounts::Settings {
            passwords: config.auth.password_rule(),
            names: config.auth.name_rule(),
            allowed_email_domains: config.auth.allowed_email_domains.clone(),
            registration_mail: match config.limits.enabled {
                true => accounts::Mail::One,
                false => accounts::Mail::Each,
            },
            logins_per_user_max: config.limits.logins_per_user_max(),
            verification_lifetime: config.auth.verification_lifetime(),
            reset_lifetime: config.auth.reset_lifetime(),
        },
    }
}

/// The hub's.
pub fn hub(config: &Config) -> hub::Settings {
    hub::Settings {
        mailbox_max: config.hub.mailbox_max,
        outbox_bytes_max: config.ws.outbox_bytes_max,
        invites: hub::InviteBounds {
            timeout: Duration::from_millis(config.chatting.invite_timeout_ms),
            per_user_max: config.chatting.invites_per_user_max,
        },
        offline_grace: Duration::from_millis(config.presence.offline_grace_ms),
        dm_policy: config.dm.audience,
        sessions_per_user_max: config.limits.enabled.then_some(config.limits.sessions_per_user_max),
    }
}
