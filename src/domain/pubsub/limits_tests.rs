use super::*;
use crate::domain::pubsub::name::TopicName;
use crate::domain::pubsub::subscription::{DeadLetterPolicy, OidcToken, Wrapping};
use crate::domain::pubsub::topic::{SchemaSettings, StoragePolicy};

fn message(data: usize) -> MessageDraft {
    MessageDraft { data: vec![b'x'; data], ..MessageDraft::default() }
}

fn with_attributes(pairs: impl IntoIterator<Item = (String, String)>) -> MessageDraft {
    MessageDraft { attributes: pairs.into_iter().collect(), ..MessageDraft::default() }
}

fn with_attribute(key: &str, value: &str) -> MessageDraft {
    with_attributes([(key.to_owned(), value.to_owned())])
}

#[test]
fn a_publish_has_1_to_1000_messages_and_10_million_bytes() {
    assert!(check_messages(&[]).is_err());
    assert!(check_messages(&vec![message(1); MESSAGES_MAX]).is_ok());
    assert!(check_messages(&vec![message(1); MESSAGES_MAX + 1]).is_err());
    assert!(check_messages(&[message(PUBLISH_BYTES_MAX)]).is_ok());
    assert!(check_messages(&[message(PUBLISH_BYTES_MAX + 1)]).is_err());
    let keyed = MessageDraft { ordering_key: "k".to_owned(), ..message(PUBLISH_BYTES_MAX) };
    assert!(check_messages(&[keyed]).is_err());
}

#[test]
fn a_message_needs_data_or_an_attribute_within_bounds() {
    let long = |bytes: usize| "x".repeat(bytes);
    let many = |count: usize| (0..count).map(|n| (format!("k{n}"), String::new()));
    let keyed = |bytes| MessageDraft { ordering_key: long(bytes), ..message(1) };
    for (good, is_good) in [
        (message(0), false),
        (MessageDraft { ordering_key: "k".to_owned(), ..message(0) }, false),
        (message(1), true),
        (with_attribute("k", ""), true),
        (with_attribute("", "v"), false),
        (with_attribute(&long(256), "v"), true),
        (with_attribute(&long(257), "v"), false),
        (with_attribute("k", &long(1_024)), true),
        (with_attribute("k", &long(1_025)), false),
        (with_attributes(many(100)), true),
        (with_attributes(many(101)), false),
        (with_attribute("goog", "v"), false),
        (with_attribute("GOOGle", "v"), false),
        (with_attribute("agoog", "v"), true),
        (with_attribute("goo", "v"), true),
        (with_attribute("googclient_traceparent", "v"), true),
        (with_attribute("googclient_tracestate", "v"), true),
        (with_attribute("googclient_other", "v"), false),
        (keyed(1_024), true),
        (keyed(1_025), false),
    ] {
        assert_eq!(check_messages(std::slice::from_ref(&good)).is_ok(), is_good, "{good:?}");
    }
}

#[test]
fn labels_are_few_short_and_lower_case() {
    let label = |key: &str, value: &str| Labels::from([(key.to_owned(), value.to_owned())]);
    let long = |chars| "x".repeat(chars);
    let many = |count: usize| (0..count).map(|n| (format!("k{n}"), String::new())).collect();
    for (labels, is_good) in [
        (Labels::new(), true),
        (label("a", ""), true),
        (label("a-b_9", "9-_a"), true),
        (label("", "v"), false),
        (label("9a", "v"), false),
        (label("A", "v"), false),
        (label("a", "V"), false),
        (label("a.b", "v"), false),
        (label(&long(63), &long(63)), true),
        (label(&long(64), "v"), false),
        (label("a", &long(64)), false),
        (many(64), true),
        (many(65), false),
    ] {
        assert_eq!(check_labels(&labels).is_ok(), is_good, "{labels:?}");
    }
}

#[test]
fn a_subscription_is_within_bounds() {
    type Change = fn(&mut SubscriptionConfig);
    let table: [(Change, bool); 20] = [
        (|_| {}, true),
        (|config| config.ack_deadline_s = 9, false),
        (|config| config.ack_deadline_s = 600, true),
        (|config| config.ack_deadline_s = 601, false),
        (|config| config.retention = Duration::from_secs(600), true),
        (|config| config.retention = Duration::from_millis(599_999), false),
        (|config| config.retention = Duration::from_secs(31 * 86_400), true),
        (|config| config.retention = Duration::from_millis(31 * 86_400_000 + 1), false),
        (|config| config.expires_after = None, true),
        (|config| config.expires_after = Some(Duration::from_secs(86_400)), true),
        (|config| config.expires_after = Some(Duration::from_millis(86_399_999)), false),
        (|config| config.filter = "attributes:a".to_owned(), true),
        (|config| config.filter = "a".to_owned(), false),
        (|config| config.dead_letter = Some(dead_letter(5)), true),
        (|config| config.dead_letter = Some(dead_letter(4)), false),
        (|config| config.dead_letter = Some(dead_letter(101)), false),
        (|config| config.retry = Some(retry(600, 600)), true),
        (|config| config.retry = Some(retry(0, 0)), true),
        (|config| config.retry = Some(retry(0, 601)), false),
        (|config| config.retry = Some(retry(2, 1)), false),
    ];
    for (n, (change, is_good)) in table.into_iter().enumerate() {
        let mut config = SubscriptionConfig::default();
        change(&mut config);
        assert_eq!(check_subscription(&config).is_ok(), is_good, "{n}: {config:?}");
    }
}

fn dead_letter(attempts_max: u32) -> DeadLetterPolicy {
    DeadLetterPolicy { topic: TopicName::new("p", "dead").unwrap(), attempts_max }
}

fn retry(min_s: u64, max_s: u64) -> RetryPolicy {
    RetryPolicy { backoff_min: Duration::from_secs(min_s), backoff_max: Duration::from_secs(max_s) }
}

#[test]
fn a_topic_is_within_bounds() {
    let of = |change: fn(&mut TopicConfig)| {
        let mut config = TopicConfig::default();
        change(&mut config);
        check_topic(&config).is_ok()
    };
    assert!(of(|_| {}));
    assert!(of(|config| config.retention = Some(Duration::from_secs(600))));
    assert!(!of(|config| config.retention = Some(Duration::from_secs(599))));
    assert!(!of(|config| config.kms_key_name = "x".repeat(TEXT_BYTES_MAX + 1)));
    let schema = |encoding| Some(SchemaSettings { encoding, ..SchemaSettings::default() });
    assert!(check_topic(&TopicConfig { schema: schema(2), ..TopicConfig::default() }).is_ok());
    assert!(check_topic(&TopicConfig { schema: schema(3), ..TopicConfig::default() }).is_err());
    let regions = |count| {
        let allowed_persistence_regions = vec!["r".to_owned(); count];
        Some(StoragePolicy { allowed_persistence_regions, enforce_in_transit: false })
    };
    let with = |count| TopicConfig { storage_policy: regions(count), ..TopicConfig::default() };
    assert!(check_topic(&with(REGIONS_MAX)).is_ok());
    assert!(check_topic(&with(REGIONS_MAX + 1)).is_err());
}

#[test]
fn pushes_go_to_web_addresses_but_not_to_those_of_the_link() {
    for (endpoint, is_good) in [
        ("http://127.0.0.1:8080/push?token=x", true),
        ("https://example.com/", true),
        ("http://[::1]/", true),
        ("http://10.0.0.1/", true),
        ("", false),
        ("example.com", false),
        ("ftp://example.com/", false),
        ("http://", false),
        ("http:///x", true),
        ("http://169.254.169.254/latest", false),
        ("http://0xa9fea9fe/", false),
        ("http://[fe80::1]/", false),
        ("http://[::ffff:169.254.1.1]/", false),
    ] {
        let push = PushConfig { endpoint: endpoint.to_owned(), ..PushConfig::default() };
        assert_eq!(check_push(&push).is_ok(), is_good, "{endpoint}");
    }
    let long = format!("http://example.com/{}", "x".repeat(ENDPOINT_BYTES_MAX));
    let secret = PushConfig { endpoint: long, ..PushConfig::default() };
    assert!(check_push(&secret).is_err());
    let oidc = OidcToken { audience: "x".repeat(TEXT_BYTES_MAX + 1), ..OidcToken::default() };
    let endpoint = "http://example.com".to_owned();
    let push = PushConfig {
        endpoint,
        oidc: Some(oidc),
        wrapping: Wrapping::Default,
        ..PushConfig::default()
    };
    assert!(check_push(&push).is_err());
}

#[test]
fn what_is_asked_for_in_numbers() {
    assert_eq!(ack_deadline_s(0), Ok(10));
    assert_eq!(ack_deadline_s(600), Ok(600));
    for bad in [-1, 1, 9, 601, i32::MIN] {
        assert!(ack_deadline_s(bad).is_err(), "{bad}");
    }
    assert_eq!(attempts_max(0), Ok(5));
    assert_eq!(attempts_max(100), Ok(100));
    assert!([-1, 4, 101].into_iter().all(|bad| attempts_max(bad).is_err()));
    assert_eq!(lease_s(0), Ok(0));
    assert_eq!(lease_s(600), Ok(600));
    assert!(lease_s(-1).is_err() && lease_s(601).is_err());
    assert_eq!(pulled_max(1), Ok(1));
    assert_eq!(pulled_max(1_001), Ok(1_000));
    assert!(pulled_max(0).is_err() && pulled_max(-1).is_err());
}
