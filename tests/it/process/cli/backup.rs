//! `backup`.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use crate::harness::neighbours::send;
use crate::harness::process::run;
use crate::harness::{Process, process, until};
use crate::process::faults::complaint;
use crate::process::rows::sound_messages;

#[actix_web::test]
async fn a_copy_while_messages_are_written_is_sound() {
    let folder = tempfile::tempdir().unwrap();
    let accounts = process::accounts(folder.path(), 2);
    let server = Process::start(folder.path(), &[]);
    let mut author = server.login(&accounts[0]).await;
    let (acknowledged, stop) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
    let (counted, stopped) = (Arc::clone(&acknowledged), Arc::clone(&stop));
    let (alice, bob) = (accounts[0].clone(), accounts[1].clone());
    let writing = actix_web::rt::spawn(async move {
        while !stopped.load(Ordering::Relaxed) {
            let content = format!("{} {}", counted.load(Ordering::Relaxed), "x".repeat(500));
            assert_eq!(author.ask(send(&alice, &bob, &content)).await["type"], "chat");
            counted.fetch_add(1, Ordering::Relaxed);
        }
        author.close().await;
    });
    let live = folder.path().join("tradewind.db");
    for number in 0..5 {
        let before = acknowledged.load(Ordering::Relaxed);
        until("some messages", || acknowledged.load(Ordering::Relaxed) > before + 5).await;
        let before = acknowledged.load(Ordering::Relaxed);
        let copy = folder.path().join(format!("copy{number}.db"));
        let (path, of) = (copy.display().to_string(), folder.path().to_owned());
        let done = tokio::task::spawn_blocking(move || run(&of, &[], &["backup", &path])).await;
        let done = done.unwrap();
        let after = acknowledged.load(Ordering::Relaxed);
        assert!(done.status.success() && done.stderr.is_empty(), "{done:?}");
        let rows = sound_messages(&copy);
        // One message may be stored and not yet acknowledged.
        assert!((before..=after + 1).contains(&rows.len()), "{before} {} {after}", rows.len());
    }
    stop.store(true, Ordering::Relaxed);
    writing.await.unwrap();

    // With nobody writing it is the same, and good enough to go on with.
    let copy = folder.path().join("last.db");
    let path = copy.display().to_string();
    assert!(run(folder.path(), &[], &["backup", &path]).status.success());
    let rows = sound_messages(&live);
    assert_eq!(sound_messages(&copy), rows);
    server.stop();
    let url = format!("store.url=sqlite://{path}");
    let server = Process::start(folder.path(), &[&url]);
    let mut author = server.login(&accounts[0]).await;
    author.ask(send(&accounts[0], &accounts[1], "in the copy")).await;
    server.stop();
    assert_eq!(sound_messages(&copy).len(), rows.len() + 1);
    assert_eq!(sound_messages(&live), rows, "the original is not touched");
}

#[test]
fn a_file_that_exists_is_not_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    assert!(run(folder.path(), &[], &["migrate"]).status.success());
    let copy = folder.path().join("copy.db");
    fs::write(&copy, "precious").unwrap();
    let path = copy.display().to_string();
    assert!(complaint(&run(folder.path(), &[], &["backup", &path])).contains(&path));
    assert_eq!(fs::read_to_string(&copy).unwrap(), "precious");
    let dangling = folder.path().join("link.db");
    std::os::unix::fs::symlink(folder.path().join("nowhere.db"), &dangling).unwrap();
    let path = dangling.display().to_string();
    assert!(complaint(&run(folder.path(), &[], &["backup", &path])).contains(&path));
    let missing = folder.path().join("no/copy.db").display().to_string();
    assert!(complaint(&run(folder.path(), &[], &["backup", &missing])).contains(&missing));
}

#[test]
fn there_is_nothing_to_back_up_where_there_is_no_database() {
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("copy.db").display().to_string();
    let refused = run(folder.path(), &[], &["backup", &copy]);
    let database = folder.path().join("tradewind.db");
    assert!(complaint(&refused).contains(&database.display().to_string()));
    assert!(!database.exists() && !folder.path().join("copy.db").exists());
}
