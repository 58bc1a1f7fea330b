//! What opens a door: each level of key, at each door that takes keys.

use crate::contract::ppcom::shop::{SENT, Shop, key};
use crate::harness::Backend;
use crate::harness::apps::FORM;
use crate::harness::http::{Answer, send};

const LEVELS: [&str; 4] = ["PPCOM", "PPKEFU", "THIRD_PARTY_CONSOLE", "PPCONSOLE"];

/// A door, the form that is sent there, and the statuses for keys of the levels in their order.
type KeyRow = (&'static str, &'static str, [u16; 4]);

const ROWS: &[KeyRow] = &[
    (
        "/ppauth/token",
        "client_id={key}&client_secret={secret}&grant_type=client_credentials",
        [200, 400, 200, 200],
    ),
    (
        "/ppauth/token",
        "client_id={key}&grant_type=password&user_email=ann@shop.example&user_password={sent}",
        [400, 200, 400, 400],
    ),
    ("/console/login", "client_id={key}&client_secret={secret}", [403, 403, 303, 403]),
];

async fn ask(shop: &Shop, (door, form): (&str, &str), key: &str, secret: &str) -> Answer {
    let form = form.replace("{key}", key).replace("{secret}", secret).replace("{sent}", SENT);
    send(shop.server.address, ("POST", door), &[("content-type", FORM)], form).await
}

#[actix_web::test]
async fn each_key_opens_the_doors_of_its_level() {
    let shop = Shop::open(Backend::Sqlite).await;
    let bank = shop.other().await;
    shop.agent("ann").await;
    for (door, form, statuses) in ROWS {
        let unknown = ask(&shop, (door, form), "unknown", "unknown").await;
        for (level, status) in LEVELS.into_iter().zip(statuses) {
            let (good, secret) = key(&shop.app, level);
            let answer = ask(&shop, (door, form), good, secret).await;
            assert_eq!(answer.status, *status, "{door} {form} {level}: {}", answer.text);
            if !form.contains("{secret}") {
                continue;
            }
            // A key that is there, of either app, with another secret, is as good as none.
            let (foreign, foreign_secret) = key(&bank, level);
            for (key, secret) in [(good, "wrong"), (good, foreign_secret), (foreign, secret)] {
                let wrong = ask(&shop, (door, form), key, secret).await;
                assert_eq!((wrong.status, &wrong.text), (unknown.status, &unknown.text), "{level}");
            }
        }
    }
    // An agent of one app is nobody in another, and told so as somebody who is nowhere.
    let (_, form, _) = ROWS[1];
    let (of_bank, _) = key(&bank, "PPKEFU");
    let elsewhere = ask(&shop, ("/ppauth/token", form), of_bank, "").await;
    let form = form.replace("ann@", "nobody@");
    let nowhere = ask(&shop, ("/ppauth/token", &form), of_bank, "").await;
    assert_eq!((elsewhere.status, &elsewhere.text), (200, &nowhere.text));
    assert_eq!(elsewhere.json["error_code"], -1);
    shop.close().await;
}
