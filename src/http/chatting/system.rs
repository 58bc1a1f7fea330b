//! `POST /s2sapi/system-message/`: another service tells a user something.

use actix_web::http::StatusCode;
use actix_web::http::header::ContentType;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::Value;

use super::error::ChatError;
use super::request::{self, NO_ID, NULL, Object, REQUIRED};
use crate::domain::chat::event::{ChatEvent, Game, Notice};
use crate::domain::event::Viewer;
use crate::domain::id::UserId;
use crate::http::{self, State};
use crate::wire::Dialect as _;

const BLANK: &str = "This field may not be blank.";
const NO_TEXT: &str = "Not a valid string.";

/// Tells all sessions of a user, and answers with what they were told.
pub async fn send(
    request: HttpRequest,
    body: Payload,
    state: Data<State>,
) -> Result<HttpResponse, ChatError> {
    check_key(&request, &state).await?;
    let options = request::ids(&request, &state)?.variant().options();
    let body = request::body(&request, body, &state).await?;
    let order = Order::read(&request::object(&body)?)?;
    let chatting = state.chatting();
    let unreachable = || ChatError::Unreachable(chatting.settings.unreachable_text.clone());
    let to = UserId::new(order.target).ok_or_else(unreachable)?;
    let notice = Notice { to: to.into(), text: order.text, game: order.game };
    let at = state.service.chat.notify(notice.clone()).await?.ok_or_else(unreachable)?;
    let frame = chatting.event(&ChatEvent::Noticed { notice, at }.into(), Viewer::Peer, options);
    let frame = frame.map(|frame| frame.as_text().to_string()).unwrap_or_default();
    Ok(HttpResponse::Ok().content_type(ContentType::json()).body(frame))
}

/// Lets a service pass that shows a key.
async fn check_key(request: &HttpRequest, state: &State) -> Result<(), ChatError> {
    const NO_KEY: ChatError =
        ChatError::Error(StatusCode::UNAUTHORIZED, "A service key is required");
    let shown = http::bearer(request).ok_or(NO_KEY)?;
    let known = state.service.admin.knows_service(shown).await?;
    if known { Ok(()) } else { Err(NO_KEY) }
}

/// What a service asks for.
struct Order {
    target: i64,
    text: String,
    game: Option<Game>,
}

impl Order {
    /// Reads a body; everything that is wrong with it is told at once.
    fn read(body: &Object) -> Result<Self, ChatError> {
        let target = request::required_id(body, "target_id");
        let text = message(body);
        let (kind, room) = (text_in(body, "type"), text_in(body, "room_id"));
        let opponent = match body.get("opponent_id") {
            None => Ok(None),
            Some(Value::Null) => Err(NULL),
            Some(value) => request::id_in(value).map(Some).ok_or(NO_ID),
        };
        let (Ok(target), Ok(text), Ok(kind), Ok(room), Ok(opponent)) =
            (target, text, kind, room, opponent)
        else {
            let faults = [
                ("target_id", target.err()),
                ("message", text.err()),
                ("type", kind.err()),
                ("room_id", room.err()),
                ("opponent_id", opponent.err()),
            ];
            let faults = faults.into_iter().filter_map(|(name, why)| Some((name, why?.into())));
            return Err(ChatError::Fields(faults.collect()));
        };
        // Without a room it is a plain message.
        let room = room.filter(|room| kind == Some("invite_game") && !room.is_empty());
        let game = room.map(|room| Game { room: room.to_owned(), opponent });
        Ok(Self { target, text: text.to_owned(), game })
    }
}

fn message(body: &Object) -> Result<&str, &'static str> {
    match body.get("message") {
        None => Err(REQUIRED),
        Some(Value::Null) => Err(NULL),
        Some(Value::String(text)) if text.trim().is_empty() => Err(BLANK),
        Some(Value::String(text)) => Ok(text),
        Some(Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
            Err(NO_TEXT)
        }
    }
}

/// An optional text.
fn text_in<'a>(body: &'a Object, name: &str) -> Result<Option<&'a str>, &'static str> {
    match body.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
            Err(NO_TEXT)
        }
    }
}
