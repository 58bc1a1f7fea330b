//! The door: who may come in, what is asked for that is not there, and one port for two versions of HTTP.

use tonic::{Code, Request};

use googleapis_tonic_google_pubsub_v1::google::pubsub::v1::ListSchemasRequest;
use googleapis_tonic_google_pubsub_v1::google::pubsub::v1::schema_service_client::SchemaServiceClient;

use super::wire::publisher_client::PublisherClient;
use super::wire::{GetTopicRequest, ListTopicsRequest};
use super::{Hub, channel, pubsub, refused};
use crate::harness::{Backend, Server, http, soon};

fn list() -> ListTopicsRequest {
    ListTopicsRequest { project: "projects/test".to_owned(), ..ListTopicsRequest::default() }
}

#[actix_web::test]
async fn who_has_no_token_stays_outside() {
    let token = "a token that nobody guesses, of 32 bytes";
    let server = Server::with(Backend::Sqlite, |config| {
        pubsub(config);
        config.pubsub.api_token = tradewind::config::Secret::new(token.to_owned());
    })
    .await;
    let mut publisher = PublisherClient::new(channel(&server).await);
    for (shown, code) in [
        (None, Code::Unauthenticated),
        (Some("Bearer another".to_owned()), Code::Unauthenticated),
        (Some(String::new()), Code::Unauthenticated),
        (Some(format!("Bearer {token}")), Code::Ok),
    ] {
        let mut request = Request::new(list());
        if let Some(shown) = &shown {
            request.metadata_mut().insert("authorization", shown.parse().unwrap());
        }
        let answer = soon("an answer", publisher.list_topics(request)).await;
        assert_eq!(refused(answer), code, "{shown:?}");
    }
    drop(publisher);
    server.stop().await;
}

#[actix_web::test]
async fn what_is_not_there_is_unimplemented() {
    let hub = Hub::start().await;
    let mut schemas = SchemaServiceClient::new(channel(&hub.server).await);
    let answer = soon("an answer", schemas.list_schemas(ListSchemasRequest::default())).await;
    assert_eq!(refused(answer), Code::Unimplemented);
    drop(schemas);
    hub.stop().await;
}

#[actix_web::test]
async fn one_port_speaks_both() {
    let mut hub = Hub::start().await;
    let address = hub.server.running().pubsub_address.unwrap();
    let place = ("GET", "/v1/projects/test/topics");
    let answer = http::send(address, place, &[], "").await;
    assert_eq!(answer.status, 200);
    let answer = soon("an answer", hub.publisher.list_topics(list())).await.unwrap();
    assert_eq!(answer.into_inner().topics, []);
    hub.stop().await;
}

#[actix_web::test]
async fn a_long_name_is_refused_in_few_words() {
    let mut hub = Hub::start().await;
    let get = GetTopicRequest { topic: "x".repeat(1 << 20) };
    let refused = soon("an answer", hub.publisher.get_topic(get)).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    assert!(refused.message().len() < 2_000);
    hub.stop().await;
}
