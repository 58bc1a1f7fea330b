//! `/rooms/{room}/messages`: what was written, and writing.

use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::caller::Caller;
use super::input;
use super::problem::{Code, Problem};
use super::shape::{MessageJson, UserJson};
use crate::domain::chat::message::{CONTENT_BYTES_MAX, Content, ContentError, Nonce};
use crate::domain::id::{MessageId, UserId};
use crate::http::State;
use crate::service::chat::{self, Place, Posted};

/// The most messages of one answer.
const LIMIT_MAX: u32 = 500;
/// How many it are if nothing is said.
const LIMIT_DEFAULT: u32 = 50;
/// What a text may take of a body, escapes included, besides all else.
const TEXT_BYTES_MAX: usize = 2 * CONTENT_BYTES_MAX;

/// Which message, and in which room.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct MessagePath {
    /// The room's address
    room: String,
    /// The message's id
    message: String,
}

impl MessagePath {
    /// As one user sees it.
    fn of(&self, me: UserId) -> chat::MessageAt {
        (input::room(&self.room, me), input::digits(&self.message).and_then(MessageId::new))
    }
}

/// Which messages.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct MessagesQuery {
    /// The newest with a number below this one. Without both: the newest.
    #[param(minimum = 0, maximum = 9_007_199_254_740_991_i64)]
    before_seq: Option<i64>,
    /// The oldest with a number above this one; with `before_seq` those of them that are below that.
    #[param(minimum = 0, maximum = 9_007_199_254_740_991_i64)]
    after_seq: Option<i64>,
    /// At most so many; 50 if nothing is said. There may be fewer where texts are long.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
}

/// Part of a room's history.
#[derive(Serialize, ToSchema)]
#[schema(as = Messages)]
pub struct MessagesJson {
    /// Oldest first. Those that are deleted, or hidden by a block, are missing.
    messages: Vec<MessageJson>,
    /// Whether there are more in the direction that was asked for.
    more: bool,
    /// Who has written them.
    users: Vec<UserJson>,
}

/// A message to be sent.
#[derive(Deserialize, ToSchema)]
#[schema(as = Draft)]
#[serde(deny_unknown_fields)]
pub struct DraftJson {
    /// The text: not empty, at most 64 KiB of UTF-8, without U+0000.
    #[schema(min_length = 1)]
    content: String,
    /// One's own name for it: 1 to 64 characters, none of them a control character. What is sent again
    /// under the same name within 7 days, in whatever room, is not stored again.
    #[schema(min_length = 1, max_length = 64)]
    nonce: Option<String>,
}

/// A message with another text.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Edit {
    /// The text: not empty, at most 64 KiB of UTF-8, without U+0000.
    #[schema(min_length = 1)]
    content: String,
}

/// A message that was sent.
#[derive(Serialize, ToSchema)]
pub struct Sent {
    #[serde(flatten)]
    message: MessageJson,
    /// Whether it had been sent before, under the same nonce; then it is told as it is now.
    duplicate: bool,
}

/// Part of a room's history
#[utoipa::path(
    get, path = "/rooms/{room}/messages", tag = "Rooms", operation_id = "messages",
    params(("room" = String, Path, description = "The room's address"), MessagesQuery),
    responses(
        (status = 200, description = "The messages", body = MessagesJson),
        (status = 400, description = "parameter_invalid"),
        (status = 403, description = "not_member"),
        (status = 404, description = "no_such_room"),
    ),
)]
pub async fn list(
    caller: Caller,
    request: HttpRequest,
    room: Path<String>,
    state: Data<State>,
) -> Result<HttpResponse, Problem> {
    let me = caller.user.id;
    let (place, limit, end) = part(&input::query(&request)?)?;
    let which = (place, limit);
    let (mut messages, mut more) =
        state.service.chat.messages(me, input::room(&room, me), which).await?;
    let found = messages.len();
    messages.retain(|message| message.seq < end);
    more &= messages.len() == found;
    let mut authors: Vec<UserId> = messages.iter().map(|message| message.author).collect();
    authors.sort_unstable();
    authors.dedup();
    let users = state.service.chat.contacts(me, authors).await?;
    let users = users.into_iter().map(|user| UserJson::contact(user, me)).collect();
    let messages = messages.into_iter().map(|message| MessageJson::of(message, me)).collect();
    Ok(HttpResponse::Ok().json(MessagesJson { messages, more, users }))
}

/// Where to look, for how many, and what number is above all that is asked for.
fn part(asked: &MessagesQuery) -> Result<(Place, u32, i64), Problem> {
    let invalid = |detail| Problem::new(Code::ParameterInvalid).detail(detail);
    if ![asked.before_seq, asked.after_seq].iter().flatten().all(|seq| input::SEQS.contains(seq)) {
        return Err(invalid("before_seq, after_seq: out of range."));
    }
    let end = asked.before_seq.unwrap_or(i64::MAX);
    let place = asked.after_seq.map_or(Place::Before(end), Place::After);
    let limit = asked.limit.unwrap_or(LIMIT_DEFAULT);
    if !(1..=LIMIT_MAX).contains(&limit) {
        return Err(invalid("limit: 1 to 500."));
    }
    Ok((place, limit, end))
}

/// Sends a message
#[utoipa::path(
    post, path = "/rooms/{room}/messages", tag = "Rooms", operation_id = "send_message",
    params(("room" = String, Path, description = "The room's address")),
    request_body = DraftJson,
    responses(
        (status = 201, description = "It is stored", body = Sent),
        (status = 200, description = "It was sent before, under the same nonce", body = Sent),
        (status = 400, description = "body_invalid, content_invalid, nonce_invalid"),
        (status = 403, description = "not_member"),
        (status = 404, description = "no_such_room"),
    ),
)]
pub async fn send(
    caller: Caller,
    request: HttpRequest,
    (room, body): (Path<String>, Payload),
    state: Data<State>,
) -> Result<HttpResponse, Problem> {
    let me = caller.user.id;
    let draft: DraftJson = input::json_with(&request, body, &state, TEXT_BYTES_MAX).await?;
    let content = content(draft.content)?;
    let nonce = |text| Nonce::new(text).ok_or(Code::NonceInvalid);
    let nonce = draft.nonce.map(nonce).transpose()?;
    let draft = chat::NewMessage { room: input::room(&room, me), content, nonce };
    let Posted { message, duplicate } = state.service.chat.post(me, draft).await?;
    let mut answer = if duplicate { HttpResponse::Ok() } else { HttpResponse::Created() };
    Ok(answer.json(Sent { message: MessageJson::of(message, me), duplicate }))
}

/// Changes the text of one's own message
#[utoipa::path(
    patch, path = "/rooms/{room}/messages/{message}", tag = "Rooms", operation_id = "edit_message",
    params(MessagePath),
    request_body = Edit,
    responses(
        (status = 200, description = "The message as it is now", body = MessageJson),
        (status = 400, description = "body_invalid, content_invalid"),
        (status = 403, description = "not_member"),
        (status = 404, description = "no_such_room, no_such_message"),
    ),
)]
pub async fn edit(
    caller: Caller,
    request: HttpRequest,
    (address, body): (Path<MessagePath>, Payload),
    state: Data<State>,
) -> Result<HttpResponse, Problem> {
    let me = caller.user.id;
    let edit: Edit = input::json_with(&request, body, &state, TEXT_BYTES_MAX).await?;
    let content = content(edit.content)?;
    let message = state.service.chat.edit(me, address.of(me), content).await?;
    Ok(HttpResponse::Ok().json(MessageJson::of(message, me)))
}

/// Deletes one's own message
///
/// Its number stays, its text is gone for all.
#[utoipa::path(
    delete, path = "/rooms/{room}/messages/{message}", tag = "Rooms",
    operation_id = "delete_message",
    params(MessagePath),
    responses(
        (status = 204, description = "It is gone"),
        (status = 403, description = "not_member"),
        (status = 404, description = "no_such_message"),
    ),
)]
pub async fn delete(
    caller: Caller,
    address: Path<MessagePath>,
    state: Data<State>,
) -> Result<HttpResponse, Problem> {
    let me = caller.user.id;
    state.service.chat.remove(me, address.of(me)).await?;
    Ok(HttpResponse::NoContent().finish())
}

fn content(text: String) -> Result<Content, Problem> {
    if text.is_empty() {
        return Err(Code::ContentInvalid.into());
    }
    Content::new(text).map_err(|error: ContentError| {
        Problem::new(Code::ContentInvalid).detail(format!("{error}."))
    })
}
