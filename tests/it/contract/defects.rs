//! The 34 defects of the original server (section 8 of the contract), by number: each test shows
//! the right behaviour.

mod correctness;
mod files;
mod security;

use std::collections::HashSet;

use diesel::prelude::*;
use serde_json::{Value, json};

use super::runner::{self, Mode};
use super::stage;
use crate::harness::{Account, Backend, Client, Server};

/// A cursor after everything.
const FUTURE: &str = "2099-01-01 00:00:00.000000";

const REGISTER: &str = "/api/v1/auth/register";
const LOGIN: &str = "/api/v1/auth/login";

/// Plays a short transcript in both modes.
async fn transcript(text: &str) {
    for mode in [Mode::Readme, Mode::Wind] {
        assert_eq!(runner::play("excerpt", text, mode, Backend::Sqlite).await, Ok(()));
    }
}

fn send(room: &str, content: &str) -> Value {
    json!({"type": "chat", "payload": {"type": "send", "chat_id": room, "content": content}})
}

fn load(room: &str, before: &str, count: u32) -> Value {
    use base64::Engine as _;
    let cursor = base64::prelude::BASE64_STANDARD.encode(before);
    let payload = json!({"type": "chat", "load_id": room, "datetime": cursor, "count": count});
    json!({"type": "load", "payload": payload})
}

fn befriend(verb: &str, name: &str) -> Value {
    json!({"type": "mutual_users", "payload": {"type": verb, "name": name}})
}

fn error(code: u16, reason: &str) -> Value {
    json!({"type": "error", "payload": {"code": code, "reason": reason}})
}

/// A page of a room; ends where a heartbeat is echoed.
async fn page(client: &mut Client, room: &str, before: &str, count: u32) -> Vec<Value> {
    client.send(&load(room, before, count)).await;
    client.drain().await
}

/// Registers, and gives the key of the mail.
async fn register(server: &Server, name: &str, email: &str, password: &str) -> String {
    let mut read = letters_to_now(server);
    let fields = [("name", name), ("email", email), ("password", password)];
    let answer = server.post_form(REGISTER, &fields).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    stage::key_for(server, email, &mut read).await.expect("a letter")
}

fn letters_to_now(server: &Server) -> HashSet<std::path::PathBuf> {
    let files = std::fs::read_dir(server.outbox()).into_iter().flatten();
    files.map(|file| file.expect("a file").path()).collect()
}

async fn verify(server: &Server, key: &str) -> u16 {
    server.get(&format!("/api/v1/auth/email_verify/{key}")).await.status
}

async fn login(server: &Server, email: &str, password: &str) -> u16 {
    server.post_form(LOGIN, &[("email", email), ("password", password)]).await.status
}

/// Changes the database below the server.
async fn change(server: &Server, sql: String) {
    let run = move |conn: &mut tradewind::store::engine::Connection| {
        diesel::sql_query(&sql).execute(conn)?;
        Ok(())
    };
    server.database().write(run).expect("changed");
}

/// A number that the database of a server on SQLite answers with.
fn number(server: &Server, sql: &str) -> i64 {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        number: i64,
    }
    let file = server.folder().join("tradewind.db").display().to_string();
    let mut conn = SqliteConnection::establish(&file).expect("the database");
    diesel::sql_query("PRAGMA busy_timeout = 5000").execute(&mut conn).expect("patience");
    let query = format!("SELECT ({sql}) AS number");
    diesel::sql_query(query).get_result::<Row>(&mut conn).expect("a number").number
}

/// A server with two users, each with a socket.
async fn pair() -> (Server, [Account; 2], [Client; 2]) {
    let server = Server::start().await;
    let users = [server.user("alice").await, server.user("bob").await];
    let sockets = [server.login(&users[0]).await, server.login(&users[1]).await];
    (server, users, sockets)
}

async fn end(server: Server, sockets: impl IntoIterator<Item = Client>) {
    futures_util::future::join_all(sockets.into_iter().map(Client::close)).await;
    server.stop().await;
}
