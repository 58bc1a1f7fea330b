//! A clock that was far ahead and has been set right: the ids of then lie in the future.

use diesel::connection::SimpleConnection as _;

use super::rows;
use crate::harness::neighbours::send;
use crate::harness::{Process, http, process};

const DAYS: i64 = 100;
const DAY_MS: i64 = 86_400_000;
/// Bits below the milliseconds in an id.
const ID_SHIFT: u32 = 12;

#[actix_web::test]
async fn the_log_says_what_to_do_and_the_setting_does_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tradewind.db");
    let accounts = process::accounts(folder.path(), 2);
    let [alice, bob] = &accounts[..] else { unreachable!() };
    let server = Process::start(folder.path(), &[]);
    let mut client = server.login(alice).await;
    assert_eq!(client.ask(send(alice, bob, "ahead")).await["type"], "chat");
    client.close().await;
    server.stop();
    // As if that had been said a hundred days from now.
    let ahead = (DAYS * DAY_MS) << ID_SHIFT;
    let mut past = rows::connect(&file);
    past.batch_execute(&format!("UPDATE messages SET id = id + {ahead}")).unwrap();
    drop(past);

    let server = Process::start(folder.path(), &[]);
    let ready = http::send(server.address, ("GET", "/readyz"), &[], "").await;
    assert_eq!(ready.status, 503);
    let mut client = server.login(alice).await;
    assert_eq!(client.ask(send(alice, bob, "refused")).await["type"], "error");
    client.close().await;
    let log = server.log();
    server.stop();
    for text in [&ready.text, &log] {
        let (_, rest) = text.split_once("raise node.clock_step_max_ms above ").expect("what to do");
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        let behind: i64 = digits.parse().expect("a number");
        assert!((behind - DAYS * DAY_MS).abs() < DAY_MS, "{behind}");
    }
    assert_eq!(log.matches("no new ids are made").count(), 1, "{log}");

    let allowed = format!("node.clock_step_max_ms={}", (DAYS + 1) * DAY_MS);
    let server = Process::start(folder.path(), &[&allowed]);
    let ready = http::send(server.address, ("GET", "/readyz"), &[], "").await;
    assert_eq!(ready.status, 200, "{}", ready.text);
    let mut client = server.login(alice).await;
    for content in ["goes on", "and on"] {
        assert_eq!(client.ask(send(alice, bob, content)).await["payload"]["content"], content);
    }
    client.close().await;
    server.stop();
    assert_eq!(rows::sound_messages(&file).len(), 3, "ids and times grow");
}
