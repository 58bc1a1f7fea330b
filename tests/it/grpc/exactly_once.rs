//! Exactly-once delivery: acknowledgements that are confirmed, and those that are not.

use std::collections::HashMap;

use prost_types::FieldMask;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use super::wire::{
    AcknowledgeRequest, StreamingPullRequest, Subscription, UpdateSubscriptionRequest,
};
use super::{Hub, SUBSCRIPTION, texts};
use crate::harness::soon;

const STALE: &str = "PERMANENT_FAILURE_INVALID_ACK_ID";

async fn start() -> Hub {
    Hub::with(|new| new.enable_exactly_once_delivery = true).await
}

fn told(status: &Status) -> HashMap<String, String> {
    status.get_details_error_info().expect("details").metadata
}

#[actix_web::test]
async fn who_acknowledges_too_late_is_told() {
    let mut hub = start().await;
    hub.publish(&["one", "two"]).await;
    let first = hub.pull().await;
    assert_eq!(first.len(), 2);
    hub.extend(&first[0], 0).await.unwrap();
    let again = hub.pull().await;
    let stale = HashMap::from([(first[0].ack_id.clone(), STALE.to_owned())]);

    let refused = hub.acknowledge(&[&first[0]]).await.unwrap_err();
    assert_eq!((refused.code(), told(&refused)), (Code::FailedPrecondition, stale.clone()));
    let refused = hub.extend(&first[0], 30).await.unwrap_err();
    assert_eq!((refused.code(), told(&refused)), (Code::FailedPrecondition, stale.clone()));
    // Some good, some bad: the good ones are done, and may be done again.
    let refused = hub.acknowledge(&[&first[0], &first[1]]).await.unwrap_err();
    assert_eq!((refused.code(), told(&refused)), (Code::Aborted, stale));
    hub.acknowledge(&[&first[1]]).await.unwrap();
    hub.acknowledge(&[&again[0]]).await.unwrap();
    hub.acknowledge(&[&again[0]]).await.unwrap();
    assert_eq!(hub.pull_now().await, []);
    hub.stop().await;
}

#[actix_web::test]
async fn a_stream_confirms() {
    let mut hub = start().await;
    let mut stream = hub.stream().await;
    hub.publish(&["one", "two"]).await;
    let came = stream.gather(2).await;
    let ids: Vec<_> = came.iter().map(|it| it.ack_id.clone()).collect();
    stream
        .say(StreamingPullRequest {
            ack_ids: vec![ids[0].clone()],
            modify_deadline_ack_ids: vec![ids[1].clone()],
            modify_deadline_seconds: vec![0],
            ..StreamingPullRequest::default()
        })
        .await;
    let (mut acked, mut moved, mut again) = (None, None, Vec::new());
    while acked.is_none() || moved.is_none() || again.is_empty() {
        let response = stream.response().await.unwrap().unwrap();
        assert!(response.subscription_properties.unwrap().exactly_once_delivery_enabled);
        acked = acked.or(response.acknowledge_confirmation);
        moved = moved.or(response.modify_ack_deadline_confirmation);
        again.extend(response.received_messages);
    }
    assert_eq!(acked.unwrap().ack_ids, ids[..1]);
    assert_eq!(moved.unwrap().ack_ids, ids[1..]);
    assert_eq!(texts(&again), ["two"]);
    // A stale one is told, and the stream goes on.
    stream.acknowledge(&came[1..]).await;
    let response = stream.response().await.unwrap().unwrap();
    let confirmed = response.acknowledge_confirmation.unwrap();
    assert_eq!((confirmed.ack_ids.len(), confirmed.invalid_ack_ids), (0, ids[1..].to_vec()));
    stream.acknowledge(&again).await;
    let response = stream.response().await.unwrap().unwrap();
    assert_eq!(response.acknowledge_confirmation.unwrap().ack_ids, [again[0].ack_id.clone()]);
    drop(stream);
    hub.stop().await;
}

#[actix_web::test]
async fn a_stream_tells_when_that_changes() {
    let mut hub = Hub::with(|_| {}).await;
    let mut stream = hub.open(StreamingPullRequest { protocol_version: 1, ..super::first() }).await;
    for is_exactly_once in [true, false] {
        let change = Subscription {
            name: SUBSCRIPTION.to_owned(),
            enable_exactly_once_delivery: is_exactly_once,
            ..Subscription::default()
        };
        let paths = vec!["enable_exactly_once_delivery".to_owned()];
        let update = UpdateSubscriptionRequest {
            subscription: Some(change),
            update_mask: Some(FieldMask { paths }),
        };
        hub.subscriber.update_subscription(update).await.unwrap();
        soon("the change", async {
            loop {
                stream.say(StreamingPullRequest::default()).await;
                let response = stream.response().await.unwrap().unwrap();
                let properties = response.subscription_properties.unwrap();
                if properties.exactly_once_delivery_enabled == is_exactly_once {
                    break;
                }
            }
        })
        .await;
    }
    drop(stream);
    hub.stop().await;
}

#[actix_web::test]
async fn what_is_told_fits_into_a_header_however_much_it_is() {
    let mut hub = start().await;
    hub.publish(&["x"; 1_000]).await;
    let mut pulled = hub.pull().await;
    while pulled.len() < 1_000 {
        pulled.extend(hub.pull().await);
    }
    let ack_ids: Vec<_> = pulled.into_iter().map(|it| it.ack_id).collect();
    let request = AcknowledgeRequest { subscription: SUBSCRIPTION.to_owned(), ack_ids };
    let nack = super::wire::ModifyAckDeadlineRequest {
        subscription: SUBSCRIPTION.to_owned(),
        ack_ids: request.ack_ids.clone(),
        ack_deadline_seconds: 0,
    };
    hub.subscriber.modify_ack_deadline(nack).await.unwrap();
    while hub.pull().await.len() < 1_000 {
        hub.pull_now().await;
    }
    let refused = hub.subscriber.acknowledge(request).await.unwrap_err();
    assert_eq!(refused.code(), Code::FailedPrecondition);
    assert!(refused.details().len() < 6_000 && told(&refused).len() > 10);
    hub.stop().await;
}
