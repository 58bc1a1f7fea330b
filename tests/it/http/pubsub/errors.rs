//! What is refused, and that it is told as Google tells it, on every path.

use serde_json::json;

use super::{HELLO, SUBSCRIPTION, TOPIC, refused, start, well_formed_error};
use crate::harness::http::send;

#[actix_web::test]
async fn where_nothing_is_the_answer_is_json_too() {
    let (server, rest) = start().await;
    rest.both().await;
    for (method, path) in [
        ("GET", "/v1"),
        ("GET", "/v1/"),
        ("GET", "/v2/projects/demo/topics"),
        ("GET", "/v1/projects/demo"),
        ("GET", "/v1/projects/demo/queues"),
        ("GET", "/v1/projects/demo/topics/orders/"),
        ("GET", "/v1/projects/demo/topics/orders/messages"),
        ("POST", "/v1/projects/demo/topics/orders"),
        ("PUT", "/v1/projects/demo/topics/orders:publish"),
        ("GET", "/v1/projects/demo/topics/orders:publish"),
        ("GET", "/v1/projects/demo/subscriptions/worker:pull"),
        ("POST", "/v1/projects/demo/topics/orders:pull"),
        ("POST", "/v1/projects/demo/topics/orders:nothing"),
        ("OPTIONS", "/v1/projects/demo/topics"),
        ("TRACE", "/v1/projects/demo/topics"),
    ] {
        let answer = send(rest.0, (method, path), &[], "").await;
        assert_eq!(answer.status, 404, "{method} {path}: {}", answer.text);
        assert_eq!(answer.json["error"]["status"], "NOT_FOUND", "{method} {path}");
        assert_eq!(answer.header("content-type"), Some("application/json"));
        well_formed_error(&answer);
    }
    server.stop().await;
}

#[actix_web::test]
async fn what_is_not_there_yet_is_unimplemented() {
    let (server, rest) = start().await;
    rest.both().await;
    for (method, path) in [
        ("GET", "projects/demo/schemas"),
        ("POST", "projects/demo/schemas"),
        ("POST", "projects/demo/schemas:validate"),
        ("DELETE", "projects/demo/schemas/abc"),
        ("GET", "projects/demo/topics/orders:getIamPolicy"),
        ("POST", "projects/demo/topics/orders:setIamPolicy"),
        ("POST", "projects/demo/subscriptions/worker:testIamPermissions"),
    ] {
        refused(&rest.call(method, path, "{}").await, 501, "UNIMPLEMENTED");
    }
    let transforms = json!({"messageTransforms": [{"javascriptUdf": {}}]});
    refused(&rest.put("projects/demo/topics/other", transforms).await, 501, "UNIMPLEMENTED");
    server.stop().await;
}

#[actix_web::test]
async fn names_are_checked_before_they_are_looked_for() {
    let (server, rest) = start().await;
    for id in
        ["t1", "1abc", "goog-x", "Google", "a%20b", "a%3Ab", "a%2Fb", "a%FF", "ab%", "%C3%A9abc"]
    {
        for path in
            [format!("projects/demo/topics/{id}"), format!("projects/demo/subscriptions/{id}")]
        {
            refused(&rest.get(&path).await, 400, "INVALID_ARGUMENT");
        }
    }
    for project in ["Demo", "a_b", "-a"] {
        let listed = rest.get(&format!("projects/{project}/topics")).await;
        refused(&listed, 400, "INVALID_ARGUMENT");
    }
    refused(&rest.get("projects/demo/topics/abc").await, 404, "NOT_FOUND");
    server.stop().await;
}

#[actix_web::test]
async fn calls_on_what_is_missing_find_nothing() {
    let (server, rest) = start().await;
    let messages = json!({"messages": [{"data": HELLO}]});
    refused(&rest.post(&format!("{TOPIC}:publish"), messages).await, 404, "NOT_FOUND");
    refused(&rest.delete(TOPIC).await, 404, "NOT_FOUND");
    let pull = json!({"maxMessages": 1});
    refused(&rest.post(&format!("{SUBSCRIPTION}:pull"), pull).await, 404, "NOT_FOUND");
    let update = json!({"subscription": {}, "updateMask": "labels"});
    refused(&rest.patch(SUBSCRIPTION, update).await, 404, "NOT_FOUND");
    server.stop().await;
}

#[actix_web::test]
async fn acks_need_ids_that_were_given_out() {
    let (server, rest) = start().await;
    rest.both().await;
    for verb in ["acknowledge", "modifyAckDeadline"] {
        let path = format!("{SUBSCRIPTION}:{verb}");
        for ids in [json!({}), json!({"ackIds": []}), json!({"ackIds": ["nonsense"]})] {
            refused(&rest.post(&path, ids).await, 400, "INVALID_ARGUMENT");
        }
    }
    rest.publish(json!({"data": HELLO})).await;
    let pulled = rest.pull(SUBSCRIPTION).await;
    let deadline =
        |seconds: i64| json!({"ackIds": [pulled[0]["ackId"]], "ackDeadlineSeconds": seconds});
    let modify = format!("{SUBSCRIPTION}:modifyAckDeadline");
    for bad in [-1, 601] {
        refused(&rest.post(&modify, deadline(bad)).await, 400, "INVALID_ARGUMENT");
    }
    assert_eq!(rest.post(&modify, deadline(600)).await, (200, json!({})));
    // Twice is as good as once.
    for _ in 0..2 {
        assert_eq!(rest.acknowledge(SUBSCRIPTION, &pulled).await, (200, json!({})));
    }
    server.stop().await;
}

#[actix_web::test]
async fn exactly_once_names_the_ids_that_did_not_work() {
    let (server, rest) = start().await;
    rest.topic(TOPIC).await;
    let fields = json!({"topic": TOPIC, "enableExactlyOnceDelivery": true});
    rest.subscription(SUBSCRIPTION, fields).await;
    for _ in 0..2 {
        rest.publish(json!({"data": HELLO})).await;
    }
    let mut pulled = rest.pull(SUBSCRIPTION).await;
    while pulled.len() < 2 {
        pulled.extend(rest.pull(SUBSCRIPTION).await);
    }
    let stale = pulled[0]["ackId"].clone();
    let nack = json!({"ackIds": [stale], "ackDeadlineSeconds": 0});
    let nacked = rest.post(&format!("{SUBSCRIPTION}:modifyAckDeadline"), nack).await;
    assert_eq!(nacked, (200, json!({})));
    let again = rest.pull(SUBSCRIPTION).await;

    let acknowledge = format!("{SUBSCRIPTION}:acknowledge");
    let all_bad = rest.post(&acknowledge, json!({"ackIds": [stale]})).await;
    refused(&all_bad, 400, "FAILED_PRECONDITION");
    let some = rest.post(&acknowledge, json!({"ackIds": [stale, pulled[1]["ackId"]]})).await;
    refused(&some, 409, "ABORTED");
    for (_, body) in [all_bad, some] {
        let info = &body["error"]["details"][0];
        assert_eq!(info["@type"], "type.googleapis.com/google.rpc.ErrorInfo", "{body}");
        let expected = json!({stale.as_str().unwrap(): "PERMANENT_FAILURE_INVALID_ACK_ID"});
        assert_eq!(info["metadata"], expected, "{body}");
    }
    // The good one was committed, and so it is good once more.
    assert_eq!(rest.acknowledge(SUBSCRIPTION, &pulled[1..2]).await, (200, json!({})));
    assert_eq!(rest.acknowledge(SUBSCRIPTION, &again).await, (200, json!({})));
    server.stop().await;
}
