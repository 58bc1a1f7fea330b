//! A device that comes while its thread is busy with others: what was sent to it meanwhile waits for it, and is on its way
//! as news as well. It comes once.

use std::collections::HashSet;

use super::*;
use crate::harness::apps::Operator;

/// Sockets beside it: more than a thread serves in one turn.
const BESIDE: usize = 1_000;
/// Lines for each of them, which the thread has not served when the device comes.
const LINES: usize = 120;
/// Between two messages to the device, in lines.
const EVERY: usize = 4;
const ROUNDS: usize = 3;
const LAST: &str = "the last";

/// Tells all sockets beside many things, and the device some; returns how many it were.
async fn tell(stage: &Stage, beside: AppId, device: DeviceId) -> usize {
    let apps = &stage.server.running().service.apps;
    let mut told = 0;
    for number in 0..LINES {
        let action = ConsoleAction::DeleteGroup { group: None };
        let request = AppsRequest::Console(ConsoleRequest { action, fault: None });
        let answer = apps.perform((SessionId(0), Principal::Console(beside)), request).await;
        assert_eq!(answer, Ok(AppsAnswer::Told));
        if number % EVERY == 0 {
            stage.send(&number.to_string(), &[device]).await;
            told += 1;
        }
    }
    stage.send(LAST, &[device]).await;
    told
}

/// Comes, and acknowledges all that comes; the names of it until the last.
async fn arrive(stage: &Stage, device: DeviceId) -> (Client, Vec<String>) {
    let mut client = stage.log_in(device).await;
    let mut names = Vec::new();
    loop {
        let got = messages(&client.recv().await);
        acknowledge(&mut client, &got).await;
        for message in &got {
            if message["data"] == LAST {
                return (client, names);
            }
            names.push(message["msgId"].as_str().unwrap().to_owned());
        }
    }
}

#[actix_web::test]
async fn what_waits_and_is_on_its_way_comes_once() {
    let stage = Stage::with(Backend::Sqlite, |config| config.http.workers = 1).await;
    let beside = stage.server.app("beside").await;
    let token = stage.server.token(&beside, Level::ThirdPartyConsole).await;
    let bearer = format!("Bearer {token}");
    let mut consoles = Vec::new();
    for _ in 0..BESIDE {
        let headers = [("authorization", bearer.as_str())];
        consoles.push(Operator::hurry(stage.server.address, "/console/ws", &headers).await);
    }
    for console in &mut consoles {
        console.expect_nothing().await;
    }
    let device = stage.device(1).await;
    for round in 0..ROUNDS {
        let (told, (mut client, names)) =
            tokio::join!(tell(&stage, beside.id, device), arrive(&stage, device));
        let once: HashSet<&String> = names.iter().collect();
        assert_eq!((names.len(), once.len()), (told, told), "round {round}");
        nothing(&mut client).await;
        client.close().await;
    }
    drop(consoles);
    stage.close([]).await;
}
