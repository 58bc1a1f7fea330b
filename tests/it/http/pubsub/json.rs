//! The rules of proto3's JSON, as they are met from outside.

use serde_json::{Value, json};

use super::{HELLO, SUBSCRIPTION, TOPIC, refused, start};

#[actix_web::test]
async fn both_spellings_come_in_and_one_goes_out() {
    let (server, rest) = start().await;
    rest.topic(TOPIC).await;
    let made = rest
        .subscription(
            SUBSCRIPTION,
            json!({
                "topic": TOPIC,
                "ack_deadline_seconds": "30",
                "retain_acked_messages": true,
                "message_retention_duration": "3600.25s",
                "enable_message_ordering": true,
                "expiration_policy": {"ttl": "86400s"},
                "retry_policy": {"minimum_backoff": "1s"},
                "push_config": null,
                "dead_letter_policy": {},
                "labels": null,
            }),
        )
        .await;
    assert_eq!(
        made,
        json!({
            "name": SUBSCRIPTION,
            "topic": TOPIC,
            "pushConfig": {},
            "ackDeadlineSeconds": 30,
            "retainAckedMessages": true,
            "messageRetentionDuration": "3600.250s",
            "enableMessageOrdering": true,
            "expirationPolicy": {"ttl": "86400s"},
            "retryPolicy": {"minimumBackoff": "1s", "maximumBackoff": "600s"},
            "state": "ACTIVE",
        })
    );
    let draft = json!({
        "data": HELLO, "ordering_key": "k", "message_id": "7", "publish_time": "2020-01-01T00:00:00Z",
    });
    let id = rest.publish(draft).await;
    assert_ne!(id, "7");
    let pull = json!({"max_messages": "10", "return_immediately": false});
    let (_, pulled) = rest.post(&format!("{SUBSCRIPTION}:pull"), pull).await;
    let received = &pulled["receivedMessages"][0];
    assert_eq!(received["message"]["orderingKey"], "k");
    assert!(received["message"]["publishTime"].as_str().unwrap() > "2026", "{received}");
    let ids = json!({"ack_ids": [received["ackId"]], "ack_deadline_seconds": 20});
    let modified = rest.post(&format!("{SUBSCRIPTION}:modifyAckDeadline"), ids).await;
    assert_eq!(modified, (200, json!({})));
    server.stop().await;
}

#[actix_web::test]
async fn bytes_come_in_either_alphabet() {
    let (server, rest) = start().await;
    rest.both().await;
    for (said, kept) in
        [("+/8=", "+/8="), ("-_8=", "+/8="), ("-_8", "+/8="), ("SGVsbG8sIFdvcmxkIQ", HELLO)]
    {
        let id = rest.publish(json!({"data": said})).await;
        let pulled = rest.pull(SUBSCRIPTION).await;
        assert_eq!(pulled[0]["message"]["messageId"], id.as_str());
        assert_eq!(pulled[0]["message"]["data"], kept, "{said}");
        rest.acknowledge(SUBSCRIPTION, &pulled).await;
    }
    for bad in [json!("*"), json!("A"), json!(7), json!(["QQ=="])] {
        let messages = json!({"messages": [{"data": bad}]});
        let published = rest.post(&format!("{TOPIC}:publish"), messages).await;
        refused(&published, 400, "INVALID_ARGUMENT");
    }
    server.stop().await;
}

#[actix_web::test]
async fn what_is_unknown_or_of_another_type_is_refused() {
    let (server, rest) = start().await;
    rest.both().await;
    let publish = format!("{TOPIC}:publish");
    let pull = format!("{SUBSCRIPTION}:pull");
    let other = "projects/demo/subscriptions/other";
    for (method, path, body) in [
        ("POST", &*publish, r#"{"messages":[{"data":"QQ=="}],"more":1}"#),
        ("POST", &publish, r#"{"messages":[{"data":"QQ==","more":1}]}"#),
        ("POST", &publish, r#"{"messages":[["QQ=="]]}"#),
        ("POST", &publish, r#"{"messages":[null]}"#),
        ("POST", &publish, r#"{"messages":{"data":"QQ=="}}"#),
        ("POST", &publish, r#"{"messages":[{"attributes":{"a":1}}]}"#),
        ("POST", &publish, r#"{"messages":[{"data":"QQ=="}]"#),
        ("POST", &publish, r#"{"messages":[{"data":"QQ=="}]} x"#),
        ("POST", &publish, "[]"),
        ("POST", &publish, "7"),
        ("POST", &publish, "null"),
        ("POST", &publish, ""),
        ("POST", &publish, "\u{0}"),
        ("POST", &pull, r#"{"maxMessages":1.5}"#),
        ("POST", &pull, r#"{"maxMessages":true}"#),
        ("POST", &pull, r#"{"maxMessages":1,"max_messages":1}"#),
        ("POST", &pull, r#"{"maxMessages":1,"returnImmediately":"true"}"#),
        ("PUT", other, r#"{"topic":"projects/demo/topics/orders","ackDeadlineSeconds":"10s"}"#),
        (
            "PUT",
            other,
            r#"{"topic":"projects/demo/topics/orders","messageRetentionDuration":"10m"}"#,
        ),
        ("PUT", other, r#"{"topic":"projects/demo/topics/orders","messageRetentionDuration":900}"#),
        ("PUT", other, r#"{"topic":"projects/demo/topics/orders","pushConfig":[]}"#),
        ("PUT", "projects/demo/topics/other", r#"{"label":{}}"#),
        ("PUT", "projects/demo/topics/other", r#"{"schemaSettings":{"encoding":"XML"}}"#),
        ("PUT", "projects/demo/topics/other", r#"{"name":"projects/demo/topics/another"}"#),
    ] {
        refused(&rest.call(method, path, body).await, 400, "INVALID_ARGUMENT");
    }
    assert_eq!(rest.pull_now(SUBSCRIPTION).await, Vec::<Value>::new());
    server.stop().await;
}

#[actix_web::test]
async fn the_media_type_counts_for_nothing() {
    let (server, rest) = start().await;
    rest.both().await;
    let publish = format!("{TOPIC}:publish");
    let body = json!({"messages": [{"data": HELLO}]}).to_string();
    for kind in ["application/x-www-form-urlencoded", "text/plain", "nonsense", "application/json"]
    {
        let headers = [("content-type", kind)];
        let answer = rest.send(("POST", &publish), &headers, body.clone()).await;
        assert_eq!(answer.status, 200, "{kind}: {}", answer.text);
    }
    let pretty = format!(" \r\n\t{body}\n");
    assert_eq!(rest.call("POST", &publish, pretty).await.0, 200);
    server.stop().await;
}

#[actix_web::test]
async fn ids_may_hold_signs_of_urls() {
    let (server, rest) = start().await;
    for (path, id) in [("a%25b~+c", "a%b~+c"), ("a%2525%7E%2B", "a%25~+"), ("a-_.~%2b", "a-_.~+")] {
        let name = format!("projects/demo/topics/{id}");
        let path = format!("projects/demo/topics/{path}");
        assert_eq!(rest.put(&path, json!({"name": name})).await, (200, json!({"name": name})));
        assert_eq!(rest.get(&path).await, (200, json!({"name": name})));
        let messages = json!({"messages": [{"data": HELLO}], "topic": name});
        assert_eq!(rest.post(&format!("{path}:publish"), messages).await.0, 200, "{path}");
        assert_eq!(rest.delete(&path).await, (200, json!({})));
    }
    let name = "projects/example.com:demo/topics/orders";
    rest.topic(name).await;
    let by_code = "projects/example.com%3Ademo/topics/orders";
    assert_eq!(rest.get(by_code).await, (200, json!({"name": name})));
    server.stop().await;
}
