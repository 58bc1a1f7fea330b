//! Who reads a line, in which order, and how requests are named.

use std::sync::Arc;

use serde_json::json;

use super::{BAD, Desk, OK, named, on_both};
use crate::harness::apps::NO_ACTION;
use crate::harness::clock::TurnedClock;
use crate::harness::{Backend, Server};

on_both! {
    a_console_reads_what_comes_while_it_is_there,
    all_consoles_read_the_same_lines_in_the_same_order,
    no_two_requests_have_one_name,
}

async fn a_console_reads_what_comes_while_it_is_there(backend: Backend) {
    let mut desk = Desk::new(backend).await;
    desk.ask("createDeviceGroup", json!({"groupName": "before"})).await;
    let mut late = desk.server.console(&desk.app).await;
    let line = desk.ask("createDeviceGroup", json!({"groupName": "since"})).await;
    assert_eq!(late.line().await, line);
    late.expect_nothing().await;
    late.close().await;
    desk.ask("createDeviceGroup", json!({"groupName": "after"})).await;
    // The asker may be gone before it is done.
    let mut gone = desk.server.console(&desk.app).await;
    gone.ask("createDeviceGroup", json!({"groupName": "by one who is gone"})).await;
    gone.close().await;
    let line = desk.a.line().await;
    assert!(line.contains(" by one who is gone 0 None [] 801"), "{line}");
    assert_eq!(desk.b.line().await, line);
    desk.end().await;
}

async fn all_consoles_read_the_same_lines_in_the_same_order(backend: Backend) {
    const FRAMES: usize = 40;
    let mut desk = Desk::new(backend).await;
    for number in 0..FRAMES {
        for (name, console) in [("a", &mut desk.a), ("b", &mut desk.b)] {
            if number % 8 == 3 {
                console.text("no action").await;
            }
            let body = match number % 4 {
                0 => json!({"groupName": format!("{name}{number}"), "deviceList": "["}),
                _ => json!({"groupName": format!("{name}{number}")}),
            };
            console.ask("createDeviceGroup", body).await;
        }
    }
    let (mut of_a, mut of_b) = (Vec::new(), Vec::new());
    for (name, console, lines) in [("a", &mut desk.a, &mut of_a), ("b", &mut desk.b, &mut of_b)] {
        let mut own = Vec::new();
        while lines.len() < 2 * FRAMES {
            let line = console.line().await;
            let group = line.split(' ').find(|word| word.starts_with(name) && word.len() > 1);
            match group {
                _ if line == NO_ACTION => own.push("no action".to_owned()),
                Some(group) => own.push(group.to_owned()),
                None => {}
            }
            if line != NO_ACTION {
                lines.push(line);
            }
        }
        let asked = (0..FRAMES).flat_map(|number| {
            let bad = (number % 8 == 3).then(|| "no action".to_owned());
            bad.into_iter().chain([format!("{name}{number}")])
        });
        assert_eq!(own, asked.collect::<Vec<_>>(), "the order of its own frames");
    }
    assert_eq!(of_a, of_b);
    desk.end().await;
}

async fn no_two_requests_have_one_name(backend: Backend) {
    let clock = Arc::new(TurnedClock::start());
    let mut desk = Desk::of(Server::with_clock(backend, clock.clone(), |_| {}).await).await;
    let ids = desk.devices(1).await;
    let group = desk.group(&ids).await;
    let (mut times, service) = (Vec::new(), desk.app.service_id.clone());
    for turn in [0, -3_600, 7_200] {
        // The hub makes no ids for a while after a large step back, but no request here needs one.
        clock.turn(turn);
        for (action, body, expected) in [
            (
                "addDeviceGroup",
                json!({"groupId": group, "deviceList": ids}),
                "onDeviceGroupAddResult 1",
            ),
            ("subtractDeviceGroup", json!({"groupId": "x"}), "onDeviceGroupSubtractResult -304"),
            ("deleteDeviceGroup", json!({}), "onDeviceGroupDeleteResult -304"),
            ("sendMulticastMsg", json!({}), "onSendMulticastMsgResult -304"),
            ("createDeviceGroup", json!({}), "onDeviceGroupCreateResult -304"),
        ] {
            let line = desk.ask(action, body).await;
            assert!(line.starts_with(expected), "{line}");
            let name = line.rsplit(' ').next().expect("a name");
            times.push(name[3..].parse::<i64>().expect("a time"));
        }
        let line =
            desk.ask("registerAppServer", json!({"serviceId": service, "regName": ""})).await;
        assert_eq!(line, format!("onRegisterResult -304 {BAD} None"));
    }
    assert!(times.is_sorted_by(|one, next| one < next), "{times:?}");
    let now = desk.server.now().millis();
    assert!((now - 20_000..=now + 1_000).contains(times.last().expect("a time")), "{times:?}");

    // Another start goes on where this one was, whatever its clock says.
    let Desk { mut server, app, a, b, stranger } = desk;
    for console in [a, b, stranger] {
        console.close().await;
    }
    server.restart(|_| {}).await;
    let mut console = server.console(&app).await;
    console.ask("sendBroadcastMsg", json!({"message": "m"})).await;
    let line = console.line().await;
    let time = named(&line, &format!("onSendBroadcastMsgResult 1 {OK} 503#"));
    let time = time.unwrap_or_else(|| panic!("{line}"));
    let last = *times.last().expect("a time");
    assert!(
        (last + 1..last + 1_000).contains(&time),
        "the clock is an hour behind again: {time} {last}"
    );
    console.close().await;
    server.stop().await;
}
