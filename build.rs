//! Lists the files of the chat, for the program to have in it; and makes the server side of Pub/Sub's gRPC services,
//! whose messages come from a crate that has only the client side. No `.proto` file and no `protoc` is needed: a
//! service is a list of methods.

use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    #[cfg(feature = "grpc")]
    grpc::generate();
    page::list()
}

/// What a browser loads: `$OUT_DIR/page_files.rs` is a list of names below `web`, each with its bytes.
mod page {
    use std::error::Error;
    use std::fmt::Write as _;
    use std::path::{Path, PathBuf};
    use std::{env, fs, io};

    /// Below `web`.
    const FOLDERS: [&str; 3] = ["app", "sdk", "vendor"];
    const KINDS: [&str; 5] = ["css", "html", "js", "svg", "txt"];
    /// What is for whoever changes them.
    const NOT_SERVED: &str = "test";

    pub fn list() -> Result<(), Box<dyn Error>> {
        let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("web");
        let mut files = Vec::new();
        for folder in FOLDERS {
            gather(&root.join(folder), &mut files)?;
        }
        files.sort();
        let mut listed = String::from("[\n");
        for file in &files {
            let name = file.strip_prefix(&root)?;
            writeln!(listed, "    ({name:?}, include_bytes!({file:?}).as_slice()),")?;
        }
        listed.push(']');
        fs::write(Path::new(&env::var("OUT_DIR")?).join("page_files.rs"), listed)?;
        Ok(())
    }

    fn gather(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
        let entries = fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path()));
        let entries: Vec<PathBuf> = entries.collect::<io::Result<_>>()?;
        // With the tests in it, a folder changes more often than what is served.
        if !entries.iter().any(|entry| entry.ends_with(NOT_SERVED)) {
            println!("cargo::rerun-if-changed={}", folder.display());
        }
        for entry in entries.into_iter().filter(|entry| !entry.ends_with(NOT_SERVED)) {
            if entry.is_dir() {
                gather(&entry, files)?;
            } else if entry.extension().is_some_and(|kind| KINDS.iter().any(|one| kind == *one)) {
                println!("cargo::rerun-if-changed={}", entry.display());
                files.push(entry);
            }
        }
        Ok(())
    }
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
