//! StreamingPull: messages to a client as they come, and what the client says of them.
//!
//! A stream is a task, so that what the client says is heard while it does not read. The task ends with the answer
//! whose messages it makes. First comes `opening`, then the task waits for three things at once: what the
//! client says (`acks`), messages, and room for what is to be sent.

mod acks;
mod opening;

use std::collections::VecDeque;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

use futures_core::Stream;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tonic::{Status, Streaming};

use self::acks::AckWork;
use self::opening::StreamOpening;
use super::convert::message;
use super::stopping;
use super::wire::streaming_pull_response::SubscriptionProperties;
use super::wire::{StreamingPullRequest, StreamingPullResponse};
use crate::domain::pubsub::message::PulledMessage;
use crate::domain::pubsub::name::SubscriptionName;
use crate::domain::pubsub::refusal::PubsubRefusal;
use crate::service::pubsub::{Pubsub, PullStream};

/// How long a client may take to say what it wants.
const OPENING_TIMEOUT: Duration = Duration::from_secs(60);
/// Answers that wait until the client reads. While there are more, it is not heard.
const WAITING_MAX: usize = 16;

/// A stream that is about to begin.
pub struct StreamingPull {
    pubsub: Pubsub,
    requests: Streaming<StreamingPullRequest>,
}

/// What is sent on a stream, and the end of its task.
pub struct ResponseStream {
    responses: mpsc::Receiver<Result<StreamingPullResponse, Status>>,
    task: JoinHandle<()>,
}

type Responses = mpsc::Sender<Result<StreamingPullResponse, Status>>;

impl StreamingPull {
    /// A stream of what a client says, of which nothing was read.
    pub const fn new(pubsub: Pubsub, requests: Streaming<StreamingPullRequest>) -> Self {
        Self { pubsub, requests }
    }

    /// Begins; the answer is there at once, whatever comes.
    pub fn start(self, mut stop: watch::Receiver<bool>) -> ResponseStream {
        let (sender, responses) = mpsc::channel(1);
        let task = tokio::spawn(async move {
            let ended = tokio::select! {
                ended = self.run(&sender) => ended,
                () = stopping::wait(&mut stop) => Err(stopping::status()),
            };
            if let Err(status) = ended
                && sender.send(Err(status)).await.is_err()
            {
                log::debug!("a stream has ended before its client could be told why");
            }
        });
        ResponseStream { responses, task }
    }

    /// Goes on until the client has said all that it has to say.
    async fn run(mut self, responses: &Responses) -> Result<(), Status> {
        let first = timeout(OPENING_TIMEOUT, self.requests.message()).await;
        let first = first.map_err(|_| Status::deadline_exceeded("there is no first request"))??;
        let first = first.ok_or_else(|| PubsubRefusal::invalid("there is no first request"))?;
        let StreamOpening { subscription, flow, answers_heartbeats, work } =
            StreamOpening::read(first)?;
        let messages = self.pubsub.open_stream(&subscription, flow).await?;
        let mut open = OpenStream {
            pubsub: self.pubsub,
            subscription,
            messages: &messages,
            answers_heartbeats,
            waiting: VecDeque::new(),
        };
        if !work.is_heartbeat() {
            open.hear(work).await?;
        }
        open.run(self.requests, responses).await
    }
}

/// A stream that goes on.
struct OpenStream<'a> {
    pubsub: Pubsub,
    subscription: SubscriptionName,
    messages: &'a PullStream,
    answers_heartbeats: bool,
    /// What is to be sent.
    waiting: VecDeque<StreamingPullResponse>,
}

impl OpenStream<'_> {
    async fn run(
        mut self,
        mut requests: Streaming<StreamingPullRequest>,
        responses: &Responses,
    ) -> Result<(), Status> {
        // Kept while other things happen: what it has got would be lost with it, until the leases end.
        let messages = self.messages;
        let mut next = pin!(messages.next());
        loop {
            tokio::select! {
                heard = requests.message(), if self.waiting.len() < WAITING_MAX => {
                    let Some(request) = heard? else { return self.flush(responses).await };
                    let (work, bad) = AckWork::gather(request, &mut requests);
                    self.hear(work).await?;
                    bad?;
                }
                room = responses.reserve(), if !self.waiting.is_empty() => {
                    let Ok(room) = room else { return Ok(()) };
                    if let Some(response) = self.waiting.pop_front() {
                        room.send(Ok(response));
                    }
                }
                pulled = &mut next, if self.waiting.is_empty() => {
                    self.bring(pulled?);
                    next.set(messages.next());
                }
            }
        }
    }

    fn bring(&mut self, pulled: Vec<PulledMessage>) {
        for received_messages in message::portions(pulled) {
            let response = self.response();
            self.waiting.push_back(StreamingPullResponse { received_messages, ..response });
        }
    }

    /// Does what the client asks for, and says so if it is to be said.
    async fn hear(&mut self, work: AckWork) -> Result<(), Status> {
        if let Some(lease) = work.lease {
            self.messages.set_lease(lease);
        }
        let (is_exactly_once, _) = self.messages.properties();
        let is_heartbeat = work.is_heartbeat() && self.answers_heartbeats;
        let done = work.carry_out(&self.pubsub, &self.subscription).await;
        let confirmed = done.confirm(is_exactly_once)?;
        match confirmed {
            Some(confirmed) => {
                let subscription_properties = self.response().subscription_properties;
                let confirmed = StreamingPullResponse { subscription_properties, ..confirmed };
                self.waiting.push_back(confirmed);
            }
            None if is_heartbeat => self.waiting.push_back(self.response()),
            None => {}
        }
        Ok(())
    }

    /// A response with nothing in it but what is in each.
    fn response(&self) -> StreamingPullResponse {
        let (exactly_once_delivery_enabled, message_ordering_enabled) = self.messages.properties();
        StreamingPullResponse {
            subscription_properties: Some(SubscriptionProperties {
                exactly_once_delivery_enabled,
                message_ordering_enabled,
            }),
            ..Default::default()
        }
    }

    /// Sends what waits; the client has nothing more to say.
    async fn flush(mut self, responses: &Responses) -> Result<(), Status> {
        while let Some(response) = self.waiting.pop_front() {
            if responses.send(Ok(response)).await.is_err() {
                break;
            }
        }
        Ok(())
    }
}

impl Stream for ResponseStream {
    type Item = Result<StreamingPullResponse, Status>;

    fn poll_next(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.responses.poll_recv(task)
    }
}

impl Drop for ResponseStream {
    fn drop(&mut self) {
        self.task.abort();
    }
}
