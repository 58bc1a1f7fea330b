//! A shop with a widget: an app with its keys, its agents, and visitors. All is asked for over HTTP, as clients do.

use std::collections::HashMap;

use serde_json::{Value, json};
use tradewind::domain::apps::app::Level;
use tradewind::domain::uuid::Uuid;
use tradewind::server::Config;
use tradewind::service::apps::NewAgent;

use crate::harness::http::{self, Answer};
use crate::harness::{Backend, Client, Server};

/// The words of a code that says that all is well.
pub const DONE: &str = "success, nothing to say.";
/// The password of all agents.
const PASSWORD: &str = "correct horse";
/// Its SHA-1, which agents' programs send.
const SENT_PASSWORD: &str = "2f9e53523b62abc141a2b4d6019d23cba835dbd0";

/// A server with an app.
pub struct Shop {
    pub server: Server,
    pub name: String,
    /// The app's UUID.
    pub app: String,
    keys: HashMap<Level, (String, String)>,
}

/// A user of the app at a device.
#[derive(Clone, Debug)]
pub struct Person {
    pub app: String,
    pub token: String,
    pub user: String,
    pub device: String,
    pub is_agent: bool,
}

impl Shop {
    pub async fn open(backend: Backend) -> Self {
        Self::with(backend, |_| {}).await
    }

    pub async fn with(backend: Backend, change: impl FnOnce(&mut Config)) -> Self {
        Self::in_server(Server::with(backend, change).await, "shop").await
    }

    /// One more app in a server.
    pub async fn in_server(server: Server, name: &str) -> Self {
        let made = server.running().service.apps.add(name).await.expect("an app");
        let keys = made.keys.into_iter().map(|key| (key.level, (key.key, key.secret)));
        let (app, keys) = (made.id.uuid().to_string(), keys.collect());
        Self { server, name: name.to_owned(), app, keys }
    }

    pub async fn stop(self) {
        self.server.stop().await;
    }

    /// A token for a key of a level, which is nobody's.
    pub async fn token(&self, level: Level) -> String {
        let (key, secret) = &self.keys[&level];
        let fields = [
            ("client_id", &**key),
            ("client_secret", secret),
            ("grant_type", "client_credentials"),
        ];
        let answer = self.server.post_form("/ppauth/token", &fields).await;
        text(&answer.json["access_token"])
    }

    /// Makes a call.
    pub async fn call(&self, token: &str, name: &str, body: Value) -> Value {
        let auth = format!("OAuth {token}");
        let place = ("POST", &*format!("/api/{name}"));
        self.server.request_as(Some(&auth), place, "application/json", body.to_string()).await.json
    }

    /// Makes a call that must be done.
    pub async fn done(&self, token: &str, name: &str, body: Value) -> Value {
        let answer = self.call(token, name, body.clone()).await;
        assert_eq!(answer["error_code"], 0, "{name} {body}: {answer}");
        answer
    }

    /// A visitor, known by a secret, at a device.
    pub async fn visitor(&self, secret: &str) -> Person {
        let (app, trace) = (&self.app, format!("{secret:-<20}"));
        let token = self.token(Level::Ppcom).await;
        let user = json!({"app_uuid": app, "ppcom_trace_uuid": trace});
        let user = text(&self.done(&token, "PP_CREATE_ANONYMOUS", user).await["user_uuid"]);
        let person =
            Person { app: app.clone(), token, user, device: String::new(), is_agent: false };
        self.at_device(&person, &trace, "MAB").await
    }

    /// The same person at another device.
    pub async fn at_device(&self, person: &Person, terminal: &str, os: &str) -> Person {
        let device = json!({"app_uuid": self.app, "user_uuid": person.user, "device_ostype": os,
            "device_id": terminal});
        let answer = self.call(&person.token, "PPCOM_CREATE_DEVICE", device).await;
        Person { device: text(&answer["device_uuid"]), ..person.clone() }
    }

    /// An agent at a device.
    pub async fn agent(&self, name: &str) -> Person {
        let email = format!("{name}@shop.example");
        let apps = &self.server.running().service.apps;
        let agent =
            NewAgent { app: &self.name, email: &email, password: PASSWORD, shown_name: name };
        apps.add_agent(agent).await.expect("an agent");
        self.log_in(&email, name, "WIB").await
    }

    /// An agent logs in at a device.
    pub async fn log_in(&self, email: &str, terminal: &str, os: &str) -> Person {
        let key = &self.keys[&Level::Ppkefu].0;
        let fields = [
            ("client_id", &**key),
            ("grant_type", "password"),
            ("user_email", email),
            ("user_password", SENT_PASSWORD),
        ];
        let answer = self.server.post_form("/ppauth/token", &fields).await;
        let (token, user) = (text(&answer.json["access_token"]), text(&answer.json["user_uuid"]));
        let (app, device) = (self.app.clone(), String::new());
        let person = Person { app, token, user, device, is_agent: true };
        self.at_device(&person, terminal, os).await
    }

    /// The conversation that a visitor gets when the panel opens.
    pub async fn conversation(&self, visitor: &Person) -> String {
        let body = json!({"app_uuid": self.app, "user_uuid": visitor.user,
            "device_uuid": visitor.device});
        let answer = self.done(&visitor.token, "PPCOM_GET_DEFAULT_CONVERSATION", body).await;
        text(&answer["uuid"])
    }

    /// Opens a socket; nothing is said on it.
    pub async fn connect(&self) -> Client {
        Client::open(self.server.address, "/pcsocket/WS").await
    }

    /// Opens a socket of somebody who is let in.
    pub async fn socket(&self, person: &Person) -> Client {
        let mut client = self.connect().await;
        let answer = client.ask(person.auth()).await;
        assert_eq!(answer, ack("AUTH", 0, DONE), "{person:?}");
        client
    }

    /// The pushes that somebody has not acknowledged.
    pub async fn unacked(&self, person: &Person) -> Vec<String> {
        let body = json!({"app_uuid": self.app, "user_uuid": person.user});
        let answer = self.done(&person.token, "PP_PAGE_UNACKED_MESSAGE", body).await;
        answer["list"].as_array().expect("a list").iter().map(text).collect()
    }

    /// The texts of a conversation, newest first.
    pub async fn history(&self, person: &Person, conversation: &str) -> Vec<String> {
        let body = json!({"app_uuid": self.app, "conversation_uuid": conversation,
            "page_size": 100});
        let answer = self.done(&person.token, "PP_PAGE_HISTORY_MESSAGE", body).await;
        answer["list"].as_array().expect("a list").iter().map(|one| text(&one["body"])).collect()
    }

    /// Sends a file up as somebody without a token.
    pub async fn upload(&self, user: &str, name: &str, content: &[u8]) -> Answer {
        self.upload_as(&[], user, name, content).await
    }

    pub async fn upload_as(
        &self,
        headers: &[(&str, &str)],
        user: &str,
        name: &str,
        content: &[u8],
    ) -> Answer {
        let mut body = format!(
            "--XX\r\nContent-Disposition: form-data; name=\"user_uuid\"\r\n\r\n{user}\r\n--XX\r\n\
             Content-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
             Content-Type: image/png\r\n\r\n"
        )
        .into_bytes();
        body.extend_from_slice(content);
        body.extend_from_slice(b"\r\n--XX--\r\n");
        let mut all = vec![("content-type", "multipart/form-data; boundary=XX")];
        all.extend_from_slice(headers);
        http::send(self.server.address, ("POST", "/upload/upload/"), &all, body).await
    }
}

impl Person {
    /// The frame by which a socket shows who it is.
    pub fn auth(&self) -> Value {
        let mut auth = json!({"type": "auth", "api_token": self.token, "app_uuid": self.app,
            "user_uuid": self.user, "device_uuid": self.device, "is_service_user": self.is_agent});
        if !self.is_agent {
            let page =
                json!({"title": "A lamp", "location": {"href": "https://shop.example/lamp"}});
            auth["extra_data"] = page;
        }
        auth
    }

    /// The object that a text is sent by.
    pub fn message(&self, conversation: &str, uuid: &str, body: &str) -> Value {
        json!({"uuid": uuid, "app_uuid": self.app, "conversation_uuid": conversation,
            "conversation_type": "P2S", "message_type": "NOTI", "message_subtype": "TEXT",
            "message_body": body, "from_uuid": self.user, "from_type": "DU",
            "device_uuid": self.device, "to_uuid": conversation, "to_type": "DU"})
    }

    /// The same as a frame.
    pub fn send(&self, conversation: &str, uuid: &str, body: &str) -> Value {
        json!({"type": "send", "send": self.message(conversation, uuid, body)})
    }
}

/// A name for a message, by a number.
pub fn name(number: u64) -> String {
    format!("00000000-0000-4000-8000-{number:012x}")
}

/// An acknowledgement of anything but a message.
pub fn ack(what: &str, code: u64, reason: &str) -> Value {
    json!({"type": "ACK", "what": what, "code": code, "reason": reason, "extra": null})
}

/// The code and `extra` of an acknowledgement of a message.
pub fn sent(answer: &Value) -> (u64, Value) {
    assert_eq!((&answer["type"], &answer["what"]), (&json!("ACK"), &json!("SEND")), "{answer}");
    (answer["code"].as_u64().expect("a code"), answer["extra"].clone())
}

/// Up to the next frame of a type.
pub async fn next(client: &mut Client, kind: &str) -> Value {
    loop {
        let frame = client.recv().await;
        if frame["type"] == kind {
            return frame;
        }
    }
}

/// Sends a frame, and gives its acknowledgement.
pub async fn asked(client: &mut Client, frame: Value) -> Value {
    client.send(&frame).await;
    next(client, "ACK").await
}

/// All frames that come before the answer to a frame of no known type.
pub async fn drain(client: &mut Client) -> Vec<Value> {
    client.text(r#"{"type":"fence"}"#).await;
    let mut frames = Vec::new();
    loop {
        let frame = client.recv().await;
        if frame["what"] == "WS" && frame["code"] == 5 {
            return frames;
        }
        frames.push(frame);
    }
}

/// The UUID of a text.
pub fn uuid(text: &str) -> Uuid {
    Uuid::parse(text).expect("a UUID")
}

pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("a text, and not {value}")).to_owned()
}
