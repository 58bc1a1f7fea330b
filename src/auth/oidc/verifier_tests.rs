//! Tokens that are good in all but one thing.

use std::sync::Arc;

use serde_json::json;

use super::*;
use crate::auth::oidc::key::PushKey;
use crate::auth::oidc::keys::PushKeys;
use crate::auth::oidc::token::IdToken;

const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);
const ISSUER: &str = "https://hub.example";
const EMAIL: &str = "pusher@project.example";

struct World {
    own: Arc<PushKeys>,
    google: PushKey,
    verifier: PushVerifier,
    _folder: tempfile::TempDir,
}

fn world() -> World {
    let folder = tempfile::tempdir().unwrap();
    let own = Arc::new(PushKeys::new(folder.path().join("push.keys")));
    let google = PushKey::generate(NOW).unwrap();
    let file = folder.path().join("google.json");
    let set = json!({"keys": [{"kty": "EC", "kid": "x"}, google.public()]});
    std::fs::write(&file, set.to_string()).unwrap();
    let issuers =
        ["self".to_owned(), format!("https://accounts.google.example={}", file.display())];
    let key_sets = KeySets::read(&issuers, (ISSUER, &own)).unwrap();
    let emails = vec![EMAIL.to_owned()];
    let expected = ExpectedPush { audience: "example.com".to_owned(), emails };
    World { own, google, verifier: PushVerifier { key_sets, expected }, _folder: folder }
}

fn claims() -> Value {
    let now = NOW.millis() / 1_000;
    json!({
        "iss": ISSUER, "aud": "example.com", "email": EMAIL, "email_verified": true,
        "iat": now, "exp": now + 3_600,
    })
}

impl World {
    fn outcome(&self, token: &str) -> String {
        match self.verifier.verify(token, NOW) {
            Ok(_) => "good".to_owned(),
            Err(fault) => fault.to_string(),
        }
    }

    fn signed(&self, change: impl FnOnce(&mut Value)) -> String {
        let mut claims = claims();
        change(&mut claims);
        self.own.current(NOW).unwrap().sign(&claims).unwrap()
    }
}

#[test]
fn our_own_tokens_are_good_and_say_what_they_must() {
    let world = world();
    let token = IdToken { issuer: ISSUER, email: EMAIL, audience: "example.com" };
    let token = token.signed(&world.own.current(NOW).unwrap(), NOW).unwrap();
    let said = world.verifier.verify(&token, NOW).unwrap().0;
    let now = NOW.millis() / 1_000;
    assert_eq!(said["iss"], ISSUER);
    assert_eq!(said["aud"], "example.com");
    assert_eq!(said["email"], EMAIL);
    assert_eq!(said["email_verified"], true);
    assert_eq!(said["iat"], now);
    assert_eq!(said["exp"], now + 3_600);
    assert_eq!(said["azp"], said["sub"]);
    let header: Value = parsed(token.split('.').next().unwrap()).unwrap();
    let kid = world.own.current(NOW).unwrap().public().kid.clone();
    assert_eq!(header, json!({"alg": "RS256", "kid": kid, "typ": "JWT"}));
}

#[test]
fn each_claim_is_checked() {
    let world = world();
    let now = NOW.millis() / 1_000;
    let table: [(&str, Value, &str); 21] = [
        ("iss", json!("https://accounts.google.example"), "its issuer is not the owner of the key"),
        ("iss", json!(null), "its issuer is not the owner of the key"),
        ("aud", json!(["example.com"]), "good"),
        ("aud", json!(["example.com", "other"]), "it is for another audience"),
        ("aud", json!("example.com/"), "it is for another audience"),
        ("aud", json!(null), "it is for another audience"),
        ("exp", json!(now - 9), "good"),
        ("exp", json!(now - 10), "it has expired"),
        ("exp", json!("soon"), "it has expired"),
        ("exp", json!(null), "it has expired"),
        ("iat", json!(now + 10), "good"),
        ("iat", json!(now + 11), "it is not valid yet"),
        ("iat", json!(null), "it is not valid yet"),
        ("nbf", json!(now + 10), "good"),
        ("nbf", json!(now + 11), "it is not valid yet"),
        ("nbf", json!("x"), "it is not valid yet"),
        ("email", json!("other@project.example"), "its e-mail address is not one that may push"),
        ("email", json!(null), "its e-mail address is not one that may push"),
        ("email_verified", json!("true"), "its e-mail address is not verified"),
        ("email_verified", json!(false), "its e-mail address is not verified"),
        ("email_verified", json!(null), "its e-mail address is not verified"),
    ];
    for (claim, value, outcome) in table {
        let token = world.signed(|claims| claims[claim] = value.clone());
        assert_eq!(world.outcome(&token), outcome, "{claim} {value}");
    }
}

#[test]
fn another_algorithm_is_refused_before_a_key_is_touched() {
    let world = world();
    let good = world.signed(|_| {});
    let (_, rest) = good.split_once('.').unwrap();
    let encoded = |header: Value| URL_SAFE_NO_PAD.encode(header.to_string());
    let kid = world.own.current(NOW).unwrap().public().kid.clone();
    for alg in
        [json!("none"), json!("HS256"), json!("RS512"), json!("rs256"), json!(null), json!(1)]
    {
        for kid in [json!(kid), json!("unknown"), json!(null)] {
            let header = encoded(json!({"alg": alg, "kid": kid}));
            let outcome = world.outcome(&format!("{header}.{rest}"));
            assert_eq!(outcome, "its algorithm is not RS256", "{alg} {kid}");
        }
    }
    let (signed, _) = good.rsplit_once('.').unwrap();
    for (token, outcome) in [
        (format!("{}.{rest}", encoded(json!({"alg": "RS256"}))), "its key is not known"),
        (
            format!("{}.{rest}", encoded(json!({"alg": "RS256", "kid": "x"}))),
            "its key is not known",
        ),
        (format!("{signed}."), "its signature is wrong"),
        (format!("{signed}.{}", "A".repeat(342)), "its signature is wrong"),
        (format!("{good}.x"), "it is not three parts of base64 with JSON in them"),
        (signed.to_owned(), "it is not three parts of base64 with JSON in them"),
        ("a.b.c".to_owned(), "it is not three parts of base64 with JSON in them"),
        (String::new(), "it is not three parts of base64 with JSON in them"),
    ] {
        assert_eq!(world.outcome(&token), outcome, "{token}");
    }
    assert_eq!(world.outcome(&good), "good");
}

#[test]
fn a_key_signs_for_its_own_issuer_only() {
    let world = world();
    let issuer = "https://accounts.google.example";
    let mut said = claims();
    assert_eq!(
        world.outcome(&world.google.sign(&said).unwrap()),
        "its issuer is not the owner of the key"
    );
    said["iss"] = json!(issuer);
    assert_eq!(world.outcome(&world.google.sign(&said).unwrap()), "good");
    let stranger = PushKey::generate(NOW).unwrap();
    assert_eq!(world.outcome(&stranger.sign(&said).unwrap()), "its key is not known");
}

#[test]
fn a_file_of_keys_is_read_again_for_a_key_that_is_new() {
    let world = world();
    let fresh = PushKey::generate(NOW).unwrap();
    let mut said = claims();
    said["iss"] = json!("https://accounts.google.example");
    let token = fresh.sign(&said).unwrap();
    assert_eq!(world.outcome(&token), "its key is not known");
    let file = world._folder.path().join("google.json");
    std::fs::write(&file, json!({"keys": [fresh.public()]}).to_string()).unwrap();
    assert_eq!(world.outcome(&token), "good");
}

#[test]
fn lists_of_issuers_have_a_form() {
    let own = Arc::new(PushKeys::new("push.keys".into()));
    for (entry, is_form) in
        [("self", true), ("a=b", true), ("a", false), ("=b", false), ("a=", false)]
    {
        assert_eq!(KeySets::is_list(&[entry.to_owned()]), is_form, "{entry}");
        let read = KeySets::read(&[entry.to_owned()], (ISSUER, &own));
        let is_of_form = !matches!(read, Err(super::super::KeySetError::Form(_)));
        assert_eq!(is_of_form, is_form, "{entry}");
    }
}
