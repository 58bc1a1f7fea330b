//! Calls about conversations, and about waiting for one.

use serde::Serialize;
use serde_json::{Value, json};

use super::answer::{ApiAnswer, ApiAnswered};
use super::api::ApiRequest;
use super::code::ApiCode;
use super::objects::{ConversationListItem, ConversationObject, UserRow};
use super::{devices, fields};
use crate::domain::apps::customer::ConversationKind;
use crate::service::apps::{ListedConversation, PresentUser, WantedConversation};

/// The asking visitor's conversation, with the agents in it; nothing if there are none yet.
pub async fn default(request: &ApiRequest<'_>) -> ApiAnswered {
    #[derive(Serialize)]
    struct Default<'a> {
        #[serde(flatten)]
        conversation: ConversationObject<'a>,
        app_name: &'a str,
        app_welcome: &'a str,
        user_list: Vec<UserRow<'a>>,
    }
    let [_, device] = request.fields.all(["user_uuid", "device_uuid"])?;
    request.fields.asking_user(&request.asker)?;
    devices::own(request, device).await?;
    let asker = &request.asker;
    let WantedConversation::Conversation(listed) = request.apps.default_conversation(asker).await?
    else {
        return Ok(ApiAnswer::done());
    };
    let users = users_of(request, &listed).await?;
    let agents = users.iter().filter(|present| present.user.is_agent);
    ApiAnswer::with(&Default {
        conversation: ConversationObject::new(&listed, asker),
        app_name: &asker.app.name,
        app_welcome: &asker.app.settings.welcome,
        user_list: agents.map(|present| UserRow::present(present, asker)).collect(),
    })
}

async fn users_of(
    request: &ApiRequest<'_>,
    listed: &ListedConversation,
) -> Result<Vec<PresentUser>, ApiCode> {
    let id = Some(listed.conversation.id);
    Ok(request.apps.conversation_users(&request.asker, id).await?)
}

/// A conversation with one agent, or the visitor's default one.
pub async fn create(request: &ApiRequest<'_>) -> ApiAnswered {
    let given = &request.fields;
    let [_, kind] = given.all(["user_uuid", "conversation_type"])?;
    given.asking_user(&request.asker)?;
    let asker = &request.asker;
    let is_agent = asker.user.as_ref().is_some_and(|user| user.is_agent);
    let own_kind = if is_agent { ConversationKind::Agents } else { ConversationKind::Visitor };
    if ConversationKind::parse(kind) != Some(own_kind) {
        return Err(ApiCode::WrongKind);
    }
    let wanted = match given.value("member_list") {
        Some(list) => {
            let agent = only(list.as_array().ok_or(ApiCode::NoList)?);
            let agent = agent.and_then(fields::user).ok_or(ApiCode::NoAgent)?;
            request.apps.conversation_with(asker, agent).await?
        }
        None if is_agent => return Err(ApiCode::NoAgent),
        None => request.apps.default_conversation(asker).await?,
    };
    match wanted {
        WantedConversation::Conversation(listed) => {
            ApiAnswer::with(&ConversationObject::new(&listed, asker))
        }
        WantedConversation::Waits => Ok(ApiAnswer::done()),
    }
}

/// The only text of a list.
fn only(list: &[Value]) -> Option<&str> {
    match list {
        [one] => one.as_str(),
        _ => None,
    }
}

/// The asker's open conversations.
pub async fn list(request: &ApiRequest<'_>) -> ApiAnswered {
    request.fields.asking_user(&request.asker)?;
    let listed = request.apps.open_conversations(&request.asker).await?;
    let row = |listed| ConversationListItem::new(listed, &request.asker);
    ApiAnswer::with(&json!({"list": listed.iter().map(row).collect::<Vec<_>>()}))
}

/// A conversation of the asker.
pub async fn show(request: &ApiRequest<'_>) -> ApiAnswered {
    let [_, id] = request.fields.all(["user_uuid", "conversation_uuid"])?;
    request.fields.asking_user(&request.asker)?;
    let listed = request.apps.conversation(&request.asker, fields::conversation(id)).await?;
    ApiAnswer::with(&ConversationListItem::new(&listed, &request.asker))
}

/// Who is in a conversation of the asker.
pub async fn users(request: &ApiRequest<'_>) -> ApiAnswered {
    let id = fields::conversation(request.fields.required("conversation_uuid")?);
    let users = request.apps.conversation_users(&request.asker, id).await?;
    let row = |present| UserRow::present(present, &request.asker);
    ApiAnswer::with(&json!({"list": users.iter().map(row).collect::<Vec<_>>()}))
}

/// Where the asker stands who waits for an agent.
pub async fn queue(request: &ApiRequest<'_>) -> ApiAnswered {
    let user = request.fields.asking_user(&request.asker)?;
    let place = request.apps.queue_place(&request.asker).await?;
    let conversation = place.conversation.map(|conversation| conversation.id.uuid().to_string());
    let result = match (&conversation, place.place) {
        (Some(_), _) => "SUCCESS",
        (None, 0) => "NONE",
        (None, _) => "WAITING",
    };
    ApiAnswer::with(&json!({
        "app_uuid": request.asker.app.id.uuid().to_string(),
        "user_uuid": user.uuid().to_string(),
        "length": place.length,
        "position": place.place,
        "result": result,
        "conversation_uuid": conversation,
    }))
}

/// The asker waits no more.
pub async fn cancel(request: &ApiRequest<'_>) -> ApiAnswered {
    request.fields.asking_user(&request.asker)?;
    request.apps.cancel_wait(&request.asker).await?;
    Ok(ApiAnswer::done())
}
