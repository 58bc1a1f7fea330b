//! What answers are made of: users, conversations and messages, as clients read them.

use serde::Serialize;
use serde_json::{Value, json};

use crate::domain::apps::app::App;
use crate::domain::apps::customer::{AppUser, ConversationMessage};
use crate::domain::clock::Timestamp;
use crate::service::apps::{CustomerAsker, ListedConversation, PresentUser};
use crate::wire::ppcom::msg::{MsgObject, NOTIFICATION};
use crate::wire::ppcom::time::to_the_microsecond;

/// What callers see of an app.
#[derive(Serialize)]
pub struct AppObject<'a> {
    uuid: String,
    app_uuid: String,
    app_name: &'a str,
    app_icon: Option<&'a str>,
    welcome_message: &'a str,
    offline_message: &'a str,
    return_offline_message: bool,
    show_ppcom_hover: bool,
    ppcom_launcher_color: &'static str,
    ppcom_launcher_style: &'static str,
    ppcom_powered_by_visible: bool,
    ppcom_powered_by_name: &'static str,
    ppcom_powered_by_link: &'static str,
}

impl<'a> From<&'a App> for AppObject<'a> {
    fn from(app: &'a App) -> Self {
        let uuid = app.id.uuid().to_string();
        Self {
            app_uuid: uuid.clone(),
            uuid,
            app_name: &app.name,
            app_icon: None,
            welcome_message: &app.settings.welcome,
            offline_message: &app.settings.offline_text,
            return_offline_message: app.settings.return_offline,
            show_ppcom_hover: true,
            ppcom_launcher_color: "#54c6d6",
            ppcom_launcher_style: "default",
            ppcom_powered_by_visible: false,
            ppcom_powered_by_name: "",
            ppcom_powered_by_link: "",
        }
    }
}

/// A user, as those are answered who ask for one to be made or found.
#[derive(Serialize)]
pub struct UserFields<'a> {
    user_uuid: String,
    user_name: &'a str,
    user_fullname: &'a str,
    user_email: Option<&'a str>,
    user_icon: Option<&'a str>,
    is_service_user: bool,
    updatetime: i64,
}

impl<'a> From<&'a AppUser> for UserFields<'a> {
    fn from(user: &'a AppUser) -> Self {
        Self {
            user_uuid: user.id.uuid().to_string(),
            user_name: &user.shown_name,
            user_fullname: &user.shown_name,
            user_email: user.email.as_deref(),
            user_icon: user.icon.as_deref(),
            is_service_user: user.is_agent,
            updatetime: seconds(user.updated_at),
        }
    }
}

/// A user in a list.
#[derive(Serialize)]
pub struct UserRow<'a> {
    uuid: String,
    user_fullname: &'a str,
    user_icon: Option<&'a str>,
    user_email: Option<&'a str>,
    user_signature: Option<&'a str>,
    updatetime: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    is_browser_online: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    is_mobile_online: Option<bool>,
    group: Option<&'a str>,
    is_service_user: bool,
}

impl<'a> UserRow<'a> {
    /// A user as an asker sees him.
    pub fn new(user: &'a AppUser, asker: &CustomerAsker) -> Self {
        Self {
            uuid: user.id.uuid().to_string(),
            user_fullname: &user.shown_name,
            user_icon: user.icon.as_deref(),
            user_email: email(user, asker),
            user_signature: None,
            updatetime: seconds(user.updated_at),
            is_browser_online: None,
            is_mobile_online: None,
            group: None,
            is_service_user: user.is_agent,
        }
    }

    /// The same with where the user is now.
    pub fn present(present: &'a PresentUser, asker: &CustomerAsker) -> Self {
        Self {
            is_browser_online: Some(present.at_browser),
            is_mobile_online: Some(present.at_mobile),
            ..Self::new(&present.user, asker)
        }
    }
}

/// The address of a user, as an asker sees it: that of a visitor is for agents.
pub fn email<'a>(user: &'a AppUser, asker: &CustomerAsker) -> Option<&'a str> {
    let is_own = asker.user.as_ref().is_some_and(|asking| asking.id == user.id);
    let is_seen = user.is_agent || is_own || asker.sees_addresses();
    user.email.as_deref().filter(|_| is_seen)
}

/// A moment in whole seconds.
pub fn seconds(at: Timestamp) -> i64 {
    at.millis().div_euclid(1_000)
}

/// A conversation.
#[derive(Serialize)]
pub struct ConversationObject<'a> {
    uuid: String,
    app_uuid: String,
    user_uuid: Option<String>,
    assigned_uuid: Option<String>,
    group_uuid: Option<String>,
    conversation_type: &'static str,
    status: &'static str,
    conversation_name: &'a str,
    conversation_icon: Option<&'a str>,
    conversation_data: ConversationFace<'a>,
    createtime: String,
    updatetime: String,
}

/// How a conversation is shown.
#[derive(Clone, Copy, Serialize)]
struct ConversationFace<'a> {
    conversation_name: &'a str,
    conversation_icon: Option<&'a str>,
}

impl<'a> ConversationObject<'a> {
    /// A conversation as an asker sees it.
    pub fn new(listed: &'a ListedConversation, asker: &'a CustomerAsker) -> Self {
        let conversation = &listed.conversation;
        let face = face(listed, asker);
        Self {
            uuid: conversation.id.uuid().to_string(),
            app_uuid: conversation.app.uuid().to_string(),
            user_uuid: conversation.visitor.map(|user| user.uuid().to_string()),
            assigned_uuid: conversation.assigned.map(|user| user.uuid().to_string()),
            group_uuid: None,
            conversation_type: conversation.kind.name(),
            status: conversation.status.name(),
            conversation_name: face.conversation_name,
            conversation_icon: face.conversation_icon,
            conversation_data: face,
            createtime: to_the_microsecond(conversation.created_at),
            updatetime: to_the_microsecond(conversation.updated_at),
        }
    }
}

/// The name and picture of the other one in a conversation; those of the app, if there are several agents.
fn face<'a>(listed: &'a ListedConversation, asker: &'a CustomerAsker) -> ConversationFace<'a> {
    let other = other(listed, asker);
    ConversationFace {
        conversation_name: other.map_or(&asker.app.name, |user| &user.shown_name),
        conversation_icon: other.and_then(|user| user.icon.as_deref()),
    }
}

fn other<'a>(listed: &'a ListedConversation, asker: &CustomerAsker) -> Option<&'a AppUser> {
    let me = asker.user.as_ref().map(|user| user.id);
    let is_mine = me.is_some() && listed.opener.as_ref().map(|user| user.id) == me;
    if is_mine { listed.assigned.as_ref() } else { listed.opener.as_ref() }
}

/// A conversation in a list, with its newest message.
#[derive(Serialize)]
pub struct ConversationListItem<'a> {
    #[serde(flatten)]
    conversation: ConversationObject<'a>,
    from_user: Option<UserRow<'a>>,
    latest_message: Option<MessageRow<'a>>,
}

impl<'a> ConversationListItem<'a> {
    /// A conversation as an asker sees it.
    pub fn new(listed: &'a ListedConversation, asker: &'a CustomerAsker) -> Self {
        let from = listed.opener.as_ref().or(listed.assigned.as_ref());
        Self {
            conversation: ConversationObject::new(listed, asker),
            from_user: from.map(|user| UserRow::new(user, asker)),
            latest_message: listed.latest.as_ref().map(MessageRow::new),
        }
    }
}

/// A message in a page.
#[derive(Serialize)]
pub struct MessageRow<'a> {
    uuid: &'a str,
    app_uuid: String,
    from_uuid: Value,
    from_type: Value,
    conversation_uuid: String,
    conversation_type: &'static str,
    body: &'a str,
    message_type: &'static str,
    message_subtype: &'static str,
    createtime: String,
    updatetime: String,
    /// The message as a socket brings it, without a name to acknowledge it by.
    message_body: String,
    from_user: Value,
}

impl<'a> MessageRow<'a> {
    /// A message.
    pub fn new(message: &'a ConversationMessage) -> Self {
        let object = json!(MsgObject::of(message, None));
        let member = |name: &str| object.get(name).cloned().unwrap_or(Value::Null);
        let at = to_the_microsecond(message.at);
        Self {
            uuid: &message.uuid,
            app_uuid: message.app.uuid().to_string(),
            from_uuid: member("fi"),
            from_type: member("ft"),
            conversation_uuid: message.conversation.uuid().to_string(),
            conversation_type: message.direction.name(),
            body: &message.body,
            message_type: NOTIFICATION,
            message_subtype: message.subtype.name(),
            createtime: at.clone(),
            updatetime: at,
            message_body: MsgObject::of(message, None).text(),
            from_user: member("from_user"),
        }
    }
}
