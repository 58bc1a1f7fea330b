//! The examples of `docs/protocol/ppcom-http.md` are played: what it shows as asked is asked, and what it shows as
//! answered is answered so, but for what differs each time.

use serde_json::{Map, Value, json};

use super::shop::{Agent, SENT, Shop, Visitor, key};
use crate::harness::process::run;
use crate::harness::{Backend, Client};

const PAGE: &str = include_str!("../../../../docs/protocol/ppcom-http.md");

/// What an example is, in the order of the page.
#[derive(Clone, Copy, Debug)]
enum Example {
    /// What a command prints.
    Printed,
    /// A form for a token of a level, and the answer to it.
    Form(&'static str),
    Granted,
    /// What each answer has, here that to a call.
    InEach(&'static str),
    /// The body of a call, and the answer to it.
    Asked(&'static str),
    Answered,
    /// What a call answers beside what each does, or the first of its list.
    Object(&'static str),
    First(&'static str),
}

const EXAMPLES: [Example; 12] = [
    Example::Printed,
    Example::Form("PPCOM"),
    Example::Granted,
    Example::Form("PPKEFU"),
    Example::Granted,
    Example::InEach("PP_GET_APP_INFO"),
    Example::Asked("PP_CREATE_ANONYMOUS"),
    Example::Answered,
    Example::Object("PPCOM_CREATE_CONVERSATION"),
    Example::First("PP_GET_CONVERSATION_USER_LIST"),
    Example::Asked("PP_PAGE_HISTORY_MESSAGE"),
    Example::Answered,
];

/// What differs each time.
const DIFFERS: [&str; 2] = ["createtime", "updatetime"];

/// Fails unless what is shown is like what is so: the same members of the same types, and the same values, but where
/// the page leaves something out (`…`) or it differs each time.
fn compare(shown: &Value, is: &Value, at: &str) {
    let name = at.rsplit('.').next().unwrap_or_default();
    match (shown, is) {
        (Value::Object(shown), Value::Object(is)) => {
            let names = |of: &Map<String, Value>| of.keys().cloned().collect::<Vec<_>>();
            assert_eq!(names(shown), names(is), "{at}");
            shown
                .iter()
                .for_each(|(name, shown)| compare(shown, &is[name], &format!("{at}.{name}")));
        }
        (Value::Array(shown), Value::Array(is)) => {
            assert_eq!(shown.len(), is.len(), "{at}");
            shown.iter().zip(is).for_each(|(shown, is)| compare(shown, is, at));
        }
        (Value::String(text), Value::String(is)) => {
            let is_left_out = text.contains('…') || DIFFERS.contains(&name);
            // By a number.
            let is_visitor = text.starts_with("Visitor ") && is.starts_with("Visitor ");
            assert!(
                is_left_out || is_visitor || text == is,
                "{at}: {text} is shown, and it is {is}"
            );
        }
        (Value::Number(_), Value::Number(_)) if DIFFERS.contains(&name) => (),
        (shown, is) => assert_eq!(shown, is, "{at}"),
    }
}

/// The examples of the page.
fn blocks() -> Vec<String> {
    let parts = PAGE.split("```").skip(1).step_by(2);
    parts.map(|block| block.strip_prefix("json").unwrap_or(block).trim().to_owned()).collect()
}

/// Where the page's people are.
struct Scene {
    shop: Shop,
    ann: Agent,
    vic: Visitor,
    room: String,
}

impl Scene {
    async fn open() -> (Self, Client) {
        let shop = Shop::open(Backend::Sqlite).await;
        let ann = shop.agent("Ann").await;
        let vic = shop.visitor("vic").await;
        let room = shop.conversation(&vic).await;
        shop.say((&vic.token, &vic.user), &room, "m-1", "hi").await;
        shop.say((&ann.token, &ann.user), &room, "m-2", "hello").await;
        let auth = json!({"type": "auth", "api_token": ann.token, "app_uuid": shop.uuid(),
            "user_uuid": ann.user, "device_uuid": ann.device, "is_service_user": true});
        let mut client = Client::open(shop.server.address, "/pcsocket/WS").await;
        assert_eq!(client.ask(auth).await["code"], 0);
        (Self { shop, ann, vic, room }, client)
    }

    /// Makes a call as the visitor, with what the page shows, and what a call must have.
    async fn call(&self, name: &str, shown: &Value) -> Value {
        let Self { shop, vic, room, .. } = self;
        let mut body = json!({"app_uuid": shop.uuid(), "user_uuid": vic.user, "conversation_uuid": room,
            "conversation_type": "P2S", "ppcom_trace_uuid": vic.trace});
        for (name, value) in shown.as_object().into_iter().flatten() {
            if !value.as_str().is_some_and(|text| text.contains('…') || name == "ppcom_trace_uuid")
            {
                body[name] = value.clone();
            }
        }
        shop.call(&vic.token, name, body).await
    }

    async fn grant(&self, level: &str, form: &str) -> Value {
        let (client, secret) = key(&self.shop.app, level);
        let form = form.replace("<key of PPKEFU>", client).replace("<key>", client);
        let form = form.replace("<secret>", secret).replace("<40 digits>", SENT);
        let form = form.replace("ann@shop.example", &self.ann.email);
        self.shop.ask_token(&form).await.json
    }
}

/// Without what every answer has.
fn bare(mut answer: Value) -> Value {
    for name in ["error_code", "error_string", "uri"] {
        answer.as_object_mut().expect("an object").remove(name).expect(name);
    }
    answer
}

fn printed() -> Value {
    let folder = tempfile::tempdir().unwrap();
    assert!(run(folder.path(), &[], &["app", "add", "--name", "shop"]).status.success());
    let who = ["--email", "ann@shop.example", "--password", "correct horse", "--name", "Ann"];
    let out = run(folder.path(), &[], &[&["agent", "add", "--app", "shop"], &who[..]].concat());
    serde_json::from_slice(&out.stdout).unwrap_or_else(|_| panic!("{out:?}"))
}

#[actix_web::test]
async fn what_the_page_shows_is_so() {
    let blocks = blocks();
    assert_eq!(
        blocks.len(),
        EXAMPLES.len(),
        "every example is something, and everything an example"
    );
    let (scene, client) = Scene::open().await;
    let mut last = Value::Null;
    for (block, example) in blocks.iter().zip(EXAMPLES) {
        println!("{example:?}: {block}");
        if let Example::Form(level) = example {
            last = scene.grant(level, block).await;
            continue;
        }
        let shown: Value = serde_json::from_str(block).expect("JSON");
        let is = match example {
            Example::Printed => printed(),
            Example::Asked(name) => {
                last = scene.call(name, &shown).await;
                continue;
            }
            Example::Granted | Example::Answered => last.take(),
            Example::InEach(name) => {
                let mut is = scene.call(name, &json!({})).await;
                let each = shown.as_object().expect("an object");
                is.as_object_mut().expect("an object").retain(|name, _| each.contains_key(name));
                is
            }
            Example::Object(name) => bare(scene.call(name, &json!({})).await),
            Example::First(name) => {
                let list = scene.call(name, &json!({})).await["list"].take();
                let first = list
                    .as_array()
                    .expect("a list")
                    .iter()
                    .find(|one| one["is_service_user"] == true);
                first.expect("an agent").clone()
            }
            Example::Form(_) => unreachable!("looked at before"),
        };
        compare(&shown, &is, "");
    }
    client.close().await;
    scene.shop.close().await;
}
