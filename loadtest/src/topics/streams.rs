//! Consumers of a subscription of Pub/Sub, by the streams of gRPC that its official clients use: a thread of their
//! own, which tells what has come and acknowledges it.

use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use googleapis_tonic_google_pubsub_v1::google::pubsub::v1 as proto;
use proto::subscriber_client::SubscriberClient;
use proto::{ReceivedMessage, StreamingPullRequest, StreamingPullResponse};
use tokio::sync::{mpsc as requests, watch};
use tonic::transport::{Channel, Endpoint};

/// Messages that a stream takes before it has acknowledged any.
const OUTSTANDING_MAX: i64 = 10_000;
/// The lease of a message.
const LEASE_SECONDS: i32 = 60;
/// Bytes of a response.
const RESPONSE_MAX: usize = 32 << 20;
/// How long the end of a stream may take.
const GOODBYE: Duration = Duration::from_secs(2);
/// Requests of a stream that wait to be sent; each response makes one.
const WAITING_MAX: usize = 64;

/// What comes of the streams.
#[derive(Debug)]
pub enum Told {
    /// They are open.
    Open,
    /// The data of messages, and when they came.
    Came(Vec<Vec<u8>>, Instant),
    /// A stream has ended, which none should.
    Ended(String),
}

/// The streams; they end when this goes.
#[derive(Debug)]
pub struct Streams {
    told: mpsc::Receiver<Told>,
    /// What is dropped to end them.
    stay: Option<watch::Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Streams {
    /// So many streams of a subscription, `projects/P/subscriptions/S`, at an address `http://HOST:PORT`.
    ///
    /// # Errors
    /// If the address is none.
    pub fn open(address: &str, subscription: &str, many: u32) -> anyhow::Result<Self> {
        let endpoint = Endpoint::from_shared(address.to_owned())
            .with_context(|| format!("--address {address}"))?
            .tcp_nodelay(true);
        let (tell, told) = mpsc::channel();
        let (stay, left) = watch::channel(());
        let subscription = subscription.to_owned();
        let run = move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            match runtime {
                Ok(runtime) => runtime.block_on(all(&endpoint, &subscription, many, &tell, left)),
                Err(error) => say(&tell, Told::Ended(error.to_string())),
            }
        };
        let thread = thread::Builder::new().name("consumers".to_owned()).spawn(run)?;
        Ok(Self { told, stay: Some(stay), thread: Some(thread) })
    }

    /// What has come and was not taken yet.
    pub fn news(&self) -> impl Iterator<Item = Told> {
        self.told.try_iter()
    }
}

impl Drop for Streams {
    fn drop(&mut self) {
        drop(self.stay.take());
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has said so.
            drop(thread.join());
        }
    }
}

fn say(tell: &mpsc::Sender<Told>, told: Told) {
    // Nobody listens any more: the run is over.
    drop(tell.send(told));
}

/// Runs all streams, until they are to end or one has.
async fn all(
    endpoint: &Endpoint,
    subscription: &str,
    many: u32,
    tell: &mpsc::Sender<Told>,
    left: watch::Receiver<()>,
) {
    let connected = endpoint.connect().await;
    let channel = match connected {
        Ok(channel) => channel,
        Err(error) => return say(tell, Told::Ended(format!("gRPC: {error}"))),
    };
    let mut streams = tokio::task::JoinSet::new();
    for _ in 0..many {
        let stream = one(channel.clone(), subscription.to_owned(), tell.clone(), left.clone());
        streams.spawn(stream);
    }
    say(tell, Told::Open);
    while let Some(ended) = streams.join_next().await {
        let why = ended.map_err(|error| error.to_string()).and_then(|ended| ended);
        if let Err(why) = why {
            say(tell, Told::Ended(why));
        }
    }
}

/// Runs a stream, until it is to end.
async fn one(
    channel: Channel,
    subscription: String,
    tell: mpsc::Sender<Told>,
    mut left: watch::Receiver<()>,
) -> Result<(), String> {
    let words = |status: tonic::Status| format!("{:?} {}", status.code(), status.message());
    let (request, requested) = requests::channel(WAITING_MAX);
    let first = StreamingPullRequest {
        subscription,
        stream_ack_deadline_seconds: LEASE_SECONDS,
        max_outstanding_messages: OUTSTANDING_MAX,
        client_id: "tradewind-loadtest".to_owned(),
        ..StreamingPullRequest::default()
    };
    request.send(first).await.map_err(|error| error.to_string())?;
    let mut client = SubscriberClient::new(channel).max_decoding_message_size(RESPONSE_MAX);
    let requested = tokio_stream::wrappers::ReceiverStream::new(requested);
    let mut responses = client.streaming_pull(requested).await.map_err(words)?.into_inner();
    loop {
        let response = tokio::select! {
            response = responses.message() => response.map_err(words)?,
            _ = left.changed() => break,
        };
        let Some(response) = response else { return Err("the stream has ended".to_owned()) };
        let at = Instant::now();
        let (ack_ids, data) = parts(response);
        let acknowledged = StreamingPullRequest { ack_ids, ..StreamingPullRequest::default() };
        request.send(acknowledged).await.map_err(|error| error.to_string())?;
        if !data.is_empty() {
            say(&tell, Told::Came(data, at));
        }
    }
    // The server ends the stream once it has heard all that was said.
    drop(request);
    let rest = async { while let Ok(Some(_)) = responses.message().await {} };
    drop(tokio::time::timeout(GOODBYE, rest).await);
    Ok(())
}

/// The names by which messages are acknowledged, and their data.
fn parts(response: StreamingPullResponse) -> (Vec<String>, Vec<Vec<u8>>) {
    let each = |received: ReceivedMessage| {
        (received.ack_id, received.message.map(|message| message.data).unwrap_or_default())
    };
    response.received_messages.into_iter().map(each).unzip()
}
