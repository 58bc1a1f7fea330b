//! `/api/chatting/blockedusers/`: whom one wants to hear nothing of.

use actix_web::http::StatusCode;
use actix_web::web::{Bytes, Data, Payload};
use actix_web::{HttpMessage, HttpRequest, HttpResponse};
use serde_json::json;

use super::error::ChatError;
use super::request::{self, NO_ID, REQUIRED, TokenUser};
use crate::domain::accounts::block::{BlockRefusal, BlockVerb};
use crate::domain::id::UserId;
use crate::http::{State, body};
use crate::wire::chatting::id::{self, WireId};

const TARGET: &str = "target_id";

/// `POST`: a block.
pub async fn block(
    TokenUser(me): TokenUser,
    request: HttpRequest,
    body: Payload,
    state: Data<State>,
) -> Result<HttpResponse, ChatError> {
    let ids = request::ids(&request, &state)?;
    let body = request::body(&request, body, &state).await?;
    let target = target(&request, &body)?;
    change(&state, me, target, BlockVerb::Block).await?;
    Ok(HttpResponse::Created().json(json!({TARGET: WireId(ids, target)})))
}

/// `DELETE`: its end. The body gets lost in some proxies, so the query will do if there is none.
pub async fn unblock(
    TokenUser(me): TokenUser,
    request: HttpRequest,
    body: Payload,
    state: Data<State>,
) -> Result<HttpResponse, ChatError> {
    let body = request::body(&request, body, &state).await?;
    let target = if body.is_empty() {
        let digits = request::query(&request, TARGET)?.ok_or(ChatError::field(TARGET, REQUIRED))?;
        id::from_digits(&digits).ok_or(ChatError::field(TARGET, NO_ID))?
    } else {
        target(&request, &body)?
    };
    change(&state, me, target, BlockVerb::Unblock).await?;
    Ok(HttpResponse::Ok().finish())
}

/// `GET`: all of them, or whether one user is among them.
pub async fn show(
    TokenUser(me): TokenUser,
    request: HttpRequest,
    state: Data<State>,
) -> Result<HttpResponse, ChatError> {
    let ids = request::ids(&request, &state)?;
    let Some(digits) = request::query(&request, TARGET)? else {
        let blocked = state.service.accounts.blocked(me).await?;
        let list = blocked.into_iter().map(|user| json!({"id": WireId(ids, user.get())}));
        return Ok(HttpResponse::Ok().json(list.collect::<Vec<_>>()));
    };
    let target = id::from_digits(&digits).ok_or(ChatError::field(TARGET, NO_ID))?;
    let target = UserId::new(target).ok_or(ChatError::NOT_FOUND)?;
    if state.service.accounts.by_id(target).await?.is_none() {
        return Err(ChatError::NOT_FOUND);
    }
    let is_blocked = state.service.accounts.is_blocked(me, target).await?;
    Ok(HttpResponse::Ok().json(json!({"is_blocked": is_blocked})))
}

fn target(request: &HttpRequest, bytes: &Bytes) -> Result<i64, ChatError> {
    const NO_JSON: ChatError =
        ChatError::Detail(StatusCode::UNSUPPORTED_MEDIA_TYPE, "The body must be JSON.");
    // Clients that do not say what they send send JSON.
    if !request.content_type().is_empty() && !body::is(request, body::JSON) {
        return Err(NO_JSON);
    }
    let object = request::object(bytes)?;
    request::required_id(&object, TARGET).map_err(|reason| ChatError::field(TARGET, reason))
}

async fn change(state: &State, me: UserId, target: i64, verb: BlockVerb) -> Result<(), ChatError> {
    let done = state.service.accounts.block(me, UserId::new(target), verb).await?;
    done.map_err(|refusal| match refusal {
        BlockRefusal::NoSuchUser => {
            ChatError::field(TARGET, state.chatting().settings.no_such_user_text.clone())
        }
        BlockRefusal::Oneself => ChatError::field(TARGET, "You cannot block yourself."),
        BlockRefusal::NotBlocked => ChatError::field(TARGET, "This user is not blocked."),
    })
}
