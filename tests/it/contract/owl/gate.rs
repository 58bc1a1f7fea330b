//! Registrations: who gets one, who is known, and how it ends.

use serde_json::json;

use super::{Backend, Yard, on, on_both};

on_both! { a_name_is_registered_once, a_registration_ends, a_registration_outlives_the_hub }

const NO_SERVICE: &str = "134f2578b28f435e9c0078a8a73b5bcf";

async fn a_name_is_registered_once(backend: Backend) {
    let address = "hub.example:9081".to_owned();
    let mut yard = Yard::with(backend, |config| config.owl.address = address).await;
    let service = yard.app.service_id.clone();
    let mut gate = yard.connect().await;
    let first = gate.ask(301, json!({"sId": service, "rn": "one", "t": 4})).await;
    assert_eq!(first["rc"], 1, "{first}");
    assert!(first["syncT"].as_i64().unwrap() > 1_700_000_000_000);
    let id = first["pm"]["sRId"].as_str().unwrap().to_owned();
    assert!(id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()));
    assert_eq!(
        first["pm"],
        json!({"sRId": id, "cu": "hub.example:9081", "pcu": "hub.example:9081"})
    );
    assert_eq!(
        yard.console().line().await,
        format!("onRegisterResult 1 작업이 성공 했습니다. {id}")
    );
    // The SDK makes a connection for each.
    let mut gate = yard.connect().await;
    let again = gate.ask(301, json!({"sId": service, "rn": "one", "t": 4})).await;
    assert_eq!((&again["rc"], &again["pm"]), (&json!(-102), &first["pm"]));
    assert!(yard.console().line().await.ends_with(&id));
    let uuid = yard.app.id.uuid();
    for (service, name) in [
        (json!(NO_SERVICE), json!("one")),
        (json!(uuid.to_string()), json!("one")),
        (json!(uuid.hex()), json!("one")),
        (json!(service.to_uppercase()), json!("one")),
        (json!(null), json!("one")),
        (json!(7), json!("one")),
    ] {
        let no = gate.ask(301, json!({"sId": service, "rn": name, "t": 4})).await;
        assert_eq!((&no["rc"], &no["pm"]), (&json!(-304), &json!({})), "{service}");
    }
    yard.console().expect_nothing().await;
    for name in [json!(""), json!(null), json!("a\nb"), json!("r".repeat(129))] {
        let no = gate.ask(301, json!({"sId": service, "rn": name, "t": 4})).await;
        assert_eq!(no["rc"], -304, "{name}");
        assert!(yard.console().line().await.starts_with("onRegisterResult -304 "));
    }
    for number in 1..10 {
        let more = gate.ask(301, json!({"sId": service, "rn": format!("r{number}"), "t": 4})).await;
        assert_eq!(more["rc"], 1);
    }
    assert_eq!(gate.ask(301, json!({"sId": service, "rn": "r10", "t": 4})).await["rc"], -1);
    yard.lines(10).await;
    yard.close().await;
}

async fn a_registration_ends(backend: Backend) {
    let mut yard = Yard::new(backend).await;
    let (server, mut channel) = yard.new_server("one").await;
    let mut gate = yard.connect().await;
    for (service, server, code) in [
        (NO_SERVICE, server.as_str(), -304),
        (&yard.app.service_id, NO_SERVICE, -104),
        (&yard.app.service_id, "", -104),
    ] {
        let no = gate.ask(302, json!({"sId": service, "sRId": server})).await;
        assert_eq!((&no["rc"], &no["pm"]), (&json!(code), &json!({})), "{service} {server}");
    }
    yard.lines(2).await;
    let hub = yard.app.id.hub_server().hex();
    let no = gate.ask(302, yard.parameters(&hub, json!({}))).await;
    assert_eq!(no["rc"], -104, "the hub's own stays");
    let words = "서버 등록ID가 잘못되었습니다.";
    assert_eq!(yard.console().line().await, format!("onUnregisterResult -104 {words}"));
    let done = gate.ask(302, yard.parameters(&server, json!({}))).await;
    assert_eq!((&done["rc"], &done["pm"]), (&json!(1), &json!({})));
    assert_eq!(yard.console().line().await, "onUnregisterResult 1 작업이 성공 했습니다.");
    channel.ended().await;
    let mut late = yard.connect().await;
    assert_eq!(late.open(&yard.app.service_id, &server).await["rc"], -104);
    assert_eq!(gate.ask(302, yard.parameters(&server, json!({}))).await["rc"], -104);
    assert!(yard.console().line().await.starts_with("onUnregisterResult -104 "));
    assert_ne!(yard.register("one").await, server, "another one under the name");
    yard.close().await;
}

async fn a_registration_outlives_the_hub(backend: Backend) {
    let mut yard = Yard::new(backend).await;
    let (server, mut channel) = yard.new_server("one").await;
    yard.hang_up().await;
    yard.server.restart(on).await;
    channel.ended().await;
    yard.console = Some(yard.server.console(&yard.app).await);
    let mut channel = yard.channel(&server).await;
    channel.nothing().await;
    assert_eq!(yard.register("one").await, server);
    // With another id of the service, nobody who shows the one before is let in, and channels end.
    let apps = yard.server.running().service.apps.clone();
    let new = apps.new_service_id("shop").await.unwrap();
    channel.ended().await;
    let mut late = yard.connect().await;
    assert_eq!(late.open(&yard.app.service_id, &server).await["rc"], -304);
    assert_eq!(late.open(&new, &server).await["rc"], 1);
    // So do those of an app that is removed.
    apps.remove("shop").await.unwrap();
    late.ended().await;
    yard.console().drain_to_close(4401).await;
    yard.console = None;
    yard.close().await;
}
