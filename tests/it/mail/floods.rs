//! How many mails a stranger can be sent.

use std::collections::BTreeSet;
use std::fs;

use serde_json::json;
use tradewind::config::Secret;

use super::rows;
use crate::harness::mail::{PASSWORD, letter_to, letters};
use crate::harness::{Backend, Server};

const REGISTER: &str = "/api/v1/auth/register";

async fn register(server: &Server, name: &str, email: &str) -> u16 {
    let fields = [("name", name), ("email", email), ("password", PASSWORD)];
    server.post_form(REGISTER, &fields).await.status
}

#[actix_web::test]
async fn a_mailbox_gets_few_mails_however_its_address_is_written() {
    let server = Server::with(Backend::Sqlite, |config| {
        config.limits.enabled = true;
        config.limits.register_per_email_per_hour = 3;
        config.limits.reset_per_email_per_hour = 2;
        config.limits.login_per_ip_per_minute = 1_000;
    })
    .await;
    let spellings = [
        "victim@x.example",
        "Victim@X.Example",
        "VICTIM@x.example",
        "victim+1@x.example",
        "v.i.c.tim@x.example",
        "v.ictim+a+b@X.example",
    ];
    let mut seen = Vec::new();
    for (number, email) in spellings.iter().cycle().take(24).enumerate() {
        seen.push(register(&server, &format!("n{number}"), email).await);
    }
    assert_eq!(seen[..3], [201; 3]);
    assert!(seen[3..].iter().all(|status| *status == 429), "{seen:?}");
    // As JSON, it is the same door.
    let body = json!({"name": "n99", "email": "victim@x.example", "password": PASSWORD});
    let answer = server.post_json(REGISTER, &body).await;
    answer.expect_error(429, "too many requests.");
    let wait = answer.header("retry-after").and_then(|wait| wait.parse().ok()).unwrap_or(0);
    assert!((1..=1_200).contains(&wait), "{wait}");
    // Others are not kept out, and what would send no mail does not count.
    for _ in 0..9 {
        assert_eq!(register(&server, "\u{0}", "other@x.example").await, 400);
    }
    assert_eq!(register(&server, "other", "other@x.example").await, 201);
    letter_to(&server.outbox(), "other@x.example").await;
    let to = |letter: &str| letter.lines().find(|it| it.starts_with("To: ")).map(str::to_owned);
    let letters = letters(&server.outbox());
    let texts = letters.iter().map(|file| fs::read_to_string(file).expect("text"));
    let receivers: Vec<String> = texts.filter_map(|letter| to(&letter)).collect();
    assert_eq!(receivers.len(), 4, "{receivers:?}");
    assert!(BTreeSet::from_iter(receivers).contains("To: other@x.example"));

    // Mails for a new password go to one who has an account, and are counted as well.
    let mut seen = Vec::new();
    for email in spellings {
        let asked = server.post_json("/api/v1/auth/reset", &json!({"email": email})).await;
        seen.push(asked.status);
    }
    assert_eq!(seen, [202, 202, 429, 429, 429, 429]);
    server.stop().await;
}

#[actix_web::test]
async fn while_a_mail_waits_there_is_no_second_one() {
    let server = Server::with(Backend::Sqlite, |config| {
        config.limits.enabled = true;
        config.limits.register_per_email_per_hour = 100;
        // Nobody listens there.
        config.mail.url = Secret::new("smtp://127.0.0.1:9".to_owned());
        config.mail.retry_first_ms = 3_600_000;
    })
    .await;
    for number in 0..10 {
        assert_eq!(register(&server, &format!("n{number}"), "victim@x.example").await, 201);
    }
    assert_eq!(register(&server, "other", "other@x.example").await, 201);
    assert_eq!(rows(server.folder(), "jobs"), 2);
    for _ in 0..3 {
        let body = json!({"email": "victim@x.example"});
        assert_eq!(server.post_json("/api/v1/auth/reset", &body).await.status, 202);
    }
    assert!(rows(server.folder(), "jobs") <= 3);
    server.stop().await;
}
