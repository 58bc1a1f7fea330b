//! How much may be asked for, and what is no such thing at all.

use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::time::Duration;

use url::{Host, Url};

use super::filter::Filter;
use super::message::{Attributes, MessageDraft};
use super::refusal::PubsubRefusal;
use super::subscription::{PushConfig, RetryPolicy, SubscriptionConfig};
use super::topic::{Labels, TopicConfig};

/// Messages of one publish.
pub const MESSAGES_MAX: usize = 1_000;
/// All that one publish holds, in bytes of data, attributes and keys.
pub const PUBLISH_BYTES_MAX: usize = 10_000_000;
/// A request with all that around it, as it comes, and unpacked.
pub const REQUEST_BYTES_MAX: usize = 14 << 20;
/// Messages of one answer to a pull; who asks for more gets as many.
pub const PULLED_MAX: usize = 1_000;
/// Attributes of a message.
pub const ATTRIBUTES_MAX: usize = 100;
/// The key of an attribute; it has one byte at least.
pub const ATTRIBUTE_KEY_BYTES_MAX: usize = 256;
/// The value of an attribute.
pub const ATTRIBUTE_VALUE_BYTES_MAX: usize = 1_024;
/// An ordering key.
pub const ORDERING_KEY_BYTES_MAX: usize = 1_024;
/// Labels of one thing.
pub const LABELS_MAX: usize = 64;
/// The key of a label, and its value.
pub const LABEL_CHARS_MAX: usize = 63;
/// The time until what was not acknowledged comes again.
pub const ACK_DEADLINE_S: RangeInclusive<u32> = 10..=600;
/// What 0 means in its place.
pub const ACK_DEADLINE_DEFAULT_S: u32 = 10;
/// By how much a lease is made longer at a time, from now; 0 gives the message back.
pub const LEASE_MAX_S: u32 = 600;
/// How long what waits is kept, and what a topic says of that.
pub const RETENTION_S: RangeInclusive<u64> = 600..=31 * 86_400;
/// The shortest time after which a subscription that nobody uses is deleted.
pub const EXPIRES_AFTER_MIN: Duration = Duration::from_secs(86_400);
/// How often a message is delivered before it goes to the dead letters.
pub const ATTEMPTS_MAX: RangeInclusive<u32> = 5..=100;
/// What 0 means in its place.
pub const ATTEMPTS_MAX_DEFAULT: u32 = 5;
/// How long what has failed waits at most.
pub const BACKOFF_MAX: Duration = Duration::from_secs(600);
/// What a policy that says no shortest time means.
pub const BACKOFF_MIN_DEFAULT: Duration = Duration::from_secs(10);
/// URLs of pushes.
pub const ENDPOINT_BYTES_MAX: usize = 4_096;
/// Any other text in settings of topics and subscriptions.
pub const TEXT_BYTES_MAX: usize = 1_024;
/// Regions that a topic names.
pub const REGIONS_MAX: usize = 100;

type Checked = Result<(), PubsubRefusal>;

/// Keys of attributes that begin as Google's own, but are set by its clients.
const GOOGLE_KEYS_ALLOWED: [&str; 2] = ["googclient_traceparent", "googclient_tracestate"];

fn ensure(is_good: bool, message: impl FnOnce() -> String) -> Checked {
    if is_good { Ok(()) } else { Err(PubsubRefusal::invalid(message())) }
}

fn check_text(what: &str, text: &str) -> Checked {
    ensure(text.len() <= TEXT_BYTES_MAX, || format!("{what} is over {TEXT_BYTES_MAX} bytes"))
}

/// Looks at what is set of a topic.
///
/// # Errors
/// Invalid argument.
pub fn check_topic(config: &TopicConfig) -> Result<(), PubsubRefusal> {
    check_labels(&config.labels)?;
    if let Some(retention) = config.retention {
        check_retention(retention)?;
    }
    check_text("kms_key_name", &config.kms_key_name)?;
    if let Some(policy) = &config.storage_policy {
        let regions = &policy.allowed_persistence_regions;
        ensure(regions.len() <= REGIONS_MAX, || format!("more than {REGIONS_MAX} regions"))?;
        regions.iter().try_for_each(|region| check_text("a region", region))?;
    }
    if let Some(schema) = &config.schema {
        check_text("schema", &schema.schema)?;
        check_text("first_revision_id", &schema.first_revision_id)?;
        check_text("last_revision_id", &schema.last_revision_id)?;
        ensure((0..=2).contains(&schema.encoding), || "encoding is unknown".to_owned())?;
    }
    Ok(())
}

/// Looks at what is set of a subscription, but not at who else is named in it.
///
/// # Errors
/// Invalid argument.
pub fn check_subscription(config: &SubscriptionConfig) -> Result<(), PubsubRefusal> {
    ensure(ACK_DEADLINE_S.contains(&config.ack_deadline_s), || {
        said_range("ack_deadline_seconds", &ACK_DEADLINE_S)
    })?;
    check_labels(&config.labels)?;
    check_retention(config.retention)?;
    if let Some(ttl) = config.expires_after {
        ensure(ttl >= EXPIRES_AFTER_MIN, || {
            format!("expiration_policy.ttl is under {} seconds", EXPIRES_AFTER_MIN.as_secs())
        })?;
    }
    Filter::parse(&config.filter)?;
    if let Some(policy) = &config.dead_letter {
        ensure(ATTEMPTS_MAX.contains(&policy.attempts_max), || {
            said_range("dead_letter_policy.max_delivery_attempts", &ATTEMPTS_MAX)
        })?;
    }
    config.retry.as_ref().map_or(Ok(()), check_retry)?;
    config.push.as_ref().map_or(Ok(()), check_push)
}

fn said_range(what: &str, range: &RangeInclusive<u32>) -> String {
    format!("{what} must be between {} and {}", range.start(), range.end())
}

fn check_retention(retention: Duration) -> Checked {
    let is_good = RETENTION_S.contains(&retention.as_secs())
        && retention <= Duration::from_secs(*RETENTION_S.end());
    ensure(is_good, || {
        let (from, to) = (RETENTION_S.start(), RETENTION_S.end());
        format!("message_retention_duration must be between {from} and {to} seconds")
    })
}

fn check_retry(policy: &RetryPolicy) -> Checked {
    ensure(policy.backoff_max <= BACKOFF_MAX, || {
        format!("retry_policy.maximum_backoff is over {} seconds", BACKOFF_MAX.as_secs())
    })?;
    ensure(policy.backoff_min <= policy.backoff_max, || {
        "retry_policy.minimum_backoff is over maximum_backoff".to_owned()
    })
}

/// Looks at a publish.
///
/// # Errors
/// Invalid argument.
pub fn check_messages(messages: &[MessageDraft]) -> Result<(), PubsubRefusal> {
    ensure(!messages.is_empty(), || "messages is empty".to_owned())?;
    ensure(messages.len() <= MESSAGES_MAX, || {
        format!("{} messages are over the limit of {MESSAGES_MAX}", messages.len())
    })?;
    let bytes = messages.iter().map(MessageDraft::bytes).fold(0, usize::saturating_add);
    ensure(bytes <= PUBLISH_BYTES_MAX, || {
        format!("{bytes} bytes are over the limit of {PUBLISH_BYTES_MAX}")
    })?;
    messages.iter().try_for_each(check_message)
}

fn check_message(message: &MessageDraft) -> Checked {
    ensure(!message.data.is_empty() || !message.attributes.is_empty(), || {
        "a message needs data, or an attribute".to_owned()
    })?;
    ensure(message.ordering_key.len() <= ORDERING_KEY_BYTES_MAX, || {
        format!("ordering_key is over {ORDERING_KEY_BYTES_MAX} bytes")
    })?;
    // PostgreSQL keeps none.
    ensure(!message.ordering_key.contains('\0'), || "ordering_key has a NUL".to_owned())?;
    check_attributes(&message.attributes)?;
    message.attributes.keys().try_for_each(|key| {
        let is_google = key.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("goog"));
        ensure(!is_google || GOOGLE_KEYS_ALLOWED.contains(&key.as_str()), || {
            format!("the key {key:?} of an attribute begins with goog")
        })
    })
}

fn check_attributes(attributes: &Attributes) -> Checked {
    ensure(attributes.len() <= ATTRIBUTES_MAX, || {
        format!("{} attributes are over the limit of {ATTRIBUTES_MAX}", attributes.len())
    })?;
    attributes.iter().try_for_each(|(key, value)| {
        ensure((1..=ATTRIBUTE_KEY_BYTES_MAX).contains(&key.len()), || {
            format!("a key of an attribute must have 1 to {ATTRIBUTE_KEY_BYTES_MAX} bytes")
        })?;
        ensure(value.len() <= ATTRIBUTE_VALUE_BYTES_MAX, || {
            format!("the value of {key:?} is over {ATTRIBUTE_VALUE_BYTES_MAX} bytes")
        })
    })
}

/// Looks at labels.
///
/// # Errors
/// Invalid argument.
pub fn check_labels(labels: &Labels) -> Result<(), PubsubRefusal> {
    ensure(labels.len() <= LABELS_MAX, || {
        format!("{} labels are over the limit of {LABELS_MAX}", labels.len())
    })?;
    let is_good = |text: &str| {
        let goes_on =
            |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-');
        text.len() <= LABEL_CHARS_MAX && text.chars().all(goes_on)
    };
    labels.iter().try_for_each(|(key, value)| {
        let is_key = key.starts_with(|c: char| c.is_ascii_lowercase()) && is_good(key);
        ensure(is_key, || format!("label key {key:?} is not allowed"))?;
        ensure(is_good(value), || format!("the value of label {key:?} is not allowed"))
    })
}

/// Looks at where messages are to be pushed. Names are looked up, and judged, when it is done.
///
/// # Errors
/// Invalid argument.
pub fn check_push(push: &PushConfig) -> Result<(), PubsubRefusal> {
    ensure(push.endpoint.len() <= ENDPOINT_BYTES_MAX, || {
        format!("push_endpoint is over {ENDPOINT_BYTES_MAX} bytes")
    })?;
    let url = Url::parse(&push.endpoint).ok();
    let url = url.filter(|url| matches!(url.scheme(), "http" | "https"));
    let host = url.as_ref().and_then(Url::host).ok_or_else(|| {
        // Not with the endpoint: its query may hold a secret.
        PubsubRefusal::invalid("push_endpoint must be an http or https URL with a host")
    })?;
    ensure(literal(&host).is_none_or(|address| !is_link_local(address)), || {
        "push_endpoint names an address that is never pushed to".to_owned()
    })?;
    check_attributes(&push.attributes)?;
    push.oidc.as_ref().map_or(Ok(()), |oidc| {
        check_text("service_account_email", &oidc.service_account_email)?;
        check_text("audience", &oidc.audience)
    })
}

fn literal(host: &Host<&str>) -> Option<IpAddr> {
    match host {
        Host::Ipv4(address) => Some(IpAddr::V4(*address)),
        Host::Ipv6(address) => Some(IpAddr::V6(*address)),
        Host::Domain(_) => None,
    }
}

/// Whether an address is of the link only, where clouds keep what machines are told of themselves.
pub fn is_link_local(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => address.is_link_local(),
        IpAddr::V6(address) => address.is_unicast_link_local(),
    }
}

/// The time until what was not acknowledged comes again, as it is asked for.
///
/// # Errors
/// Invalid argument.
pub fn ack_deadline_s(asked: i32) -> Result<u32, PubsubRefusal> {
    in_range("ack_deadline_seconds", asked, (ACK_DEADLINE_DEFAULT_S, &ACK_DEADLINE_S))
}

/// How often a message is delivered before it goes to the dead letters, as it is asked for.
///
/// # Errors
/// Invalid argument.
pub fn attempts_max(asked: i32) -> Result<u32, PubsubRefusal> {
    let what = "dead_letter_policy.max_delivery_attempts";
    in_range(what, asked, (ATTEMPTS_MAX_DEFAULT, &ATTEMPTS_MAX))
}

fn in_range(
    what: &str,
    asked: i32,
    (default, range): (u32, &RangeInclusive<u32>),
) -> Result<u32, PubsubRefusal> {
    match u32::try_from(asked) {
        Ok(0) => Ok(default),
        Ok(asked) if range.contains(&asked) => Ok(asked),
        Ok(_) | Err(_) => Err(PubsubRefusal::invalid(said_range(what, range))),
    }
}

/// How long a lease is to be from now, as it is asked for.
///
/// # Errors
/// Invalid argument.
pub fn lease_s(asked: i32) -> Result<u32, PubsubRefusal> {
    let seconds = u32::try_from(asked).ok().filter(|seconds| *seconds <= LEASE_MAX_S);
    let what = || format!("ack_deadline_seconds must be between 0 and {LEASE_MAX_S}");
    seconds.ok_or_else(|| PubsubRefusal::invalid(what()))
}

/// How many messages a pull may bring, as it is asked for.
///
/// # Errors
/// Invalid argument.
pub fn pulled_max(asked: i32) -> Result<usize, PubsubRefusal> {
    match usize::try_from(asked) {
        Ok(0) | Err(_) => Err(PubsubRefusal::invalid("max_messages must be greater than zero")),
        Ok(asked) => Ok(asked.min(PULLED_MAX)),
    }
}

#[cfg(test)]
#[path = "limits_tests.rs"]
mod tests;
