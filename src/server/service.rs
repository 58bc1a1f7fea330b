//! What can be asked, made on the store and the hub.

use std::sync::Arc;

use super::site::Site;
use super::{Config, StartError, push};
use crate::auth::limits::RateLimits;
use crate::auth::password::Passwords;
use crate::hub::{Hub, Subscriptions};
use crate::service::{Service, ServiceParts, Settings, accounts, apps, pubsub};
use crate::store::Store;
use crate::store::jobs::Queue;

/// The service, and the rates that it shares with sessions. `jobs` is woken when a mail has been left.
///
/// # Errors
/// [`StartError::KeySet`], [`StartError::Auth`].
pub(super) fn start(
    site: &Site<'_>,
    (store, hub, subscriptions): (&Store, &Hub, &Subscriptions),
    jobs: Queue,
) -> Result<(Service, Arc<RateLimits>), StartError> {
    let (config, base) = (site.config, site.base);
    let (push_identity, push_gate) = push::identity(site)?;
    let limits = Arc::new(RateLimits::new(&config.limits));
    let parts = ServiceParts {
        store: store.clone(),
        hub: hub.clone(),
        subscriptions: subscriptions.clone(),
        ack_ids: base.ack_ids.clone(),
        push_identity,
        push_gate,
        mint: Arc::clone(&base.mint),
        clock: Arc::clone(&base.clock),
        epoch: Arc::clone(&base.epoch),
        tokens: base.tokens.clone(),
        passwords: Passwords::new(config.auth.hashes_max, config.auth.hash_queue_max),
        limits: Arc::clone(&limits),
        metrics: site.metrics.clone(),
        mail_left: Arc::new(move || jobs.wake()),
    };
    Ok((Service::new(&parts, settings(config)), limits))
}

fn settings(config: &Config) -> Settings {
    Settings {
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
        pubsub: pubsub::Settings {
            topics_max: config.limits.topics_max.into(),
            subscriptions_max: config.limits.subscriptions_max.into(),
            bridges_max: config.pubsub.bridges_max.into(),
            bridge_step_max: config.pubsub.bridge_step_max,
            push_reach: config.push_reach(),
        },
        apps: apps::Settings {
            apps_max: config.limits.apps_max.into(),
            origins_max: config.limits.app_origins_max,
            visitors_max: config.limits.app_visitors_max.into(),
            passwords: config.auth.password_rule(),
            widget_token_lifetime: config.apps.widget_token_lifetime(),
            token_lifetime: config.apps.token_lifetime(),
            cookie_lifetime: config.apps.cookie_lifetime(),
            offline_text_interval: config.ppcom.offline_text_interval(),
            file_bytes_max: config.ppcom.file_bytes_max,
            uploads_max: config.ppcom.uploads_max,
            files_bytes_max: i64::try_from(config.ppcom.files_per_user_bytes_max)
                .unwrap_or(i64::MAX),
            bodies: crate::wire::ppcom::body::FORMAT,
            downstream_kept: config.downstream.kept(),
            device_groups_max: config.downstream.groups_per_app_max.into(),
            devices_per_user_max: config.downstream.devices_per_user_max.into(),
        },
    }
}
