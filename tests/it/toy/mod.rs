//! The seam of dialects and principals: a toy dialect, which only this folder knows, logs in as a
//! user, a device and a console, sends, hears, is refused, pinged and replaced.

mod dialect;

use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::web::{self, Data, Payload, Query};
use actix_web::{Error, HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::{Value, json};
use tradewind::domain::apps::device::DeviceClass;
use tradewind::domain::chat::event::Notice;
use tradewind::domain::id::{AppId, DeviceId, UserId};
use tradewind::domain::principal::{
    Credential, IdentifyError, Identity, Mailbox, Principal, Voucher,
};
use tradewind::http::State;
use tradewind::server::Additions;
use tradewind::server::Config;
use tradewind::service::authenticators::{Authentication, Authenticator};
use tradewind::session::Opening;
use tradewind::wire::{DialectId, Options};
use tradewind::ws;

use crate::harness::{Account, Backend, Client, Server, until};
use dialect::{DEVICE, KEY, Toy};

const APP: i64 = 77;
const SECRET: &str = "open sesame";

/// Knows each device by its name, `<device>:<owner>`, and one secret. It has to look that up.
struct Devices;

impl Authenticator for Devices {
    fn check(&self, parts: &[String]) -> Authentication {
        let [name, secret] = parts else {
            return Authentication::Now(Err(IdentifyError::Credential));
        };
        let ids = name.split_once(':').and_then(|(device, owner)| {
            let device = DeviceId::new(device.parse().ok()?)?;
            Some((device, UserId::new(owner.parse().ok()?)?))
        });
        let known = ids.filter(|_| secret == SECRET);
        Authentication::Later(Box::pin(async move {
            actix_web::rt::task::yield_now().await;
            let (device, owner) = known.ok_or(IdentifyError::Credential)?;
            let principal = Principal::Device { device, owner, class: DeviceClass::Browser };
            Ok(Identity { principal, voucher: Voucher::None })
        }))
    }
}

/// Knows one key of an app.
struct Keys;

impl Authenticator for Keys {
    fn check(&self, parts: &[String]) -> Authentication {
        let principal = Principal::Console(app());
        let is_known = parts == [SECRET];
        Authentication::Now(if is_known {
            Ok(Identity { principal, voucher: Voucher::None })
        } else {
            Err(IdentifyError::Credential)
        })
    }
}

fn app() -> AppId {
    AppId::new(APP).unwrap()
}

#[derive(Deserialize)]
struct Asked {
    key: Option<String>,
}

/// `GET /toy`: a console shows its key here, all others in a frame.
async fn open(
    request: HttpRequest,
    payload: Payload,
    (state, toy, asked): (Data<State>, Data<DialectId>, Query<Asked>),
) -> Result<HttpResponse, Error> {
    let seat = state.sessions.seats.take(request.peer_addr().unwrap().ip()).ok().unwrap();
    let key = asked.into_inner().key;
    let credential = key.map(|key| Credential::Scheme { name: KEY, parts: vec![key] });
    let opening = Opening { variant: toy.with(Options::default()), credential };
    let session = (opening, Arc::clone(&state.sessions), seat);
    ws::accept(&request, payload, session)
}

fn additions(config: &Config, toy: Toy) -> Additions {
    let mut additions = Additions::new(config);
    let toy = additions.dialects.add(Box::new(toy));
    additions.authenticators.insert(DEVICE, Box::new(Devices));
    additions.authenticators.insert(KEY, Box::new(Keys));
    additions.routes = Arc::new(move |routes| {
        routes.app_data(Data::new(toy)).route("/toy", web::get().to(open));
    });
    additions
}

async fn start_with(toy: Toy) -> Server {
    Server::with_additions(Backend::Sqlite, |_| {}, |config| additions(config, toy)).await
}

async fn start() -> Server {
    start_with(Toy::new(Duration::from_secs(10), Duration::from_secs(60))).await
}

async fn connect(server: &Server) -> Client {
    Client::open(server.address, "/toy").await
}

/// A user's session that has logged in with a class.
async fn user(server: &Server, account: &Account, class: u8) -> Client {
    let mut client = connect(server).await;
    let hello = client.ask(json!({"user": account.token, "class": class})).await;
    assert_eq!(hello["hello"], json!({"user": account.id()}));
    client
}

fn credential(device: i64, owner: &Account) -> Value {
    json!({"device": format!("{device}:{}", owner.id()), "secret": SECRET})
}

async fn device(server: &Server, device: i64, owner: &Account) -> Client {
    let mut client = connect(server).await;
    let hello = client.ask(credential(device, owner)).await;
    assert_eq!(hello["hello"], json!({"device": device}));
    client
}

async fn console(server: &Server) -> Client {
    let mut client = Client::open(server.address, "/toy?key=open%20sesame").await;
    assert_eq!(client.recv().await, json!({"hello": {"console": APP}, "friends": null}));
    client
}

fn mailbox(device: i64) -> Mailbox {
    Mailbox::Device(DeviceId::new(device).unwrap())
}

async fn notify(server: &Server, to: Mailbox, text: &str) -> bool {
    let notice = Notice { to, text: text.to_owned(), game: None };
    server.running().hub.notify(notice).await.expect("the hub has room").is_some()
}

/// Asserts that nothing but answers has come.
async fn nothing(client: &mut Client) {
    assert_eq!(client.ask(json!({"fence": 1})).await, json!({"what": {"fence": 1}}));
}

#[actix_web::test]
async fn whoever_shows_who_it_is_gets_in() {
    let server = start().await;
    let (alice, bob) = (server.user("alice").await, server.user("bob").await);
    server.befriend(&alice, &bob).await;
    let mut client = connect(&server).await;
    assert_eq!(client.ask(json!({"user": "no token"})).await, json!({"no": "credential"}));
    let mut wrong = credential(5, &alice);
    wrong["secret"] = json!("please");
    assert_eq!(client.ask(wrong).await, json!({"no": "credential"}));
    let hello = client.ask(credential(5, &alice)).await;
    assert_eq!(hello, json!({"hello": {"device": 5}, "friends": 1}));
    // For life: neither its owner nor another device may go on with it.
    client.send(&json!({"user": alice.token})).await;
    assert_eq!(client.closed().await.0, 4900);

    let mut stranger = Client::open(server.address, "/toy?key=guess").await;
    assert_eq!(stranger.recv().await, json!({"no": "credential"}));
    for client in [user(&server, &alice, 0).await, console(&server).await, stranger] {
        client.close().await;
    }
    server.stop().await;
}

#[actix_web::test]
async fn a_device_hears_what_its_owner_hears_and_what_is_its_own() {
    let server = start().await;
    let (alice, bob) = (server.user("alice").await, server.user("bob").await);
    let (mut a, mut b) = (user(&server, &alice, 0).await, user(&server, &bob, 0).await);
    let (mut phone, mut desk) = (device(&server, 5, &bob).await, console(&server).await);
    // Another dialect hears it, too.
    let mut wind = server.login(&bob).await;

    let sent = a.ask(json!({"post": {"to": bob.id(), "text": "hi"}})).await;
    assert_eq!(sent, json!({"posted": "hi"}));
    let heard = json!({"from": alice.id(), "text": "hi"});
    assert_eq!((b.recv().await, phone.recv().await), (heard.clone(), heard));
    assert_eq!(wind.recv().await["payload"]["content"], "hi");
    // A device speaks for its owner, whose other sessions hear of it.
    let sent = phone.ask(json!({"post": {"to": alice.id(), "text": "yes"}})).await;
    assert_eq!(sent, json!({"posted": "yes"}));
    assert_eq!(b.recv().await, sent);
    assert_eq!(a.recv().await, json!({"from": bob.id(), "text": "yes"}));
    assert_eq!(wind.recv().await["payload"]["content"], "yes");

    for (to, text) in [
        (mailbox(5), "to the device"),
        (Mailbox::Console(app()), "to the console"),
        (bob.user.id.into(), "to the user"),
    ] {
        assert!(notify(&server, to, text).await, "{text}");
    }
    for (client, texts) in [
        (&mut phone, &["to the device", "to the user"][..]),
        (&mut desk, &["to the console"]),
        (&mut b, &["to the user"]),
    ] {
        for text in texts {
            assert_eq!(client.recv().await, json!({"notice": text}));
        }
        nothing(client).await;
    }
    nothing(&mut a).await;
    assert!(!notify(&server, mailbox(6), "to nobody").await);
    for client in [a, b, phone, desk, wind] {
        client.close().await;
    }
    server.stop().await;
}

#[actix_web::test]
async fn what_is_not_allowed_is_refused_in_its_own_words() {
    let server = start().await;
    let alice = server.user("alice").await;
    let (mut a, mut desk) = (user(&server, &alice, 0).await, console(&server).await);
    assert_eq!(a.ask(json!({"post": {"to": 2, "text": "hi"}})).await, json!({"nobody": 2}));
    let post = json!({"post": {"to": alice.id(), "text": "hi"}});
    assert_eq!(desk.ask(post).await, json!({"not": "allowed"}));
    nothing(&mut a).await;
    a.close().await;
    desk.close().await;
    server.stop().await;
}

#[actix_web::test]
async fn a_device_counts_for_its_owner_and_a_console_for_nobody() {
    let server = start().await;
    let (alice, bob) = (server.user("alice").await, server.user("bob").await);
    server.befriend(&alice, &bob).await;
    let mut friend = server.log_in(&bob).await;
    let hub = server.running().hub.clone();
    let online = async |who: Mailbox| hub.is_online(who).await.expect("the hub has room");
    let (desk, at_desk) = (console(&server).await, Mailbox::Console(app()));
    assert!(online(at_desk).await && !online(alice.user.id.into()).await);
    assert_eq!(server.running().metrics.users_online.get(), 1);

    let phone = device(&server, 5, &alice).await;
    assert_eq!(friend.recv().await["status"], "online");
    assert!(online(alice.user.id.into()).await && online(mailbox(5)).await);
    assert!(!online(mailbox(6)).await);
    assert_eq!(server.running().metrics.users_online.get(), 2);
    phone.close().await;
    desk.close().await;
    assert_eq!(friend.recv().await["status"], "offline");
    assert!(!online(alice.user.id.into()).await && !online(mailbox(5)).await);
    until("the console's end", || server.running().metrics.sessions.get() == 1).await;
    assert!(!online(at_desk).await);
    friend.close().await;
    server.stop().await;
}

#[actix_web::test]
async fn it_is_pinged_in_its_own_time() {
    let (interval, silence_max) = (Duration::from_millis(150), Duration::from_millis(900));
    let server = start_with(Toy::new(interval, silence_max)).await;
    let mut desk = console(&server).await;
    let begun = Instant::now();
    // Answered as they come, they keep it alive for longer than it may be silent.
    while begun.elapsed() < 2 * silence_max {
        desk.pinged().await;
    }
    desk.pinged().await;
    desk.close().await;
    // Who does not read does not answer.
    let silent = console(&server).await;
    until("the end of the silent", || server.running().metrics.sessions.get() == 0).await;
    drop(silent);
    server.stop().await;
}

#[actix_web::test]
async fn of_two_sessions_of_a_device_the_older_one_goes() {
    let server = start().await;
    let (alice, bob) = (server.user("alice").await, server.user("bob").await);
    server.befriend(&alice, &bob).await;
    let mut friend = server.log_in(&bob).await;
    let mut old = device(&server, 5, &alice).await;
    assert_eq!(friend.recv().await["status"], "online");

    let mut new = device(&server, 5, &alice).await;
    let begun = Instant::now();
    assert_eq!(old.recv().await, json!({"bye": "replaced"}));
    // It is not heard any more, and hears of nothing.
    old.send(&json!({"post": {"to": bob.id(), "text": "late"}})).await;
    assert!(notify(&server, mailbox(5), "to the new one").await);
    assert_eq!(new.recv().await, json!({"notice": "to the new one"}));
    assert_eq!(old.closed().await, (4901, "replaced".to_owned()));
    let held = begun.elapsed().as_millis();
    assert!((800..5_000).contains(&held), "{held} ms to say goodbye");

    // Whoever closes by itself need not be waited for.
    let mut newest = device(&server, 5, &alice).await;
    assert_eq!(new.recv().await, json!({"bye": "replaced"}));
    let begun = Instant::now();
    new.close().await;
    assert!(begun.elapsed().as_millis() < 900);
    // The user was there all the time, and nothing was said.
    assert_eq!(friend.drain_chatting().await, Vec::<Value>::new());
    let other = device(&server, 6, &alice).await;
    nothing(&mut newest).await;
    for client in [newest, other, friend] {
        client.close().await;
    }
    server.stop().await;
}

#[actix_web::test]
async fn of_two_sessions_of_a_class_the_older_one_goes() {
    let server = start().await;
    let alice = server.user("alice").await;
    let (mut none, mut first) = (user(&server, &alice, 0).await, user(&server, &alice, 1).await);
    let mut second = user(&server, &alice, 2).await;
    let again = user(&server, &alice, 1).await;
    assert_eq!(first.recv().await, json!({"bye": "replaced"}));
    assert_eq!(first.closed().await, (4901, "replaced".to_owned()));
    nothing(&mut none).await;
    nothing(&mut second).await;
    // Once it has gone, nobody is in the way of the next one.
    again.close().await;
    until("its end", || server.running().metrics.sessions.get() == 2).await;
    let mut next = user(&server, &alice, 1).await;
    nothing(&mut next).await;
    for client in [none, second, next] {
        client.close().await;
    }
    server.stop().await;
}
