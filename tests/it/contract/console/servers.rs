//! Registrations of app servers.

use serde_json::json;

use super::{BAD, Desk, OK, named, on_both};
use crate::harness::Backend;

const KNOWN: &str = "이미 동일한 서버 등록 이름이 동일 서비스내에 존재합니다.";
const UNKNOWN: &str = "알 수 없는 에러입니다.";

on_both! { a_name_is_registered_once, ten_names_at_most }

/// The id in a line, if it has this code and these words.
fn registered(line: &str, code: i32, words: &str) -> String {
    let id = line.strip_prefix(&format!("onRegisterResult {code} {words} "));
    let id = id.unwrap_or_else(|| panic!("{line}"));
    assert!(id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{line}");
    id.to_owned()
}

async fn a_name_is_registered_once(backend: Backend) {
    let mut desk = Desk::new(backend).await;
    let (service, uuid) = (desk.app.service_id.clone(), desk.app.id.uuid());
    let first =
        desk.ask("registerAppServer", json!({"serviceId": service, "regName": "one"})).await;
    let first = registered(&first, 1, OK);
    for (service, name, code, words) in [
        (service.clone(), "one", -102, KNOWN),
        (uuid.to_string(), "one", -102, KNOWN),
        (uuid.hex().to_uppercase(), "one", -102, KNOWN),
        (uuid.to_string(), "ONE", 1, OK),
        (service.clone(), "한 서버", 1, OK),
        (service.clone(), "tradewind-console", -102, KNOWN),
    ] {
        let body = json!({"serviceId": service, "regName": name});
        let id = registered(&desk.ask("registerAppServer", body).await, code, words);
        assert_eq!(id == first, name == "one", "{name}");
        assert_eq!(id == desk.app.id.hub_server().hex(), name == "tradewind-console", "{name}");
    }
    let no = format!("onRegisterResult -304 {BAD} None");
    let long = "r".repeat(129);
    for (service, name) in [
        (json!("134f2578b28f435e9c0078a8a73b5bcf"), json!("one")),
        (json!(""), json!("one")),
        (json!(null), json!("one")),
        (json!(service), json!("")),
        (json!(service), json!(null)),
        (json!(service), json!("a\nb")),
        (json!(service), json!(long)),
    ] {
        let line =
            desk.ask("registerAppServer", json!({"serviceId": service, "regName": name})).await;
        assert!(named(&line, &no).is_some(), "{service} {name}: {line}");
    }
    // Another app's console cannot register here.
    desk.stranger.ask("registerAppServer", json!({"serviceId": service, "regName": "one"})).await;
    assert_eq!(desk.stranger.line().await, no);
    desk.end().await;
}

async fn ten_names_at_most(backend: Backend) {
    let mut desk = Desk::new(backend).await;
    let service = desk.app.service_id.clone();
    for number in 0..10 {
        let name = if number == 0 { "r".repeat(128) } else { format!("r{number}") };
        let body = json!({"serviceId": service, "regName": name});
        registered(&desk.ask("registerAppServer", body).await, 1, OK);
    }
    for (name, line) in [("r10", format!("onRegisterResult -1 {UNKNOWN} None"))] {
        let body = json!({"serviceId": service, "regName": name});
        assert_eq!(desk.ask("registerAppServer", body).await, line);
    }
    let known = desk.ask("registerAppServer", json!({"serviceId": service, "regName": "r9"})).await;
    registered(&known, -102, KNOWN);
    desk.end().await;
}
