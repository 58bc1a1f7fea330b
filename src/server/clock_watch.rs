//! Says when the clock has fallen too far behind the last id, and when it has caught up.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::domain::mint::IdMint;

/// Between two looks.
const INTERVAL: Duration = Duration::from_secs(1);

/// Looks until told to stop.
pub(super) async fn run(mint: Arc<IdMint>, mut stop: watch::Receiver<bool>) {
    let mut was_right = true;
    loop {
        match mint.check() {
            Ok(()) if !was_right => log::info!("the clock is right again: new ids are made"),
            Err(error) if was_right => log::error!("no new ids are made: {error}"),
            Ok(()) | Err(_) => {}
        }
        was_right = mint.is_ready();
        let told = tokio::time::timeout(INTERVAL, stop.wait_for(|stop| *stop));
        if told.await.is_ok() {
            return;
        }
    }
}
