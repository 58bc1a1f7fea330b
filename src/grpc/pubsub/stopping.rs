//! What waits for messages ends when the server stops.

use tokio::sync::watch;
use tonic::Status;

/// Waits until the server stops.
pub async fn wait(stop: &mut watch::Receiver<bool>) {
    // If nobody can say so any more, it has.
    let _stopped = stop.wait_for(|stop| *stop).await.is_ok();
}

/// What clients are told then: that they may come again.
pub fn status() -> Status {
    Status::unavailable("the server stops")
}
