//! Makes the server side of Pub/Sub's gRPC services, whose messages come from a crate that has only the
//! client side. No `.proto` file and no `protoc` is needed: a service is a list of methods.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    #[cfg(feature = "grpc")]
    grpc::generate();
}

#[cfg(feature = "grpc")]
mod grpc {
    use tonic_build::manual::{Builder, Method, Service};

    const MESSAGES: &str = "googleapis_tonic_google_pubsub_v1::google::pubsub::v1";
    /// The generator takes no `()`.
    const EMPTY: &str = "crate::grpc::pubsub::EmptyMessage";

    /// Name, request and answer of the methods that have one of each.
    type Methods = &'static [(&'static str, &'static str, &'static str)];

    const PUBLISHER: Methods = &[
        ("CreateTopic", "Topic", "Topic"),
        ("UpdateTopic", "UpdateTopicRequest", "Topic"),
        ("Publish", "PublishRequest", "PublishResponse"),
        ("GetTopic", "GetTopicRequest", "Topic"),
        ("ListTopics", "ListTopicsRequest", "ListTopicsResponse"),
        (
            "ListTopicSubscriptions",
            "ListTopicSubscriptionsRequest",
            "ListTopicSubscriptionsResponse",
        ),
        ("ListTopicSnapshots", "ListTopicSnapshotsRequest", "ListTopicSnapshotsResponse"),
        ("DeleteTopic", "DeleteTopicRequest", ""),
        ("DetachSubscription", "DetachSubscriptionRequest", "DetachSubscriptionResponse"),
    ];

    const SUBSCRIBER: Methods = &[
        ("CreateSubscription", "Subscription", "Subscription"),
        ("GetSubscription", "GetSubscriptionRequest", "Subscription"),
        ("UpdateSubscription", "UpdateSubscriptionRequest", "Subscription"),
        ("ListSubscriptions", "ListSubscriptionsRequest", "ListSubscriptionsResponse"),
        ("DeleteSubscription", "DeleteSubscriptionRequest", ""),
        ("ModifyAckDeadline", "ModifyAckDeadlineRequest", ""),
        ("Acknowledge", "AcknowledgeRequest", ""),
        ("Pull", "PullRequest", "PullResponse"),
        ("ModifyPushConfig", "ModifyPushConfigRequest", ""),
        ("GetSnapshot", "GetSnapshotRequest", "Snapshot"),
        ("ListSnapshots", "ListSnapshotsRequest", "ListSnapshotsResponse"),
        ("CreateSnapshot", "CreateSnapshotRequest", "Snapshot"),
        ("UpdateSnapshot", "UpdateSnapshotRequest", "Snapshot"),
        ("DeleteSnapshot", "DeleteSnapshotRequest", ""),
        ("Seek", "SeekRequest", "SeekResponse"),
    ];

    pub fn generate() {
        let streaming = method("StreamingPull", "StreamingPullRequest", "StreamingPullResponse");
        let streaming = streaming.client_streaming().server_streaming().build();
        let subscriber = service("Subscriber", SUBSCRIBER).method(streaming);
        let services = [service("Publisher", PUBLISHER).build(), subscriber.build()];
        Builder::new().build_client(false).compile(&services);
    }

    fn service(name: &str, methods: Methods) -> tonic_build::manual::ServiceBuilder {
        let service = Service::builder().name(name).package("google.pubsub.v1");
        methods.iter().fold(service, |service, (name, request, answer)| {
            service.method(method(name, request, answer).build())
        })
    }

    fn method(name: &str, request: &str, answer: &str) -> tonic_build::manual::MethodBuilder {
        let message = |name: &str| match name {
            "" => EMPTY.to_owned(),
            name => format!("{MESSAGES}::{name}"),
        };
        Method::builder()
            .name(snake_case(name))
            .route_name(name)
            .input_type(message(request))
            .output_type(message(answer))
            .codec_path("tonic_prost::ProstCodec")
    }

    fn snake_case(name: &str) -> String {
        let mut snake = String::new();
        for letter in name.chars() {
            if letter.is_ascii_uppercase() && !snake.is_empty() {
                snake.push('_');
            }
            snake.push(letter.to_ascii_lowercase());
        }
        snake
    }
}
