//! Mails as they were sent, and the accounts one gets by them.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use super::http::{post_form, send};
use super::{Server, soon};

/// The password of accounts for which it does not matter.
pub const PASSWORD: &str = "correct horse battery staple";

/// The link in a mail, which must stand on a line of its own.
pub fn link(letter: &str) -> &str {
    let (_, body) = letter.split_once("\r\n\r\n").expect("a body");
    let links: Vec<&str> = body.lines().filter(|line| line.contains("://")).collect();
    match links[..] {
        [link] if link.starts_with("http://") && link.contains("/api/v1/auth/email_verify/") => {
            link
        }
        _ => panic!("no link on one line: {letter:?}"),
    }
}

/// The path of the link in a mail.
pub fn path(letter: &str) -> &str {
    let link = link(letter);
    &link[link.find("/api/").expect("a path")..]
}

/// The key at the end of the link in a mail.
pub fn key(letter: &str) -> &str {
    link(letter).rsplit('/').next().expect("a key")
}

/// The finished mails of a folder.
pub fn letters(outbox: &Path) -> Vec<PathBuf> {
    let files = fs::read_dir(outbox).expect("the outbox").map(|file| file.expect("a file").path());
    files.filter(|file| file.extension().is_some_and(|extension| extension == "eml")).collect()
}

/// The first mail to an address that a folder has or gets.
pub async fn letter_to(outbox: &Path, email: &str) -> String {
    let wanted = format!("To: {email}\r\n");
    let arrival = async {
        loop {
            let all =
                letters(outbox).into_iter().map(|file| fs::read_to_string(file).expect("text"));
            if let Some(letter) = all.into_iter().find(|letter| letter.contains(&wanted)) {
                return letter;
            }
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    soon("the mail", arrival).await
}

/// Registers by HTTP and follows the link in the outbox.
pub async fn open_account(
    address: SocketAddr,
    outbox: &Path,
    name: &str,
    password: &str,
) -> String {
    let email = format!("{name}@test.example");
    let fields = [("name", name), ("email", email.as_str()), ("password", password)];
    let answer = post_form(address, "/api/v1/auth/register", &fields).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    let letter = letter_to(outbox, &email).await;
    assert_eq!(send(address, ("GET", path(&letter)), &[], "").await.status, 201);
    email
}

impl Server {
    /// Registers with a password and follows the link; gives the address.
    pub async fn account(&self, name: &str, password: &str) -> String {
        open_account(self.address, &self.outbox(), name, password).await
    }

    /// Registers, nothing more.
    pub async fn register(&self, name: &str) -> super::http::Answer {
        let email = format!("{name}@test.example");
        let fields = [("name", name), ("email", email.as_str()), ("password", PASSWORD)];
        self.post_form("/api/v1/auth/register", &fields).await
    }

    /// Tries to log in.
    pub async fn try_login(&self, email: &str, password: &str) -> super::http::Answer {
        self.post_form("/api/v1/auth/login", &[("email", email), ("password", password)]).await
    }
}
