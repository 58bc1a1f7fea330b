//! Topics and subscriptions from the settings.

use std::fs;

use serde_json::json;
use tradewind::server::Config;

use super::{Rest, SUBSCRIPTION, TOPIC, start_with};
use crate::harness::Backend;

const NAMED: &str = r#"
[pubsub]
bind = "127.0.0.1:0"

[[pubsub.topics]]
name = "projects/demo/topics/orders"
labels = { team = "a" }

[[pubsub.topics]]
name = "projects/demo/topics/dead"

[[pubsub.subscriptions]]
name = "projects/demo/subscriptions/worker"
topic = "projects/demo/topics/orders"
ackDeadlineSeconds = 30
dead_letter_policy = { deadLetterTopic = "projects/demo/topics/dead" }
retryPolicy.minimumBackoff = "1s"
"#;

fn load(text: &str) -> Result<Config, String> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tradewind.toml");
    fs::write(&file, text).unwrap();
    Config::load(Some(&file), std::iter::empty(), &[]).map_err(|fault| fault.to_string())
}

#[actix_web::test]
async fn what_is_named_is_there_and_is_left_alone_once_it_is() {
    let named = load(NAMED).expect("good settings").pubsub;
    let (mut server, rest) = start_with(Backend::Sqlite, |config| config.pubsub = named).await;
    let topic = json!({"name": TOPIC, "labels": {"team": "a"}});
    assert_eq!(rest.get(TOPIC).await, (200, topic.clone()));
    let (status, subscription) = rest.get(SUBSCRIPTION).await;
    assert_eq!(status, 200, "{subscription}");
    assert_eq!(subscription["ackDeadlineSeconds"], 30);
    let dead = json!({"deadLetterTopic": "projects/demo/topics/dead", "maxDeliveryAttempts": 5});
    assert_eq!(subscription["deadLetterPolicy"], dead);
    assert_eq!(subscription["retryPolicy"]["minimumBackoff"], "1s");

    let changed = NAMED.replace("team = \"a\"", "team = \"b\"").replace("= 30", "= 40");
    let changed = load(&changed).expect("good settings").pubsub;
    server.restart(|config| config.pubsub = changed).await;
    let rest = Rest::of(&server);
    assert_eq!(rest.get(TOPIC).await, (200, topic));
    assert_eq!(rest.get(SUBSCRIPTION).await, (200, subscription));
    server.stop().await;
}

#[test]
fn what_is_no_topic_is_said_with_its_place() {
    for (text, said) in [
        ("[pubsub]\ntopics = 1", "\"pubsub.topics\" must be a list of tables"),
        ("[pubsub]\ntopics = [\"orders\"]", "\"pubsub.topics\" must be a list of tables"),
        ("[[pubsub.topics]]\nname = 1979-05-27", "\"pubsub.topics\" must be a list of tables"),
        ("[[pubsub.topics]]\nname = \"orders\"", "of number 1, Invalid resource name"),
        ("[[pubsub.topics]]\nnam = \"orders\"", "of number 1, unknown field `nam`"),
        (
            "[[pubsub.topics]]\nname = \"projects/p/topics/abc\"\n[[pubsub.topics]]\n",
            "of number 2, Invalid resource name",
        ),
        (
            "[[pubsub.topics]]\nname = \"projects/p/topics/abc\"\nlabels = { A = \"\" }",
            "of number 1, label key",
        ),
        (
            "[[pubsub.subscriptions]]\nname = \"projects/p/subscriptions/abc\"",
            "of number 1, topic is missing",
        ),
        (
            "[[pubsub.subscriptions]]\nname = \"projects/p/subscriptions/abc\"\n\
             topic = \"projects/p/topics/abc\"\nackDeadlineSeconds = 9",
            "of number 1, ack_deadline_seconds must be",
        ),
    ] {
        let fault = load(text).unwrap_err();
        assert!(fault.contains(said), "{text}: {fault}");
    }
}

#[test]
fn the_environment_says_them_as_json() {
    let of = |text: &str| {
        let variable = ("TRADEWIND__PUBSUB__TOPICS".to_owned(), text.to_owned());
        Config::load(None, std::iter::once(variable), &[])
    };
    let config = of(r#"[{"name": "projects/p/topics/abc"}]"#).expect("good settings");
    assert_eq!(config.pubsub.new_topics().len(), 1);
    assert!(of("[1]").is_err());
    assert!(of("projects/p/topics/abc").is_err());
}
