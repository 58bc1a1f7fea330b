//! What happens in apps, for those who are told of it.

use std::sync::Arc;

use crate::domain::apps::console::ConsoleLine;
use crate::domain::apps::customer::ConversationMessage;
use crate::domain::apps::downstream::Downstream;
use crate::domain::apps::presence::ClassChange;
use crate::domain::apps::token::TokenHash;
use crate::domain::id::{AppId, GroupId, UserId};

/// Something that has happened in an app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AppsEvent {
    /// For the consoles of the app.
    Line(ConsoleLine),
    /// For devices.
    Downstream(Arc<Downstream>),
    /// A message of a conversation, for one of its readers.
    Message { message: Arc<ConversationMessage>, to: UserId },
    /// The same as [`AppsEvent::Downstream`] for a widget, which shows it in a conversation.
    InConversation { downstream: Arc<Downstream>, app: AppId, conversation: GroupId, owner: UserId },
    /// A user types in a conversation.
    Typing { user: UserId, conversation: GroupId },
    /// A user has come or gone, for one who watches.
    ClassChanged(Box<ClassChange>),
    /// Tokens let nobody in any more. For the hub, which ends their sessions.
    TokensEnded(Vec<TokenHash>),
}
