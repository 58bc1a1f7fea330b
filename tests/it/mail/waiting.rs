//! Mails that wait while the hub is not there: killed, or replaced by a newer release.

use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, SqliteConnection};
use tokio::net::TcpListener;
use tradewind::config::Secret;

use super::{queue_is, rows};
use crate::harness::mail::{PASSWORD, path};
use crate::harness::process::Process;
use crate::harness::smtp::Sink;
use crate::harness::{Backend, Server, http, soon, until};

#[actix_web::test]
async fn a_mail_is_sent_though_the_hub_was_killed_between_commit_and_send() {
    // Killed while the mail is on its way, and as soon as the registration is acknowledged.
    for is_on_its_way in [true, false] {
        let silent = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("mail.url=smtp://{}", silent.local_addr().expect("an address"));
        let folder = tempfile::tempdir().expect("a folder");
        let server = Process::start(folder.path(), &[&url]);
        let fields = [("name", "alice"), ("email", "alice@test.example"), ("password", PASSWORD)];
        let answer = http::post_form(server.address, "/api/v1/auth/register", &fields).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        if is_on_its_way {
            soon("a connection", silent.accept()).await.expect("the mail is on its way");
        }
        server.kill();
        assert_eq!(rows(folder.path(), "jobs"), 1);

        let mut sink = Sink::start(&[]).await;
        let server = Process::start(folder.path(), &[&format!("mail.url={}", sink.url())]);
        let mail = sink.mail().await;
        assert_eq!(mail.to, ["alice@test.example"]);
        until("an empty queue", || rows(folder.path(), "jobs") == 0).await;
        let verified = http::send(server.address, ("GET", path(&mail.data)), &[], "").await;
        assert_eq!(verified.status, 201, "{}", verified.text);
        sink.expect_nothing();
        server.stop();
    }
}

#[actix_web::test]
async fn a_mail_that_waits_before_an_upgrade_is_sent_after_it() {
    const DOWN: &str = include_str!("../../../migrations/sqlite/2026-11-30-000100_jobs/down.sql");
    let mut server = Server::with(Backend::Sqlite, |config| {
        // Nobody listens there.
        config.mail.url = Secret::new("smtp://127.0.0.1:9".to_owned());
        config.mail.retry_first_ms = 1_000;
    })
    .await;
    assert_eq!(server.register("alice").await.status, 201);
    queue_is(&server, 1).await;
    let mut sink = Sink::start(&[]).await;
    let folder = server.keep_folder();
    server
        .restart(|config| {
            let file = folder.path().join("tradewind.db").display().to_string();
            let mut old = SqliteConnection::establish(&file).expect("the database opens");
            old.batch_execute(DOWN).expect("as it was before");
            let forget = "DELETE FROM __diesel_schema_migrations WHERE version = '20261130000100'";
            old.batch_execute(forget).expect("forgotten");
            assert_eq!(rows(folder.path(), "mails"), 1);
            config.mail.url = Secret::new(sink.url());
        })
        .await;
    let mail = sink.mail().await;
    assert_eq!(mail.to, ["alice@test.example"]);
    queue_is(&server, 0).await;
    assert_eq!(server.get(path(&mail.data)).await.status, 201);
    sink.expect_nothing();
    server.stop().await;
}
