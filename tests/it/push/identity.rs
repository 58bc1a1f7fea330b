//! Who pushes say that they are, checked as a receiver would: by the published keys, with another library than the hub's.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use serde_json::{Value, json};
use tradewind::domain::pubsub::subscription::{OidcToken, SubscriptionConfig};

use super::{make_topic, publish, subscribe};
use crate::harness::receiver::{OK, Pushed, Receiver};
use crate::harness::{Backend, Server};

const EMAIL: &str = "pusher@project.example";

fn signs(config: &mut SubscriptionConfig, audience: &str) {
    let push = config.push.as_mut().expect("a push");
    let (service_account_email, audience) = (EMAIL.to_owned(), audience.to_owned());
    push.oidc = Some(OidcToken { service_account_email, audience });
}

fn bearer(push: &Pushed) -> String {
    let value = push.header("authorization").expect("a token");
    value.strip_prefix("Bearer ").expect("a bearer").to_owned()
}

fn decoded(part: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(part).expect("base64")
}

/// The header and the claims of a token that one of the keys has signed.
fn checked(token: &str, keys: &Value) -> (Value, Value) {
    let parts: Vec<&str> = token.split('.').collect();
    let [header, claims, signature] = parts[..] else { panic!("{token}") };
    let json = |part: &str| serde_json::from_slice::<Value>(&decoded(part)).expect("JSON");
    let kid = &json(header)["kid"];
    let key = keys["keys"].as_array().expect("keys").iter().find(|key| key["kid"] == *kid);
    let key = key.expect("a key of that name");
    let part = |name: &str| decoded(key[name].as_str().expect("text"));
    let key = RsaPublicKeyComponents { n: part("n"), e: part("e") };
    let signed = format!("{header}.{claims}");
    let good = key.verify(&RSA_PKCS1_2048_8192_SHA256, signed.as_bytes(), &decoded(signature));
    good.expect("a good signature");
    (json(header), json(claims))
}

#[actix_web::test]
async fn a_token_is_checked_by_the_published_keys() {
    let server = Server::start().await;
    let mut receiver = Receiver::start().await;
    make_topic(&server).await;
    let endpoint = receiver.url("/push?token=secret");
    subscribe(&server, "own", &endpoint, |config| signs(config, "")).await;
    publish(&server, &["x"]).await;
    let push = receiver.next().await;
    let answer = server.get("/.well-known/jwks.json").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("cache-control"), Some("public, max-age=3600"));
    let keys = answer.json;
    for key in keys["keys"].as_array().unwrap() {
        let names: Vec<_> = key.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(names, ["alg", "e", "kid", "kty", "n", "use"], "public parts only");
        assert_eq!(
            (&key["alg"], &key["kty"], &key["use"]),
            (&json!("RS256"), &json!("RSA"), &json!("sig"))
        );
    }
    let token = bearer(&push);
    let (header, claims) = checked(&token, &keys);
    assert_eq!((&header["alg"], &header["typ"]), (&json!("RS256"), &json!("JWT")));
    assert_eq!(claims["iss"], json!(server.public_url()));
    assert_eq!(claims["aud"], json!(endpoint), "the whole endpoint, since no audience was set");
    assert_eq!(claims["email"], json!(EMAIL));
    assert_eq!(claims["email_verified"], json!(true));
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 3_600);
    assert_eq!(claims["azp"], claims["sub"]);
    assert!(claims["sub"].as_str().unwrap().bytes().all(|byte| byte.is_ascii_digit()));
    push.answer(OK);
    // The next has the same.
    publish(&server, &["y"]).await;
    let push = receiver.next().await;
    assert_eq!(bearer(&push), token);
    push.answer(OK);
    server.stop().await;
}

#[actix_web::test]
async fn an_audience_is_said_as_it_was_set_and_keys_outlive_a_start() {
    let mut server = Server::with(Backend::Sqlite, |config| {
        config.http.public_url = "https://hub.example/".to_owned();
    })
    .await;
    let mut receiver = Receiver::start().await;
    make_topic(&server).await;
    subscribe(&server, "own", &receiver.url("/"), |config| signs(config, "example.com")).await;
    publish(&server, &["x"]).await;
    let push = receiver.next().await;
    let token = bearer(&push);
    push.answer(OK);
    server.restart(|_| {}).await;
    let keys = server.get("/.well-known/jwks.json").await.json;
    let (_, claims) = checked(&token, &keys);
    assert_eq!(
        (&claims["aud"], &claims["iss"]),
        (&json!("example.com"), &json!("https://hub.example"))
    );
    let said = server.get("/.well-known/openid-configuration").await;
    let expected = json!({
        "issuer": "https://hub.example", "jwks_uri": "https://hub.example/.well-known/jwks.json",
        "id_token_signing_alg_values_supported": ["RS256"],
        "response_types_supported": ["id_token"], "subject_types_supported": ["public"],
    });
    assert_eq!(said.json, expected);
    assert_eq!(
        server.request("POST", "/.well-known/jwks.json", "text/plain", String::new()).await.status,
        405
    );
    let mode = std::fs::metadata(server.folder().join("push.keys")).unwrap().permissions();
    assert_eq!(std::os::unix::fs::PermissionsExt::mode(&mode) & 0o777, 0o600);
    server.stop().await;
}
