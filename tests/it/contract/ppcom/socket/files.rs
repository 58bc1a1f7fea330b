//! Files: sent up, named in messages, and had again.

use serde_json::{Value, json};

use super::on_both;
use super::shop::*;
use crate::harness::Backend;
use crate::harness::http;

/// The first bytes of an image of 2 by 1.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\0\x02\0\0\0\x01\x08\x06\0\0\0";

/// The first bytes of another one, which are text.
const GIF: &[u8] = b"GIF89a\x02\0\x01\0";

async fn up_and_down(backend: Backend) {
    let shop = Shop::with(backend, |config| {
        config.ppcom.file_bytes_max = 1_000;
        config.ppcom.files_per_user_bytes_max = 2_000;
    })
    .await;
    let visitor = shop.visitor("one").await;
    // Without a socket and without a token nobody sends anything.
    assert_eq!(shop.upload(&visitor.user, "a.png", GIF).await.status, 403);
    let client = shop.socket(&visitor).await;
    let answer = shop.upload(&visitor.user, "C:\\ä \"b\".png", GIF).await;
    assert_eq!((answer.status, answer.header("access-control-allow-origin")), (200, Some("*")));
    let id = text(&answer.json["fuuid"]);
    let path = format!("/download/download/{id}");
    let file = shop.server.get(&path).await;
    assert_eq!(file.header("content-type"), Some("image/png"));
    assert_eq!(file.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(file.header("access-control-allow-origin"), Some("*"));
    let named = file.header("content-disposition").unwrap();
    assert_eq!(named, "attachment; filename*=UTF-8''%C3%A4");
    let named = shop.server.get(&format!("{path}?file_name=x.png")).await;
    let named = named.header("content-disposition").unwrap().to_owned();
    assert_eq!(named, "attachment; filename*=UTF-8''x.png");
    for none in [name(9), "x".to_owned(), visitor.user.clone()] {
        assert_eq!(shop.server.get(&format!("/download/download/{none}")).await.status, 404);
    }
    client.close().await;
    // A token will do, too, of the same user alone.
    let auth = format!("OAuth {}", visitor.token);
    let headers = [("authorization", &*auth)];
    let longest = vec![7; 1_000];
    assert_eq!(shop.upload_as(&headers, "", "a", &longest).await.status, 200);
    assert_eq!(shop.upload_as(&headers, &visitor.user, "a", &[7; 1_001]).await.status, 413);
    assert_eq!(shop.upload_as(&headers, &visitor.user, "a", &longest).await.status, 507);
    let other = shop.visitor("two").await;
    assert_eq!(shop.upload_as(&headers, &other.user, "a", GIF).await.status, 403);
    let wrong = [("authorization", "OAuth x")];
    assert_eq!(shop.upload_as(&wrong, &visitor.user, "a", GIF).await.status, 401);
    for (kind, body) in [
        ("text/plain", "hi"),
        ("multipart/form-data", "hi"),
        ("multipart/form-data; boundary=XX", "hi"),
        ("multipart/form-data; boundary=XX", "--XX--"),
    ] {
        let place = ("POST", "/upload/upload/");
        let headers = [("authorization", &*auth), ("content-type", kind)];
        let answer = http::send(shop.server.address, place, &headers, body).await;
        assert_eq!(answer.status, 400, "{kind} {body}");
    }
    let preflight = http::send(shop.server.address, ("OPTIONS", "/upload/upload/"), &[], "").await;
    assert_eq!(preflight.status, 200);
    shop.stop().await;
}

async fn long_texts(backend: Backend) {
    let shop = Shop::with(backend, |config| config.ppcom.file_bytes_max = 1_000).await;
    shop.agent("ann").await;
    let visitor = shop.visitor("one").await;
    let conversation = shop.conversation(&visitor).await;
    let long = "긴 글 ".repeat(100);
    let form = |name: &str, content: &str| {
        format!(
            "--XX\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{content}\r\n--XX\r\n\
             Content-Disposition: form-data; name=\"user_uuid\"\r\n\r\n{}\r\n--XX--\r\n",
            visitor.user
        )
    };
    let kind = ("content-type", "multipart/form-data; boundary=XX");
    let up = async |path: &str, body: String| {
        http::send(shop.server.address, ("POST", path), &[kind], body).await
    };
    // Without a socket and without a token nobody sends anything, and nothing is no file.
    assert_eq!(up("/ppkefu/upload/", form("file", &long)).await.status, 403);
    let mut client = shop.socket(&visitor).await;
    assert_eq!(up("/ppkefu/upload/", form("text", &long)).await.status, 400);
    assert_eq!(up("/ppkefu/upload/", form("file", &"x".repeat(1_001))).await.status, 413);
    for path in ["/ppkefu/upload/", "/ppkefu/upload"] {
        let answer = up(path, form("file", &long)).await;
        assert_eq!((answer.status, answer.header("access-control-allow-origin")), (200, Some("*")));
        // It has another name than at the door of files.
        let id = text(&answer.json["fid"]);
        assert_eq!(answer.json, json!({"fid": id}));
        let file = shop.server.get(&format!("/download/download/{id}")).await;
        assert_eq!((file.status, file.text.as_str()), (200, long.as_str()));
        let mut send = visitor.send(&conversation, &name(path.len() as u64), "");
        send["send"]["message_subtype"] = json!("TXT");
        send["send"]["message_body"] = json!(json!({"fid": id}).to_string());
        assert_eq!(sent(&asked(&mut client, send).await).0, 0, "a message may name it");
    }
    let preflight = http::send(shop.server.address, ("OPTIONS", "/ppkefu/upload/"), &[], "").await;
    assert_eq!(preflight.status, 200);
    client.close().await;
    shop.stop().await;
}

async fn in_messages(backend: Backend) {
    let shop = Shop::open(backend).await;
    let (agent, visitor) = (shop.agent("ann").await, shop.visitor("one").await);
    let other = shop.visitor("two").await;
    let conversation = shop.conversation(&visitor).await;
    let (mut widget, mut desk) = (shop.socket(&visitor).await, shop.socket(&agent).await);
    let strange = shop.socket(&other).await;
    let own = text(&shop.upload(&visitor.user, "a.png", PNG).await.json["fuuid"]);
    let foreign = text(&shop.upload(&other.user, "a.png", PNG).await.json["fuuid"]);
    let image = json!({"thum": own, "orig": own, "mime": "image/png", "orig_width": 2,
        "orig_height": 1, "thum_width": 2, "thum_height": 1});
    let file = json!({"fid": own, "mime": "image/png", "size": PNG.len(), "name": "a.png"});
    for (number, (subtype, body, told)) in [
        ("TXT", json!({"fid": own}), json!({"fid": own})),
        ("IMAGE", json!({"fid": own, "mime": "image/png"}), image),
        ("FILE", json!({"fid": own}), file),
        (
            "AUDIO",
            json!({"fid": own, "mime": "audio/mp3", "dura": 2}),
            json!({"fid": own, "mime": "audio/mp3", "dura": 2}),
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let mut send = visitor.send(&conversation, &name(number as u64), &body.to_string());
        send["send"]["message_subtype"] = json!(subtype);
        // Twice, and once stored.
        for _ in 0..2 {
            assert_eq!(asked(&mut widget, send.clone()).await["code"], 0, "{subtype}");
        }
        let msg = next(&mut desk, "MSG").await["msg"].clone();
        assert_eq!(msg["ms"], subtype);
        let got: Value = serde_json::from_str(msg["bo"].as_str().unwrap()).unwrap();
        assert_eq!(got, told);
    }
    for (number, fid) in [foreign, name(7)].into_iter().enumerate() {
        let body = json!({"fid": fid}).to_string();
        let mut send = visitor.send(&conversation, &name(100 + number as u64), &body);
        send["send"]["message_subtype"] = json!("FILE");
        assert_eq!(asked(&mut widget, send).await["code"], 7);
    }
    assert_eq!(shop.history(&visitor, &conversation).await.len(), 4);
    for client in [widget, desk, strange] {
        client.close().await;
    }
    shop.stop().await;
}

on_both!(up_and_down, long_texts, in_messages);
