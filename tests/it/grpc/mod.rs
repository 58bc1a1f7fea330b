//! Pub/Sub by gRPC: each call and each refusal, and what streams do, with the client that Google's API definition makes.

mod admin;
mod connections;
mod exactly_once;
mod publishing;
mod pulling;
mod stop;
mod streaming;

use std::collections::BTreeMap;
use std::time::Duration;

use googleapis_tonic_google_pubsub_v1::google::pubsub::v1 as wire;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Response, Status, Streaming};
use tradewind::server::Config;
use wire::publisher_client::PublisherClient;
use wire::subscriber_client::SubscriberClient;
use wire::{
    AcknowledgeRequest, ModifyAckDeadlineRequest, PublishRequest, PubsubMessage, PullRequest,
    ReceivedMessage, StreamingPullRequest, StreamingPullResponse, Subscription, Topic,
};

use crate::harness::{Backend, Server, soon};

const TOPIC: &str = "projects/test/topics/topic";
const SUBSCRIPTION: &str = "projects/test/subscriptions/subscription";

/// A server with Pub/Sub, and a client of it.
struct Hub {
    server: Server,
    publisher: PublisherClient<Channel>,
    subscriber: SubscriberClient<Channel>,
}

/// Turns Pub/Sub on, on a free port.
fn pubsub(config: &mut Config) {
    config.pubsub.bind = "127.0.0.1:0".to_owned();
}

impl Hub {
    async fn start() -> Self {
        let server = Server::with(Backend::Sqlite, pubsub).await;
        let channel = channel(&server).await;
        let publisher = PublisherClient::new(channel.clone());
        Self { server, publisher, subscriber: SubscriberClient::new(channel) }
    }

    /// A server with a topic and a subscription.
    async fn with(change: impl FnOnce(&mut Subscription)) -> Self {
        let mut hub = Self::start().await;
        hub.topic(TOPIC).await.unwrap();
        hub.subscription(SUBSCRIPTION, change).await.unwrap();
        hub
    }

    async fn stop(self) {
        drop((self.publisher, self.subscriber));
        self.server.stop().await;
    }

    async fn topic(&mut self, name: &str) -> Result<Topic, Status> {
        let topic = Topic { name: name.to_owned(), ..Topic::default() };
        soon("a topic", self.publisher.create_topic(topic)).await.map(Response::into_inner)
    }

    async fn subscription(
        &mut self,
        name: &str,
        change: impl FnOnce(&mut Subscription),
    ) -> Result<Subscription, Status> {
        let topic = TOPIC.to_owned();
        let mut new = Subscription { name: name.to_owned(), topic, ..Subscription::default() };
        change(&mut new);
        let made = soon("a subscription", self.subscriber.create_subscription(new)).await;
        made.map(Response::into_inner)
    }

    async fn publish(&mut self, texts: &[&str]) -> Vec<String> {
        let messages = texts.iter().map(|text| message(text, "")).collect();
        self.publish_messages(messages).await.unwrap()
    }

    async fn publish_messages(
        &mut self,
        messages: Vec<PubsubMessage>,
    ) -> Result<Vec<String>, Status> {
        let request = PublishRequest { topic: TOPIC.to_owned(), messages };
        let published = soon("an id", self.publisher.publish(request)).await;
        published.map(|published| published.into_inner().message_ids)
    }

    /// The next messages, or none if there are none at once.
    async fn pull_now(&mut self) -> Vec<ReceivedMessage> {
        #[expect(deprecated, reason = "that is what it is for")]
        let request = PullRequest {
            subscription: SUBSCRIPTION.to_owned(),
            return_immediately: true,
            max_messages: 1_000,
        };
        let pulled = soon("an answer", self.subscriber.pull(request)).await;
        pulled.unwrap().into_inner().received_messages
    }

    /// The next messages, at least one.
    async fn pull(&mut self) -> Vec<ReceivedMessage> {
        let mut pulled = Vec::new();
        while pulled.is_empty() {
            let mut request = tonic::Request::new(pull_request(1_000));
            request.set_timeout(Duration::from_secs(5));
            let answer = soon("a message", self.subscriber.pull(request)).await;
            pulled = answer.unwrap().into_inner().received_messages;
        }
        pulled
    }

    async fn acknowledge(&mut self, ack_ids: &[&ReceivedMessage]) -> Result<(), Status> {
        let ack_ids = ack_ids.iter().map(|received| received.ack_id.clone()).collect();
        let request = AcknowledgeRequest { subscription: SUBSCRIPTION.to_owned(), ack_ids };
        soon("an answer", self.subscriber.acknowledge(request)).await.map(drop)
    }

    /// Sets the time that a message may still be held; 0 is a nack.
    async fn extend(&mut self, received: &ReceivedMessage, seconds: i32) -> Result<(), Status> {
        let request = ModifyAckDeadlineRequest {
            subscription: SUBSCRIPTION.to_owned(),
            ack_ids: vec![received.ack_id.clone()],
            ack_deadline_seconds: seconds,
        };
        soon("an answer", self.subscriber.modify_ack_deadline(request)).await.map(drop)
    }

    /// Opens a stream by its first request.
    async fn open(&mut self, first: StreamingPullRequest) -> Pulling {
        let (requests, stream) = mpsc::channel(16);
        requests.send(first).await.unwrap();
        let opened = self.subscriber.streaming_pull(ReceiverStream::new(stream));
        let responses = soon("headers", opened).await.unwrap().into_inner();
        Pulling { requests, responses }
    }

    /// Opens a stream as most clients do.
    async fn stream(&mut self) -> Pulling {
        self.open(first()).await
    }
}

/// A stream, from the client's side.
struct Pulling {
    requests: mpsc::Sender<StreamingPullRequest>,
    responses: Streaming<StreamingPullResponse>,
}

impl Pulling {
    async fn say(&self, request: StreamingPullRequest) {
        self.requests.send(request).await.unwrap();
    }

    async fn response(&mut self) -> Result<Option<StreamingPullResponse>, Status> {
        let response = soon("a response", self.responses.message()).await;
        if let Ok(Some(response)) = &response {
            assert!(response.subscription_properties.is_some(), "they are in each response");
        }
        response
    }

    /// The messages of the next response that has some.
    async fn messages(&mut self) -> Vec<ReceivedMessage> {
        loop {
            let response = self.response().await.unwrap().expect("the stream goes on");
            if !response.received_messages.is_empty() {
                return response.received_messages;
            }
        }
    }

    /// So many messages.
    async fn gather(&mut self, count: usize) -> Vec<ReceivedMessage> {
        let mut gathered = Vec::new();
        while gathered.len() < count {
            gathered.extend(self.messages().await);
        }
        assert_eq!(gathered.len(), count);
        gathered
    }

    /// Acknowledges on the stream.
    async fn acknowledge(&self, received: &[ReceivedMessage]) {
        let ack_ids = received.iter().map(|received| received.ack_id.clone()).collect();
        self.say(StreamingPullRequest { ack_ids, ..StreamingPullRequest::default() }).await;
    }

    /// How the stream ends.
    async fn end(&mut self) -> Code {
        loop {
            match self.response().await {
                Ok(Some(_)) => {}
                Ok(None) => return Code::Ok,
                Err(status) => return status.code(),
            }
        }
    }

    /// Whether nothing comes for a while.
    async fn is_quiet(&mut self) -> bool {
        let silence = Duration::from_millis(300);
        tokio::time::timeout(silence, self.responses.message()).await.is_err()
    }
}

async fn channel(server: &Server) -> Channel {
    let address = server.running().pubsub_address.expect("Pub/Sub is on");
    let endpoint = Endpoint::from_shared(format!("http://{address}")).unwrap();
    soon("a connection", endpoint.connect()).await.unwrap()
}

/// The first request of a stream.
fn first() -> StreamingPullRequest {
    StreamingPullRequest {
        subscription: SUBSCRIPTION.to_owned(),
        stream_ack_deadline_seconds: 60,
        client_id: "a client".to_owned(),
        max_outstanding_messages: 1_000,
        max_outstanding_bytes: 100 << 20,
        ..StreamingPullRequest::default()
    }
}

fn message(text: &str, key: &str) -> PubsubMessage {
    PubsubMessage {
        data: text.as_bytes().to_vec(),
        attributes: BTreeMap::from([("text".to_owned(), text.to_owned())]),
        ordering_key: key.to_owned(),
        ..PubsubMessage::default()
    }
}

fn pull_request(max_messages: i32) -> PullRequest {
    let subscription = SUBSCRIPTION.to_owned();
    PullRequest { subscription, max_messages, ..PullRequest::default() }
}

/// What was published in messages, in order.
fn texts(received: &[ReceivedMessage]) -> Vec<String> {
    let messages = received.iter().map(|received| received.message.as_ref().unwrap());
    messages.map(|message| String::from_utf8(message.data.clone()).unwrap()).collect()
}

/// The code of a refusal.
fn refused<T>(answer: Result<T, Status>) -> Code {
    answer.err().map_or(Code::Ok, |status| status.code())
}
