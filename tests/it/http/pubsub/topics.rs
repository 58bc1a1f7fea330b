//! Topics: made, changed, listed.

use serde_json::{Value, json};

use super::{SUBSCRIPTION, TOPIC, refused, start};

fn all_fields() -> Value {
    json!({
        "name": TOPIC,
        "labels": {"a": "b"},
        "messageRetentionDuration": "600.500s",
        "messageStoragePolicy": {"allowedPersistenceRegions": ["r1"], "enforceInTransit": true},
        "kmsKeyName": "k",
        "schemaSettings": {"schema": "projects/demo/schemas/s", "encoding": "JSON"},
    })
}

#[actix_web::test]
async fn a_topic_keeps_its_fields() {
    let (server, rest) = start().await;
    assert_eq!(rest.put(TOPIC, all_fields()).await, (200, all_fields()));
    assert_eq!(rest.get(TOPIC).await, (200, all_fields()));
    refused(&rest.put(TOPIC, all_fields()).await, 409, "ALREADY_EXISTS");

    let update = json!({
        "topic": {"name": TOPIC, "labels": {"c": "d"}, "kmsKeyName": "unsaid"},
        "updateMask": "labels,messageRetentionDuration",
    });
    let mut expected = all_fields();
    expected["labels"] = json!({"c": "d"});
    expected.as_object_mut().unwrap().remove("messageRetentionDuration");
    assert_eq!(rest.patch(TOPIC, update).await, (200, expected.clone()));
    assert_eq!(rest.get(TOPIC).await, (200, expected.clone()));

    expected.as_object_mut().unwrap().remove("kmsKeyName");
    let by_query = format!("{TOPIC}?updateMask=kms_key_name");
    assert_eq!(rest.patch(&by_query, json!({"topic": {}})).await, (200, expected));

    for (mask, status, word) in [
        ("", 400, "INVALID_ARGUMENT"),
        ("name", 400, "INVALID_ARGUMENT"),
        ("nothing", 400, "INVALID_ARGUMENT"),
        ("ingestionDataSourceSettings", 501, "UNIMPLEMENTED"),
    ] {
        let update = json!({"topic": {}, "updateMask": mask});
        refused(&rest.patch(TOPIC, update).await, status, word);
    }
    let missing = "projects/demo/topics/missing";
    let update = json!({"topic": {}, "updateMask": "labels"});
    refused(&rest.patch(missing, update).await, 404, "NOT_FOUND");
    server.stop().await;
}

#[actix_web::test]
async fn lists_come_in_pages() {
    let (server, rest) = start().await;
    let names: Vec<_> = (0..5).map(|n| format!("projects/demo/topics/topic-{n}")).collect();
    assert_eq!(rest.get("projects/demo/topics").await, (200, json!({})));
    for name in &names {
        rest.topic(name).await;
    }
    rest.topic("projects/other/topics/elsewhere").await;
    let mut found = Vec::new();
    let mut token = String::new();
    for entries in [2, 2, 1] {
        let path = format!("projects/demo/topics?pageSize=2&pageToken={token}&alt=json");
        let (status, page) = rest.get(&path).await;
        let topics = page["topics"].as_array().unwrap();
        assert_eq!((status, topics.len()), (200, entries), "{page}");
        found.extend(topics.iter().map(|topic| topic["name"].as_str().unwrap().to_owned()));
        token = page["nextPageToken"].as_str().unwrap_or_default().to_owned();
    }
    assert!(token.is_empty(), "{token}");
    assert_eq!(found, names);
    let (_, all) = rest.get("projects/demo/topics?page_size=5000").await;
    assert_eq!(all["topics"].as_array().unwrap().len(), 5);
    for bad in ["pageSize=-1", "pageSize=many", "pageSize=2147483648", "pageToken=%FF"] {
        let listed = rest.get(&format!("projects/demo/topics?{bad}")).await;
        refused(&listed, 400, "INVALID_ARGUMENT");
    }
    server.stop().await;
}

#[actix_web::test]
async fn a_topic_has_subscriptions_and_snapshots() {
    let (server, rest) = start().await;
    rest.both().await;
    let second = "projects/elsewhere/subscriptions/second";
    rest.subscription(second, json!({"topic": TOPIC})).await;
    let path = format!("{TOPIC}/subscriptions");
    let (status, listed) = rest.get(&path).await;
    let names = listed["subscriptions"].as_array().unwrap();
    assert_eq!((status, names.len()), (200, 2), "{listed}");
    assert!(names.contains(&json!(SUBSCRIPTION)) && names.contains(&json!(second)), "{listed}");
    let (_, first) = rest.get(&format!("{path}?pageSize=1")).await;
    assert_eq!(first["subscriptions"].as_array().unwrap().len(), 1);
    let token = first["nextPageToken"].as_str().unwrap();
    let (_, rest_of) = rest.get(&format!("{path}?pageSize=1&pageToken={token}")).await;
    assert_ne!(first["subscriptions"], rest_of["subscriptions"]);
    assert!(rest_of.get("nextPageToken").is_none(), "{rest_of}");

    assert_eq!(rest.get(&format!("{TOPIC}/snapshots")).await, (200, json!({})));
    let snapshot = "projects/demo/snapshots/before";
    let (status, _) = rest.put(snapshot, json!({"subscription": SUBSCRIPTION})).await;
    assert_eq!(status, 200);
    assert_eq!(
        rest.get(&format!("{TOPIC}/snapshots")).await,
        (200, json!({"snapshots": [snapshot]}))
    );
    for inner in ["subscriptions", "snapshots"] {
        let listed = rest.get(&format!("projects/demo/topics/missing/{inner}")).await;
        refused(&listed, 404, "NOT_FOUND");
    }
    server.stop().await;
}
