//! `service-key add`, `list`, `remove`.

use serde_json::json;

use crate::harness::process::run;
use crate::harness::{Client, Process, http};
use crate::process::faults::complaint;

#[actix_web::test]
async fn keys_open_the_door_of_services_until_they_are_removed() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let server = Process::start(folder, &[]);
    let keys = |args: &[&str]| run(folder, &[], &[&["service-key"], args].concat());
    let text = |output: std::process::Output| {
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let user = run(folder, &[], &["user", "add", "--name", "alice", "--email", "a@b.example"]);
    let user: serde_json::Value = serde_json::from_str(&text(user)).unwrap();
    let mut client = Client::open(server.address, "/ws/chatting/").await;
    client.log_in(user["token"].as_str().unwrap()).await;
    let notice = json!({"target_id": user["id"], "message": "hello"}).to_string();
    let send = async |key: &str| {
        let auth = format!("Bearer {key}");
        let path = ("POST", "/s2sapi/system-message/");
        let headers = [("authorization", auth.as_str()), ("content-type", "application/json")];
        http::send(server.address, path, &headers, notice.clone()).await.status
    };

    let old = text(keys(&["add", "--name", "games"]));
    let old = old.trim_end();
    assert_eq!((old.len(), send(old).await), (32, 200));
    // Two at a time while one takes the place of the other, and nothing is restarted.
    let new = text(keys(&["add", "--name", "games-2"]));
    assert_eq!((send(old).await, send(new.trim_end()).await), (200, 200));
    assert_eq!(text(keys(&["list"])), "games\ngames-2\n");
    assert_eq!(text(keys(&["remove", "--name", "games"])), "");
    assert_eq!((send(old).await, send(new.trim_end()).await), (401, 200));
    for _ in 0..4 {
        assert_eq!(client.recv().await["message"], "hello");
    }
    client.close().await;

    let refused = |args: &[&str]| complaint(&keys(args));
    assert!(refused(&["add", "--name", "games-2"]).contains("already"));
    assert!(refused(&["remove", "--name", "games"]).contains("no key"));
    let long = "x".repeat(65);
    for bad in ["", " ", "a\nb", &long] {
        assert!(refused(&["add", "--name", bad]).contains("--name"), "{bad:?}");
    }
    assert_eq!(text(keys(&["add", "--name", &long[..64]])).lines().count(), 1);
    server.stop();
}
