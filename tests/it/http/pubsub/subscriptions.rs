//! Subscriptions: made, changed, listed, turned to pushes and back, set back, cut off.

use serde_json::{Value, json};

use super::{HELLO, SUBSCRIPTION, TOPIC, refused, start};

const DEAD: &str = "projects/demo/topics/dead";

fn all_fields() -> Value {
    json!({
        "name": SUBSCRIPTION,
        "topic": TOPIC,
        "pushConfig": {
            "pushEndpoint": "http://127.0.0.1:9/push?token=hush",
            "attributes": {"x-goog-version": "v1"},
            "oidcToken": {"serviceAccountEmail": "a@b.example", "audience": "c"},
            "noWrapper": {"writeMetadata": true},
        },
        "ackDeadlineSeconds": 20,
        "retainAckedMessages": true,
        "messageRetentionDuration": "700s",
        "labels": {"a": "b"},
        "enableMessageOrdering": true,
        "expirationPolicy": {},
        "filter": "attributes:kind",
        "deadLetterPolicy": {"deadLetterTopic": DEAD, "maxDeliveryAttempts": 7},
        "retryPolicy": {"minimumBackoff": "1.500s", "maximumBackoff": "20s"},
        "enableExactlyOnceDelivery": true,
        "state": "ACTIVE",
    })
}

#[actix_web::test]
async fn a_subscription_keeps_its_fields() {
    let (server, rest) = start().await;
    rest.topic(TOPIC).await;
    rest.topic(DEAD).await;
    assert_eq!(rest.put(SUBSCRIPTION, all_fields()).await, (200, all_fields()));
    assert_eq!(rest.get(SUBSCRIPTION).await, (200, all_fields()));
    let listed = rest.get("projects/demo/subscriptions").await;
    assert_eq!(listed, (200, json!({"subscriptions": [all_fields()]})));
    assert_eq!(rest.get("projects/other/subscriptions").await, (200, json!({})));

    let update = json!({
        "subscription": {"ackDeadlineSeconds": 30, "labels": {"un": "said"}},
        "updateMask": "ackDeadlineSeconds,pushConfig.oidcToken,expiration_policy,retryPolicy",
    });
    let mut expected = all_fields();
    expected["ackDeadlineSeconds"] = json!(30);
    expected["expirationPolicy"] = json!({"ttl": "2678400s"});
    expected["pushConfig"].as_object_mut().unwrap().remove("oidcToken");
    expected.as_object_mut().unwrap().remove("retryPolicy");
    assert_eq!(rest.patch(SUBSCRIPTION, update).await, (200, expected.clone()));
    assert_eq!(rest.get(SUBSCRIPTION).await, (200, expected));
    for (mask, status, word) in [
        ("", 400, "INVALID_ARGUMENT"),
        ("topic", 400, "INVALID_ARGUMENT"),
        ("filter", 400, "INVALID_ARGUMENT"),
        ("enableMessageOrdering", 400, "INVALID_ARGUMENT"),
        ("labels,what", 400, "INVALID_ARGUMENT"),
        ("bigqueryConfig", 501, "UNIMPLEMENTED"),
    ] {
        let update = json!({"subscription": {}, "updateMask": mask});
        refused(&rest.patch(SUBSCRIPTION, update).await, status, word);
    }
    let no_topic = json!({
        "subscription": {"deadLetterPolicy": {"deadLetterTopic": "projects/demo/topics/missing"}},
        "updateMask": "deadLetterPolicy",
    });
    refused(&rest.patch(SUBSCRIPTION, no_topic).await, 404, "NOT_FOUND");
    server.stop().await;
}

#[actix_web::test]
async fn form_comes_before_what_exists_and_that_before_the_topic() {
    let (server, rest) = start().await;
    rest.both().await;
    let missing = "projects/demo/topics/missing";
    let other = "projects/demo/subscriptions/other";
    for (name, fields, status, word) in [
        (SUBSCRIPTION, json!({"topic": missing, "ackDeadlineSeconds": 9}), 400, "INVALID_ARGUMENT"),
        (SUBSCRIPTION, json!({"topic": missing}), 409, "ALREADY_EXISTS"),
        (SUBSCRIPTION, json!({"topic": TOPIC}), 409, "ALREADY_EXISTS"),
        (other, json!({"topic": missing}), 404, "NOT_FOUND"),
        (other, json!({}), 400, "INVALID_ARGUMENT"),
        (other, json!({"topic": "orders"}), 400, "INVALID_ARGUMENT"),
        (other, json!({"topic": TOPIC, "name": SUBSCRIPTION}), 400, "INVALID_ARGUMENT"),
        (
            other,
            json!({"topic": TOPIC, "deadLetterPolicy": {"deadLetterTopic": missing}}),
            404,
            "NOT_FOUND",
        ),
        (other, json!({"topic": TOPIC, "bigqueryConfig": {"table": "t"}}), 501, "UNIMPLEMENTED"),
    ] {
        refused(&rest.put(name, fields).await, status, word);
    }
    refused(&rest.get(other).await, 404, "NOT_FOUND");
    server.stop().await;
}

#[actix_web::test]
async fn pushes_are_turned_on_and_off() {
    let (server, rest) = start().await;
    rest.both().await;
    let modify = format!("{SUBSCRIPTION}:modifyPushConfig");
    let push = json!({"pushEndpoint": "http://127.0.0.1:9/push"});
    assert_eq!(rest.post(&modify, json!({"pushConfig": push})).await, (200, json!({})));
    assert_eq!(rest.get(SUBSCRIPTION).await.1["pushConfig"], push);
    let pull = json!({"maxMessages": 1, "returnImmediately": true});
    let pulled = rest.post(&format!("{SUBSCRIPTION}:pull"), pull).await;
    refused(&pulled, 400, "FAILED_PRECONDITION");
    assert_eq!(rest.post(&modify, json!({"pushConfig": {}})).await, (200, json!({})));
    assert_eq!(rest.get(SUBSCRIPTION).await.1["pushConfig"], json!({}));
    assert_eq!(rest.post(&modify, json!({})).await, (200, json!({})));
    for endpoint in ["nowhere", "ftp://a/", "http://169.254.169.254/"] {
        let bad = json!({"pushConfig": {"pushEndpoint": endpoint}});
        refused(&rest.post(&modify, bad).await, 400, "INVALID_ARGUMENT");
    }
    let both =
        json!({"pushConfig": {"pushEndpoint": "http://a/", "noWrapper": {}, "pubsubWrapper": {}}});
    refused(&rest.post(&modify, both).await, 400, "INVALID_ARGUMENT");
    let missing = "projects/demo/subscriptions/missing:modifyPushConfig";
    refused(&rest.post(missing, json!({})).await, 404, "NOT_FOUND");
    server.stop().await;
}

#[actix_web::test]
async fn a_subscription_is_set_back_and_forth() {
    let (server, rest) = start().await;
    rest.topic(TOPIC).await;
    let fields = json!({"topic": TOPIC, "retainAckedMessages": true});
    rest.subscription(SUBSCRIPTION, fields).await;
    let seek = format!("{SUBSCRIPTION}:seek");
    let id = rest.publish(json!({"data": HELLO})).await;
    let pulled = rest.pull(SUBSCRIPTION).await;
    rest.acknowledge(SUBSCRIPTION, &pulled).await;
    assert_eq!(rest.post(&seek, json!({"time": "2020-01-01T00:00:00Z"})).await, (200, json!({})));
    assert_eq!(rest.pull(SUBSCRIPTION).await[0]["message"]["messageId"], id.as_str());
    assert_eq!(rest.post(&seek, json!({"time": "2999-01-01T00:00:00Z"})).await, (200, json!({})));
    rest.publish(json!({"data": HELLO})).await;
    let left = rest.pull_now(SUBSCRIPTION).await;
    assert!(left.iter().all(|message| message["message"]["messageId"] != id.as_str()), "{left:?}");
    for (target, status, word) in [
        (json!({}), 400, "INVALID_ARGUMENT"),
        (json!({"time": "yesterday"}), 400, "INVALID_ARGUMENT"),
        (json!({"snapshot": "before"}), 400, "INVALID_ARGUMENT"),
        (
            json!({"time": "2020-01-01T00:00:00Z", "snapshot": "projects/demo/snapshots/abc"}),
            400,
            "INVALID_ARGUMENT",
        ),
        (json!({"snapshot": "projects/demo/snapshots/missing"}), 404, "NOT_FOUND"),
    ] {
        refused(&rest.post(&seek, target).await, status, word);
    }
    let missing = "projects/demo/subscriptions/missing:seek";
    let seek = rest.post(missing, json!({"time": "2020-01-01T00:00:00Z"})).await;
    refused(&seek, 404, "NOT_FOUND");
    server.stop().await;
}

#[actix_web::test]
async fn who_is_cut_off_gets_nothing() {
    let (server, rest) = start().await;
    rest.both().await;
    rest.publish(json!({"data": HELLO})).await;
    let detach = format!("{SUBSCRIPTION}:detach");
    assert_eq!(rest.call("POST", &detach, "").await, (200, json!({})));
    assert_eq!(rest.get(SUBSCRIPTION).await.1["detached"], true);
    let pulled = rest.post(&format!("{SUBSCRIPTION}:pull"), json!({"maxMessages": 1})).await;
    refused(&pulled, 400, "FAILED_PRECONDITION");
    let missing = "projects/demo/subscriptions/missing:detach";
    refused(&rest.call("POST", missing, "").await, 404, "NOT_FOUND");
    server.stop().await;
}

/// What is answered holds at once, also for a subscription that somebody has just pulled from.
#[actix_web::test]
async fn a_change_holds_from_its_answer_on() {
    let (server, rest) = start().await;
    rest.topic(TOPIC).await;
    let pull = |name: String| async move {
        let body = json!({"maxMessages": 1, "returnImmediately": true});
        rest.post(&format!("{name}:pull"), body).await
    };
    for number in 0..20 {
        let name = format!("{SUBSCRIPTION}-{number}");
        rest.subscription(&name, json!({"topic": TOPIC})).await;
        assert_eq!(pull(name.clone()).await.0, 200);
        let push = json!({"pushConfig": {"pushEndpoint": "http://127.0.0.1:9/push"}});
        let modify = format!("{name}:modifyPushConfig");
        assert_eq!(rest.post(&modify, push).await.0, 200);
        refused(&pull(name.clone()).await, 400, "FAILED_PRECONDITION");
        assert_eq!(rest.post(&modify, json!({"pushConfig": {}})).await.0, 200);
        assert_eq!(pull(name.clone()).await.0, 200);
        assert_eq!(rest.call("POST", &format!("{name}:detach"), "").await.0, 200);
        refused(&pull(name.clone()).await, 400, "FAILED_PRECONDITION");
        assert_eq!(rest.delete(&name).await.0, 200);
        refused(&pull(name).await, 404, "NOT_FOUND");
    }
    server.stop().await;
}
