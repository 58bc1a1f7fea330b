//! Defects in what is kept, where, and for how long.

use super::*;
use crate::harness::until;

#[actix_web::test]
async fn defect_26_each_account_has_its_own_creation_time() {
    let server = Server::start().await;
    let key_one = register(&server, "one", "one@x.example", "pass word").await;
    assert_eq!(verify(&server, &key_one).await, 201);
    let key_two = register(&server, "two", "two@x.example", "pass word").await;
    assert_eq!(verify(&server, &key_two).await, 201);
    let created =
        |name| number(&server, &format!("SELECT created_at FROM users WHERE name = '{name}'"));
    let now = jiff::Timestamp::now().as_microsecond();
    assert!(created("one") < created("two") && created("two") <= now);
    assert!(now - created("one") < 600_000_000, "about now");
    server.stop().await;
}

#[actix_web::test]
async fn defect_29_connections_open_no_databases_of_their_own() {
    let (server, users, [mut a, b]) = pair().await;
    let files = || {
        let open = std::fs::read_dir("/proc/self/fd").expect("descriptors").flatten();
        let open = open.filter_map(|fd| std::fs::read_link(fd.path()).ok());
        open.filter(|file| file.starts_with(server.folder())).count()
    };
    let room = users[0].room(&users[1]);
    page(&mut a, &room, FUTURE, 1).await;
    let before = files();
    assert!(before > 0, "this server's files are seen");
    let mut sockets = vec![a, b];
    for _ in 0..40 {
        let mut socket = server.login(&users[0]).await;
        page(&mut socket, &room, FUTURE, 1).await;
        sockets.push(socket);
    }
    assert_eq!(files(), before);
    end(server, sockets).await;
}

#[actix_web::test]
async fn defect_30_pending_registrations_survive_a_restart_and_expire() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let mut server = Server::with(backend, |_| {}).await;
        let good = register(&server, "one", "one@x.example", "pass word").await;
        let late = register(&server, "two", "two@x.example", "pass word").await;
        server.restart(|_| {}).await;
        assert_eq!(verify(&server, &good).await, 201);
        assert_eq!(login(&server, "one@x.example", "pass word").await, 201);
        let expire = |table: &str| format!("UPDATE {table} SET expires_at = 1");
        change(&server, expire("registrations")).await;
        change(&server, expire("verification_keys")).await;
        assert_eq!(verify(&server, &late).await, 404);
        assert_eq!(login(&server, "two@x.example", "pass word").await, 401);
        // It is forgotten: the name is free.
        let again = register(&server, "two", "two@x.example", "qass word").await;
        assert_eq!(verify(&server, &again).await, 201);
        server.stop().await;
    }
}

#[actix_web::test]
async fn defect_32_lists_show_users_as_they_are_now() {
    let (server, users, [mut a, mut b]) = pair().await;
    let carol = server.user("carol").await;
    let mut c = server.login(&carol).await;
    a.ask(befriend("request", "bob")).await;
    b.recv().await;
    b.ask(befriend("response", "alice")).await;
    a.recv().await;
    a.ask(befriend("request", "carol")).await;
    c.recv().await;
    let id = users[0].id();
    let columns = "name = 'alicia', name_key = 'alicia', profile = 'cat'";
    change(&server, format!("UPDATE users SET {columns} WHERE id = {id}")).await;
    let alicia = json!({"id": id.to_string(), "name": "alicia", "profile": "cat"});
    let friends = b.ask(json!({"type": "load", "payload": {"type": "mutual_users"}})).await;
    assert_eq!(friends["payload"], json!([alicia]));
    let auth = |token: &str| json!({"type": "auth", "payload": {"auth": token}});
    let welcome = b.ask(auth(&users[1].token)).await;
    assert_eq!(welcome["payload"]["mutual_users"], json!([alicia]));
    let welcome = c.ask(auth(&carol.token)).await;
    assert_eq!(welcome["payload"]["mutual_requests"], json!([alicia]));
    // Pushes too, and the old name is nobody's.
    a.ask(befriend("delete", "bob")).await;
    assert_eq!(b.recv().await["payload"]["user"], alicia);
    let old = b.ask(befriend("request", "alice")).await;
    assert_eq!(old, error(4004, "select named user is not exist."));
    end(server, [a, b, c]).await;
}

#[actix_web::test]
async fn defect_33_a_blank_send_leaves_no_room() {
    let (server, users, [mut a, b]) = pair().await;
    let room = users[0].room(&users[1]);
    a.send(&send(&room, "")).await;
    a.send(&json!({"type": "chat", "payload": {"type": "send", "chat_id": room}})).await;
    a.send(&json!({"type": "chat", "payload": {"type": "send", "chat_id": "1234567890"}})).await;
    a.expect_nothing().await;
    assert_eq!(number(&server, "SELECT COUNT(*) FROM rooms"), 0);
    // Nor does a refused one; a good one does.
    a.ask(send("0", "x")).await;
    a.ask(send("1234567890", "x")).await;
    assert_eq!(number(&server, "SELECT COUNT(*) FROM rooms"), 0);
    a.ask(send(&room, "x")).await;
    assert_eq!(number(&server, "SELECT COUNT(*) FROM rooms"), 1);
    assert_eq!(number(&server, "SELECT COUNT(*) FROM messages"), 1);
    end(server, [a, b]).await;
}

#[actix_web::test]
async fn defect_34_a_mail_that_could_not_be_sent_is_sent_later() {
    let server = Server::with(Backend::Sqlite, |config| {
        config.mail.retry_first_ms = 50;
        config.mail.retry_max_ms = 100;
    })
    .await;
    std::fs::remove_dir_all(server.outbox()).expect("no outbox any more");
    let fields = [("name", "one"), ("email", "one@x.example"), ("password", "pass word")];
    assert_eq!(server.post_form(REGISTER, &fields).await.status, 201);
    let tries = || number(&server, "SELECT COALESCE(MAX(attempts), 0) FROM jobs");
    until("two tries", || tries() >= 2).await;
    std::fs::create_dir(server.outbox()).expect("an outbox again");
    let key =
        stage::key_for(&server, "one@x.example", &mut HashSet::new()).await.expect("a letter");
    assert_eq!(verify(&server, &key).await, 201);
    server.stop().await;
}
