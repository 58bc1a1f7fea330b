//! `push-token`, and the sample that comes with the source.

use std::process::Output;

use crate::harness::process::{self, run};
use crate::harness::{Process, http};
use crate::process::faults::complaint;

const EMAIL: &str = "pusher@project.example";

fn text(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout.clone()).unwrap().trim_end().to_owned()
}

#[actix_web::test]
async fn a_token_that_was_made_by_command_is_good_for_the_handler() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let mut command = process::command(folder, &[]);
    command.env("PUBSUB_VERIFICATION_TOKEN", "secret").env("PUBSUB_PUSH_EMAILS", EMAIL);
    let (server, _) = Process::spawn(command, &["serve"]);
    let sample =
        std::fs::read(crate::architecture::source::root().join("sample_message.json")).unwrap();
    let push = async |path: &str, token: &str| {
        let auth = format!("Bearer {token}");
        let headers = [("authorization", auth.as_str())];
        http::send(server.address, ("POST", path), &headers, sample.clone()).await
    };
    let path = "/push-handlers/receive_messages?token=secret";
    let token = text(&run(folder, &[], &["push-token", "--email", EMAIL]));
    let answer = push(path, &token).await;
    assert_eq!((answer.status, answer.text.as_str()), (200, "OK"));
    let token = text(&run(folder, &[], &["push-token", "--email", EMAIL, "--audience", "other"]));
    assert_eq!(push(path, &token).await.status, 400);
    // As the sample's own line has it.
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    let plain = ("POST", "/pubsub/push?token=secret");
    assert_eq!(http::send(server.address, plain, &headers, sample.clone()).await.status, 200);
    assert!(complaint(&run(folder, &[], &["push-token"])).contains("--email"));
    server.stop();
    // Without a hub the key is the same.
    let alone = run(folder, &["http.bind=127.0.0.1:8080"], &["push-token", "--email", EMAIL]);
    assert_eq!(text(&alone).split('.').count(), 3);
}

#[test]
fn a_hub_that_would_take_pushes_of_nobody_does_not_start() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = process::command(folder.path(), &[]);
    command.env("PUBSUB_VERIFICATION_TOKEN", "secret").arg("serve");
    let line = complaint(&process::output(command));
    assert!(line.contains("pubsub.push_emails") && line.contains("PUBSUB_PUSH_EMAILS"), "{line}");
    let mut command =
        process::command(folder.path(), &["pubsub.push_issuers=https://a.example=no-such-file"]);
    command.arg("serve");
    let output = process::output(command);
    assert!(!output.status.success(), "{output:?}");
    let line = String::from_utf8(output.stderr).unwrap();
    assert!(line.contains("pubsub.push_issuers: no-such-file: cannot be read"), "{line}");
}
