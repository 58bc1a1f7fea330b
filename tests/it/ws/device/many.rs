//! Messages to more devices than one transaction serves.

use tradewind::store::apps::lookups;

use super::*;
use crate::harness::soon;

/// Makes devices fast, of users of their own; they are never there.
async fn crowd(stage: &Stage, count: u32) -> Vec<DeviceId> {
    use tradewind::domain::mint::IdMint;
    use tradewind::store::apps::devices::{self, NewDevice};

    let clock = std::sync::Arc::new(tradewind::clock::SystemClock::start());
    // Of another node, so that no id is the server's.
    let mint = IdMint::new(31, 0, Duration::from_secs(10), clock).unwrap();
    let (app, owner, at) = (stage.app, stage.owner.user.id, stage.server.now());
    let new: Vec<NewDevice> = (0..count)
        .map(|terminal| {
            let mut terminal_hash = [9; 32];
            terminal_hash[..4].copy_from_slice(&terminal.to_be_bytes());
            let (id, os) = (mint.device().unwrap(), OsType::Android);
            NewDevice { id, app, owner, terminal_hash, os, at }
        })
        .collect();
    let all = |conn: &mut _| {
        new.iter().try_for_each(|new| devices::create(conn, new, i64::MAX).map(drop))
    };
    stage.server.database().write(all).unwrap();
    new.into_iter().map(|new| new.id).collect()
}

#[actix_web::test]
async fn whoever_is_there_hears_of_it_and_the_others_when_they_come() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let stage = Stage::open(backend).await;
        let (one, other) = (stage.device(1).await, stage.device(2).await);
        let absent = crowd(&stage, 4_500).await;
        let mut client = stage.log_in(one).await;
        for text in ["first", "second"] {
            stage.operate(ConsoleAction::SendBroadcast { text: text.to_owned() }).await;
        }
        let got = receive(&mut client, 2).await;
        assert_eq!(texts(&got), ["first", "second"]);
        // It is still on its way to others, and comes here no second time.
        acknowledge(&mut client, &got).await;
        nothing(&mut client).await;
        let store = &stage.server.running().store;
        soon("the last delivery", async {
            while store.read(lookups::next_open_downstream(stage.app)).await.unwrap().is_some() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        })
        .await;
        nothing(&mut client).await;
        client.close().await;
        for device in [other, absent[0], absent[4_499]] {
            let mut client = stage.log_in(device).await;
            assert_eq!(texts(&receive(&mut client, 2).await), ["first", "second"]);
            client.close().await;
        }
        let mut client = stage.log_in(one).await;
        nothing(&mut client).await;
        stage.close([client]).await;
    }
}
