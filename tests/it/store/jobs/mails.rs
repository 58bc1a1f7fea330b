//! Mails of two processes on one database.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use tokio::net::TcpListener;
use tradewind::config::Secret;
use tradewind::jobs::mail::{Links, Mails, Settings, Transport};
use tradewind::store::accounts::registrations::Mail;
use tradewind::store::accounts::writes::{self, NewAccount};
use tradewind::telemetry::Metrics;

use super::*;
use crate::harness::mail::{letter_to, letters};
use crate::harness::{soon, until};

/// A worker that sends mails to a URL, and its counters.
fn sender(db: &TestDb, node: i16, url: &str) -> (Office, Metrics) {
    let (live, metrics) = (Live::start(db), Metrics::new().unwrap());
    let settings = Settings {
        url: Secret::new(url.to_owned()),
        retry_first_ms: 1_000,
        timeout_ms: 600_000,
        ..Settings::default()
    };
    let clock: Arc<dyn Clock> = live.clock.clone();
    let mails = Mails {
        store: live.store.clone(),
        transport: Transport::new(&settings).unwrap(),
        clock,
        links: Links {
            base_url: "http://localhost".to_owned(),
            verification_lifetime: Duration::from_secs(86_400),
            reset_lifetime: Duration::from_secs(3_600),
        },
        settings,
        metrics: metrics.clone(),
    };
    (Office::open(live, Duty::of(node, mails)), metrics)
}

fn to_folder(folder: &Path) -> String {
    format!("file://{}", folder.display())
}

async fn register(office: &Office, address: String) {
    let created_at = office.live.clock.now();
    let account = NewAccount {
        name: name("ann"),
        email: email(&address),
        password_hash: "hash".to_owned(),
        created_at,
        expires_at: created_at.after(Duration::from_secs(86_400)),
    };
    office.live.store.run(writes::register(account, Mail::One)).await.unwrap();
}

/// Whom the letters of a folder are for.
fn receivers(folder: &Path) -> BTreeSet<String> {
    let texts = letters(folder).into_iter().map(|file| fs::read_to_string(file).unwrap());
    let to =
        |text: &str| text.lines().find_map(|line| line.strip_prefix("To: ")).map(str::to_owned);
    texts.map(|text| to(&text).unwrap()).collect()
}

on_both! {
    fn two_workers_with_two_stores_send_a_mail_once(db) {
        run(async {
            const MAILS: usize = 12;
            let outbox = db.dir.path().join("outbox");
            let ((one, of_one), (other, of_other)) =
                (sender(&db, 0, &to_folder(&outbox)), sender(&db, 1, &to_folder(&outbox)));
            for number in 0..MAILS {
                register(&one, format!("ann{number}@x.org")).await;
                one.queue.wake();
                other.queue.wake();
            }
            until("an empty table", || {
                one.queue.wake();
                other.queue.wake();
                of_one.mail_queue.get() == 0
                    && of_other.mail_queue.get() == 0
                    && letters(&outbox).len() >= MAILS
            })
            .await;
            assert_eq!((letters(&outbox).len(), receivers(&outbox).len()), (MAILS, MAILS));
            one.close().await;
            other.close().await;
        });
    }

    fn a_mail_of_a_worker_that_dies_is_sent_by_the_other_once(db) {
        run(async {
            let outbox = db.dir.path().join("outbox");
            let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let url = format!("smtp://{}", silent.local_addr().unwrap());
            let (one, _) = sender(&db, 0, &url);
            register(&one, "ann@x.org".to_owned()).await;
            one.queue.wake();
            // On its way, to nowhere.
            let peer = soon("a connection", silent.accept()).await.unwrap();
            let (other, metrics) = sender(&db, 1, &to_folder(&outbox));
            until("a look", || {
                other.queue.wake();
                metrics.mail_queue.get() == 1
            })
            .await;
            assert_eq!(letters(&outbox).len(), 0);
            one.task.abort();
            drop(peer);
            other.live.clock.step(LEASE.as_micros().try_into().unwrap());
            other.queue.wake();
            letter_to(&outbox, "ann@x.org").await;
            until("an empty table", || metrics.mail_queue.get() == 0).await;
            assert_eq!(letters(&outbox).len(), 1);
            other.close().await;
        });
    }
}
