//! Snapshots.

use serde_json::json;

use super::{HELLO, SUBSCRIPTION, TOPIC, refused, start};

const SNAPSHOT: &str = "projects/demo/snapshots/before";

#[actix_web::test]
async fn a_snapshot_is_made_listed_gone_back_to_and_deleted() {
    let (server, rest) = start().await;
    rest.both().await;
    let id = rest.publish(json!({"data": HELLO})).await;
    let of = json!({"subscription": SUBSCRIPTION, "labels": {"a": "b"}});
    let (status, made) = rest.put(SNAPSHOT, of.clone()).await;
    assert_eq!(status, 200, "{made}");
    let expires = made["expireTime"].as_str().unwrap().to_owned();
    let expected = json!({
        "name": SNAPSHOT, "topic": TOPIC, "expireTime": expires, "labels": {"a": "b"},
    });
    assert_eq!(made, expected);
    refused(&rest.put(SNAPSHOT, of).await, 409, "ALREADY_EXISTS");
    assert_eq!(rest.get(SNAPSHOT).await, (200, expected.clone()));
    let listed = rest.get("projects/demo/snapshots").await;
    assert_eq!(listed, (200, json!({"snapshots": [expected]})));

    let pulled = rest.pull(SUBSCRIPTION).await;
    rest.acknowledge(SUBSCRIPTION, &pulled).await;
    let seek = json!({"snapshot": SNAPSHOT});
    assert_eq!(rest.post(&format!("{SUBSCRIPTION}:seek"), seek).await, (200, json!({})));
    assert_eq!(rest.pull(SUBSCRIPTION).await[0]["message"]["messageId"], id.as_str());

    let update = json!({"snapshot": {"labels": {}}, "updateMask": "labels"});
    let (status, updated) = rest.patch(SNAPSHOT, update).await;
    assert_eq!((status, updated.get("labels")), (200, None), "{updated}");
    for mask in ["", "topic", "expireTime"] {
        let update = json!({"snapshot": {}, "updateMask": mask});
        refused(&rest.patch(SNAPSHOT, update).await, 400, "INVALID_ARGUMENT");
    }
    assert_eq!(rest.delete(SNAPSHOT).await, (200, json!({})));
    refused(&rest.get(SNAPSHOT).await, 404, "NOT_FOUND");
    refused(&rest.delete(SNAPSHOT).await, 404, "NOT_FOUND");
    server.stop().await;
}

#[actix_web::test]
async fn a_snapshot_is_of_a_subscription_that_is_there() {
    let (server, rest) = start().await;
    for (fields, status, word) in [
        (json!({}), 400, "INVALID_ARGUMENT"),
        (json!({"subscription": "worker"}), 400, "INVALID_ARGUMENT"),
        (json!({"subscription": SUBSCRIPTION}), 404, "NOT_FOUND"),
    ] {
        refused(&rest.put(SNAPSHOT, fields).await, status, word);
    }
    server.stop().await;
}
