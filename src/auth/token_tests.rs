use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;

use super::*;
use crate::domain::accounts::login::{Revocation, Void};

const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";
const DAY: Duration = Duration::from_secs(86_400);
const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

fn tokens() -> Tokens {
    Tokens::new(SECRET, DAY, Arc::default())
}

fn alice() -> User {
    User { id: UserId::new(4_242).unwrap(), name: "앨리스".to_owned(), profile: None }
}

fn issue(tokens: &Tokens) -> String {
    tokens.sign(&alice(), &tokens.draft(NOW).unwrap()).unwrap()
}

fn signed(secret: &[u8], algorithm: Algorithm, claims: &Value) -> String {
    let key = EncodingKey::from_secret(secret);
    jsonwebtoken::encode(&Header::new(algorithm), claims, &key).unwrap()
}

/// What a token says that is good if its log-in exists.
fn says(tokens: &Tokens, token: &str, now: Timestamp) -> Result<Claims, TokenError> {
    match tokens.verify(token, now) {
        Err(TokenError::Unknown(claims)) => Ok(*claims),
        verdict => verdict,
    }
}

fn verdict(claims: &Value) -> Result<Claims, TokenError> {
    says(&tokens(), &signed(SECRET, Algorithm::HS256, claims), NOW)
}

fn part(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

#[test]
fn an_issued_token_names_its_user_until_it_expires() {
    let token = issue(&tokens());
    let claims = says(&tokens(), &token, NOW).unwrap();
    assert_eq!(claims.user, alice().id);
    assert_eq!(claims.expires_at, NOW.after(DAY));
    assert_eq!(claims.issued_at, NOW);
    assert_eq!(claims.login.as_ref().unwrap().as_str().len(), 22);
    let last = Timestamp::from_micros(claims.expires_at.micros() - 1);
    assert_eq!(says(&tokens(), &token, last).unwrap(), claims);
    assert_eq!(tokens().verify(&token, claims.expires_at), Err(TokenError::Signature));
}

#[test]
fn the_claims_are_those_of_the_contract() {
    let token = issue(&tokens());
    let body = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
    let mut claims: Map<String, Value> = serde_json::from_slice(&body).unwrap();
    claims.remove("jti").unwrap();
    let expected = json!({
        "id": "4242", "name": "앨리스", "iat": 1_800_000_000, "exp": 1_800_086_400
    });
    assert_eq!(Value::from(claims), expected);
    assert_ne!(token, issue(&tokens()), "no two have one jti");
}

#[test]
fn only_our_secret_and_our_algorithm_sign() {
    let good = json!({"id": "2", "exp": 1_900_000_000});
    assert!(verdict(&good).is_ok());
    let other_secret = signed(b"another secret of thirty-two bytes", Algorithm::HS256, &good);
    let other_hmac = signed(SECRET, Algorithm::HS512, &good);
    let token = signed(SECRET, Algorithm::HS256, &good);
    let (message, signature) = token.rsplit_once('.').unwrap();
    let (header, _) = message.split_once('.').unwrap();
    let none = part(&json!({"alg": "none", "typ": "JWT"}));
    let rs256 = part(&json!({"alg": "RS256", "typ": "JWT"}));
    let body = part(&good);
    let grown = part(&json!({"id": "4", "exp": 1_900_000_000}));
    for bad in [
        other_secret,
        other_hmac,
        format!("{none}.{body}."),
        format!("{none}.{body}.{signature}"),
        format!("{rs256}.{body}.{signature}"),
        format!("{header}.{grown}.{signature}"),
        format!("{message}."),
        message.to_owned(),
        format!("{token} "),
        String::new(),
        "..".to_owned(),
        "앨리스".to_owned(),
    ] {
        assert_eq!(tokens().verify(&bad, NOW), Err(TokenError::Signature), "{bad}");
    }
}

#[test]
fn a_token_needs_an_expiry_in_the_future() {
    for exp in [json!(1_799_999_999), json!(1_800_000_000), json!(-1), json!("1900000000")] {
        assert_eq!(verdict(&json!({"id": "2", "exp": exp})), Err(TokenError::Signature), "{exp}");
    }
    assert_eq!(verdict(&json!({"id": "2"})), Err(TokenError::Signature));
    let fraction = verdict(&json!({"id": "2", "exp": 1_800_000_000.5})).unwrap();
    assert_eq!(fraction.expires_at, NOW.after(Duration::from_millis(500)));
}

#[test]
fn a_token_is_not_good_before_its_time() {
    let with_nbf = |nbf: Value| verdict(&json!({"id": "2", "exp": 1_900_000_000, "nbf": nbf}));
    for good in [json!(0), json!(1_799_999_999), json!(1_800_000_000), json!(1_799_999_999.5)] {
        assert!(with_nbf(good.clone()).is_ok(), "{good}");
    }
    for bad in [json!(1_800_000_000.5), json!(1_800_000_001), json!(1_899_999_999)] {
        assert_eq!(with_nbf(bad.clone()), Err(TokenError::Signature), "{bad}");
    }
    for none in [json!("1700000000"), json!(null), json!(true), json!([1]), json!(1e300)] {
        assert_eq!(with_nbf(none.clone()), Err(TokenError::Signature), "{none}");
    }
}

#[test]
fn the_id_is_a_canonical_user_id_in_a_string() {
    let with_id = |id: Value| verdict(&json!({"id": id, "exp": 1_900_000_000}));
    for id in [
        json!("3"),
        json!("0"),
        json!("-2"),
        json!("+2"),
        json!("02"),
        json!(" 2"),
        json!("2 "),
        json!("２"),
        json!("9223372036854775808"),
        json!(""),
        json!(7),
        json!(8),
        json!(null),
    ] {
        assert_eq!(with_id(id.clone()), Err(TokenError::Payload), "{id}");
    }
    assert_eq!(verdict(&json!({"exp": 1_900_000_000})), Err(TokenError::Payload));
    let largest = with_id(json!("9223372036854775806")).unwrap();
    assert_eq!(largest.user.get(), i64::MAX - 1);
    assert_eq!((largest.login, largest.issued_at), (None, LONG_AGO));
}

#[test]
fn a_revoked_token_is_not_taken() {
    let tokens = tokens();
    let draft = tokens.draft(NOW).unwrap();
    let token = tokens.sign(&alice(), &draft).unwrap();
    let other = issue(&tokens);
    let logins = vec![(draft.login.clone(), draft.expires_at)];
    tokens.revoked().add(Revocation { user: alice().id, logins, void: None }, NOW);
    assert_eq!(tokens.verify(&token, NOW), Err(TokenError::Revoked));
    // A renewed one belongs to the same log-in.
    let renewed = tokens.draft_for(draft.login, NOW.after(DAY));
    let renewed = tokens.sign(&alice(), &renewed).unwrap();
    assert_eq!(tokens.verify(&renewed, NOW), Err(TokenError::Revoked));
    assert!(says(&tokens, &other, NOW).is_ok());
}

#[test]
fn a_token_that_follows_a_void_is_issued_after_it() {
    let tokens = tokens();
    let through = NOW.after(Duration::from_millis(400));
    let draft = tokens.draft(through).unwrap();
    assert_eq!(draft.issued_at, NOW);
    assert_eq!(draft.clone().after(None), draft);
    let void = Void { through, kept: None };
    tokens.revoked().add(Revocation { user: alice().id, logins: vec![], void: Some(void) }, NOW);
    let early = tokens.sign(&alice(), &draft).unwrap();
    assert_eq!(tokens.verify(&early, NOW), Err(TokenError::Revoked));
    let late = tokens.sign(&alice(), &draft.after(Some(through))).unwrap();
    assert_eq!(says(&tokens, &late, NOW).unwrap().issued_at, NOW.after(SECOND));
}
