//! Groups of devices: made, changed, ended.

use serde_json::json;

use super::{BAD, Desk, OK, dashed, devices_of, group_of, named, on_both};
use crate::harness::Backend;

on_both! {
    a_group_is_made_of_the_apps_devices,
    devices_are_added_and_taken_out_once,
    a_group_ends_and_its_devices_stay,
    a_group_of_nobody_or_of_another_app_is_none,
    lists_come_in_every_spelling,
    a_request_names_two_thousand_at_most,
}

async fn a_group_is_made_of_the_apps_devices(backend: Backend) {
    let mut desk = Desk::new(backend).await;
    let ids = desk.devices(3).await;
    let other = desk.server.app("third").await;
    let foreign = devices_of(&desk.server, &other, 1).await.remove(0);
    let (one, two) = (ids[0].clone(), dashed(&ids[1]));
    // Each counts once over both spellings, and so do those that fail, in their first.
    let list =
        json!([one, two, ids[1], "NO.such", foreign, "NO.such", dashed(&ids[0]), dashed(&foreign)]);
    let body = json!({"groupName": "test group", "groupDesc": "test desc", "deviceList": list});
    let line = desk.ask("createDeviceGroup", body).await;
    let group = group_of(&line);
    assert!(group.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')), "{group}");
    let expected = format!(
        "onDeviceGroupCreateResult 1 {OK} {group} test group 2 test desc ['NO.such', '{foreign}'] 801#"
    );
    assert!(named(&line, &expected).is_some(), "\n{line}\n{expected}");

    // Names need not differ, nothing need be in it, and all may fail.
    for (body, rest) in [
        (json!({"groupName": "test group"}), "test group 0 None []"),
        (json!({"groupName": "g", "groupDesc": "", "deviceList": []}), "g 0  []"),
        (json!({"groupName": "g", "groupDesc": null, "deviceList": null}), "g 0 None []"),
        (
            json!({"groupName": "g", "groupDesc": "None", "deviceList": ["a", "b"]}),
            "g 0 None ['a', 'b']",
        ),
        (json!({"groupName": "그룹 <b>", "groupDesc": "['x']"}), "그룹 <b> 0 ['x'] []"),
    ] {
        let line = desk.ask("createDeviceGroup", body).await;
        let group = group_of(&line);
        let expected = format!("onDeviceGroupCreateResult 1 {OK} {group} {rest} 801#");
        assert!(named(&line, &expected).is_some(), "\n{line}\n{expected}");
    }
    desk.end().await;
}

async fn devices_are_added_and_taken_out_once(backend: Backend) {
    let mut desk = Desk::new(backend).await;
    let ids = desk.devices(5).await;
    let group = desk.group(&ids[..2]).await;
    let shown = dashed(&group);
    let [a, b, c, d, e] = &ids[..] else { panic!("{ids:?}") };
    for (action, devices, counts, failed) in [
        ("add", json!([c, d]), "4 2", "[]".to_owned()),
        ("add", json!([b, dashed(b), e, "x"]), "5 1", format!("['{b}', 'x']")),
        ("add", json!([]), "5 0", "[]".to_owned()),
        ("subtract", json!([a, dashed(c)]), "3 2", "[]".to_owned()),
        ("subtract", json!([a, "x", dashed(a)]), "3 0", format!("['{a}', 'x']")),
        ("subtract", json!([]), "3 0", "[]".to_owned()),
        ("add", json!([dashed(a)]), "4 1", "[]".to_owned()),
        ("subtract", json!([a, b, d, e]), "0 4", "[]".to_owned()),
        ("subtract", json!([dashed(a)]), "0 0", format!("['{}']", dashed(a))),
    ] {
        let (action, listener, number) = match action {
            "add" => ("addDeviceGroup", "onDeviceGroupAddResult", 802),
            _ => ("subtractDeviceGroup", "onDeviceGroupSubtractResult", 803),
        };
        let expected = format!("{listener} 1 {OK} {group} {counts} {failed} {number}#");
        desk.expect(action, json!({"groupId": shown, "deviceList": devices}), &expected).await;
    }
    desk.end().await;
}

async fn a_group_ends_and_its_devices_stay(backend: Backend) {
    let mut desk = Desk::new(backend).await;
    let ids = desk.devices(2).await;
    let group = desk.group(&ids).await;
    let body = json!({"groupId": dashed(&group)});
    desk.expect(
        "deleteDeviceGroup",
        body.clone(),
        &format!("onDeviceGroupDeleteResult 1 {OK} {group} 804#"),
    )
    .await;
    // It is shown as it was given, since it is none any more.
    let gone = format!("onDeviceGroupDeleteResult -304 {BAD} {} 804#", dashed(&group));
    desk.expect("deleteDeviceGroup", body, &gone).await;
    let again = desk.group(&ids).await;
    let body = json!({"groupId": again, "deviceList": ids});
    let expected = format!("onDeviceGroupSubtractResult 1 {OK} {again} 0 2 [] 803#");
    desk.expect("subtractDeviceGroup", body, &expected).await;
    desk.end().await;
}

async fn a_group_of_nobody_or_of_another_app_is_none(backend: Backend) {
    let mut desk = Desk::new(backend).await;
    let ids = desk.devices(1).await;
    desk.stranger.ask("createDeviceGroup", json!({"groupName": "theirs"})).await;
    let foreign = group_of(&desk.stranger.line().await);
    let unknown = "134F2578-b28f-435e-9c00-78a8a73b5bcf";
    for group in [foreign.as_str(), unknown, "no-uuid", &ids[0], "x"] {
        let list = json!({"groupId": group, "deviceList": ids});
        for (action, rest, number) in
            [("add", "0 0 [] 802", "Add"), ("subtract", "0 0 [] 803", "Subtract")]
        {
            let expected = format!("onDeviceGroup{number}Result -304 {BAD} {group} {rest}#");
            desk.expect(&format!("{action}DeviceGroup"), list.clone(), &expected).await;
        }
        let expected = format!("onDeviceGroupDeleteResult -304 {BAD} {group} 804#");
        desk.expect("deleteDeviceGroup", json!({"groupId": group}), &expected).await;
        let expected = format!("onSendGroupMsgResult -304 {BAD} 561#");
        desk.expect("sendGroupMsg", json!({"groupId": group, "message": "m"}), &expected).await;
    }
    desk.stranger.ask("deleteDeviceGroup", json!({"groupId": foreign})).await;
    let line = desk.stranger.line().await;
    assert!(line.starts_with(&format!("onDeviceGroupDeleteResult 1 {OK} {foreign} 804")), "{line}");
    desk.end().await;
}

async fn lists_come_in_every_spelling(backend: Backend) {
    let mut desk = Desk::new(backend).await;
    let ids = desk.devices(2).await;
    let (a, b) = (&ids[0], &ids[1]);
    for list in [
        json!([a, b]),
        json!(format!("['{a}', '{b}']")),
        json!(format!("[\"{a}\",\"{b}\"]")),
        json!(format!("{a} {b}")),
        json!(format!("{a}\n{},", dashed(b)).trim_end_matches(',')),
    ] {
        let body = json!({"groupName": "g", "deviceList": list});
        let line = desk.ask("createDeviceGroup", body).await;
        assert!(line.contains(" g 2 None [] 801"), "{list}: {line}");
    }
    for list in [json!(""), json!("[]"), json!(" [ ] ")] {
        let group = desk.group(&ids).await;
        for (action, listener, number) in
            [("addDeviceGroup", "Add", 802), ("subtractDeviceGroup", "Subtract", 803)]
        {
            let expected = format!("onDeviceGroup{listener}Result 1 {OK} {group} 2 0 [] {number}#");
            desk.expect(action, json!({"groupId": group, "deviceList": list}), &expected).await;
        }
        let expected = format!("onSendMulticastMsgResult -304 {BAD} 502#");
        desk.expect("sendMulticastMsg", json!({"message": "m", "deviceList": list}), &expected)
            .await;
    }
    for list in
        [json!("["), json!("a,,b"), json!("a,"), json!("eval('a')"), json!({}), json!(["a b"])]
    {
        let expected = format!("onDeviceGroupCreateResult -304 {BAD} None g 0 None [] 801#");
        desk.expect("createDeviceGroup", json!({"groupName": "g", "deviceList": list}), &expected)
            .await;
    }
    desk.end().await;
}

async fn a_request_names_two_thousand_at_most(backend: Backend) {
    let mut desk = Desk::new(backend).await;
    let ids = desk.devices(1).await;
    let group = desk.group(&[]).await;
    let most: Vec<String> = (1..2_000).map(|n| format!("n{n}")).chain(ids.clone()).collect();
    let line = desk.ask("addDeviceGroup", json!({"groupId": group, "deviceList": most})).await;
    assert!(line.starts_with(&format!("onDeviceGroupAddResult 1 {OK} {group} 1 1 ['n1', 'n2', ")));
    assert!(line.contains(", 'n1999'] 802"), "all that failed are named");
    let more: Vec<String> = (0..2_001).map(|_| ids[0].clone()).collect();
    for (action, listener) in [
        ("addDeviceGroup", format!("onDeviceGroupAddResult -304 {BAD} {group} 0 0 [] 802#")),
        (
            "subtractDeviceGroup",
            format!("onDeviceGroupSubtractResult -304 {BAD} {group} 0 0 [] 803#"),
        ),
        (
            "createDeviceGroup",
            format!("onDeviceGroupCreateResult -304 {BAD} None n 0 None [] 801#"),
        ),
        ("sendMulticastMsg", format!("onSendMulticastMsgResult -304 {BAD} 502#")),
    ] {
        let body = json!({"groupId": group, "groupName": "n", "message": "m", "deviceList": more});
        desk.expect(action, body, &listener).await;
    }
    desk.end().await;
}
