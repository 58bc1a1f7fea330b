//! `GET /api/chatting/is-online/?id=`: any user may ask about any other.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::json;

use super::error::ChatError;
use super::request::{self, TokenUser};
use crate::domain::id::UserId;
use crate::http::State;
use crate::wire::chatting::id::{self, WireId};

/// Says whether a user has a session, of whatever dialect.
pub async fn show(
    _: TokenUser,
    request: HttpRequest,
    state: Data<State>,
) -> Result<HttpResponse, ChatError> {
    const MISSING: ChatError =
        ChatError::Error(StatusCode::BAD_REQUEST, "id parameter is required");
    const MALFORMED: ChatError = ChatError::Error(StatusCode::BAD_REQUEST, request::NO_ID);
    const UNKNOWN: ChatError = ChatError::Error(StatusCode::NOT_FOUND, "User not found");
    let ids = request::ids(&request, &state)?;
    let digits = request::query(&request, "id")?.filter(|digits| !digits.is_empty());
    let wanted = id::from_digits(&digits.ok_or(MISSING)?).ok_or(MALFORMED)?;
    let user = UserId::new(wanted).ok_or(UNKNOWN)?;
    if state.service.accounts.by_id(user).await?.is_none() {
        return Err(UNKNOWN);
    }
    let is_online = state.service.chat.is_online(user).await?;
    let answer = json!({"id": WireId(ids, wanted), "is_online": is_online});
    Ok(HttpResponse::Ok().json(answer))
}
