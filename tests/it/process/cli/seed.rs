//! `seed`.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use serde_json::{Value, json};

use crate::harness::process::run;
use crate::harness::{Client, Process};
use crate::process::faults::complaint;

const USERS: usize = 2_000;

fn seed(folder: &Path, users: usize, friends: &str) -> Vec<Value> {
    let (out, users) = (folder.join(format!("{friends}.json")), users.to_string());
    let path = out.display().to_string();
    let mut args = vec!["seed", "--users", &users, "--out", &path];
    if !friends.is_empty() {
        args.extend(["--friends", friends]);
    }
    let done = run(folder, &[], &args);
    assert!(done.status.success(), "{done:?}");
    assert_eq!(fs::metadata(&out).unwrap().permissions().mode() & 0o777, 0o600, "it holds tokens");
    serde_json::from_str(&fs::read_to_string(out).unwrap()).unwrap()
}

/// Who is whose friend, by place; checks that all are different users, and friendship mutual.
fn friends_by_place(users: &[Value]) -> Vec<HashSet<usize>> {
    let places: HashMap<&str, usize> = users
        .iter()
        .enumerate()
        .map(|(place, user)| (user["id"].as_str().unwrap(), place))
        .collect();
    assert_eq!(places.len(), users.len());
    let names: HashSet<&str> = users.iter().map(|user| user["name"].as_str().unwrap()).collect();
    let emails: HashSet<&str> = users.iter().map(|user| user["email"].as_str().unwrap()).collect();
    assert_eq!((names.len(), emails.len()), (users.len(), users.len()));
    let friends: Vec<HashSet<usize>> = users
        .iter()
        .map(|user| {
            let friends = user["friends"].as_array().unwrap();
            friends.iter().map(|id| places[id.as_str().unwrap()]).collect()
        })
        .collect();
    for (place, of) in friends.iter().enumerate() {
        assert!(of.iter().all(|other| friends[*other].contains(&place) && *other != place));
    }
    friends
}

/// A user's token works, and the friends are those in the file.
async fn works(server: &Process, user: &Value) {
    let mut client = Client::open(server.address, "/ws").await;
    let welcome = client.identify(user["token"].as_str().unwrap()).await;
    assert_eq!(welcome["self_user"]["id"], user["id"]);
    let ids = |list: &Value, key: Option<&str>| -> HashSet<String> {
        let id = |item: &Value| key.map_or(item, |key| &item[key]).as_str().unwrap().to_owned();
        list.as_array().unwrap().iter().map(id).collect()
    };
    assert_eq!(ids(&welcome["mutual_users"], Some("id")), ids(&user["friends"], None));
    client.close().await;
}

#[actix_web::test]
async fn seeded_users_work() {
    let folder = tempfile::tempdir().unwrap();
    let ring = seed(folder.path(), USERS, "ring");
    assert_eq!(ring.len(), USERS);
    for (place, friends) in friends_by_place(&ring).iter().enumerate() {
        let expected = [(place + 1) % USERS, (place + USERS - 1) % USERS];
        assert_eq!(*friends, HashSet::from(expected));
    }
    let pairs = seed(folder.path(), 101, "pairs");
    for (place, friends) in friends_by_place(&pairs).iter().enumerate() {
        let expected = if place == 100 { HashSet::new() } else { HashSet::from([place ^ 1]) };
        assert_eq!(*friends, expected);
    }
    let none = seed(folder.path(), 10, "none");
    assert!(friends_by_place(&none).iter().all(HashSet::is_empty));
    let default = seed(folder.path(), 3, "");
    assert!(friends_by_place(&default).iter().all(HashSet::is_empty));

    let server = Process::start(folder.path(), &[]);
    for user in ring.iter().step_by(USERS / 20).chain([&ring[USERS - 1], &pairs[100], &none[0]]) {
        works(&server, user).await;
    }
    server.stop();
}

#[test]
fn small_rings() {
    for (users, expected) in [(1, 0), (2, 1), (3, 2)] {
        let folder = tempfile::tempdir().unwrap();
        let ring = seed(folder.path(), users, "ring");
        assert!(friends_by_place(&ring).iter().all(|friends| friends.len() == expected));
    }
}

#[test]
fn stars() {
    for users in [1, 2, 50] {
        let folder = tempfile::tempdir().unwrap();
        let star = seed(folder.path(), users, "star");
        for (place, friends) in friends_by_place(&star).iter().enumerate() {
            let expected = if place == 0 { (1..users).collect() } else { HashSet::from([0]) };
            assert_eq!(*friends, expected);
        }
    }
}

#[actix_web::test]
async fn seeded_devices_work() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("devices.json").display().to_string();
    let done = run(folder.path(), &[], &["seed", "--devices", "130", "--out", &path]);
    assert!(done.status.success(), "{done:?}");
    let app: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    let owners = app["owners"].as_array().unwrap();
    let sizes: Vec<usize> =
        owners.iter().map(|owner| owner["devices"].as_array().unwrap().len()).collect();
    assert_eq!(sizes, [64, 64, 2]);

    let server = Process::start(folder.path(), &[]);
    let mut client = Client::open(server.address, "/device/ws").await;
    let (token, device) = (&owners[2]["token"], &owners[2]["devices"][1]);
    let auth = json!({"action": "auth", "body": {"apiToken": token, "deviceId": device}});
    client.send(&auth).await;
    assert_eq!(client.recv().await["body"]["resultCode"], 1);
    // Another one's token opens no device.
    let mut client = Client::open(server.address, "/device/ws").await;
    let auth =
        json!({"action": "auth", "body": {"apiToken": owners[0]["token"], "deviceId": device}});
    client.send(&auth).await;
    assert_eq!(client.recv().await["body"]["resultCode"], -304);
    server.stop();
}

#[test]
fn either_users_or_devices_are_seeded() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.json").display().to_string();
    for (args, sign) in [
        (&[][..], "--users"),
        (&["--users", "1", "--devices", "1"], "--devices"),
        (&["--devices", "1", "--friends", "ring"], "--friends"),
    ] {
        let refused = run(folder.path(), &[], &[&["seed", "--out", &path], args].concat());
        let words = String::from_utf8(refused.stderr).unwrap();
        assert!(!refused.status.success() && words.contains(sign), "{words}");
    }
}

#[test]
fn a_file_that_exists_is_not_overwritten_and_nobody_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("users.json");
    fs::write(&out, "precious").unwrap();
    let path = out.display().to_string();
    assert!(run(folder.path(), &[], &["migrate"]).status.success());
    let refused = run(folder.path(), &[], &["seed", "--users", "5", "--out", &path]);
    assert!(complaint(&refused).contains(&path));
    assert_eq!(fs::read_to_string(&out).unwrap(), "precious");
    let missing = folder.path().join("no/users.json").display().to_string();
    let refused = run(folder.path(), &[], &["seed", "--users", "5", "--out", &missing]);
    assert!(complaint(&refused).contains(&missing));
    let mut conn = crate::process::rows::connect(&folder.path().join("tradewind.db"));
    let users: i64 = diesel::RunQueryDsl::get_result(
        diesel::dsl::sql::<diesel::sql_types::BigInt>("SELECT count(*) FROM users"),
        &mut conn,
    )
    .unwrap();
    assert_eq!(users, 0);
}
