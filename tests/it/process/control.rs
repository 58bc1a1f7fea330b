//! Commands beside a hub that lives: they run in it, through its control socket.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::Output;
use std::thread;

use serde_json::{Value, json};

use super::faults::complaint;
use crate::harness::postgres::Schema;
use crate::harness::process::run;
use crate::harness::{Client, DEADLINE, Process};

fn add(folder: &Path, set: &[&str], name: &str) -> Output {
    let email = format!("{name}@example.com");
    run(folder, set, &["user", "add", "--name", name, "--email", &email])
}

fn text(done: Output) -> String {
    assert!(done.status.success() && done.stderr.is_empty(), "{done:?}");
    String::from_utf8(done.stdout).unwrap()
}

async fn works(hub: &Process, token: &str) {
    let mut client = Client::open(hub.address, "/ws").await;
    client.identify(token).await;
    client.close().await;
}

fn token(line: &str) -> String {
    let user: Value = serde_json::from_str(line).unwrap();
    user["token"].as_str().unwrap().to_owned()
}

#[actix_web::test]
async fn commands_run_in_the_hub_and_say_the_same() {
    let (folder, alone) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (folder, alone) = (folder.path(), alone.path());
    let socket = folder.join("control.sock");
    let hub = Process::start(folder, &[]);
    assert_eq!(fs::metadata(&socket).unwrap().permissions().mode() & 0o777, 0o600);
    // The same, word for word, as where no hub is.
    let _ = run(alone, &[], &["migrate"]);
    let both = |args: &[&str]| {
        let [here, there] = [run(alone, &[], args), run(folder, &[], args)];
        assert_eq!(here.status, there.status, "{args:?}");
        let said = |bytes: &[u8], of: &Path| {
            String::from_utf8(bytes.to_vec()).unwrap().replace(&of.display().to_string(), "")
        };
        assert_eq!(said(&here.stderr, alone), said(&there.stderr, folder), "{args:?}");
        (said(&here.stdout, alone), said(&there.stdout, folder))
    };
    let same = |args: &[&str]| {
        let (here, there) = both(args);
        assert_eq!(here, there, "{args:?}");
    };
    same(&["migrate"]);
    let (here, there) =
        both(&["user", "add", "--name", "앨리스", "--email", "A@b.example", "--id", "20"]);
    let without = |line: &str| line.split(r#","token":"#).next().unwrap().to_owned();
    assert_eq!((without(&here), here.lines().count()), (without(&there), there.lines().count()));
    works(&hub, &token(&there)).await;
    works(&hub, both(&["user", "token", "--name", "앨리스"]).1.trim_end()).await;
    same(&["user", "add", "--name", "앨리스", "--email", "c@b.example"]);
    same(&["user", "add", "--name", "", "--email", "c@b.example"]);
    same(&["user", "add", "--name", "c", "--email", "none"]);
    same(&["user", "token", "--name", "nobody"]);
    both(&["service-key", "add", "--name", "games"]);
    same(&["service-key", "add", "--name", "games"]);
    same(&["service-key", "list"]);
    same(&["service-key", "remove", "--name", "games"]);
    same(&["service-key", "remove", "--name", "games"]);
    // The file that a command writes is the command's, wherever it was typed.
    let mut seed = crate::harness::process::command(folder, &[]);
    let below = folder.join("below");
    fs::create_dir(&below).unwrap();
    seed.current_dir(&below).args([
        "seed",
        "--users",
        "500",
        "--friends",
        "ring",
        "--out",
        "s.json",
    ]);
    let said = text(crate::harness::process::output(seed));
    assert_eq!(said, "500 users and 500 friendships made\n");
    let seeded: Vec<Value> =
        serde_json::from_slice(&fs::read(below.join("s.json")).unwrap()).unwrap();
    assert_eq!(seeded.len(), 500);
    assert_eq!(fs::metadata(below.join("s.json")).unwrap().permissions().mode() & 0o777, 0o600);
    works(&hub, seeded[499]["token"].as_str().unwrap()).await;
    same(&["seed", "--users", "5", "--out", "/no/such/folder/s.json"]);

    hub.kill();
    assert!(socket.exists(), "it could not remove it");
    // Nobody is there: the command does it itself. The next hub takes the place of the socket.
    let left = token(&text(add(folder, &[], "bob")));
    let hub = Process::start(folder, &[]);
    works(&hub, &left).await;
    works(&hub, &token(&text(add(folder, &[], "carol")))).await;
    hub.stop();
    assert!(!socket.exists());
    assert_eq!(
        fs::read_dir(folder)
            .unwrap()
            .filter(|one| {
                one.as_ref().unwrap().file_name().to_string_lossy().starts_with(".control")
            })
            .count(),
        0
    );
}

#[actix_web::test]
async fn commands_beside_a_hub_on_postgresql() {
    let (folder, schema) = (tempfile::tempdir().unwrap(), Schema::create());
    let set = [&*format!("store.url={}", schema.url())];
    let hub = Process::start(folder.path(), &set);
    works(&hub, &token(&text(add(folder.path(), &set, "alice")))).await;
    // From where the hub's socket cannot be found, nothing is done behind its back.
    let elsewhere = tempfile::tempdir().unwrap();
    let line = complaint(&add(elsewhere.path(), &set, "bob"));
    assert!(line.contains("a hub has it") && line.contains("control.socket"), "{line}");
    hub.stop();
    text(add(elsewhere.path(), &set, "bob"));
}

#[actix_web::test]
async fn a_command_reaches_the_hub_of_its_own_database_only() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let other = format!("store.url=sqlite://{}", folder.join("other.db").display());
    // In one folder, at the same time.
    let (one, two) = (Process::start(folder, &[]), Process::start(folder, &[&other]));
    for (hub, set) in [(&one, &[][..]), (&two, &[&*other])] {
        works(hub, &token(&text(add(folder, set, "alice")))).await;
        assert!(complaint(&add(folder, set, "alice")).contains("exists already"));
    }
    // By the wrong socket.
    let wrong = format!("control.socket={}", folder.join("control.sock").display());
    let line = complaint(&add(folder, &[&other, &wrong], "bob"));
    assert!(line.contains("another hub listens there"), "{line}");
    for set in [&[][..], &[&*other]] {
        complaint(&run(folder, set, &["user", "token", "--name", "bob"]));
    }
    // Two hubs cannot be told to share one.
    let third = format!("store.url=sqlite://{}", folder.join("third.db").display());
    assert!(run(folder, &[&third], &["migrate"]).status.success());
    let line = complaint(&run(folder, &[&third, &wrong], &["serve"]));
    assert!(line.contains("control.socket") && line.contains("another hub listens"), "{line}");
    two.stop();
    text(add(folder, &[], "bob"));
    one.stop();
    // What is there and is no socket stays.
    fs::write(folder.join("control.sock"), "precious").unwrap();
    assert!(complaint(&run(folder, &[], &["serve"])).contains("no socket"));
    assert_eq!(fs::read_to_string(folder.join("control.sock")).unwrap(), "precious");
}

#[actix_web::test]
async fn a_path_longer_than_sockets_have() {
    let base = tempfile::tempdir().unwrap();
    let folder = base.path().join("x".repeat(120));
    fs::create_dir(&folder).unwrap();
    let hub = Process::start(&folder, &[]);
    works(&hub, &token(&text(add(&folder, &[], "alice")))).await;
    hub.stop();
    assert!(!folder.join("control.sock").exists());
}

#[test]
fn commands_at_once_wait_for_each_other() {
    let folder = tempfile::tempdir().unwrap();
    assert!(run(folder.path(), &[], &["migrate"]).status.success());
    let all: Vec<Output> = thread::scope(|scope| {
        let add = |number| add(folder.path(), &[], &format!("user{number}"));
        let adding: Vec<_> = (0..6).map(|number| scope.spawn(move || add(number))).collect();
        adding.into_iter().map(|one| one.join().unwrap()).collect()
    });
    all.into_iter().for_each(|done| assert_eq!(text(done).lines().count(), 1));
}

/// What is answered to bytes, up to the end of the connection.
fn answers(socket: &Path, bytes: &[u8]) -> Vec<Value> {
    let mut stream = UnixStream::connect(socket).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    // The hub may have had enough before all is written.
    drop(stream.write_all(bytes));
    let lines = BufReader::new(stream).lines().map_while(Result::ok);
    lines.map(|line| serde_json::from_str(&line).unwrap()).collect()
}

#[actix_web::test]
async fn bad_requests_are_refused_and_slow_ones_harm_only_themselves() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let set = [
        "control.connections_max=2",
        "control.timeout_ms=700",
        "control.request_bytes_max=2000",
        "control.seed_users_max=3",
    ];
    let hub = Process::start(folder, &set);
    let socket = folder.join("control.sock");
    let note = fs::read_to_string(folder.join("tradewind.db.lock")).unwrap();
    let since: i64 = note.split(' ').nth(1).unwrap().parse().unwrap();
    let task = json!({"user": {"Add": {"name": "x".repeat(1500), "email": "", "password": null, "id": null}}});
    let request = |hub: Value| json!({"hub": hub, "task": task}).to_string();
    let ours = request(json!([hub.id(), since]));
    let mut padded = ours.clone().into_bytes();
    padded.resize(2000, b' ');
    padded.push(b'\n');
    let mut long = padded.clone();
    long.insert(0, b' ');
    let failed = |bytes: &[u8]| match &answers(&socket, bytes)[..] {
        [only] => only["failed"].as_str().map_or_else(|| only.to_string(), str::to_owned),
        more => panic!("{more:?}"),
    };
    assert!(failed(&padded[..]).contains("--name"), "the longest one there may be");
    assert!(failed(&long).contains("longer than 2000 bytes"));
    for garbage in ["\n", "{}\n", "null\n", "{\"hub\":[1,1],\"task\":\"format\"}\n", "\u{0}\u{1}\n"]
    {
        assert!(failed(garbage.as_bytes()).contains("does not understand"), "{garbage:?}");
    }
    assert!(failed(b"\xff\xfe\n").contains("does not understand"));
    let another = format!("{}\n", request(json!([hub.id(), since - 1])));
    assert_eq!(failed(another.as_bytes()), "\"another_hub\"");

    // As many as there may be say nothing, or drip: the next one waits for their deadline only.
    let mut idle: Vec<UnixStream> = (0..2).map(|_| UnixStream::connect(&socket).unwrap()).collect();
    idle[0].write_all(b"{").unwrap();
    let alice = token(&text(add(folder, &set, "alice")));
    works(&hub, &alice).await;
    for stream in &mut idle {
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        assert_eq!(stream.read(&mut [0; 8]).unwrap_or(0), 0, "the connection is closed");
    }
    // Many who go away in the middle.
    for _ in 0..50 {
        drop(UnixStream::connect(&socket).unwrap());
    }
    text(add(folder, &set, "bob"));

    let seed = |users: &str| {
        let out = folder.join(format!("{users}.json")).display().to_string();
        run(folder, &set, &["seed", "--users", users, "--out", &out])
    };
    assert!(complaint(&seed("4")).contains("control.seed_users_max"));
    assert_eq!(text(seed("3")), "3 users and 0 friendships made\n");
    // One who asks and does not listen does not keep the hub from stopping.
    let mut deaf = UnixStream::connect(&socket).unwrap();
    deaf.write_all(format!("{ours}\n").as_bytes()).unwrap();
    hub.stop();
}

#[actix_web::test]
async fn a_log_in_that_a_command_ends_loses_its_sockets() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let set = ["limits.enabled=true", "limits.logins_per_user_max=2"];
    let hub = Process::start(folder, &set);
    let first = token(&text(add(folder, &set, "ann")));
    let mut client = Client::open(hub.address, "/ws").await;
    client.identify(&first).await;
    for _ in 0..2 {
        text(run(folder, &set, &["user", "token", "--name", "ann"]));
    }
    assert_eq!(client.closed().await.0, 4010);
    hub.stop();
}
