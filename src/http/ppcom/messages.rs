//! Calls about messages: sending one where no socket is open, pages of what was said, and acknowledgements.

use serde_json::{Map, Value, json};

use super::answer::{ApiAnswer, ApiAnswered};
use super::api::ApiRequest;
use super::code::ApiCode;
use super::objects::MessageRow;
use super::{devices, fields};
use crate::domain::apps::customer::{CustomerMessage, SendOutcome, is_message_name};
use crate::domain::apps::customer_request::CustomerSender;
use crate::domain::uuid::{PushId, Uuid};
use crate::service::apps::Unacknowledged;
use crate::wire::ppcom::msg::{self, MsgObject};

/// What every message must bring.
const SENT: [&str; 9] = [
    "uuid",
    "to_type",
    "to_uuid",
    "from_type",
    "from_uuid",
    "conversation_uuid",
    "message_type",
    "message_subtype",
    "message_body",
];

/// Sends a message.
pub async fn send(request: &ApiRequest<'_>) -> ApiAnswered {
    let given = &request.fields;
    let [uuid, _, _, _, from, conversation, message_type, subtype, body] = given.all(SENT)?;
    given.check_app(&request.asker, false)?;
    let me = request.asker.user_id()?;
    if fields::user(from) != Some(me) {
        return Err(ApiCode::WrongToken);
    }
    let device = match given.text("device_uuid").filter(|device| !device.is_empty()) {
        Some(device) => Some(devices::own(request, device).await?.id),
        None => None,
    };
    if !is_message_name(uuid) {
        return Err(ApiCode::Illegal);
    }
    let message = CustomerMessage {
        uuid: uuid.to_owned(),
        conversation: fields::conversation(conversation),
        message_type: message_type.to_owned(),
        subtype: subtype.to_owned(),
        body: body.to_owned(),
    };
    let app = Some(request.asker.app.id);
    let sender = CustomerSender { user: me, app, names_app: app, device };
    match request.apps.send(sender, message).await? {
        SendOutcome::Sent => Ok(ApiAnswer::done()),
        SendOutcome::NoConversation => Err(ApiCode::NoConversation),
        SendOutcome::Illegal => Err(ApiCode::Illegal),
    }
}

/// The asker has what these name.
pub async fn acknowledge(request: &ApiRequest<'_>) -> ApiAnswered {
    let list = request.fields.value("list").and_then(Value::as_array).ok_or(ApiCode::Missing)?;
    let names = list.iter().filter_map(Value::as_str).filter_map(Uuid::parse);
    request.apps.acknowledge(&request.asker, &names.collect::<Vec<_>>()).await?;
    Ok(ApiAnswer::done())
}

/// A page of a conversation.
pub async fn history(request: &ApiRequest<'_>) -> ApiAnswered {
    let id = fields::conversation(request.fields.required("conversation_uuid")?);
    let page = request.fields.page()?;
    let found = request.apps.conversation_page(&request.asker, id, page).await?;
    let list: Vec<MessageRow<'_>> = found.items.iter().map(MessageRow::new).collect();
    ApiAnswer::with(&json!({
        "total_count": found.total,
        "return_count": list.len(),
        "list": list,
    }))
}

/// What the asker has not acknowledged.
pub async fn unacknowledged(request: &ApiRequest<'_>) -> ApiAnswered {
    request.fields.asking_user(&request.asker)?;
    let page = request.fields.page()?;
    let (size, offset) = (page.size, page.offset);
    let (me, found) = request.apps.unacknowledged(&request.asker, page).await?;
    let (mut list, mut messages) = (Vec::new(), Map::new());
    for one in &found.items {
        let (push, text) = match one {
            Unacknowledged::Message(message) => {
                let push = PushId::Message(message.id, me);
                (push, MsgObject::of(message, Some(push)).text())
            }
            Unacknowledged::Downstream(downstream, conversation) => {
                let place = (request.asker.app.id, *conversation, me);
                let push = PushId::Downstream(downstream.id, me);
                (push, msg::downstream_text(downstream, place))
            }
        };
        let pid = push.uuid().to_string();
        messages.insert(pid.clone(), text.into());
        list.push(pid);
    }
    ApiAnswer::with(&json!({
        "total_count": found.total,
        "return_count": list.len(),
        "page_size": size,
        "page_offset": offset,
        "list": list,
        "message": messages,
    }))
}
