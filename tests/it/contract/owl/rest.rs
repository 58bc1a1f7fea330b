//! The same over HTTP.

use serde_json::{Value, json};
use tradewind::domain::apps::command::ServerNamed;
use tradewind::domain::apps::console::ResultCode;

use super::{Backend, OwlPeer, Yard, on_both};
use crate::harness::http::Answer;
use crate::harness::soon;

on_both! { a_server_asks_over_http, what_is_wrong_is_said, a_console_hears_of_what_is_wrong }

const NOBODY: &str = "35d612418f354c7eba8c6492813ddf2d";

impl Yard {
    async fn post(&self, path: &str, body: &Value) -> Answer {
        self.server.post_json(&format!("/owl/{path}"), body).await
    }

    /// The answer to a call that is done.
    async fn done(&self, path: &str, body: Value) -> Value {
        let answer = self.post(path, &body).await;
        assert_eq!(answer.status, 200, "{path} {}", answer.text);
        answer.json
    }

    /// What is called with a service and a registration.
    fn body(&self, server: &str, more: Value) -> Value {
        let mut all = json!({"serviceId": self.app.service_id, "serverRegId": server});
        for (name, value) in more.as_object().expect("an object") {
            all[name] = value.clone();
        }
        all
    }
}

async fn a_server_asks_over_http(backend: Backend) {
    let mut yard = Yard::new(backend).await;
    let channel = yard.server.running().owl_address.unwrap().to_string();
    let [a, b] = [yard.device(1).await, yard.device(2).await].map(|device| device.uuid().hex());
    let name = json!({"serviceId": yard.app.service_id, "registerName": "one"});
    let registered = yard.done("server/register/", name.clone()).await;
    let server = registered["serverRegId"].as_str().unwrap().to_owned();
    assert_eq!(registered, json!({"serverRegId": server, "channelServer": channel}));
    assert_eq!(
        yard.done("server/register", name).await,
        registered,
        "known, and without the slash"
    );
    let group = json!({"groupName": "g", "description": "d", "deviceList": [a, NOBODY]});
    let made = yard.done("deviceGroup/create/", yard.body(&server, group)).await;
    let id = made["groupId"].as_str().unwrap().to_owned();
    assert_eq!(made, json!({"groupId": id, "deviceSize": 1, "failedDevice": [NOBODY]}));
    let both = json!({"groupId": id, "deviceList": [a, b]});
    assert_eq!(
        yard.done("deviceGroup/add/", yard.body(&server, both)).await,
        json!({"groupId": id, "totalDeviceSize": 2, "totaldeviceSize": 2, "addedDeviceSize": 1,
            "failedDevice": [a]})
    );
    let one = json!({"groupId": id, "deviceList": [a]});
    assert_eq!(
        yard.done("deviceGroup/subtract/", yard.body(&server, one)).await,
        json!({"groupId": id, "totalDeviceSize": 1, "totaldeviceSize": 1, "removedDeviceSize": 1,
            "failedDevice": []})
    );
    for (path, more) in [
        (
            "downstream/multicast/",
            json!({"deviceRegIds": [a], "queuing": 1, "data": "m", "notiTitle": "t", "notiBody": "b", "notiSound": "s"}),
        ),
        ("downstream/broadcast/", json!({"queuing": true, "data": "b"})),
        ("downstream/group/", json!({"groupId": id, "data": "g"})),
    ] {
        let sent = yard.done(path, yard.body(&server, more)).await;
        assert_eq!(sent["mId"].as_str().unwrap().len(), 32, "{path}");
    }
    let gone = yard.done("deviceGroup/remove/", yard.body(&server, json!({"groupId": id}))).await;
    assert_eq!(gone, json!({}));
    // All of it is told to the console.
    yard.lines(9).await;
    // It hears nothing.
    let device = yard.device(3).await;
    yard.hang_up().await;
    assert_eq!(yard.send_up(device, ServerNamed::Any, "x").await, ResultCode::NoChannel);
    assert_eq!(yard.done("server/unregister/", yard.body(&server, json!({}))).await, json!({}));
    let late = yard.post("downstream/broadcast/", &yard.body(&server, json!({"data": "b"}))).await;
    assert_eq!(late.status, 403, "{}", late.text);
    yard.close().await;
}

async fn what_is_wrong_is_said(backend: Backend) {
    let yard = Yard::new(backend).await;
    let name = json!({"serviceId": yard.app.service_id, "registerName": "one"});
    let server = yard.done("server/register/", name).await["serverRegId"].clone();
    let server = server.as_str().unwrap();
    let device = yard.device(1).await.uuid().hex();
    let many: Vec<String> = (0..2_001).map(|number| format!("d{number}")).collect();
    let of = |more| yard.body(server, more);
    for (path, body, status, what) in [
        ("server/register/", json!({"serviceId": NOBODY, "registerName": "x"}), 403, "serviceId"),
        (
            "server/register/",
            json!({"serviceId": yard.app.id.uuid().hex(), "registerName": "x"}),
            403,
            "serviceId",
        ),
        ("server/register/", json!({"registerName": "x"}), 403, "serviceId"),
        ("server/register/", json!({"serviceId": yard.app.service_id}), 400, "field"),
        ("server/register/", json!([]), 400, "object"),
        ("server/unregister/", yard.body(NOBODY, json!({})), 403, "serverRegId"),
        ("server/dance/", json!({}), 404, "no such call"),
        ("deviceGroup/create/", of(json!({"deviceList": []})), 400, "field"),
        ("deviceGroup/create/", of(json!({"groupName": "g", "deviceList": many})), 400, "2000"),
        (
            "deviceGroup/add/",
            of(json!({"groupId": NOBODY, "deviceList": [device]})),
            404,
            "groupId",
        ),
        ("deviceGroup/remove/", of(json!({"groupId": NOBODY})), 404, "groupId"),
        ("downstream/group/", of(json!({"groupId": NOBODY, "data": "x"})), 404, "groupId"),
        (
            "downstream/multicast/",
            of(json!({"deviceRegIds": [NOBODY], "data": "x"})),
            404,
            "deviceRegIds",
        ),
        (
            "downstream/multicast/",
            of(json!({"deviceRegIds": [device], "data": "x".repeat(65_537)})),
            400,
            "field",
        ),
        ("downstream/broadcast/", yard.body(NOBODY, json!({"data": "x"})), 403, "serverRegId"),
        (
            "downstream/broadcast/",
            json!({"serviceId": yard.app.service_id, "data": "x"}),
            403,
            "serverRegId",
        ),
    ] {
        let answer = yard.post(path, &body).await;
        let error =
            answer.json["error"].as_str().unwrap_or_else(|| panic!("{path} {}", answer.text));
        assert_eq!(answer.status, status, "{path} {error}");
        assert!(error.contains(what), "{path} {error}");
    }
    let names =
        |number| json!({"serviceId": yard.app.service_id, "registerName": format!("r{number}")});
    for number in 1..10 {
        yard.done("server/register/", names(number)).await;
    }
    assert_eq!(yard.post("server/register/", &names(10)).await.status, 409);
    yard.close().await;
}

async fn a_console_hears_of_what_is_wrong(backend: Backend) {
    let mut yard = Yard::new(backend).await;
    let server = yard.register("one").await;
    let body = yard.body(&server, json!({"data": ""}));
    assert_eq!(yard.post("downstream/broadcast/", &body).await.status, 400);
    let stranger = json!({"serviceId": NOBODY, "serverRegId": server, "data": ""});
    assert_eq!(yard.post("downstream/broadcast/", &stranger).await.status, 400);
    let lines = yard.lines(1).await;
    assert!(lines[0].starts_with("onSendBroadcastMsgResult -304 "), "{lines:?}");
    yard.close().await;
}

#[actix_web::test]
async fn a_request_has_a_form_and_a_length() {
    let yard = Yard::new(Backend::Sqlite).await;
    let place = "/owl/downstream/broadcast/";
    let sent = async |method: &str, body: String| {
        let answer = yard.server.request(method, place, "application/json", body).await;
        (answer.status, answer.json["error"].as_str().map(str::to_owned))
    };
    assert_eq!(sent("GET", String::new()).await.0, 405);
    let (status, error) = sent("POST", "{".to_owned()).await;
    assert_eq!((status, error.as_deref()), (400, Some("the body must be a JSON object")));
    let padded = |bytes: usize| " ".repeat(bytes - 2) + "{}";
    assert_eq!(
        sent("POST", padded(1_048_576)).await.0,
        400,
        "a field is missing, and the length is good"
    );
    assert_eq!(sent("POST", padded(1_048_577)).await.0, 413);
    yard.close().await;
    // Few large ones at once; small ones are always taken.
    let yard = Yard::with(Backend::Sqlite, |config| config.owl.rest_large_bodies_max = 1).await;
    let mut slow = OwlPeer::connect(yard.server.address).await;
    let head = format!("POST {place} HTTP/1.1\r\nHost: hub\r\nContent-Length: 65537\r\n\r\n");
    slow.bytes(head.as_bytes()).await;
    soon("its room", async {
        loop {
            let other =
                yard.server.request("POST", place, "application/json", padded(65_537)).await;
            if other.status == 503 {
                return;
            }
            assert_eq!(other.status, 400);
        }
    })
    .await;
    let small = yard.server.request("POST", place, "application/json", padded(65_536)).await;
    assert_eq!(small.status, 400, "{}", small.text);
    drop(slow);
    yard.close().await;
}
