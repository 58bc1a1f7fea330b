//! Names, titles, addresses and passwords are what they look like, at every door.

use argon2::Argon2;
use argon2::password_hash::PasswordHasher as _;
use diesel::RunQueryDsl as _;
use serde_json::{Value, json};
use tradewind::auth::password::hash_now;

use super::{LOGIN, REGISTER};
use crate::harness::{Account, Backend, Server};

/// Not to be told from nothing, or from another name.
const HIDDEN: [&str; 12] = [
    "\u{200B}\u{200B}",
    "\u{200D}",
    "\u{3164}",
    "\u{2800}",
    "\u{FEFF}",
    "alice\u{200B}",
    "alice ",
    " alice",
    "a\u{202E}b",
    "a  b",
    "..",
    "p\u{430}ypal",
];

/// 윤진, decomposed.
const YUNJIN: &str = "\u{110B}\u{1172}\u{11AB}\u{110C}\u{1175}\u{11AB}";

async fn register(server: &Server, name: &str) -> crate::harness::http::Answer {
    let fields = [("name", name), ("email", "new@x.example"), ("password", "secret12")];
    server.post_form(REGISTER, &fields).await
}

async fn frame(server: &Server, account: &Account, kind: &str, payload: Value) -> Value {
    let mut client = server.login_with(account, &["group"]).await;
    let answer = client.ask(json!({"type": kind, "payload": payload})).await;
    client.close().await;
    answer
}

#[actix_web::test]
async fn what_cannot_be_seen_is_no_name_title_or_profile() {
    let server = Server::start().await;
    let bob = server.user("bob").await;
    let group = server.api(&bob, "POST", "/groups", json!({"title": "t"})).await;
    let group = group.expect(201)["id"].as_str().expect("an id").to_owned();
    let path = format!("/groups/{group}");
    for name in HIDDEN {
        register(&server, name).await.expect_error(400, "name is invalid.");
        let renamed = server.api(&bob, "PATCH", "/me", json!({"name": name})).await;
        renamed.expect_problem(400, "name_invalid");
    }
    for text in
        ["\u{200B}", "\u{3164}", "a\u{202E}b", "\u{2800}", "\u{301}", "a\u{200F}", "a\u{85}"]
    {
        let made = server.api(&bob, "POST", "/groups", json!({"title": text})).await;
        made.expect_problem(400, "title_invalid");
        let renamed = server.api(&bob, "PATCH", &path, json!({"title": text})).await;
        renamed.expect_problem(400, "title_invalid");
        let profile = server.api(&bob, "PATCH", "/me", json!({"profile": text})).await;
        profile.expect_problem(400, "profile_invalid");
        for step in [
            json!({"type": "create", "title": text}),
            json!({"type": "rename", "chat_id": group, "title": text}),
        ] {
            let refused = frame(&server, &bob, "group", step).await;
            assert_eq!(refused["payload"]["code"], 4000, "{text:?}: {refused}");
        }
    }
    server.stop().await;
}

#[actix_web::test]
async fn a_setting_lets_names_mix_scripts() {
    let relax = |config: &mut tradewind::server::Config| config.auth.mixed_script_names = true;
    let server = Server::with(Backend::Sqlite, relax).await;
    assert_eq!(register(&server, "p\u{430}ypal").await.status, 201);
    register(&server, "p\u{430}ypal\u{200B}").await.expect_error(400, "name is invalid.");
    server.stop().await;
}

#[actix_web::test]
async fn a_user_is_found_however_the_name_is_typed() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let server = Server::with(backend, |_| {}).await;
        let (alice, yun) = (server.user("Alice").await, server.user("윤진").await);
        let others = [&alice, &yun];
        server.befriend(&alice, &yun).await;
        for typed in ["alice", "ALICE", "ａｌｉｃｅ", "Ａlice"] {
            register(&server, typed).await.expect_error(400, "name is already exist.");
            let taken = server.api(&yun, "PATCH", "/me", json!({"name": typed})).await;
            taken.expect_problem(409, "name_taken");
        }
        register(&server, YUNJIN).await.expect_error(400, "name is already exist.");
        for (typed, asker, asked) in [("aLICE", 1, 0), ("ａｌｉｃｅ", 1, 0), (YUNJIN, 0, 1)] {
            let (asker, asked) = (others[asker], others[asked]);
            let request = json!({"type": "request", "name": typed});
            let known = frame(&server, asker, "mutual_users", request).await;
            assert_eq!(known["payload"]["reason"], "select named user is already friend.");
            let encoded: String = typed.bytes().map(|byte| format!("%{byte:02x}")).collect();
            for path in [format!("/blocks/{encoded}"), format!("/blocks/@{encoded}")] {
                server.api(asker, "PUT", &path, Value::Null).await.expect(204);
                let shown =
                    server.api(asker, "GET", &format!("/blocks/{}", asked.id()), Value::Null).await;
                assert_eq!(shown.status, 200, "{}", shown.text);
                server.api(asker, "DELETE", &path, Value::Null).await.expect(204);
            }
            let made =
                frame(&server, asker, "group", json!({"type": "create", "title": "t"})).await;
            let group = &made["payload"]["group"]["id"];
            let add = json!({"type": "add", "chat_id": group, "name": typed});
            let added = frame(&server, asker, "group", add).await;
            assert_eq!(added["payload"]["user"]["id"], asked.id().to_string(), "{added}");
        }
        server.stop().await;
    }
}

#[actix_web::test]
async fn a_password_is_one_word_however_it_is_typed() {
    const TYPED: [&str; 2] =
        ["Gr\u{FC}\u{DF}e 비밀", "Gru\u{308}\u{DF}e \u{1107}\u{1175}\u{1106}\u{1175}\u{11AF}"];
    let server = Server::start().await;
    for (name, [chosen, other]) in [("ann", TYPED), ("bob", [TYPED[1], TYPED[0]])] {
        let email = server.account(name, chosen).await;
        for typed in [chosen, other] {
            assert_eq!(server.try_login(&email, typed).await.status, 201, "{name} {typed:?}");
        }
        let near = format!("{chosen}x");
        assert_eq!(server.try_login(&email, &near).await.status, 401);
        let login = server.try_login(&email, chosen).await;
        let token = login.json["payload"]["token"].as_str().expect("a token").to_owned();
        let change = json!({"old": other, "new": chosen});
        server.api_with(&token, "PUT", "/me/password", change).await.expect(204);
        let gone = server.api_with(&token, "DELETE", "/me", json!({"password": other})).await;
        gone.expect(204);
    }
    server.stop().await;
}

/// Gives a user a hash as if it were of old.
async fn keep_hash(server: &Server, email: &str, hash: String) {
    let sql = format!("UPDATE users SET password_hash = '{hash}' WHERE email = '{email}'");
    let update = move |conn: &mut _| Ok(diesel::sql_query(&sql).execute(conn)?);
    assert_eq!(server.database().write(update).expect("kept"), 1);
}

#[actix_web::test]
async fn passwords_of_old_log_in_and_are_hashed_anew() {
    let server = Server::start().await;
    let email = server.account("ann", "secret12").await;
    keep_hash(&server, &email, hash_now("short").expect("a hash")).await;
    assert_eq!(server.try_login(&email, "short").await.status, 201, "{LOGIN}");
    let (composed, decomposed) = ("é".repeat(8), "e\u{301}".repeat(8));
    // As it was typed.
    let of_old =
        Argon2::default().hash_password(decomposed.as_bytes()).expect("a hash").to_string();
    keep_hash(&server, &email, of_old.clone()).await;
    assert_eq!(server.try_login(&email, &composed).await.status, 401, "not hashed so yet");
    assert_eq!(server.try_login(&email, &decomposed).await.status, 201);
    assert_eq!(server.try_login(&email, &composed).await.status, 201, "hashed anew");
    assert_eq!(server.try_login(&email, &decomposed).await.status, 201);
    // The same where a password proves who one is.
    keep_hash(&server, &email, of_old.clone()).await;
    let login = server.try_login(&email, &decomposed).await;
    let token = login.json["payload"]["token"].as_str().expect("a token").to_owned();
    keep_hash(&server, &email, of_old.clone()).await;
    let change = json!({"old": decomposed, "new": "another one"});
    server.api_with(&token, "PUT", "/me/password", change).await.expect(204);
    assert_eq!(server.try_login(&email, "another one").await.status, 201);
    server.stop().await;
}

#[actix_web::test]
async fn blanks_around_an_address_are_not_part_of_it() {
    let server = Server::start().await;
    let fields = [("name", "ann"), ("email", " Ann@Test.example\t"), ("password", "secret12")];
    assert_eq!(server.post_form(REGISTER, &fields).await.status, 201);
    let letter = crate::harness::mail::letter_to(&server.outbox(), "ann@test.example").await;
    assert_eq!(server.get(crate::harness::mail::path(&letter)).await.status, 201);
    for typed in ["ann@test.example", " ANN@test.example ", "\u{3000}ann@test.example"] {
        assert_eq!(server.try_login(typed, "secret12").await.status, 201, "{typed:?}");
        let json = json!({"email": typed, "password": "secret12"});
        assert_eq!(server.post_json(LOGIN, &json).await.status, 201, "{typed:?}");
    }
    for not in ["ann@test.example\n", "ann@test.example\r\nBcc: x@x.example", "a nn@test.example"] {
        assert_eq!(server.try_login(not, "secret12").await.status, 401, "{not:?}");
        let fields = [("name", "bob"), ("email", not), ("password", "secret12")];
        let refused = server.post_form(REGISTER, &fields).await;
        refused.expect_error(400, "Invalid email address.");
    }
    server.stop().await;
}
