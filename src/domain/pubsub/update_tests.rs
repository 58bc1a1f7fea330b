use std::time::Duration;

use super::*;
use crate::domain::pubsub::name::TopicName;
use crate::domain::pubsub::subscription::{DeadLetterPolicy, OidcToken, Wrapping};
use crate::domain::pubsub::topic::Labels;

fn masked(fields: &[&str]) -> Vec<String> {
    fields.iter().map(|field| (*field).to_owned()).collect()
}

fn labels(value: &str) -> Labels {
    Labels::from([("a".to_owned(), value.to_owned())])
}

fn dead_letter(id: &str, attempts_max: u32) -> Option<DeadLetterPolicy> {
    Some(DeadLetterPolicy { topic: TopicName::new("p", id).unwrap(), attempts_max })
}

fn all_new() -> SubscriptionConfig {
    let oidc = OidcToken { service_account_email: "a@b.c".to_owned(), audience: "x".to_owned() };
    SubscriptionConfig {
        push: Some(PushConfig {
            endpoint: "http://localhost/".to_owned(),
            attributes: labels("v"),
            oidc: Some(oidc),
            wrapping: Wrapping::Wrapped,
        }),
        ack_deadline_s: 20,
        retains_acked: true,
        retention: Duration::from_secs(700),
        labels: labels("new"),
        is_ordered: true,
        expires_after: None,
        filter: "attributes:a".to_owned(),
        dead_letter: dead_letter("dead", 7),
        retry: Some(RetryPolicy {
            backoff_min: Duration::from_secs(1),
            backoff_max: Duration::from_secs(2),
        }),
        is_exactly_once: true,
    }
}

#[test]
fn only_what_the_mask_names_changes() {
    type Change = fn(&mut SubscriptionConfig, SubscriptionConfig);
    let table: [(&str, Change); 10] = [
        ("push_config", |config, new| config.push = new.push),
        ("ack_deadline_seconds", |config, new| config.ack_deadline_s = new.ack_deadline_s),
        ("retain_acked_messages", |config, new| config.retains_acked = new.retains_acked),
        ("message_retention_duration", |config, new| config.retention = new.retention),
        ("labels", |config, new| config.labels = new.labels),
        ("expiration_policy", |config, new| config.expires_after = new.expires_after),
        ("expiration_policy.ttl", |config, new| config.expires_after = new.expires_after),
        ("dead_letter_policy", |config, new| config.dead_letter = new.dead_letter),
        ("retry_policy", |config, new| config.retry = new.retry),
        ("enable_exactly_once_delivery", |config, new| {
            config.is_exactly_once = new.is_exactly_once
        }),
    ];
    let current = SubscriptionConfig::default();
    for (field, change) in table {
        let mut expected = current.clone();
        change(&mut expected, all_new());
        let updated = subscription(&current, &all_new(), &masked(&[field])).unwrap();
        assert_eq!(updated, expected, "{field}");
        assert_ne!(updated, current, "{field}");
        let back = subscription(&all_new(), &current, &masked(&[field])).unwrap();
        let mut expected = all_new();
        change(&mut expected, current.clone());
        assert_eq!(back, expected, "{field} back to its default");
    }
}

#[test]
fn parts_of_fields_change_alone() {
    let of =
        |field: &str| subscription(&all_new(), &SubscriptionConfig::default(), &masked(&[field]));
    let push = |field: &str| of(field).unwrap().push.unwrap();
    let whole = all_new().push.unwrap();
    assert_eq!(
        push("push_config.attributes"),
        PushConfig { attributes: Labels::new(), ..whole.clone() }
    );
    assert_eq!(push("push_config.oidc_token"), PushConfig { oidc: None, ..whole.clone() });
    let wrapping = Wrapping::Default;
    assert_eq!(push("push_config.no_wrapper"), PushConfig { wrapping, ..whole.clone() });
    assert_eq!(push("push_config.push_endpoint").endpoint, "");
    assert_eq!(
        push("push_config.oidc_token.audience").oidc.unwrap().service_account_email,
        "a@b.c"
    );

    let mut new = all_new();
    new.dead_letter = dead_letter("other", 9);
    let updated = |field| subscription(&all_new(), &new, &masked(&[field])).unwrap().dead_letter;
    assert_eq!(updated("dead_letter_policy.max_delivery_attempts"), dead_letter("dead", 9));
    assert_eq!(updated("dead_letter_policy.dead_letter_topic"), dead_letter("other", 7));

    let retry = of("retry_policy.minimum_backoff").unwrap().retry.unwrap();
    assert_eq!(retry.backoff_min, RetryPolicy::default().backoff_min);
    assert_eq!(retry.backoff_max, Duration::from_secs(2));
}

#[test]
fn an_endpoint_alone_makes_a_push_of_a_pull() {
    let current = SubscriptionConfig::default();
    let mask = masked(&["push_config.push_endpoint"]);
    let updated = subscription(&current, &all_new(), &mask).unwrap().push.unwrap();
    let endpoint = all_new().push.unwrap().endpoint;
    assert_eq!(updated, PushConfig { endpoint, ..PushConfig::default() });
    assert_eq!(subscription(&current, &current, &mask).unwrap().push, None);
}

#[test]
fn masks_that_name_nothing_that_changes_are_refused() {
    let current = SubscriptionConfig::default();
    for (fields, status) in [
        (&[][..], PubsubStatus::InvalidArgument),
        (&[""], PubsubStatus::InvalidArgument),
        (&["*"], PubsubStatus::InvalidArgument),
        (&["name"], PubsubStatus::InvalidArgument),
        (&["topic"], PubsubStatus::InvalidArgument),
        (&["filter"], PubsubStatus::InvalidArgument),
        (&["enable_message_ordering"], PubsubStatus::InvalidArgument),
        (&["ackDeadlineSeconds"], PubsubStatus::InvalidArgument),
        (&["labels.a"], PubsubStatus::InvalidArgument),
        (&["push_config.x"], PubsubStatus::InvalidArgument),
        (&["retry_policy.x"], PubsubStatus::InvalidArgument),
        (&["dead_letter_policy.x"], PubsubStatus::InvalidArgument),
        (&["expiration_policy.x"], PubsubStatus::InvalidArgument),
        (&["labels", "nothing"], PubsubStatus::InvalidArgument),
        (&["bigquery_config.table"], PubsubStatus::Unimplemented),
        (&["message_transforms"], PubsubStatus::Unimplemented),
    ] {
        let refused = subscription(&current, &all_new(), &masked(fields)).unwrap_err();
        assert_eq!(refused.status, status, "{fields:?}");
    }
    for fields in
        [&[][..], &["name"], &["state"], &["kmsKeyName"], &["labels.a"], &["schema_settings.x"]]
    {
        let current = TopicConfig::default();
        assert!(topic(&current, &current, &masked(fields)).is_err(), "{fields:?}");
    }
}

#[test]
fn a_mask_is_no_longer_than_any_message_is() {
    let current = TopicConfig::default();
    let of = |count: usize| topic(&current, &current, &vec!["labels".to_owned(); count]);
    assert!(of(MASK_FIELDS_MAX).is_ok());
    assert!(of(MASK_FIELDS_MAX + 1).is_err());
}

#[test]
fn topics_change_alike() {
    let new = TopicConfig {
        labels: labels("new"),
        retention: Some(Duration::from_secs(700)),
        storage_policy: Some(StoragePolicy {
            allowed_persistence_regions: vec!["r".to_owned()],
            enforce_in_transit: true,
        }),
        kms_key_name: "k".to_owned(),
        schema: Some(SchemaSettings {
            schema: "projects/p/schemas/s".to_owned(),
            encoding: 1,
            ..SchemaSettings::default()
        }),
    };
    let current = TopicConfig::default();
    let of = |field| topic(&current, &new, &masked(&[field])).unwrap();
    let fields = [
        "labels",
        "message_retention_duration",
        "message_storage_policy",
        "kms_key_name",
        "schema_settings",
    ];
    assert_eq!(topic(&current, &new, &masked(&fields)).unwrap(), new);
    assert_eq!(of("labels"), TopicConfig { labels: labels("new"), ..TopicConfig::default() });
    let policy = of("message_storage_policy.enforce_in_transit").storage_policy.unwrap();
    assert!(policy.enforce_in_transit && policy.allowed_persistence_regions.is_empty());
    let schema = of("schema_settings.encoding").schema.unwrap();
    assert_eq!((schema.encoding, schema.schema.as_str()), (1, ""));
}
