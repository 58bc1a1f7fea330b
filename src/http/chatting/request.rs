//! What requests of the chatting dialect have in common: tokens, queries, JSON objects, ids.

use actix_web::http::StatusCode;
use actix_web::web::{Bytes, Data, Payload};
use actix_web::{FromRequest, HttpRequest, dev};
use serde_json::{Map, Value};

use super::error::ChatError;
use crate::domain::id::UserId;
use crate::http::{self, Extracted, State, body, text};
use crate::wire::chatting::{Ids, id};

/// Members of a request's body.
pub type Object = Map<String, Value>;

/// A field that is required is not there.
pub const REQUIRED: &str = "This field is required.";
/// A field is `null`.
pub const NULL: &str = "This field may not be null.";
/// A field holds no id.
pub const NO_ID: &str = "A valid integer is required.";

/// The user whose token a request brings. A handler that has one as an argument answers others with 401, and who is
/// above the rate limit with 429.
pub struct TokenUser(pub UserId);

impl FromRequest for TokenUser {
    type Error = ChatError;
    type Future = Extracted<Self, ChatError>;

    fn from_request(request: &HttpRequest, _: &mut dev::Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let state = request.app_data::<Data<State>>().ok_or(ChatError::FAILED)?;
            let refused = |error| ChatError::Error(StatusCode::UNAUTHORIZED, error);
            let token = http::bearer(&request);
            let token = token.ok_or(refused("Authorization header is required"))?;
            let found = state.service.accounts.bearer(token).await?;
            found.map(|bearer| Self(bearer.user.id)).ok_or(refused("Invalid token"))
        })
    }
}

/// A value of the query; of a repeated name the last.
///
/// # Errors
/// 400 if the query is not text.
pub fn query(request: &HttpRequest, name: &str) -> Result<Option<String>, ChatError> {
    let pairs: Vec<(String, String)> = text::form(request.query_string().as_bytes())?;
    Ok(pairs.into_iter().rev().find(|(key, _)| key == name).map(|(_, value)| value))
}

/// How a client wants ids: `?ids=`, or the server's default.
///
/// # Errors
/// 400 for anything but `number` and `string`, and as [`query`].
pub fn ids(request: &HttpRequest, state: &State) -> Result<Ids, ChatError> {
    Ok(match query(request, "ids")?.as_deref() {
        None => state.chatting().settings.ids,
        Some("number") => Ids::Number,
        Some("string") => Ids::String,
        Some(_) => return Err(ChatError::bad_request("ids is number or string.")),
    })
}

/// The body.
///
/// # Errors
/// 413 for one above the limit; 415 for one that is encoded; 400 for one that breaks off.
pub async fn body(
    request: &HttpRequest,
    payload: Payload,
    state: &State,
) -> Result<Bytes, ChatError> {
    Ok(body::whole(request, payload, state.settings.body_bytes_max).await?)
}

/// The JSON object in a body.
///
/// # Errors
/// 400 for anything else.
pub fn object(body: &[u8]) -> Result<Object, ChatError> {
    const NO_OBJECT: ChatError = ChatError::bad_request("The body must be a JSON object.");
    serde_json::from_slice(body).map_err(|_| NO_OBJECT)
}

/// An id in JSON: an integer of at least 0, or its digits.
pub fn id_in(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64().filter(|id| *id >= 0),
        Value::String(digits) => id::from_digits(digits),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// A required field that holds an id.
///
/// # Errors
/// What is wrong with it.
pub fn required_id(object: &Object, name: &str) -> Result<i64, &'static str> {
    match object.get(name) {
        None => Err(REQUIRED),
        Some(Value::Null) => Err(NULL),
        Some(value) => id_in(value).ok_or(NO_ID),
    }
}
