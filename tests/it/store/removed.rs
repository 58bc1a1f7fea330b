//! Apps that were removed: what is left of them goes in bits, the app last, and nothing goes of another app.

use std::rc::Rc;
use std::time::Duration;

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use serde_json::json;
use tradewind::domain::accounts::user::User;
use tradewind::domain::apps::command::{AppsAnswer, AppsRequest};
use tradewind::domain::apps::console::{ConsoleAction, ConsoleRequest};
use tradewind::domain::apps::customer::ConversationKind;
use tradewind::domain::id::{AppId, GroupId, SessionId, UserId};
use tradewind::domain::principal::Principal;
use tradewind::domain::uuid::Uuid;
use tradewind::jobs::sweeps;
use tradewind::service::apps::NewAppKeys;
use tradewind::store::Database;
use tradewind::store::apps::conversations::{self, NewConversation};
use tradewind::store::apps::{message_writes, writes};

use super::devices::add_app;
use super::harness::*;
use crate::contract::ppcom::shop::{Agent, Shop, Visitor};
use crate::harness::{Backend, Client};

/// All tables that name an app.
const TABLES: [&str; 12] = [
    "app_keys",
    "app_tokens",
    "app_servers",
    "app_users",
    "devices",
    "device_groups",
    "downstreams",
    "conversations",
    "conversation_messages",
    "conversation_waits",
    "app_files",
    "visits",
];
const LONG: Duration = Duration::from_secs(90 * 86_400);

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

pub(super) fn count(database: &Database, what: &str) -> i64 {
    let query = diesel::sql_query(format!("SELECT count(*) AS count FROM {what}"));
    database.read(|conn| Ok(query.get_result::<Count>(conn)?)).unwrap().count
}

fn of_app(database: &Database, app: AppId) -> Vec<i64> {
    let count = |table| count(database, &format!("{table} WHERE app_id = {}", app.get()));
    TABLES.map(count).into()
}

async fn operate(shop: &Shop, app: AppId, action: ConsoleAction) {
    let request = AppsRequest::Console(ConsoleRequest { action, fault: None });
    let apps = &shop.server.running().service.apps;
    let answer = apps.perform((SessionId(0), Principal::Console(app)), request).await;
    assert_eq!(answer, Ok(AppsAnswer::Told));
}

/// A visitor comes from a page, sends a file up and is sent something.
async fn fill(shop: &Shop, app: AppId, of: &Visitor, service: &str) {
    let auth = json!({"type": "auth", "api_token": of.token, "app_uuid": app.uuid().to_string(),
        "user_uuid": of.user, "device_uuid": of.device, "is_service_user": false,
        "extra_data": {"title": "A lamp"}});
    let mut client = Client::open(shop.server.address, "/pcsocket/WS").await;
    assert_eq!(client.ask(auth).await["code"], 0);
    let form = "--XX\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\nhi\r\n--XX--\r\n";
    let (auth, kind) = (format!("OAuth {}", of.token), "multipart/form-data; boundary=XX");
    let place = ("POST", "/upload/upload/");
    let kept = shop.server.request_as(Some(&auth), place, kind, form.to_owned()).await;
    assert_eq!(kept.status, 200, "{}", kept.text);
    client.close().await;
    let devices = vec![of.device.clone()];
    let group = ConsoleAction::CreateGroup { name: Some("g".into()), description: None, devices };
    operate(shop, app, group).await;
    operate(shop, app, ConsoleAction::SendBroadcast { text: "hi".to_owned() }).await;
    let (service, name) = (service.to_owned(), "a server".to_owned());
    operate(shop, app, ConsoleAction::Register { service, name }).await;
}

/// Does all that a worker's timers do, once.
async fn sweep_all(shop: &Shop) {
    for timer in sweeps::all(Rc::new(|_| ()), (LONG, LONG)) {
        sweep(&shop.server.running().store, &timer, shop.server.now()).await;
    }
}

/// An agent as a user of the hub, who hears what happens in groups.
async fn as_user(shop: &Shop, agent: &str) -> Client {
    let id = UserId::of_uuid(Uuid::parse(agent).unwrap()).unwrap();
    let token = shop.server.token_of(&User { id, name: "ann".to_owned(), profile: None }).await;
    let mut client = shop.server.connect().await;
    client.identify_with(&token, &["group"]).await;
    client
}

fn expect_gone(database: &Database, app: AppId) {
    assert_eq!(of_app(database, app), [0; 12], "{TABLES:?}");
    assert_eq!(count(database, &format!("apps WHERE id = {}", app.get())), 0);
    assert_eq!(count(database, "messages"), 0, "what was said in conversations");
}

/// Two apps with as much in each; the agent and the visitor of the first, and the visitor of the other.
async fn two_apps(backend: Backend) -> (Shop, NewAppKeys, Agent, [Visitor; 2]) {
    let shop = Shop::open(backend).await;
    let bank = shop.other().await;
    let ann = shop.agent("ann").await;
    shop.agent_of(&bank, "bea").await;
    let (vic, cyd) = (shop.visitor("vic").await, shop.visitor_of(&bank, "cyd").await);
    let room = shop.conversation(&vic).await;
    shop.say((&vic.token, &vic.user), &room, "m-1", "hi").await;
    fill(&shop, shop.app.id, &vic, &shop.app.service_id).await;
    fill(&shop, bank.id, &cyd, &bank.service_id).await;
    (shop, bank, ann, [vic, cyd])
}

async fn nothing_is_left(backend: Backend) {
    let (shop, bank, ann, [vic, cyd]) = two_apps(backend).await;
    let database = shop.server.database();
    let kept = of_app(&database, bank.id);
    assert!(of_app(&database, shop.app.id).iter().filter(|count| **count > 0).count() >= 11);

    let mut agent = as_user(&shop, &ann.user).await;
    shop.server.running().service.apps.remove("shop").await.unwrap();
    for _ in 0..2 {
        sweep_all(&shop).await;
    }
    assert_eq!(of_app(&database, bank.id), kept);
    expect_gone(&database, shop.app.id);
    // The visitor is nobody any more; the agent has an account, and is told that the conversation is over.
    let there = |uuid: &str| {
        let id = UserId::of_uuid(Uuid::parse(uuid).unwrap()).unwrap().get();
        count(&database, &format!("users WHERE id = {id} AND deleted_at IS NULL"))
    };
    assert_eq!([there(&vic.user), there(&ann.user), there(&cyd.user)], [0, 1, 1]);
    let told = agent.recv().await;
    assert_eq!(
        (&told["type"], &told["payload"]["type"]),
        (&json!("group"), &json!("delete")),
        "{told}"
    );
    agent.close().await;
    shop.close().await;
}

#[actix_web::test]
async fn nothing_is_left_on_sqlite() {
    nothing_is_left(Backend::Sqlite).await;
}

#[actix_web::test]
async fn nothing_is_left_on_postgres() {
    nothing_is_left(Backend::Postgres).await;
}

on_both! {
    fn what_is_many_goes_in_bits(db) {
        run(async {
            let live = Live::start(&db);
            make_users(&live.database, &[2, 4]);
            let app = add_app(&live, "one");
            let groups = format!(
                "INSERT INTO device_groups (id, app_id, name, size, version, ended) \
                 WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1500) \
                 SELECT i, {}, 'g', 0, 0, FALSE FROM n",
                app.get()
            );
            live.database.write(|conn| Ok(conn.batch_execute(&groups)?)).unwrap();
            let talk = |number: i64| NewConversation {
                id: GroupId::new(number * 2 + 1).unwrap(),
                app,
                by: id(2),
                agents: vec![id(4)],
                kind: ConversationKind::Visitor,
                title: "two".to_owned(),
                created_at: at(1),
            };
            let talks = |conn: &mut _| {
                (0..120).try_for_each(|number| conversations::create(conn, &talk(number)).map(drop))
            };
            live.database.write(talks).unwrap();
            live.store.run(writes::remove_app(app)).await.unwrap();
            let groups = || live.store.run(writes::sweep_device_groups(1_000));
            assert_eq!(groups().await.unwrap(), 1_000);
            assert_eq!(count(&live.database, "device_groups WHERE NOT ended"), 500);
            let rooms = || live.store.run(message_writes::sweep_removed_apps(at(2)));
            for left in [70, 20, 0] {
                assert!(rooms().await.unwrap() <= 50);
                assert_eq!(count(&live.database, "conversations"), left);
            }
            // Not before all is gone.
            assert_eq!(rooms().await.unwrap(), 0);
            assert_eq!(count(&live.database, "apps"), 1);
            sweep(&live.store, &sweeps::device_groups(), at(2)).await;
            assert_eq!((rooms().await.unwrap(), count(&live.database, "apps")), (1, 0));
        });
    }
}
