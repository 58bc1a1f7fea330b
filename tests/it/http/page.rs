//! The chat that the hub serves to browsers, and the pages behind the links of mails.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use tradewind::server::Config;

use crate::harness::http::{Answer, send};
use crate::harness::mail::{PASSWORD, letter_to, path};
use crate::harness::{Backend, Server};

/// What a browser asks for when it goes to an address.
const BROWSER: (&str, &str) =
    ("accept", "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8");

async fn browse(server: &Server, path: &str, more: &[(&str, &str)]) -> Answer {
    ask(server, ("GET", path), &[&[BROWSER], more].concat()).await
}

async fn ask(server: &Server, what: (&str, &str), headers: &[(&str, &str)]) -> Answer {
    send(server.running().address, what, headers, "").await
}

/// The addresses of files that a page names.
fn files_of(page: &str) -> BTreeSet<String> {
    let parts = page.split('"').filter(|part| part.starts_with("/assets/"));
    parts.map(str::to_owned).collect()
}

/// The modules in the repository that the chat is made of.
fn modules(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            if !path.ends_with("test") {
                modules(&path, found);
            }
        } else if path.extension().is_some_and(|kind| kind == "js" || kind == "css") {
            found.push(path);
        }
    }
}

#[actix_web::test]
async fn browsers_get_the_chat_and_programs_what_rewind_says() {
    let server = Server::start().await;
    for path in ["/", "/login", "/register"] {
        let page = browse(&server, path, &[]).await;
        assert_eq!(page.status, 200, "{path}");
        assert!(
            page.text.contains("<div id=\"page\">") && !page.text.contains('{'),
            "{}",
            page.text
        );
        let policy = page.header("content-security-policy").expect("a policy");
        for rule in [
            "default-src 'none'",
            "script-src 'self';",
            "style-src 'self';",
            "trusted-types 'none'",
            "form-action 'none'",
        ] {
            assert!(policy.contains(rule), "{path}: {policy}");
        }
        assert!(!policy.contains("unsafe"), "{path}: {policy}");
        assert_eq!(page.header("cache-control"), Some("no-store"), "{path}");
        assert_eq!(page.header("vary"), Some("Accept, Accept-Language"), "{path}");
    }
    assert_eq!(server.get("/").await.status, 302);
    assert!(
        server
            .get("/login")
            .await
            .text
            .contains("<form method=\"post\" action=\"/api/v1/auth/login\">")
    );
    server.stop().await;
}

#[actix_web::test]
async fn every_file_is_there_once_and_for_ever() {
    let server = Server::start().await;
    let page = browse(&server, "/", &[]).await;
    let named = files_of(&page.text);
    assert!(named.len() > 40, "{named:?}");
    let root =
        named.iter().next().and_then(|file| file.find("/app/").map(|end| file[..end].to_owned()));
    let root = root.expect("a root");
    for file in &named {
        let plain = server.get(file).await;
        assert_eq!(plain.status, 200, "{file}");
        let kept = Some("public, max-age=31536000, immutable");
        assert_eq!(
            (plain.header("cache-control"), plain.header("content-encoding")),
            (kept, None),
            "{file}"
        );
        let gzip = ask(&server, ("HEAD", file), &[("accept-encoding", "br, gzip")]).await;
        assert_eq!(gzip.header("content-encoding"), Some("gzip"), "{file}");
        assert_eq!(gzip.header("vary"), Some("Accept-Encoding"), "{file}");
    }
    let web = Path::new(env!("CARGO_MANIFEST_DIR")).join("web");
    let mut all = Vec::new();
    for folder in ["app", "sdk", "vendor"] {
        modules(&web.join(folder), &mut all);
    }
    for file in all {
        let name = file.strip_prefix(&web).expect("below it").to_str().expect("a name");
        let answer = server.get(&format!("{root}/{name}")).await;
        let text = std::fs::read_to_string(&file).expect("a text");
        // Comments stay at home; lines keep their numbers.
        let pairs = answer.text.lines().zip(text.lines());
        assert!(pairs.clone().all(|(sent, own)| sent == own || sent.is_empty()), "{name}");
        assert_eq!(answer.text.lines().count(), text.lines().count(), "{name}");
    }
    for none in [
        "/app/nowhere.js",
        "/app/test/stage.js",
        "/app/../../Cargo.toml",
        "/app/tsconfig.json",
        "/",
    ] {
        assert_eq!(server.get(&format!("{root}{none}")).await.status, 404, "{none}");
    }
    assert_eq!(server.get("/assets/0000000000000000/app/main.js").await.status, 404);
    server.stop().await;
}

#[actix_web::test]
async fn the_chat_is_small() {
    let server = Server::start().await;
    let page = browse(&server, "/", &[]).await;
    let mut bytes = page.text.len();
    for file in files_of(&page.text) {
        let gzip = ask(&server, ("HEAD", &file), &[("accept-encoding", "gzip")]).await;
        let length = gzip.header("content-length").and_then(|length| length.parse::<usize>().ok());
        bytes += length.expect("a length");
    }
    assert!(bytes < 100_000, "{bytes} bytes until the chat is there");
    server.stop().await;
}

#[actix_web::test]
async fn the_link_of_a_mail_is_a_page_for_browsers_and_makes_nothing_until_it_is_pressed() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let server = Server::with(backend, |_| {}).await;
        server.register("alice").await.expect(201);
        let link = path(&letter_to(&server.outbox(), "alice@test.example").await).to_owned();
        for _ in 0..2 {
            let page = browse(&server, &link, &[]).await;
            assert_eq!((page.status, page.header("referrer-policy")), (200, Some("no-referrer")));
            assert!(page.text.contains("<form method=\"post\" action=\"/verify/"), "{}", page.text);
            assert!(!page.text.contains("<script"));
        }
        assert_eq!(server.try_login("alice@test.example", PASSWORD).await.status, 401);
        let action = link.replace("/api/v1/auth/email_verify/", "/verify/");
        let get = server.get(&action).await;
        assert_eq!((get.status, get.header("allow")), (405, Some("POST")));
        let pressed = server.post_form(&action, &[]).await;
        assert!(
            pressed.status == 200 && pressed.text.contains("You can log in with it."),
            "{}",
            pressed.text
        );
        assert_eq!(server.try_login("alice@test.example", PASSWORD).await.status, 201);
        let again =
            ask(&server, ("POST", &action), &[BROWSER, ("accept-language", "ko-KR,en;q=0.5")])
                .await;
        assert!(again.status == 404 && again.text.contains("lang=\"ko\""), "{}", again.text);
        assert!(again.text.contains("더 이상 쓸 수 없습니다"), "{}", again.text);
        // For programs it is REWIND's, as before.
        server.get(&link).await.expect_error(404, "The session has expired or does not exist.");
        server.stop().await;
    }
}

#[actix_web::test]
async fn what_is_in_an_address_stays_text() {
    let server = Server::start().await;
    let page =
        browse(&server, "/api/v1/auth/email_verify/%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E", &[])
            .await;
    assert!(!page.text.contains("<script"), "{}", page.text);
    assert!(page.text.contains("&quot;&gt;&lt;script&gt;"), "{}", page.text);
    server.stop().await;
}

#[actix_web::test]
async fn a_demonstration_shows_its_mails_to_who_sits_at_the_machine() {
    let demo = |config: &mut Config| config.http.demo = true;
    let server = Server::with(Backend::Sqlite, demo).await;
    server.register("alice").await.expect(201);
    let letter = letter_to(&server.outbox(), "alice@test.example").await;
    let at_home = ("host", "localhost:8080");
    let page = browse(&server, "/demo/mails", &[at_home]).await;
    assert!(page.status == 200 && page.text.contains(path(&letter)), "{}", page.text);
    assert!(browse(&server, "/", &[]).await.text.contains("data-mails=\"page\""));
    assert_eq!(browse(&server, "/design", &[]).await.status, 200);
    // By a proxy, or by a name that somebody has given to this machine.
    let proxied = [at_home, ("x-forwarded-for", "192.0.2.1")];
    for other in [proxied.as_slice(), &[("host", "evil.example")]] {
        assert_eq!(browse(&server, "/demo/mails", other).await.status, 404, "{other:?}");
    }
    server.stop().await;
    let server = Server::start().await;
    for path in ["/demo/mails", "/design"] {
        assert_eq!(browse(&server, path, &[at_home]).await.status, 404, "{path}");
    }
    assert!(browse(&server, "/", &[]).await.text.contains("data-mails=\"folder\""));
    server.stop().await;
}

#[actix_web::test]
async fn who_changes_the_chat_has_its_files_read_anew() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(folder.path().join("app")).expect("a folder");
    let write =
        |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("written");
    write("app/index.html", "<a href=\"{root}/app/a.js\">");
    write("secret.js", "1");
    let web_dir = folder.path().to_str().expect("a name").to_owned();
    let server = Server::with(Backend::Sqlite, |config| config.http.web_dir = web_dir).await;
    assert_eq!(browse(&server, "/", &[]).await.text, "<a href=\"/assets/dev/app/a.js\">");
    for text in ["one", "two"] {
        write("app/a.js", text);
        let answer = server.get("/assets/dev/app/a.js").await;
        assert_eq!(
            (answer.text.as_str(), answer.header("cache-control")),
            (text, Some("no-store"))
        );
    }
    for none in ["app/b.js", "app/index.html", "app/../secret.js", "app/%2e%2e/secret.js"] {
        assert_eq!(server.get(&format!("/assets/dev/{none}")).await.status, 404, "{none}");
    }
    server.stop().await;
}
