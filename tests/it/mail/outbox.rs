//! The folder of mails, for development.

use std::collections::BTreeSet;
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::future::join_all;
use serde_json::Value;

use super::queue_is;
use crate::harness::mail::{letter_to, letters, link};
use crate::harness::smtp::python;
use crate::harness::{Backend, Server, until};

const MAILS: usize = 8;

#[actix_web::test]
async fn every_mail_is_one_finished_file() {
    let server = Server::start().await;
    let outbox = server.outbox();
    let stop = Arc::new(AtomicBool::new(false));
    // Looks at the folder without a break, and at each mail the moment it is there.
    let watcher = std::thread::spawn({
        let (outbox, stop) = (outbox.clone(), Arc::clone(&stop));
        move || {
            let mut seen = BTreeSet::new();
            while !stop.load(Ordering::Relaxed) {
                for file in letters(&outbox) {
                    let letter = fs::read_to_string(&file).expect("text");
                    assert!(letter.ends_with("\r\n"), "half a mail: {letter:?}");
                    link(&letter);
                    seen.insert(file);
                }
            }
            seen.len()
        }
    });
    let names: Vec<String> = (0..MAILS).map(|number| format!("user{number}")).collect();
    for answer in join_all(names.iter().map(|name| server.register(name))).await {
        assert_eq!(answer.status, 201, "{}", answer.text);
    }
    until("all mails", || letters(&outbox).len() == MAILS).await;
    stop.store(true, Ordering::Relaxed);
    assert!(watcher.join().expect("no half mail was seen") <= MAILS);
    queue_is(&server, 0).await;
    let left = fs::read_dir(&outbox).expect("the outbox").count();
    assert_eq!(left, MAILS, "a draft is left");
    let links: BTreeSet<String> = letters(&outbox)
        .into_iter()
        .map(|file| link(&fs::read_to_string(file).expect("text")).to_owned())
        .collect();
    assert_eq!(links.len(), MAILS, "every mail has a key of its own");
    server.stop().await;
}

#[actix_web::test]
async fn a_folder_that_is_gone_is_waited_for() {
    let server = Server::with(Backend::Sqlite, |config| config.mail.retry_first_ms = 20).await;
    fs::remove_dir(server.outbox()).expect("removed");
    assert_eq!(server.register("alice").await.status, 201);
    queue_is(&server, 1).await;
    fs::create_dir(server.outbox()).expect("made");
    letter_to(&server.outbox(), "alice@test.example").await;
    queue_is(&server, 0).await;
    server.stop().await;
}

#[actix_web::test]
async fn a_mail_program_reads_it() {
    const READ: &str = "
import email, email.policy, json, sys
mail = email.message_from_binary_file(open(sys.argv[1], 'rb'), policy=email.policy.default)
print(json.dumps({'subject': mail['subject'], 'from': str(mail['from']), 'to': str(mail['to']),
    'id': mail['message-id'], 'date': mail['date'].datetime.isoformat(),
    'type': mail.get_content_type(), 'parts': mail.is_multipart(), 'text': mail.get_content(),
    'defects': [str(it) for it in mail.defects]}))";
    let server = Server::start().await;
    assert_eq!(server.register("alice").await.status, 201);
    let letter = letter_to(&server.outbox(), "alice@test.example").await;
    let file = letters(&server.outbox()).pop().expect("a file");
    let output = python().args(["-c", READ]).arg(file).output().expect("Python runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mail: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(mail["subject"], "WIND email verification");
    assert_eq!(mail["from"], "Tradewind <no-reply@localhost>");
    assert_eq!(mail["to"], "alice@test.example");
    assert_eq!(mail["type"], "text/plain");
    assert_eq!(mail["parts"], false);
    assert_eq!(mail["defects"], Value::Array(Vec::new()));
    let text = mail["text"].as_str().expect("a text");
    assert!(text.contains("an account at Tradewind"), "{text}");
    assert_eq!(text.trim_end().lines().last(), Some(link(&letter)));
    assert!(mail["id"].as_str().is_some_and(|id| id.ends_with("@localhost>")), "{mail}");
    assert!(mail["date"].is_string(), "{mail}");
    server.stop().await;
}
