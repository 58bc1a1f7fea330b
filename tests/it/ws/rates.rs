//! What a user may ask for is one rate, and how many sessions he may have one number, over all doors.

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::harness::{Account, Backend, Client, Server};

/// Where something can be asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Door {
    Rewind,
    /// With features.
    Superset,
    Chatting,
    Api,
    /// The REST half of chatting.
    Rest,
}

const DOORS: [Door; 5] = [Door::Rewind, Door::Superset, Door::Chatting, Door::Api, Door::Rest];

/// A user at all doors.
struct Everywhere<'a> {
    server: &'a Server,
    account: Account,
    rewind: Client,
    superset: Client,
    chatting: Client,
}

impl<'a> Everywhere<'a> {
    async fn come(server: &'a Server, name: &str) -> Self {
        let account = server.user(name).await;
        let rewind = server.login(&account).await;
        let superset = server.login_with(&account, &["typing"]).await;
        let chatting = server.log_in(&account).await;
        Self { server, account, rewind, superset, chatting }
    }

    /// Asks for something, or for nothing that can be read; whether it was within the rate.
    async fn ask(&mut self, door: Door, readable: bool) -> bool {
        let load = match readable {
            true => json!({"type": "load", "payload": {"type": "mutual_users"}}),
            false => json!({"type": "magic"}),
        };
        match door {
            Door::Rewind => self.rewind.ask(load).await["payload"]["code"] != 4008,
            Door::Superset => self.superset.ask(load).await["payload"]["code"] != 4008,
            Door::Chatting => {
                let note = json!({"target_id": self.account.id(), "message": "x"});
                let frame = if readable { note } else { json!([]) };
                self.chatting.ask(frame).await["error"] != "Too Many Requests"
            }
            Door::Api => {
                let path = if readable { "/friends" } else { "/rooms/x/messages?limit=x" };
                self.server.api(&self.account, "GET", path, Value::Null).await.status != 429
            }
            Door::Rest => {
                let path =
                    format!("/api/chatting/blockedusers/{}", if readable { "" } else { "?ids=x" });
                let auth = format!("Bearer {}", self.account.token);
                let to = ("GET", path.as_str());
                let answer = self.server.request_as(Some(&auth), to, "", String::new()).await;
                if answer.status == 429 {
                    let wait: u64 = answer.header("retry-after").unwrap().parse().unwrap();
                    assert!((1..=2).contains(&wait), "{wait}");
                    assert!(answer.json["detail"].is_string());
                }
                answer.status != 429
            }
        }
    }

    async fn go(self) {
        for client in [self.rewind, self.superset, self.chatting] {
            client.close().await;
        }
    }
}

#[actix_web::test]
async fn all_doors_of_a_user_share_one_rate() {
    const BURST: usize = 40;
    let server = Server::with(Backend::Sqlite, |config| {
        config.limits.enabled = true;
        config.limits.commands_per_second = 1;
        config.limits.commands_burst = BURST as u32;
    })
    .await;
    let other = Everywhere::come(&server, "other").await;
    for (number, door) in DOORS.into_iter().enumerate() {
        let mut user = Everywhere::come(&server, &format!("user{number}")).await;
        // Whatever it is used up by, at one door,
        let mut passed = 0;
        while user.ask(door, passed % 2 == 0).await {
            passed += 1;
            assert!(passed < 2 * BURST, "{door:?} has no rate");
        }
        assert!(passed <= BURST + 10, "{door:?}: {passed}");
        // nothing is left at any other, nor for who comes again; but what comes back with time.
        for next in DOORS {
            let mut tries = 0;
            while user.ask(next, tries % 2 == 0).await {
                tries += 1;
                assert!(tries < 5, "{door:?} leaves something for {next:?}");
            }
        }
        let again = Everywhere::come(&server, &format!("another{number}")).await;
        let mut again = Everywhere { account: user.account.clone(), ..again };
        let came = server.login(&user.account).await;
        std::mem::replace(&mut again.rewind, came).close().await;
        let mut tries = 0;
        while again.ask(Door::Rewind, true).await {
            tries += 1;
            assert!(tries < 5, "a new session has a rate of its own");
        }
        again.go().await;
        user.go().await;
    }
    let mut other = other;
    for door in DOORS {
        assert!(other.ask(door, true).await, "others have their own: {door:?}");
    }
    other.go().await;
    server.stop().await;
}

#[actix_web::test]
async fn one_session_too_many_ends_the_oldest_of_the_user() {
    const MAX: usize = 3;
    let set = |enabled: bool| {
        Server::with(Backend::Sqlite, move |config| {
            config.limits.enabled = enabled;
            config.limits.sessions_per_user_max = MAX;
        })
    };
    let server = set(true).await;
    let (alice, bob) = (server.user("alice").await, server.user("bob").await);
    let mut his = server.login(&bob).await;
    let replaced = |code: u16| (code, "replaced".to_owned());
    let mut first = server.login(&alice).await;
    let mut second = server.log_in(&alice).await;
    let mut third = server.login_with(&alice, &["sync"]).await;
    // Saying again who one is makes no other session, nor a younger one.
    first.identify(&alice.token).await;
    for client in [&mut first, &mut third] {
        client.expect_nothing().await;
    }
    let fourth = server.login(&alice).await;
    assert_eq!(first.closed().await, replaced(4001));
    let fifth = server.log_in(&alice).await;
    assert_eq!(second.closed().await, replaced(3401));
    let mut sixth = server.login(&alice).await;
    assert_eq!(third.closed().await, replaced(4001));
    // Who goes makes room.
    fourth.close().await;
    crate::harness::until("one has gone", || server.running().metrics.sessions.get() == 3).await;
    let seventh = server.login(&alice).await;
    sixth.expect_nothing().await;
    his.expect_nothing().await;
    assert_eq!(server.running().metrics.evictions.with_label_values(&["replaced"]).get(), 3);
    for client in [fifth, sixth, seventh, his] {
        client.close().await;
    }
    server.stop().await;

    let server = set(false).await;
    let alice = server.user("alice").await;
    let mut all = join_all((0..2 * MAX).map(|_| server.login(&alice))).await;
    for client in &mut all {
        client.expect_nothing().await;
    }
    for client in all {
        client.close().await;
    }
    server.stop().await;
}
