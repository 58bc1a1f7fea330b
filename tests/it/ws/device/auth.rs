//! Who is let in, and for how long.

use tokio_tungstenite::tungstenite::Message;

use super::*;

#[actix_web::test]
async fn a_device_shows_its_own_token_once() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let stage = Stage::open(backend).await;
        let device = stage.device(1).await;
        let mut client = stage.connect().await;
        let answer = client.ask(auth(&stage.token, device)).await;
        let body = json!({
            "resultCode": 1,
            "resultMsg": "작업이 성공 했습니다.",
            "deviceRegId": device.uuid().hex(),
            "keepAlive": 30,
        });
        assert_eq!(answer, json!({"action": "authResult", "body": body}));
        let refused = client.ask(auth(&stage.token, device)).await;
        assert_eq!(refused["body"]["resultCode"], -304);
        assert_eq!(refused["body"]["deviceRegId"], Value::Null);
        stage.send("hi", &[device]).await;
        assert_eq!(texts(&receive(&mut client, 1).await), ["hi"]);

        // In another spelling.
        let spelled = device.uuid().to_string().to_uppercase();
        let again =
            json!({"action": "auth", "body": {"apiToken": stage.token, "deviceId": spelled}});
        let mut other = stage.connect().await;
        assert_eq!(other.ask(again).await["body"]["resultCode"], 1);
        assert_eq!(client.recv().await["action"], "logout");
        stage.close([client, other]).await;
    }
}

#[actix_web::test]
async fn nobody_else_gets_in() {
    let stage = Stage::open(Backend::Sqlite).await;
    let device = stage.device(1).await;
    let stranger = stage.server.user("stranger").await;
    let other = stage.server.running().service.apps.add("other").await.unwrap().id;
    stage.add_token("a stranger's", stage.app, Some(stranger.user.id)).await;
    stage.add_token("nobody's", stage.app, None).await;
    stage.add_token("of another app", other, Some(stage.owner.user.id)).await;
    let nobody = DeviceId::new(7).unwrap();
    let mut bad: Vec<Value> = ["unknown", "a stranger's", "nobody's", "of another app"]
        .map(|token| auth(token, device))
        .into();
    bad.push(auth(&stage.token, nobody));
    bad.push(json!({"action": "auth", "body": {"apiToken": stage.token, "deviceId": "x"}}));
    bad.push(json!({"action": "auth", "body": {"apiToken": stage.token}}));
    bad.push(json!({"action": "auth"}));
    for frame in bad {
        let mut client = stage.connect().await;
        let answer = client.ask(frame.clone()).await;
        let body = json!({"resultCode": -304, "resultMsg": "전달 인자가 잘못되엇습니다."});
        assert_eq!(answer, json!({"action": "authResult", "body": body}), "{frame}");
        assert_eq!(client.closed().await.0, 4401, "{frame}");
    }
    for first in [json!({"action": "ackMsgs", "body": {"msgIds": []}}), json!([]), json!({})] {
        let mut client = stage.connect().await;
        client.send(&first).await;
        assert_eq!(client.closed().await.0, 4401, "{first}");
    }
    stage.close([]).await;
}

#[actix_web::test]
async fn whoever_says_nothing_is_sent_away() {
    let stage = Stage::with(Backend::Sqlite, |config| config.device.auth_timeout_ms = 300).await;
    let device = stage.device(1).await;
    let (mut silent, mut known) = (stage.connect().await, stage.log_in(device).await);
    assert_eq!(silent.closed().await.0, 4408);
    nothing(&mut known).await;
    stage.close([known]).await;
}

#[actix_web::test]
async fn what_is_not_understood_is_answered_and_survived() {
    let stage = Stage::open(Backend::Sqlite).await;
    let device = stage.device(1).await;
    let mut client = stage.log_in(device).await;
    let error = json!({"action": "onError",
        "body": {"resultCode": -304, "resultMsg": "전달 인자가 잘못되엇습니다."}});
    for bad in
        ["", "hello", "[]", "{}", r#"{"action":"dance","body":{}}"#, r#"{"action":"ackMsgs"}"#]
    {
        client.text(bad).await;
        assert_eq!(client.recv().await, error, "{bad}");
    }
    client.message(Message::binary(vec![1, 2, 3])).await;
    assert_eq!(client.closed().await.0, 1003);
    // 256 KiB may come, and no more.
    for (size, fits) in [(262_144, true), (262_145, false)] {
        let mut client = stage.log_in(device).await;
        client.text("x".repeat(size)).await;
        match fits {
            true => assert_eq!(client.recv().await, error),
            false => assert_eq!(client.closed().await.0, 1009),
        }
        if fits {
            client.close().await;
        }
    }
    stage.close([]).await;
}

#[actix_web::test]
async fn whose_token_ends_is_sent_away() {
    let stage = Stage::open(Backend::Sqlite).await;
    let device = stage.device(1).await;
    let mut client = stage.log_in(device).await;
    let end = writes::end_token(key::hash_of(&stage.token));
    stage.server.running().store.run(end).await.unwrap();
    assert_eq!(client.closed().await.0, 4401);
    stage.close([]).await;
}

#[actix_web::test]
async fn a_device_is_pinged_and_counts_for_its_owner() {
    let stage = Stage::with(Backend::Sqlite, |config| {
        config.device.ping_interval_ms = 150;
        config.device.ping_timeout_ms = 900;
    })
    .await;
    let (device, friend) = (stage.device(1).await, stage.server.user("friend").await);
    stage.server.befriend(&stage.owner, &friend).await;
    let mut watching = stage.server.log_in(&friend).await;
    let mut client = stage.log_in(device).await;
    assert_eq!(watching.recv().await["status"], "online");
    client.pinged().await;
    client.pinged().await;
    // Whoever does not read does not answer.
    assert_eq!(watching.recv().await["status"], "offline");
    drop(client);
    stage.close([watching]).await;
}

#[actix_web::test]
async fn of_two_sockets_of_a_device_the_newer_one_gets_what_is_not_acknowledged() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let stage = Stage::open(backend).await;
        let (device, beside) = (stage.device(1).await, stage.device(2).await);
        let mut other = stage.log_in(beside).await;
        let mut old = stage.log_in(device).await;
        for text in ["a", "b", "c"] {
            stage.send(text, &[device]).await;
        }
        let got = receive(&mut old, 3).await;
        acknowledge(&mut old, &got[1..2]).await;
        nothing(&mut old).await;
        let mut new = stage.log_in(device).await;
        assert_eq!(old.recv().await, json!({"action": "logout", "body": {}}));
        assert_eq!(texts(&receive(&mut new, 2).await), ["a", "c"]);
        // It is not heard any more.
        old.send(&json!({"action": "ackMsgs", "body": {"msgIds": [got[0]["msgId"]]}})).await;
        assert_eq!(old.closed().await.0, 4001);
        stage.send("d", &[device]).await;
        assert_eq!(texts(&receive(&mut new, 1).await), ["d"]);
        nothing(&mut other).await;
        new.close().await;
        let mut again = stage.log_in(device).await;
        assert_eq!(texts(&receive(&mut again, 3).await), ["a", "c", "d"]);
        stage.close([other, again]).await;
    }
}
