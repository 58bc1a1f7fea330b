//! What requests bring: JSON bodies, queries, and users in a path.

use std::ops::RangeInclusive;

use actix_web::HttpRequest;
use actix_web::web::Payload;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::problem::{Code, Problem};
use crate::domain::accounts::name::Called;
use crate::domain::accounts::user::User;
use crate::domain::accounts::user::Who;
use crate::domain::chat::room::RoomKey;
use crate::domain::id::UserId;
use crate::http::{State, body, text};
use crate::service::ServiceFault;

/// The numbers that messages may have, as far as JavaScript knows them exactly.
pub const SEQS: RangeInclusive<i64> = 0..=9_007_199_254_740_991;

/// Reads a JSON object. Members that are not known are refused.
///
/// # Errors
/// 415 for another content type or an encoding, 413 above the limit, 400 for anything else that is wrong.
pub async fn json<T: DeserializeOwned>(
    request: &HttpRequest,
    body: Payload,
    state: &State,
) -> Result<T, Problem> {
    json_with(request, body, state, 0).await
}

/// The same, where the body may be longer by so many bytes.
///
/// # Errors
/// As [`json`].
pub async fn json_with<T: DeserializeOwned>(
    request: &HttpRequest,
    payload: Payload,
    state: &State,
    bytes_more: usize,
) -> Result<T, Problem> {
    if !body::is(request, body::JSON) {
        return Err(Code::NotJson.into());
    }
    let bytes_max = state.settings.body_bytes_max.saturating_add(bytes_more);
    let bytes = body::whole(request, payload, bytes_max).await?;
    let invalid =
        |error: serde_json::Error| Problem::new(Code::BodyInvalid).detail(format!("{error}."));
    // An object, and not the array of its values that serde would take for it.
    let object: Map<String, Value> = serde_json::from_slice(&bytes).map_err(invalid)?;
    T::deserialize(Value::Object(object)).map_err(invalid)
}

/// Reads a query. Parameters that are not known are passed over.
///
/// # Errors
/// 400 if it is not valid.
pub fn query<T: DeserializeOwned>(request: &HttpRequest) -> Result<T, Problem> {
    Ok(text::form(request.query_string().as_bytes())?)
}

/// A number of digits alone.
pub fn digits(text: &str) -> Option<i64> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit());
    if plain { text.parse().ok() } else { None }
}

/// The most ids in one parameter.
const IDS_MAX: usize = 100;

/// The users whose ids a parameter lists, with commas between; what can be nobody's id is left out.
///
/// # Errors
/// 400 if there are more than 100, or something else among them.
pub fn ids(name: &str, text: &str) -> Result<Vec<UserId>, Problem> {
    let invalid = |what| Problem::new(Code::ParameterInvalid).detail(format!("{name}: {what}."));
    let parts: Vec<&str> = text.split(',').filter(|part| !part.is_empty()).collect();
    if parts.len() > IDS_MAX {
        return Err(invalid("more than 100"));
    }
    let id = |part: &str| part.trim().parse::<i64>().map_err(|_| invalid("not all are ids"));
    let ids = parts.into_iter().map(id).collect::<Result<Vec<i64>, _>>()?;
    Ok(ids.into_iter().filter_map(UserId::new).collect())
}

/// The room at an address, seen from `me`; `None` if it can be nobody's.
pub fn room(text: &str, me: UserId) -> Option<RoomKey> {
    RoomKey::at(digits(text)?, me)
}

/// How a path names a user.
enum PathUser {
    Id(Option<UserId>),
    Name(Option<Called>),
}

impl PathUser {
    /// Digits are an id; all else, and whatever follows an `@`, is a name.
    fn parse(text: &str) -> Self {
        if let Some(name) = text.strip_prefix('@') {
            return Self::Name(Called::new(name));
        }
        if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Self::Id(digits(text).and_then(UserId::new));
        }
        Self::Name(Called::new(text))
    }
}

/// Whom a text names; not looked up yet.
///
/// # Errors
/// 404 if it can be nobody's.
pub fn who(text: &str) -> Result<Who, Problem> {
    let who = match PathUser::parse(text) {
        PathUser::Id(id) => id.map(Who::Id),
        PathUser::Name(name) => name.map(|called| Who::Named(called.text)),
    };
    who.ok_or(Problem::new(Code::NoSuchUser))
}

/// The user whom a path names.
///
/// # Errors
/// 404 if there is none.
pub async fn user(text: &str, state: &State) -> Result<User, Problem> {
    let found = match PathUser::parse(text) {
        PathUser::Id(Some(id)) => state.service.accounts.by_id(id).await?,
        PathUser::Name(Some(name)) => {
            state.service.accounts.by_name(name).await.map_err(ServiceFault::from)?
        }
        PathUser::Id(None) | PathUser::Name(None) => None,
    };
    found.ok_or(Problem::new(Code::NoSuchUser))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_an_id_and_all_else_is_a_name() {
        let id = |text: &str| match PathUser::parse(text) {
            PathUser::Id(id) => id.map(UserId::get),
            PathUser::Name(name) => panic!("{name:?}"),
        };
        let name = |text: &str| match PathUser::parse(text) {
            PathUser::Name(name) => name.map(|called| called.text),
            PathUser::Id(id) => panic!("{id:?}"),
        };
        assert_eq!(id("42"), Some(42));
        assert_eq!((id("43"), id("99999999999999999999")), (None, None));
        assert_eq!(name("alice").as_deref(), Some("alice"));
        assert_eq!(name("@42").as_deref(), Some("42"));
        assert_eq!(name("@@a").as_deref(), Some("@a"));
        assert_eq!((name(""), name("@")), (None, None));
        assert_eq!(name("-2").as_deref(), Some("-2"));
    }
}
