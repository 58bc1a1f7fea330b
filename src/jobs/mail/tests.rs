use std::fs;
use std::future::Future;
use std::path::Path;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;

use crate::config::Secret;
use crate::jobs::mail::*;

const FROM: &str = "Tradewind <no-reply@localhost>";
const PRODUCT: &str = "Harbour";
const KEY: &str = "Zk1yW0x-_Zk1yW0x-_Zk1yW0x-_Zk1yW";

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.unwrap().block_on(future)
}

fn settings(url: &str) -> Settings {
    Settings {
        url: Secret::new(url.to_owned()),
        from: FROM.to_owned(),
        product: PRODUCT.to_owned(),
        verification_subject: format!("{PRODUCT}: your address"),
        timeout_ms: 10_000,
        ..Settings::default()
    }
}

fn bob() -> Email {
    Email::parse("bob@school.example").unwrap()
}

fn link(base: &str) -> String {
    format!("{base}/api/v1/auth/email_verify/{KEY}")
}

fn outbox(folder: &Path) -> Result<Transport, MailError> {
    Transport::new(&settings(&format!("file://{}", folder.display())))
}

fn only_file(folder: &Path) -> (String, String) {
    let files: Vec<_> = fs::read_dir(folder).unwrap().map(Result::unwrap).collect();
    assert_eq!(files.len(), 1);
    let name = files[0].file_name().into_string().unwrap();
    (name, fs::read_to_string(files[0].path()).unwrap())
}

#[test]
fn the_outbox_holds_one_finished_letter_with_its_link_on_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("outbox");
    let link = link(&format!("https://{}.example:8443/chat", "long.".repeat(30)));
    block_on(outbox(&folder).unwrap().send_verification(&bob(), &link)).unwrap();
    let (name, text) = only_file(&folder);
    assert!(name.ends_with(".eml"), "{name}");
    let (headers, body) = text.split_once("\r\n\r\n").unwrap();
    let (sentence, rest) = body.split_once("\r\n\r\n").unwrap();
    assert!(sentence.contains("an account at Harbour"), "{sentence}");
    assert_eq!(rest, format!("{link}\r\n"));
    for header in [
        "From: Tradewind <no-reply@localhost>",
        "To: bob@school.example",
        "Subject: Harbour: your address",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=utf-8",
        "Content-Transfer-Encoding: 7bit",
    ] {
        assert!(headers.split("\r\n").any(|line| line == header), "{header} is not in\n{headers}");
    }
    let id = format!("Message-ID: <{}@localhost>", name.trim_end_matches(".eml"));
    assert!(headers.contains(&id), "{headers}");
    assert!(headers.lines().any(|line| line.starts_with("Date: ")), "{headers}");
}

#[test]
fn a_product_of_any_script_leaves_the_link_on_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("file://{}", folder.path().display());
    let settings = Settings { product: "항구".to_owned(), ..settings(&url) };
    let transport = Transport::new(&settings).unwrap();
    let link = link("https://chat.example");
    block_on(transport.send_reset(&bob(), &link)).unwrap();
    let (_, text) = only_file(folder.path());
    assert!(text.contains("the account at 항구 with"), "{text}");
    assert!(text.contains("Content-Transfer-Encoding: 8bit\r\n"), "{text}");
    assert!(text.contains("Subject: =?utf-8?b?"), "{text}");
    assert!(text.ends_with(&format!("\r\n\r\n{link}\r\n")), "{text}");
}

#[test]
fn the_outbox_needs_its_parent() {
    let folder = tempfile::tempdir().unwrap();
    assert!(outbox(folder.path()).is_ok());
    let deep = outbox(&folder.path().join("no/outbox"));
    assert!(matches!(deep, Err(MailError::Outbox { .. })));
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    assert!(matches!(outbox(&file), Err(MailError::Outbox { .. })));
}

#[test]
fn urls_and_senders_are_checked_without_showing_passwords() {
    let of = |url: &str, from: &str| {
        Transport::new(&Settings { from: from.to_owned(), ..settings(url) }).err()
    };
    for url in ["smtp://localhost", "smtp://u:p@mail.example:2525?tls=required", "smtps://h"] {
        assert!(of(url, FROM).is_none(), "{url}");
    }
    assert!(matches!(of("http://h", FROM), Some(MailError::Scheme)));
    assert!(matches!(of("data/outbox", FROM), Some(MailError::Scheme)));
    assert!(matches!(of("smtp://h", "nobody"), Some(MailError::Address(_))));
    for url in ["smtp://u:hush@h:99999", "smtp://u:hush@h?tls=perhaps"] {
        let fault = of(url, FROM).unwrap();
        assert!(matches!(fault, MailError::Server(_)));
        assert!(!format!("{fault} {fault:?}").contains("hush"), "{fault:?}");
    }
}

#[test]
fn a_link_that_needs_two_lines_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let transport = outbox(folder.path()).unwrap();
    for bad in ["http://h/a b", "http://h/\r\nBcc: x@y.z", "http://h/한", &"x".repeat(999)] {
        let fault = block_on(transport.send_verification(&bob(), bad)).unwrap_err();
        assert!(matches!(fault, MailError::Link) && fault.is_permanent(), "{bad:?}");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

/// A server for one letter, which answers the end of the letter with `verdict`. Returns the lines
/// it was sent.
async fn serve(listener: TcpListener, verdict: &str) -> Vec<String> {
    let (socket, _) = listener.accept().await.unwrap();
    let (reader, mut writer) = socket.into_split();
    let mut lines = BufReader::new(reader).lines();
    let mut seen = Vec::new();
    let mut in_letter = false;
    writer.write_all(b"220 test\r\n").await.unwrap();
    while let Ok(Some(line)) = lines.next_line().await {
        let reply = match line.as_str() {
            "." => verdict,
            _ if in_letter => "",
            "DATA" => "354 go on\r\n",
            "QUIT" => "221 bye\r\n",
            _ => "250 test\r\n",
        };
        in_letter = reply.starts_with("354") || (in_letter && line != ".");
        writer.write_all(reply.as_bytes()).await.unwrap();
        seen.push(line);
    }
    seen
}

async fn send_to(verdict: &str) -> (Vec<String>, Result<(), MailError>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("smtp://{}", listener.local_addr().unwrap());
    let transport = Transport::new(&settings(&url)).unwrap();
    let (to, link) = (bob(), link("http://127.0.0.1:8080"));
    let sending = transport.send_verification(&to, &link);
    futures_util::future::join(serve(listener, verdict), sending).await
}

#[test]
fn a_server_gets_the_letter() {
    let (seen, outcome) = block_on(send_to("250 queued\r\n"));
    outcome.unwrap();
    assert!(seen.iter().any(|line| line == "RCPT TO:<bob@school.example>"), "{seen:?}");
    assert!(seen.contains(&link("http://127.0.0.1:8080")), "{seen:?}");
}

#[test]
fn a_refusal_says_whether_it_is_for_good_and_does_not_show_the_key() {
    for (code, permanent) in [(451, false), (530, false), (535, false), (550, true), (554, true)] {
        let verdict = format!("{code} bad link {} here\r\n", link("http://127.0.0.1:8080"));
        let (_, outcome) = block_on(send_to(&verdict));
        let fault = outcome.unwrap_err();
        assert_eq!(fault.is_permanent(), permanent, "{fault}");
        assert_eq!(
            fault.to_string(),
            format!("the mail server refused: {code} bad link (link) here")
        );
        assert!(!format!("{fault:?}").contains(KEY), "{fault:?}");
    }
}

#[test]
fn a_server_that_is_away_or_silent_is_a_passing_fault() {
    block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("smtp://{}", listener.local_addr().unwrap());
        let settings = Settings { timeout_ms: 50, ..settings(&url) };
        let transport = Transport::new(&settings).unwrap();
        let (to, link) = (bob(), link("http://h"));
        let silent = transport.send_verification(&to, &link).await.unwrap_err();
        assert!(matches!(silent, MailError::Timeout) && !silent.is_permanent(), "{silent:?}");
        drop(listener);
        let away = transport.send_verification(&to, &link).await.unwrap_err();
        assert!(matches!(away, MailError::Server(_)) && !away.is_permanent(), "{away:?}");
    });
}
