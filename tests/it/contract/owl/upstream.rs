//! What devices send, as servers hear it.

use serde_json::{Value, json};
use tradewind::domain::apps::command::ServerNamed;
use tradewind::domain::apps::console::ResultCode;
use tradewind::domain::uuid::Uuid;

use super::{Backend, OwlPeer, Yard, on_both};
use crate::harness::until;

on_both! { servers_hear_what_devices_send, nothing_waits_for_a_server }

/// The one message of the next frame.
async fn heard(channel: &mut OwlPeer, service: &str) -> Value {
    let frame = channel.next().await;
    assert_eq!((&frame["cId"], &frame["pm"]["sId"]), (&json!(512), &json!(service)), "{frame}");
    let messages = frame["pm"]["msgs"].as_array().unwrap();
    assert_eq!(messages.len(), 1, "{frame}");
    messages[0].clone()
}

async fn servers_hear_what_devices_send(backend: Backend) {
    let mut yard = Yard::new(backend).await;
    let service = yard.app.service_id.clone();
    let (one, mut first) = yard.new_server("one").await;
    let (two, mut second) = yard.new_server("two").await;
    let mut twin = yard.channel(&two).await;
    let device = yard.device(1).await;
    let by = |id: &str| ServerNamed::By(Uuid::parse(id).unwrap());
    assert_eq!(yard.send_up(device, ServerNamed::Any, "to all").await, ResultCode::Done);
    let hex = device.uuid().hex();
    let mut told = Vec::new();
    for channel in [&mut first, &mut second, &mut twin] {
        let message = heard(channel, &service).await;
        assert_eq!((&message["data"], &message["dRId"]), (&json!("to all"), &json!(hex)));
        assert!(message["mId"].as_str().unwrap().starts_with("511"));
        told.push(format!("onUpstreamMsgReceived {hex} {} to all", message["svrT"]));
    }
    told.dedup();
    assert_eq!(yard.lines(1).await, told);
    assert_eq!(yard.send_up(device, by(&two), "to two").await, ResultCode::Done);
    for channel in [&mut second, &mut twin] {
        assert_eq!(heard(channel, &service).await["data"], "to two");
    }
    first.nothing().await;
    // It said that it has it; that needs no answer.
    let done = json!({"mIds": ["x"], "sId": service, "sRId": two});
    second.frame(json!({"cId": 512, "rc": 1, "st": 1, "syncT": 1, "pm": done})).await;
    second.nothing().await;
    assert_eq!(yard.send_up(device, by(&"0".repeat(32)), "x").await, ResultCode::ServerIdWrong);
    assert_eq!(yard.send_up(device, ServerNamed::Wrong, "x").await, ResultCode::ServerIdWrong);
    // An app's servers hear nothing of another's.
    let foreign = yard.server.app("other").await;
    let mut stranger = yard.connect().await;
    let answer = stranger.ask(301, json!({"sId": foreign.service_id, "rn": "one", "t": 4})).await;
    let mut channel = yard.connect().await;
    channel.open(&foreign.service_id, answer["pm"]["sRId"].as_str().unwrap()).await;
    assert_eq!(yard.send_up(device, by(&one), "to one").await, ResultCode::Done);
    assert_eq!(heard(&mut first, &service).await["data"], "to one");
    channel.nothing().await;
    drop((first, second, twin, channel, stranger));
    yard.close().await;
}

async fn nothing_waits_for_a_server(backend: Backend) {
    let mut yard = Yard::new(backend).await;
    let (one, two) = (yard.register("one").await, yard.register("two").await);
    let mut channel = yard.channel(&one).await;
    let device = yard.device(1).await;
    let by = |id: &str| ServerNamed::By(Uuid::parse(id).unwrap());
    assert_eq!(yard.send_up(device, by(&two), "x").await, ResultCode::Done, "a console is there");
    yard.hang_up().await;
    for (named, code) in [
        (ServerNamed::Any, ResultCode::Done),
        (by(&one), ResultCode::Done),
        (by(&two), ResultCode::NoChannel),
    ] {
        assert_eq!(yard.send_up(device, named, "x").await, code, "{named:?}");
    }
    // Those two, one by one or together; it says of none that it has it.
    let service = yard.app.service_id.clone();
    let mut count = 0;
    while count < 2 {
        count += channel.next().await["pm"]["msgs"].as_array().unwrap().len();
    }
    assert_eq!(count, 2);
    drop(channel);
    let metrics = yard.server.running().metrics.clone();
    until("the end of the channel", || metrics.owl_connections.get() == 0).await;
    assert_eq!(yard.send_up(device, ServerNamed::Any, "x").await, ResultCode::NoChannel);
    let mut channel = yard.channel(&one).await;
    channel.nothing().await;
    assert_eq!(yard.send_up(device, by(&one), "new").await, ResultCode::Done);
    assert_eq!(heard(&mut channel, &service).await["data"], "new");
    drop(channel);
    yard.close().await;
}
