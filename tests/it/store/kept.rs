//! How much is kept of customer chat, and how long: exactly so many agents, listed conversations and visits, and pushes
//! for thirty days.

use std::sync::Arc;
use std::time::Duration;

use diesel::connection::SimpleConnection as _;
use serde_json::json;
use tradewind::domain::accounts::name::UserName;
use tradewind::domain::accounts::user::Email;
use tradewind::domain::apps::customer::{AppUser, ConversationKind};
use tradewind::domain::apps::customer_request::Visit;
use tradewind::domain::clock::Clock as _;
use tradewind::domain::id::{AppId, GroupId, UserId};
use tradewind::jobs::sweeps;
use tradewind::store::accounts::writes::UserDraft;
use tradewind::store::apps::conversation_writes::{self, Opened};
use tradewind::store::apps::conversations::{self, NewConversation};
use tradewind::store::apps::customer_writes::{self, AgentDraft, NoAgentReason};
use tradewind::store::apps::{customer_lookups, directory, message_lookups, users, visits};

use super::devices::add_app;
use super::harness::*;
use super::removed::count;
use crate::contract::ppcom::shop::Shop;
use crate::harness::Backend;

const DAY: Duration = Duration::from_secs(86_400);

/// An agent to be, with an account of this number.
fn agent(app: AppId, number: i64) -> AgentDraft {
    let email = Email::parse(&format!("a{number}@shop.example")).unwrap();
    AgentDraft {
        app,
        shown_name: "Ann".to_owned(),
        icon: None,
        password_hash: None,
        email: email.clone(),
        account: Some(UserDraft {
            id: id(number),
            name: UserName::parse(&format!("agent {number}")).unwrap(),
            email,
            password_hash: "none".to_owned(),
            imported: true,
            created_at: at(1),
        }),
        takes_account: false,
        at: at(1),
    }
}

/// An agent who has an account of this number.
fn known(app: AppId, number: i64) -> AppUser {
    AppUser {
        app,
        id: id(number),
        is_agent: true,
        shown_name: "Ann".to_owned(),
        icon: None,
        email: Some(format!("a{number}@shop.example")),
        updated_at: at(1),
    }
}

on_both! {
    fn an_app_has_999_agents(db) {
        run(async {
            let live = Live::start(&db);
            let ids: Vec<i64> = (1..=999).map(|number| number * 2).collect();
            make_users(&live.database, &ids);
            let (app, other) = (add_app(&live, "one"), add_app(&live, "two"));
            let agents: Vec<AppUser> = ids[1..].iter().map(|number| known(app, *number)).collect();
            let all = |conn: &mut _| agents.iter().try_for_each(|one| users::add_agent(conn, one, None));
            live.database.write(all).unwrap();
            let last = live.store.run(customer_writes::add_agent(agent(app, 4_000))).await.unwrap();
            assert!(last.is_ok(), "the 999th");
            let one_more = || agent(app, 5_000);
            let made = live.store.run(customer_writes::add_agent(one_more())).await.unwrap();
            assert_eq!(made, Err(NoAgentReason::TooMany));
            let elsewhere = AgentDraft { app: other, ..one_more() };
            assert!(live.store.run(customer_writes::add_agent(elsewhere)).await.unwrap().is_ok());
            // A conversation with all of them is a group as large as one may be.
            let clock: Arc<dyn tradewind::domain::clock::Clock> = live.clock.clone();
            let open = conversation_writes::default_conversation(app, id(2), live.mint.clone(), clock);
            let Opened::Conversation(opened) = live.store.run(open).await.unwrap() else { panic!() };
            assert_eq!(opened.assigned, None);
            let members = customer_lookups::conversation_users(app, id(2), opened.id);
            // Who is no user of the app is none of those who are listed.
            assert_eq!(live.store.read(members).await.unwrap().unwrap().len(), 999);
        });
    }

    fn a_hundred_conversations_are_listed_those_that_changed_last(db) {
        run(async {
            let live = Live::start(&db);
            make_users(&live.database, &[2, 4, 6]);
            let app = add_app(&live, "one");
            let group = |number: i64| GroupId::new(number * 2 + 1).unwrap();
            let talk = |number: i64| NewConversation {
                id: group(number),
                app,
                by: id(2),
                // Of the last one an agent is no member.
                agents: if number == 102 { vec![id(6)] } else { vec![id(4), id(6)] },
                kind: ConversationKind::Visitor,
                title: "two".to_owned(),
                created_at: at(number),
            };
            let talks = |conn: &mut _| {
                (0..103).try_for_each(|number| conversations::create(conn, &talk(number)).map(drop))
            };
            live.database.write(talks).unwrap();
            // All are open but the newest one of this agent.
            let open = "UPDATE conversations SET status = 1 WHERE room_id <> 203";
            live.database.write(|conn| Ok(conn.batch_execute(open)?)).unwrap();
            let found = live.database.read(|conn| directory::by_id(conn, app)).unwrap().unwrap();
            let listed = async |who: i64| -> Vec<GroupId> {
                let look = customer_lookups::open_conversations(found.clone(), id(who));
                let listed = live.store.read(look).await.unwrap();
                listed.into_iter().map(|one| one.conversation.id).collect()
            };
            assert_eq!(listed(4).await, (1..=100).rev().map(group).collect::<Vec<_>>());
            let of_other: Vec<GroupId> =
                [102].into_iter().chain((2..=100).rev()).map(group).collect();
            assert_eq!(listed(6).await, of_other);
        });
    }

    fn of_each_visitor_the_latest_fifty_visits_are_kept(db) {
        run(async {
            let live = Live::start(&db);
            make_users(&live.database, &[2, 4]);
            let app = add_app(&live, "one");
            let come = |number: i64, user: UserId| {
                let visit = Visit { url: format!("https://shop.example/{number}"), title: String::new() };
                let now = live.clock.now();
                live.database.write(|conn| visits::add(conn, number, (app, user), (&visit, now))).unwrap();
            };
            let kept = |user: i64| {
                let rows = format!("visits WHERE user_id = {user}");
                let oldest = format!("visits WHERE user_id = {user} AND url = 'https://shop.example/1'");
                (count(&live.database, &rows), count(&live.database, &oldest))
            };
            come(1, id(2));
            come(2, id(4));
            for number in 3..=51 {
                come(number, id(2));
            }
            assert_eq!((kept(2), kept(4)), ((50, 1), (1, 0)));
            come(52, id(2));
            assert_eq!((kept(2), kept(4)), ((50, 0), (1, 0)));
            let latest = live.store.read(message_lookups::latest_visit(app, id(2))).await.unwrap();
            assert_eq!(latest.unwrap().url, "https://shop.example/52");
        });
    }
}

async fn pushes_are_kept_for_thirty_days(backend: Backend) {
    let shop = Shop::open(backend).await;
    let ann = shop.agent("ann").await;
    let vic = shop.visitor("vic").await;
    let room = shop.conversation(&vic).await;
    let began = shop.server.now();
    for number in 0..3 {
        shop.say((&vic.token, &vic.user), &room, &format!("m-{number}"), "hi").await;
    }
    let asked = json!({"app_uuid": shop.uuid(), "user_uuid": ann.user});
    let unacked = async || {
        let page = shop.do_call(&ann.token, "PP_PAGE_UNACKED_MESSAGE", asked.clone()).await;
        page["total_count"].as_i64().unwrap()
    };
    let store = &shop.server.running().store;
    assert_eq!(sweep(store, &sweeps::pushes(), began.after(30 * DAY)).await, 0);
    assert_eq!(unacked().await, 3);
    let later = shop.server.now().after(30 * DAY + Duration::from_secs(1));
    assert_eq!(sweep(store, &sweeps::pushes(), later).await, 3);
    assert_eq!(unacked().await, 0);
    // What was said stays.
    let page = json!({"conversation_uuid": room});
    let page = shop.do_call(&ann.token, "PP_PAGE_HISTORY_MESSAGE", page).await;
    assert_eq!(page["total_count"], 3);
    shop.close().await;
}

#[actix_web::test]
async fn pushes_are_kept_for_thirty_days_on_sqlite() {
    pushes_are_kept_for_thirty_days(Backend::Sqlite).await;
}

#[actix_web::test]
async fn pushes_are_kept_for_thirty_days_on_postgres() {
    pushes_are_kept_for_thirty_days(Backend::Postgres).await;
}
