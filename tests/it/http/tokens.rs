//! Tokens that are not ours, on a socket.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use tradewind::config::Secret;

use crate::harness::{Backend, Server};

const SECRET: &str = "a secret of the test, long enough";
const FAR: i64 = 4_000_000_000;

fn signed(algorithm: Algorithm, secret: &str, claims: &Value) -> String {
    let key = EncodingKey::from_secret(secret.as_bytes());
    encode(&Header::new(algorithm), claims, &key).expect("a token")
}

fn unsigned(algorithm: &str, claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.", part(&json!({"alg": algorithm, "typ": "JWT"})), part(claims))
}

#[actix_web::test]
async fn only_our_own_good_tokens_are_taken() {
    let server = Server::with(Backend::Sqlite, |config| {
        config.auth.secret = Secret::new(SECRET.to_owned());
    })
    .await;
    let alice = server.user("alice").await;
    let id = alice.id().to_string();
    let claims = json!({"id": id, "name": "alice", "exp": FAR});
    let good = signed(Algorithm::HS256, SECRET, &claims);
    let (head, tail) = good.rsplit_once('.').expect("a signature");
    let mut cases = vec![
        ("another secret", signed(Algorithm::HS256, &SECRET.replace('a', "b"), &claims)),
        ("the empty secret", signed(Algorithm::HS256, "", &claims)),
        ("the original's secret", signed(Algorithm::HS256, "secret", &claims)),
        ("another algorithm", signed(Algorithm::HS512, SECRET, &claims)),
        ("no signature", format!("{head}.")),
        ("no third part", head.to_owned()),
        ("half a signature", format!("{head}.{}", &tail[..20])),
        ("expired", signed(Algorithm::HS256, SECRET, &json!({"id": id, "exp": 1_000_000}))),
        ("without expiry", signed(Algorithm::HS256, SECRET, &json!({"id": id}))),
        ("nonsense", "nonsense".to_owned()),
        ("dots", "..".to_owned()),
    ];
    for algorithm in ["none", "None", "NONE", "nOnE", "HS256", ""] {
        cases.push(("unsigned", unsigned(algorithm, &claims)));
    }
    let mut client = server.connect().await;
    let beat = json!({"type": "heartbeat", "payload": null});
    assert_eq!(client.ask(beat.clone()).await, beat);
    for (what, token) in cases {
        let answer = client.ask(json!({"type": "auth", "payload": {"auth": token}})).await;
        let payload = json!({"code": 4000, "reason": "Token signature mismatch."});
        assert_eq!(answer, json!({"type": "error", "payload": payload}), "{what}");
    }
    // A number is no id, and nobody has this one.
    for other in [json!(alice.id()), json!("2"), json!(format!("+{id}")), Value::Null] {
        let token = signed(Algorithm::HS256, SECRET, &json!({"id": other, "exp": FAR}));
        let answer = client.ask(json!({"type": "auth", "payload": {"auth": token}})).await;
        let payload = json!({"code": 4000, "reason": "Invalid token payload provided."});
        assert_eq!(answer, json!({"type": "error", "payload": payload}), "{other}");
    }
    // None of it gave anything away, and none of it did harm.
    let load = json!({"type": "load", "payload": {"type": "mutual_users"}});
    assert_eq!(client.ask(load).await["payload"]["code"], 4001);
    let answer = client.ask(json!({"type": "auth", "payload": {"auth": good}})).await;
    assert_eq!(answer["payload"]["self_user"]["id"], id, "{answer}");
    client.close().await;
    server.stop().await;
}
