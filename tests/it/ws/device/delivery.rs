//! What comes to a device: live, or when it comes back.

use super::*;

#[actix_web::test]
async fn what_was_sent_meanwhile_comes_first_and_once() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let stage = Stage::open(backend).await;
        let device = stage.device(1).await;
        for number in 0..205 {
            stage.send(&number.to_string(), &[device]).await;
        }
        let mut client = stage.log_in(device).await;
        let mut all = Vec::new();
        for size in [100, 100, 5] {
            let frame = client.recv().await;
            let batch = messages(&frame);
            assert_eq!(batch.len(), size);
            all.extend(batch);
        }
        let expected: Vec<String> = (0..205).map(|number| number.to_string()).collect();
        assert_eq!(texts(&all), expected);
        stage.send("live", &[device]).await;
        let live = receive(&mut client, 1).await;
        let sender = stage.app.hub_server().hex();
        assert_eq!((&live[0]["type"], &live[0]["sender"]), (&json!(1), &json!(sender)));
        assert!(live[0]["serverTime"].as_i64() >= all[204]["serverTime"].as_i64());
        assert_eq!((&live[0]["notiTitle"], &live[0]["notiBody"]), (&Value::Null, &Value::Null));
        // A part is acknowledged, and the rest comes again under the same names.
        acknowledge(&mut client, &all[..200]).await;
        nothing(&mut client).await;
        client.close().await;
        let mut client = stage.log_in(device).await;
        let mut rest = all[200..].to_vec();
        rest.extend(live);
        assert_eq!(receive(&mut client, 6).await, rest);
        acknowledge(&mut client, &rest).await;
        nothing(&mut client).await;
        client.close().await;
        let mut client = stage.log_in(device).await;
        nothing(&mut client).await;
        stage.close([client]).await;
    }
}

#[actix_web::test]
async fn what_is_sent_while_it_is_brought_what_waits_comes_after_and_once() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let stage = Stage::open(backend).await;
        let device = stage.device(1).await;
        // More than sockets and buffers hold, to a device that does not read yet.
        let long = "x".repeat(60_000);
        for number in 0..150 {
            stage.send(&format!("{number} {long}"), &[device]).await;
        }
        let mut client = stage.log_in(device).await;
        let sending = async {
            for number in 150..250 {
                stage.send(&format!("{number} {long}"), &[device]).await;
            }
        };
        let reading = async {
            let mut all = Vec::new();
            while all.len() < 250 {
                let batch = messages(&client.recv().await);
                let bytes: usize =
                    batch.iter().map(|message| message["data"].as_str().unwrap().len()).sum();
                assert!(bytes <= 1_048_576 && batch.len() <= 100);
                // Acknowledged as they come, while others are brought.
                acknowledge(&mut client, &batch).await;
                all.extend(batch);
            }
            all
        };
        let ((), all) = tokio::join!(sending, reading);
        let number = |text: &&str| text.split(' ').next().unwrap().parse::<usize>().unwrap();
        let numbers: Vec<usize> = texts(&all).iter().map(number).collect();
        assert_eq!(numbers, (0..250).collect::<Vec<_>>(), "each once, and in order");
        nothing(&mut client).await;
        client.close().await;
        let mut client = stage.log_in(device).await;
        nothing(&mut client).await;
        stage.close([client]).await;
    }
}

#[actix_web::test]
async fn an_upstream_message_has_its_own_result() {
    let stage = Stage::open(Backend::Sqlite).await;
    let device = stage.device(1).await;
    let mut client = stage.log_in(device).await;
    let mut last = 0;
    let mut sent = async |body: Value| {
        let frame = json!({"action": "sendUpstreamMsg", "body": body});
        let answer = client.ask(frame).await;
        assert_eq!(answer["action"], "onSendUpstreamMsgResult");
        let body = &answer["body"];
        let request = body["requestId"].as_str().unwrap().strip_prefix("511").unwrap();
        let ms: i64 = request.parse().unwrap();
        assert!(request.len() == 13 && ms > std::mem::replace(&mut last, ms));
        (body["resultCode"].as_i64().unwrap(), body["umi"].clone())
    };
    // Nobody is there to hear it.
    let hub = stage.app.hub_server().to_string();
    assert_eq!(
        sent(json!({"data": "hi", "serverRegId": null, "umi": "c-1"})).await,
        (-302, json!("c-1"))
    );
    assert_eq!(
        sent(json!({"data": "hi", "serverRegId": hub, "umi": "c-1"})).await,
        (-302, json!("c-1"))
    );
    // An echo need not be there, and may be the same.
    assert_eq!(sent(json!({"data": "hi"})).await, (-302, Value::Null));
    let other = stage.server.running().service.apps.add("other").await.unwrap().id;
    for wrong in ["x".to_owned(), device.uuid().hex(), other.hub_server().hex()] {
        assert_eq!(sent(json!({"data": "hi", "serverRegId": wrong})).await, (-104, Value::Null));
    }
    let longest = "x".repeat(65_536);
    assert_eq!(sent(json!({"data": longest})).await.0, -302);
    for bad in ["", "a\0b", &format!("{longest}x")] {
        assert_eq!(sent(json!({"data": bad, "umi": "c-2"})).await, (-304, json!("c-2")));
    }
    stage.close([client]).await;
}

#[actix_web::test]
async fn an_upstream_message_that_is_heard_is_done() {
    let stage = Stage::open(Backend::Sqlite).await;
    let device = stage.device(1).await;
    let mut client = stage.log_in(device).await;
    let token = AppToken {
        hash: key::hash_of("an operator's"),
        app: stage.app,
        level: Level::ThirdPartyConsole,
        user: None,
        expires_at: stage.server.now().after(Duration::from_secs(3_600)),
        slides_by: Duration::ZERO,
    };
    assert!(stage.server.running().store.run(writes::add_token(token)).await.unwrap());
    let bearer = [("authorization", "Bearer an operator's")];
    let mut consoles =
        [stage.server.console_with(&bearer).await, stage.server.console_with(&bearer).await];
    let hub = stage.app.hub_server();
    // To whom it may concern, and to the hub's own console, in every spelling; as it is, whatever is in it.
    let shown = device.uuid().hex();
    let spelled = [Value::Null, json!(hub.hex()), json!(hub.to_string().to_uppercase())];
    for (number, server) in spelled.into_iter().enumerate() {
        let data = format!("<b>{number}</b>\n 줄");
        let body = json!({"data": data, "serverRegId": server, "umi": number.to_string()});
        let answer = client.ask(json!({"action": "sendUpstreamMsg", "body": body})).await;
        let body = &answer["body"];
        assert_eq!(
            (&body["resultCode"], &body["resultMsg"]),
            (&json!(1), &json!("작업이 성공 했습니다."))
        );
        assert_eq!(body["umi"], number.to_string());
        let lines = [consoles[0].line().await, consoles[1].line().await];
        let rest =
            lines[0].strip_prefix(&format!("onUpstreamMsgReceived {shown} ")).expect("a line");
        let (time, said) = rest.split_once(' ').expect("a time");
        assert!(time.len() == 13 && time.bytes().all(|byte| byte.is_ascii_digit()), "{time}");
        assert_eq!((said, &lines[0]), (data.as_str(), &lines[1]));
    }
    // Once the last console has gone, nobody hears it.
    for console in consoles {
        console.close().await;
    }
    let alone = async {
        let upstream = json!({"action": "sendUpstreamMsg", "body": {"data": "x"}});
        while client.ask(upstream.clone()).await["body"]["resultCode"] != -302 {}
    };
    crate::harness::soon("the end of the consoles", alone).await;
    stage.close([client]).await;
}

#[actix_web::test]
async fn a_restart_loses_nothing() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let mut stage = Stage::open(backend).await;
        let device = stage.device(1).await;
        let mut client = stage.log_in(device).await;
        for text in ["a", "b"] {
            stage.send(text, &[device]).await;
        }
        let got = receive(&mut client, 2).await;
        acknowledge(&mut client, &got[..1]).await;
        nothing(&mut client).await;
        client.close().await;
        stage.server.restart(|_| {}).await;
        stage.send("c", &[device]).await;
        let mut client = stage.log_in(device).await;
        assert_eq!(texts(&receive(&mut client, 2).await), ["b", "c"]);
        stage.close([client]).await;
    }
}
