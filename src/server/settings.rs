//! From the configuration's sections to the settings of the parts.

use std::net::SocketAddr;
use std::time::Duration;

use crate::auth::concurrency::PerAddress;
use crate::config::{self, Compat, Config};
use crate::domain::accounts::name::NameRule;
use crate::domain::accounts::password::PasswordRule;
use crate::http::connection::ConnectionBounds;
use crate::jobs::mail;
use crate::session::machine::Bounds;
use crate::store::accounts::registrations;
use crate::wire::Dialects;
use crate::wire::chatting::{self, Chatting, Ids, Texts};
use crate::wire::rewind::{self, Mode, Rewind};
use crate::{http, hub, session, store, ws};

/// Seconds in a day, and in an hour.
const DAY_SECONDS: u64 = 24 * HOUR_SECONDS;
const HOUR_SECONDS: u64 = 60 * 60;

/// What `/metrics` tells of the server: its version and, if the operator lets it, the settings that figures
/// of a load depend on.
pub fn told(config: &Config) -> Vec<(&'static str, String)> {
    let mut told = vec![("version", env!("CARGO_PKG_VERSION").to_owned())];
    if config.http.metrics_settings {
        let store = &config.store;
        let database = store.url.expose().split_once(':').map_or("", |(scheme, _)| scheme);
        told.extend([
            ("database", database.to_owned()),
            ("durability", word(&store.durability)),
            ("batch_ops_max", store.batch_ops_max.to_string()),
            ("readers", store.readers.to_string()),
            ("workers", config.http.worker_count().to_string()),
            ("adapter", word(&config.ws.adapter)),
            ("limits", config.limits.enabled.to_string()),
            ("stores", (!cfg!(feature = "storing-nothing")).to_string()),
        ]);
    }
    told
}

/// A choice as its variant is called, in small letters.
fn word(choice: &impl std::fmt::Debug) -> String {
    format!("{choice:?}").to_lowercase()
}

/// The store's.
pub fn store(config: &Config) -> store::Settings {
    let (config, limits) = (&config.store, &config.limits);
    store::Settings {
        url: config.url.expose().to_owned(),
        durability: match config.durability {
            config::Durability::Synced => store::Durability::Synced,
            config::Durability::Relaxed => store::Durability::Relaxed,
        },
        readers: config.readers,
        batch_ops_max: config.batch_ops_max,
        pending_ops_max: config.pending_ops_max,
        pressure_ops: config.pressure_ops,
        pending_bytes_max: config.pending_bytes_max,
        pending_reads_max: config.pending_reads_max,
        pending_reads_per_user_max: config.pending_reads_per_user_max,
        cache_kib: config.cache_kib,
        mmap_mib: config.mmap_mib,
        busy_timeout_ms: config.busy_timeout_ms,
        settle_timeout: Duration::from_millis(config.settle_timeout_ms),
        room_min: u64::from(config.room_min_kib).saturating_mul(1_024),
        history_slice_bytes: config.history_slice_bytes,
        limits: store::Limits {
            members_max: limits.group_members_max,
            groups_per_user_max: limits.groups_per_user_max.into(),
            friend_requests_per_day: limits
                .enabled
                .then_some(limits.friend_requests_per_day.into()),
            additions_per_day: limits.enabled.then_some(limits.group_additions_per_day.into()),
        },
    }
}

/// A session's.
pub fn session(config: &Config) -> session::Settings {
    session::Settings {
        bounds: Bounds {
            pipeline_max: config.ws.pipeline_max,
            held_bytes_max: config.ws.outbox_bytes_max,
        },
        mailbox_max: config.ws.mailbox_max,
        page_max: config.rewind.page_max,
        frame_bytes_max: config.ws.frame_bytes_max,
    }
}

/// Who may open sessions.
pub fn seats(config: &Config) -> session::Seats {
    let limits = &config.limits;
    let before_auth = Some(limits.sockets_before_auth_per_ip_max).filter(|_| limits.enabled);
    session::Seats::new(config.ws.sessions_max, before_auth)
}

/// The HTTP side's.
pub fn http(config: &Config, address: SocketAddr) -> http::Settings {
    http::Settings {
        origins: http::Origins::new(&config.http.base_url(address), &config.http.allowed_origins),
        trust_proxy: config.http.trust_proxy,
        body_bytes_max: config.http.body_bytes_max,
        body_timeout: Duration::from_millis(config.http.body_timeout_ms),
        passwords: passwords(&config.auth),
        names: names(&config.auth),
        allowed_email_domains: config.auth.allowed_email_domains.clone(),
        registration_mail: match config.limits.enabled {
            true => registrations::Mail::One,
            false => registrations::Mail::Each,
        },
        logins_per_user_max: logins_per_user_max(&config.limits),
        verification_lifetime: verification_lifetime(config),
        reset_lifetime: reset_lifetime(config),
        default_mode: match config.rewind.default_compat {
            Compat::Readme => Mode::Readme,
            Compat::Wind => Mode::Wind,
        },
        socket: ws::Settings {
            adapter: match config.ws.adapter {
                config::Adapter::Upgraded => ws::Adapter::Upgraded,
                config::Adapter::Actors => ws::Adapter::Actors,
            },
            outbox_bytes_max: config.ws.outbox_bytes_max,
            frame_bytes_max: config.ws.frame_before_auth_bytes_max.min(config.ws.frame_bytes_max),
            close_timeout: Duration::from_millis(config.ws.close_timeout_ms),
        },
    }
}

/// How many log-ins of one user are kept; `None` for any number.
pub fn logins_per_user_max(limits: &config::Limits) -> Option<usize> {
    usize::try_from(limits.logins_per_user_max).ok().filter(|_| limits.enabled)
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

/// What sessions speak.
pub fn dialects(config: &Config) -> Dialects {
    let rewind = rewind::Settings {
        auth_timeout: Duration::from_millis(config.rewind.auth_timeout_ms),
        heartbeat_timeout: Duration::from_millis(config.rewind.heartbeat_timeout_ms),
        ping_interval: Duration::from_millis(config.rewind.ping_interval_ms),
    };
    Dialects::new(Rewind::new(rewind), Chatting::new(chatting(&config.chatting)))
}

fn chatting(config: &config::Chatting) -> chatting::Settings {
    chatting::Settings {
        login_timeout: Duration::from_millis(config.login_timeout_ms),
        ping_interval: Duration::from_millis(config.ping_interval_ms),
        ping_timeout: Duration::from_millis(config.ping_timeout_ms),
        ids: match config.ids {
            config::Ids::Number => Ids::Number,
            config::Ids::String => Ids::String,
        },
        texts: Texts {
            logged_in: config.logged_in_text.clone(),
            unreachable: config.unreachable_text.clone(),
            bad_request: config.bad_request_text.clone(),
            system: config.system_text.clone(),
            no_such_user: config.no_such_user_text.clone(),
        },
    }
}

/// The way of mails.
///
/// # Errors
/// As [`mail::Transport::from_url`].
pub fn transport(config: &config::Mail) -> Result<mail::Transport, mail::MailError> {
    let timeout = Duration::from_millis(config.timeout_ms);
    let wording = mail::Wording {
        product: config.product.clone(),
        verification_subject: config.verification_subject.clone(),
    };
    mail::Transport::from_url(config.url.expose(), (&config.from, wording), timeout)
}

/// The mail queue's.
pub fn mail(config: &Config, base_url: String) -> mail::Settings {
    mail::Settings {
        base_url,
        key_lifetime: verification_lifetime(config),
        reset_lifetime: reset_lifetime(config),
        retry_first_ms: config.mail.retry_first_ms,
        retry_max_ms: config.mail.retry_max_ms,
        attempts_max: config.mail.attempts_max,
    }
}

fn verification_lifetime(config: &Config) -> Duration {
    Duration::from_secs(u64::from(config.auth.verification_hours).saturating_mul(HOUR_SECONDS))
}

fn reset_lifetime(config: &Config) -> Duration {
    Duration::from_secs(u64::from(config.auth.reset_minutes).saturating_mul(60))
}

/// Which passwords may be chosen.
pub fn passwords(config: &config::Auth) -> PasswordRule {
    PasswordRule { chars_min: config.password_chars_min, bytes_max: config.password_bytes_max }
}

/// Which names may be had.
pub fn names(config: &config::Auth) -> NameRule {
    NameRule { mixed_scripts: config.mixed_script_names }
}

/// How long a token works.
pub fn token_lifetime(config: &config::Auth) -> Duration {
    Duration::from_secs(u64::from(config.token_days).saturating_mul(DAY_SECONDS))
}

/// The hub's.
pub fn hub(config: &Config) -> hub::Settings {
    hub::Settings {
        mailbox_max: config.hub.mailbox_max,
        outbox_bytes_max: config.ws.outbox_bytes_max,
        history_slice_bytes: config.store.history_slice_bytes,
        invites: hub::InviteBounds {
            timeout: Duration::from_millis(config.chatting.invite_timeout_ms),
            per_user_max: config.chatting.invites_per_user_max,
        },
        offline_grace: Duration::from_millis(config.presence.offline_grace_ms),
        dm_policy: config.dm.audience.into(),
        sessions_per_user_max: config.limits.enabled.then_some(config.limits.sessions_per_user_max),
    }
}
