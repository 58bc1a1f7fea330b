//! What becomes of settings by an update: only the fields that its mask names.
//!
//! A mask has the names of Google's messages, `labels` or `push_config.push_endpoint`. What the new settings say of
//! other fields counts for nothing, and a field that is named and not set goes back to its default.

use super::refusal::{PubsubRefusal, PubsubStatus};
use super::subscription::{PushConfig, RetryPolicy, SubscriptionConfig};
use super::topic::{SchemaSettings, StoragePolicy, TopicConfig};

/// More than any message has fields.
const MASK_FIELDS_MAX: usize = 64;
/// Fields of a topic that stay as they are.
const TOPIC_FIXED: [&str; 3] = ["name", "state", "satisfies_pzs"];
/// Fields of a subscription that stay as they are.
const SUBSCRIPTION_FIXED: [&str; 7] = [
    "name",
    "topic",
    "enable_message_ordering",
    "filter",
    "detached",
    "state",
    "topic_message_retention_duration",
];
/// Fields of things that are not there.
const NOT_THERE: [&str; 7] = [
    "ingestion_data_source_settings",
    "message_transforms",
    "bigquery_config",
    "cloud_storage_config",
    "bigtable_config",
    "analytics_hub_subscription_info",
    "tags",
];

/// A topic's settings after an update.
///
/// # Errors
/// Invalid argument: no field, an unknown one, or one that does not change. Unimplemented.
pub fn topic(
    current: &TopicConfig,
    new: &TopicConfig,
    mask: &[String],
) -> Result<TopicConfig, PubsubRefusal> {
    let mut updated = current.clone();
    for field in fields(mask)? {
        if !set_topic_field(&mut updated, new, field) {
            return Err(refused(field, &TOPIC_FIXED));
        }
    }
    Ok(updated)
}

/// A subscription's settings after an update.
///
/// # Errors
/// As [`topic`].
pub fn subscription(
    current: &SubscriptionConfig,
    new: &SubscriptionConfig,
    mask: &[String],
) -> Result<SubscriptionConfig, PubsubRefusal> {
    let mut updated = current.clone();
    for field in fields(mask)? {
        let (name, inner) = field.split_once('.').unwrap_or((field, ""));
        let is_known = match name {
            "push_config" => set_push_field(&mut updated.push, new.push.as_ref(), inner),
            "retry_policy" => set_retry_field(&mut updated.retry, new.retry.as_ref(), inner),
            "dead_letter_policy" => set_dead_letter_field(&mut updated, new, inner),
            "expiration_policy" if matches!(inner, "" | "ttl") => {
                updated.expires_after = new.expires_after;
                true
            }
            _ => inner.is_empty() && set_plain_field(&mut updated, new, name),
        };
        if !is_known {
            return Err(refused(field, &SUBSCRIPTION_FIXED));
        }
    }
    Ok(updated)
}

/// A mask's fields; there is at least one.
fn fields(mask: &[String]) -> Result<impl Iterator<Item = &str>, PubsubRefusal> {
    match mask.len() {
        0 => Err(PubsubRefusal::invalid("update_mask is empty")),
        1..=MASK_FIELDS_MAX => Ok(mask.iter().map(String::as_str)),
        _ => Err(PubsubRefusal::invalid(format!("update_mask has over {MASK_FIELDS_MAX} fields"))),
    }
}

fn refused(field: &str, fixed: &[&str]) -> PubsubRefusal {
    let name = field.split('.').next().unwrap_or(field);
    if NOT_THERE.contains(&name) {
        return PubsubRefusal::new(PubsubStatus::Unimplemented, format!("{name} is not supported"));
    }
    let what = if fixed.contains(&name) { "never changes" } else { "is unknown" };
    PubsubRefusal::invalid(format!("the field {field:?} of update_mask {what}"))
}

fn set_topic_field(updated: &mut TopicConfig, new: &TopicConfig, field: &str) -> bool {
    match field {
        "labels" => updated.labels.clone_from(&new.labels),
        "message_retention_duration" => updated.retention = new.retention,
        "kms_key_name" => updated.kms_key_name.clone_from(&new.kms_key_name),
        "message_storage_policy" => updated.storage_policy.clone_from(&new.storage_policy),
        "schema_settings" => updated.schema.clone_from(&new.schema),
        _ => {
            return match field.split_once('.') {
                Some(("message_storage_policy", inner)) => {
                    set_storage_field(&mut updated.storage_policy, new, inner)
                }
                Some(("schema_settings", inner)) => {
                    set_schema_field(&mut updated.schema, new, inner)
                }
                Some(_) | None => false,
            };
        }
    }
    true
}

fn set_storage_field(updated: &mut Option<StoragePolicy>, new: &TopicConfig, inner: &str) -> bool {
    let new = new.storage_policy.clone().unwrap_or_default();
    let updated = updated.get_or_insert_default();
    match inner {
        "allowed_persistence_regions" => {
            updated.allowed_persistence_regions = new.allowed_persistence_regions;
        }
        "enforce_in_transit" => updated.enforce_in_transit = new.enforce_in_transit,
        _ => return false,
    }
    true
}

fn set_schema_field(updated: &mut Option<SchemaSettings>, new: &TopicConfig, inner: &str) -> bool {
    let new = new.schema.clone().unwrap_or_default();
    let updated = updated.get_or_insert_default();
    match inner {
        "schema" => updated.schema = new.schema,
        "encoding" => updated.encoding = new.encoding,
        "first_revision_id" => updated.first_revision_id = new.first_revision_id,
        "last_revision_id" => updated.last_revision_id = new.last_revision_id,
        _ => return false,
    }
    true
}

fn set_plain_field(
    updated: &mut SubscriptionConfig,
    new: &SubscriptionConfig,
    field: &str,
) -> bool {
    match field {
        "ack_deadline_seconds" => updated.ack_deadline_s = new.ack_deadline_s,
        "retain_acked_messages" => updated.retains_acked = new.retains_acked,
        "message_retention_duration" => updated.retention = new.retention,
        "labels" => updated.labels.clone_from(&new.labels),
        "enable_exactly_once_delivery" => updated.is_exactly_once = new.is_exactly_once,
        _ => return false,
    }
    true
}

/// Sets a part of where messages are pushed to. Without an endpoint they are pulled.
fn set_push_field(updated: &mut Option<PushConfig>, new: Option<&PushConfig>, inner: &str) -> bool {
    let empty = PushConfig::default();
    let new_push = new.unwrap_or(&empty);
    let mut push = updated.clone().unwrap_or_default();
    match inner {
        "" => push.clone_from(new_push),
        "push_endpoint" => push.endpoint.clone_from(&new_push.endpoint),
        "attributes" => push.attributes.clone_from(&new_push.attributes),
        "oidc_token" => push.oidc.clone_from(&new_push.oidc),
        "oidc_token.service_account_email" | "oidc_token.audience" => {
            let new = new_push.oidc.clone().unwrap_or_default();
            let oidc = push.oidc.get_or_insert_default();
            match inner {
                "oidc_token.audience" => oidc.audience = new.audience,
                _ => oidc.service_account_email = new.service_account_email,
            }
        }
        "pubsub_wrapper" | "no_wrapper" | "no_wrapper.write_metadata" => {
            push.wrapping = new_push.wrapping;
        }
        _ => return false,
    }
    *updated = (push != empty).then_some(push);
    true
}

fn set_retry_field(
    updated: &mut Option<RetryPolicy>,
    new: Option<&RetryPolicy>,
    inner: &str,
) -> bool {
    let said = new.cloned().unwrap_or_default();
    match inner {
        "" => *updated = new.cloned(),
        "minimum_backoff" => updated.get_or_insert_default().backoff_min = said.backoff_min,
        "maximum_backoff" => updated.get_or_insert_default().backoff_max = said.backoff_max,
        _ => return false,
    }
    true
}

fn set_dead_letter_field(
    updated: &mut SubscriptionConfig,
    new: &SubscriptionConfig,
    inner: &str,
) -> bool {
    match (inner, &mut updated.dead_letter, &new.dead_letter) {
        ("dead_letter_topic", Some(policy), Some(new)) => policy.topic = new.topic.clone(),
        ("max_delivery_attempts", Some(policy), Some(new)) => {
            policy.attempts_max = new.attempts_max;
        }
        // A part of a policy that is not there, or of none that is new: all of it.
        ("" | "dead_letter_topic" | "max_delivery_attempts", policy, new) => {
            policy.clone_from(new);
        }
        _ => return false,
    }
    true
}

#[cfg(test)]
#[path = "update_tests.rs"]
mod tests;
