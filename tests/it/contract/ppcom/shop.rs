//! An app with its keys, and whoever talks there.

use serde_json::{Value, json};
use tradewind::server::Config;
use tradewind::service::apps::{AppChanges, NewAgent, NewAppKeys};

use crate::harness::http::{Answer, send};
use crate::harness::{Backend, Server};

/// The password of all agents.
pub const PASSWORD: &str = "correct horse";
/// What their programs send of it.
pub const SENT: &str = "2f9e53523b62abc141a2b4d6019d23cba835dbd0";
const FORM: &str = "application/x-www-form-urlencoded";

/// A server with an app.
pub struct Shop {
    pub server: Server,
    pub app: NewAppKeys,
}

/// A visitor with a token, a device and a secret.
#[derive(Clone, Debug)]
pub struct Visitor {
    pub token: String,
    pub user: String,
    pub device: String,
    pub trace: String,
}

/// An agent with a token.
#[derive(Clone, Debug)]
pub struct Agent {
    pub token: String,
    pub user: String,
    pub device: String,
    pub email: String,
}

impl Shop {
    pub async fn open(backend: Backend) -> Self {
        Self::with(backend, |_| {}).await
    }

    pub async fn with(backend: Backend, change: impl FnOnce(&mut Config)) -> Self {
        let server = Server::with(backend, change).await;
        let app = server.running().service.apps.add("shop").await.expect("an app");
        Self { server, app }
    }

    /// Another app of the same server.
    pub async fn other(&self) -> NewAppKeys {
        self.server.running().service.apps.add("bank").await.expect("an app")
    }

    pub fn uuid(&self) -> String {
        self.app.id.uuid().to_string()
    }

    pub async fn set(&self, changes: AppChanges) {
        self.server.running().service.apps.set("shop", changes).await.expect("it is set");
    }

    /// A request for a token.
    pub async fn ask_token(&self, form: &str) -> Answer {
        self.server.request("POST", "/ppauth/token", FORM, form.to_owned()).await
    }

    /// A token for a key of an app.
    pub async fn token_of(&self, app: &NewAppKeys, level: &str) -> String {
        let shown = key(app, level);
        let form = format!(
            "client_id={}&client_secret={}&grant_type=client_credentials",
            shown.0, shown.1
        );
        let answer = self.ask_token(&form).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json["access_token"].as_str().expect("a token").to_owned()
    }

    pub async fn token(&self, level: &str) -> String {
        self.token_of(&self.app, level).await
    }

    /// A call. It is always answered with 200 and the three fields.
    pub async fn call(&self, token: &str, name: &str, body: Value) -> Value {
        self.call_from(None, token, name, body).await
    }

    pub async fn call_from(
        &self,
        origin: Option<&str>,
        token: &str,
        name: &str,
        body: Value,
    ) -> Value {
        let (path, auth) = (format!("/api/{name}"), format!("OAuth {token}"));
        let mut headers = vec![("content-type", "application/json"), ("authorization", &auth)];
        headers.extend(origin.map(|origin| ("origin", origin)));
        let place = ("POST", path.as_str());
        let answer = send(self.server.address, place, &headers, body.to_string()).await;
        check(&answer, &path);
        answer.json
    }

    /// A call that is done; its fields without the three.
    #[track_caller]
    pub fn done(&self, answer: Value) -> Value {
        assert_eq!(answer["error_code"], 0, "{answer}");
        let Value::Object(mut fields) = answer else { unreachable!("checked") };
        fields.retain(|name, _| !["error_code", "error_string", "uri"].contains(&name.as_str()));
        Value::Object(fields)
    }

    pub async fn do_call(&self, token: &str, name: &str, body: Value) -> Value {
        let answer = self.call(token, name, body.clone()).await;
        assert_eq!(answer["error_code"], 0, "{name} {body}: {answer}");
        self.done(answer)
    }

    /// The code of a call.
    pub async fn code(&self, token: &str, name: &str, body: Value) -> i64 {
        self.call(token, name, body).await["error_code"].as_i64().expect("a code")
    }

    pub async fn visitor(&self, name: &str) -> Visitor {
        self.visitor_of(&self.app, name).await
    }

    pub async fn visitor_of(&self, app: &NewAppKeys, name: &str) -> Visitor {
        let (token, trace) = (self.token_of(app, "PPCOM").await, format!("secret of {name:0>16}"));
        let app = app.id.uuid().to_string();
        let asked = json!({"app_uuid": app, "ppcom_trace_uuid": trace});
        let user = self.do_call(&token, "PP_CREATE_ANONYMOUS", asked).await;
        let user = user["user_uuid"].as_str().expect("a user").to_owned();
        let device = json!({"app_uuid": app, "user_uuid": user, "device_ostype": "WIN",
            "ppcom_trace_uuid": trace});
        let device = self.do_call(&token, "PP_CREATE_DEVICE", device).await;
        let device = device["device_uuid"].as_str().expect("a device").to_owned();
        Visitor { token, user, device, trace }
    }

    pub async fn agent(&self, name: &str) -> Agent {
        self.agent_of(&self.app, name).await
    }

    pub async fn agent_of(&self, app: &NewAppKeys, name: &str) -> Agent {
        let email = format!("{}@{}.example", name.replace(' ', "."), app.name);
        let new = NewAgent { app: &app.name, email: &email, password: PASSWORD, shown_name: name };
        self.server.running().service.apps.add_agent(new).await.expect("an agent");
        let (key, _) = key(app, "PPKEFU");
        let form =
            format!("grant_type=password&client_id={key}&user_email={email}&user_password={SENT}");
        let answer = self.ask_token(&form).await.json;
        assert_eq!(answer["error_code"], 0, "{answer}");
        let token = answer["access_token"].as_str().expect("a token").to_owned();
        let user = answer["user_uuid"].as_str().expect("a user").to_owned();
        let device = json!({"app_uuid": app.id.uuid().to_string(), "user_uuid": user,
            "device_ostype": "MAC", "device_id": "desk"});
        let device = self.do_call(&token, "PP_CREATE_DEVICE", device).await;
        let device = device["device_uuid"].as_str().expect("a device").to_owned();
        Agent { token, user, device, email }
    }

    /// The default conversation of a visitor.
    pub async fn conversation(&self, of: &Visitor) -> String {
        let asked = json!({"app_uuid": self.uuid(), "user_uuid": of.user,
            "device_uuid": of.device});
        let opened = self.do_call(&of.token, "PPCOM_GET_DEFAULT_CONVERSATION", asked).await;
        opened["uuid"].as_str().expect("a conversation").to_owned()
    }

    /// A text that somebody sends by HTTP.
    pub fn text(&self, from: &str, conversation: &str, uuid: &str, text: &str) -> Value {
        json!({"uuid": uuid, "app_uuid": self.uuid(), "conversation_uuid": conversation,
            "conversation_type": "P2S", "message_type": "NOTI", "message_subtype": "TEXT",
            "message_body": text, "from_uuid": from, "from_type": "DU", "to_uuid": conversation,
            "to_type": "DU"})
    }

    pub async fn say(&self, of: (&str, &str), conversation: &str, uuid: &str, text: &str) {
        let (token, user) = of;
        let sent = self.text(user, conversation, uuid, text);
        self.do_call(token, "PP_SEND_MESSAGE", sent).await;
    }

    pub async fn close(self) {
        self.server.stop().await;
    }
}

/// The key and the secret of a level.
pub fn key<'a>(app: &'a NewAppKeys, level: &str) -> (&'a str, &'a str) {
    let shown = app.keys.iter().find(|shown| shown.level.name() == level).expect("a level");
    (&shown.key, &shown.secret)
}

/// What every answer to a call is like.
#[track_caller]
fn check(answer: &Answer, path: &str) {
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("access-control-allow-credentials"), None);
    assert_eq!(answer.json["uri"], path, "{}", answer.text);
    let is_text = answer.json["error_string"].as_str().is_some_and(|text| !text.is_empty());
    assert!(answer.json["error_code"].is_i64() && is_text, "{}", answer.text);
}
