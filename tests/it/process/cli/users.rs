//! `user add`, `user token`.

use diesel::{Connection as _, RunQueryDsl as _};
use serde_json::{Value, json};

use crate::harness::process::{self, run};
use crate::harness::{Client, Process};
use crate::process::faults::complaint;

fn add(folder: &std::path::Path, args: &[&str]) -> std::process::Output {
    run(folder, &[], &[&["user", "add"], args].concat())
}

/// What a command that succeeded has printed: one line.
fn line(done: std::process::Output) -> String {
    assert!(done.status.success(), "{done:?}");
    let text = String::from_utf8(done.stdout).unwrap();
    assert_eq!(text.lines().count(), 1, "{text}");
    text.trim_end().to_owned()
}

#[actix_web::test]
async fn users_are_made_and_their_tokens_work() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let added = add(folder, &["--name", "앨리스", "--email", "Alice@Example.com"]);
    let user: Value = serde_json::from_str(&line(added)).unwrap();
    let keys: Vec<&String> = user.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["email", "id", "name", "token"]);
    assert_eq!(user["name"], "앨리스");
    assert_eq!(user["email"], "alice@example.com");
    let id: i64 = user["id"].as_str().unwrap().parse().unwrap();
    assert!(id > 0 && id % 2 == 0 && id < 1 << 53);

    let imported = "9007199254740994";
    let args = ["--name", "bob", "--email", "bob@example.com", "--password", "hush hush", "--id"];
    let bob: Value =
        serde_json::from_str(&line(add(folder, &[&args[..], &[imported]].concat()))).unwrap();
    assert_eq!(bob["id"], imported);
    // An imported id is no id of ours: the mint does not start behind it.
    let carol = add(folder, &["--name", "carol", "--email", "carol@example.com"]);
    let carol: Value = serde_json::from_str(&line(carol)).unwrap();
    let next: i64 = carol["id"].as_str().unwrap().parse().unwrap();
    assert!(next > id && next < 1 << 53);

    let server = Process::start(folder, &[]);
    let fresh = line(run(folder, &[], &["user", "token", "--name", "앨리스"]));
    assert_ne!(fresh, user["token"].as_str().unwrap());
    for token in [fresh.as_str(), user["token"].as_str().unwrap()] {
        let mut client = Client::open(server.address, "/ws").await;
        let welcome = client.identify(token).await;
        assert_eq!(welcome["self_user"]["id"], user["id"]);
        client.close().await;
    }
    // While the server runs, too; and the password works at the door.
    let dave = add(folder, &["--name", "dave", "--email", "dave@example.com"]);
    let dave: Value = serde_json::from_str(&line(dave)).unwrap();
    let mut client = Client::open(server.address, "/ws").await;
    client.identify(dave["token"].as_str().unwrap()).await;
    client.close().await;
    let login = awc::Client::default().post(format!("http://{}/api/v1/auth/login", server.address));
    let login = login.send_form(&[("email", "bob@example.com"), ("password", "hush hush")]).await;
    assert_eq!(login.unwrap().status().as_u16(), 201);
    server.stop();
}

#[test]
fn duplicates_and_bad_values_are_refused_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    line(add(folder, &["--name", "alice", "--email", "a@example.com", "--id", "2000"]));
    for (name, email, id, about) in [
        ("alice", "b@example.com", "4000", "exists already"),
        ("bob", "a@example.com", "4000", "exists already"),
        ("bob", "A@EXAMPLE.com", "4000", "exists already"),
        ("bob", "b@example.com", "2000", "exists already"),
        ("bob", "b@example.com", "4001", "--id"),
        ("bob", "b@example.com", "0", "--id"),
        ("", "b@example.com", "4000", "--name"),
        (" ", "b@example.com", "4000", "--name"),
        (&"x".repeat(33), "b@example.com", "4000", "--name"),
        ("bo\nb", "b@example.com", "4000", "--name"),
        ("bob\u{200B}", "b@example.com", "4000", "--name"),
        ("bob ", "b@example.com", "4000", "--name"),
        ("b\u{43E}b", "b@example.com", "4000", "--name"),
        ("ＡＬＩＣＥ", "b@example.com", "4000", "exists already"),
        ("bob", "b at example.com", "4000", "--email"),
        ("bob", "b@example.com\r\nBcc: c@example.com", "4000", "--email"),
    ] {
        let refused = add(folder, &["--name", name, "--email", email, "--id", id]);
        let line = complaint(&refused);
        assert!(line.contains(about), "{name:?} {email:?} {id:?}: {line}");
    }
    let unknown = complaint(&run(folder, &[], &["user", "token", "--name", "nobody"]));
    assert!(unknown.contains("nobody"), "{unknown}");
    // Nothing of all that was stored.
    line(add(folder, &["--name", "bob", "--email", "b@example.com", "--id", "4000"]));
    assert!(process::run(folder, &[], &["user", "token", "--name", "bob"]).status.success());
}

#[test]
fn a_short_password_is_refused_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    assert!(run(folder, &[], &["migrate"]).status.success());
    let bob = |password| ["--name", "bob", "--email", " Bob@example.com ", "--password", password];
    for short in ["", "seven 7", "e\u{301}e\u{301}12345", "\u{1112}\u{1161}\u{11AB}1234"] {
        let line = complaint(&add(folder, &bob(short)));
        assert!(line.contains("--password: at least 8 characters"), "{line}");
        let seed = ["seed", "--users", "1", "--out", "users.json", "--password", short];
        let line = complaint(&run(folder, &[], &seed));
        assert!(line.contains("--password: at least 8 characters"), "{line}");
        std::fs::remove_file(folder.join("users.json")).unwrap();
    }
    let added: Value = serde_json::from_str(&line(add(folder, &bob("eight 88")))).unwrap();
    assert_eq!(added["email"], "bob@example.com");
}

#[test]
fn names_are_found_in_any_form_and_clashes_of_old_are_printed() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    line(add(folder, &["--name", "윤진", "--email", "y@example.com", "--id", "2000"]));
    let decomposed = "\u{110B}\u{1172}\u{11AB}\u{110C}\u{1175}\u{11AB}";
    let twin = complaint(&add(folder, &["--name", decomposed, "--email", "z@example.com"]));
    assert!(twin.contains("exists already"), "{twin}");
    line(run(folder, &[], &["user", "token", "--name", decomposed]));
    let clashes = || {
        let done = run(folder, &[], &["user", "clashes"]);
        assert!(done.status.success(), "{done:?}");
        String::from_utf8(done.stdout).unwrap()
    };
    assert_eq!(clashes(), "");
    line(add(folder, &["--name", "other", "--email", "o@example.com", "--id", "4000"]));
    // As a release left it that told names apart by case.
    let file = folder.join("tradewind.db").display().to_string();
    let mut database = diesel::SqliteConnection::establish(&file).unwrap();
    let columns = format!("name = '{decomposed}', name_key = '윤진', name_clash = id");
    let update = format!("UPDATE users SET {columns} WHERE id = 4000");
    diesel::sql_query(update).execute(&mut database).unwrap();
    let told: Vec<Value> =
        clashes().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let is = |id: &str, name: &str| json!({"key": "윤진", "id": id, "name": name});
    assert_eq!(told, [is("2000", "윤진"), is("4000", decomposed)]);
}
