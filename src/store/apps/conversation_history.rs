//! What was said in conversations: pages of it.

use diesel::sql_types::{BigInt, Bool, Text};

use crate::domain::apps::app::App;
use crate::domain::apps::customer::{
    AppUser, Conversation, ConversationMessage, MessageSubtype, PageAsked, PageFrom,
};
use crate::domain::chat::message::Message;
use crate::domain::chat::room::RoomKey;
use crate::domain::clock::Timestamp;
use crate::domain::id::{GroupId, MessageId, UserId};
use crate::domain::uuid::Uuid;
use crate::store::accounts::users as accounts;
use crate::store::apps::users;
use crate::store::chat::history;
use crate::store::chat::pages::{self, NumberedPlace};
use crate::store::chat::rooms;
use crate::store::engine::Connection;
use crate::store::engine::error::StoreError;
use crate::store::engine::statement::{Statement, Value};

/// A page, and how many there are of what is on it, whatever the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CountedPage<T> {
    pub total: i64,
    pub items: Vec<T>,
}

const SEQ_OF_NAME: &str = "SELECT m.seq FROM conversation_messages c \
    JOIN messages m ON m.id = c.message_id WHERE c.app_id = ? AND c.uuid = ? AND m.room_id = ?";
const SEQ_OF_ID: &str = "SELECT m.seq FROM messages m WHERE m.id = ? AND m.room_id = ?";
const BEYOND: &str =
    "SELECT message_id, uuid, subtype, is_machine FROM conversation_messages WHERE message_id = ?";

/// A page of a conversation as a reader sees it, newest first; oldest first of what comes after a message, and where
/// that is unknown the newest all the same.
///
/// # Errors
/// [`StoreError::Database`], [`StoreError::Corrupt`]; so for all here.
pub fn page(
    conn: &mut Connection,
    (app, reader): (&App, UserId),
    conversation: &Conversation,
    asked: &PageAsked,
) -> Result<CountedPage<ConversationMessage>, StoreError> {
    let key = RoomKey::Group(conversation.id);
    let Some(room) = rooms::find(conn, key)? else {
        return Ok(CountedPage { total: 0, items: Vec::new() });
    };
    let total = pages::count(conn, room.id, reader)?;
    let (start, newest_first) = match &asked.from {
        PageFrom::Newest => (Some(NumberedPlace::Before(i64::MAX)), true),
        PageFrom::Before(name) => {
            (seq_of(conn, conversation, name)?.map(NumberedPlace::Before), true)
        }
        PageFrom::After(name) => {
            let seq = seq_of(conn, conversation, name)?;
            (Some(seq.map_or(NumberedPlace::Before(i64::MAX), NumberedPlace::After)), false)
        }
    };
    let skipped = asked.skipped();
    let start = match start {
        Some(start) => pages::skip(conn, (room.id, reader), start, skipped)?,
        None => None,
    };
    let Some(start) = start else { return Ok(CountedPage { total, items: Vec::new() }) };
    // A page is bounded by its number of messages, and is whole: clients count on.
    let next_to = (reader, start.into(), asked.size);
    let (mut found, _) = history::next_to(conn, &room, next_to, usize::MAX)?;
    if newest_first {
        found.reverse();
    }
    let items = shown(conn, app, conversation, found)?;
    Ok(CountedPage { total, items })
}

/// The newest message of a conversation that a reader may see.
///
/// # Errors
/// As [`page`].
pub fn latest(
    conn: &mut Connection,
    (app, reader): (&App, UserId),
    conversation: &Conversation,
) -> Result<Option<ConversationMessage>, StoreError> {
    let Some(room) = rooms::find(conn, RoomKey::Group(conversation.id))? else { return Ok(None) };
    let next_to = (reader, history::Place::Before(i64::MAX), 1);
    let (found, _) = history::next_to(conn, &room, next_to, usize::MAX)?;
    Ok(shown(conn, app, conversation, found)?.into_iter().next())
}

/// Messages of a conversation with what they have beyond those of chat, in their order.
///
/// # Errors
/// As [`page`].
pub fn shown(
    conn: &mut Connection,
    app: &App,
    conversation: &Conversation,
    found: Vec<Message>,
) -> Result<Vec<ConversationMessage>, StoreError> {
    let authors = users::find_many(conn, app.id, found.iter().map(|message| message.author))?;
    let mut shown = Vec::with_capacity(found.len());
    for message in found {
        let author = match authors.get(&message.author) {
            Some(author) => author.clone(),
            None => stranger(conn, conversation, message.author)?,
        };
        let beyond = beyond(conn, message.id)?;
        let (uuid, subtype, is_machine) = beyond.unwrap_or_else(|| {
            // Written by another dialect: it has no name there.
            (message.id.uuid().to_string(), MessageSubtype::Text, false)
        });
        let from = if is_machine { machine(app, author) } else { author };
        shown.push(ConversationMessage {
            id: message.id,
            uuid,
            app: app.id,
            conversation: conversation.id,
            direction: conversation.kind.direction(from.is_agent),
            from,
            is_machine,
            subtype,
            body: message.content,
            at: message.created_at,
        });
    }
    Ok(shown)
}

/// The app itself, in the name of a user.
fn machine(app: &App, author: AppUser) -> AppUser {
    let shown_name = app.name.clone();
    AppUser { is_agent: true, shown_name, icon: None, email: None, ..author }
}

/// Somebody who has written in a conversation and is no user of the app, or not any more.
fn stranger(
    conn: &mut Connection,
    conversation: &Conversation,
    id: UserId,
) -> Result<AppUser, StoreError> {
    let found = accounts::by_id(conn, id)?;
    let shown_name = found.map_or_else(|| "deleted user".to_owned(), |user| user.name);
    let (app, is_agent) = (conversation.app, conversation.visitor != Some(id));
    let updated_at = Timestamp::from_micros(0);
    Ok(AppUser { app, id, is_agent, shown_name, icon: None, email: None, updated_at })
}

type BeyondChat = (String, MessageSubtype, bool);

fn beyond(conn: &mut Connection, message: MessageId) -> Result<Option<BeyondChat>, StoreError> {
    let values = [Value::Int(message.get())];
    let query = Statement::<(BigInt, Text, Text, Bool)>::new(BEYOND, &values);
    let rows: Vec<(i64, String, String, bool)> = query.load(conn)?;
    let Some((id, uuid, subtype, is_machine)) = rows.into_iter().next() else { return Ok(None) };
    let corrupt = StoreError::Corrupt { what: "the subtype of a message", value: id };
    let subtype = MessageSubtype::parse(&subtype).ok_or(corrupt)?;
    Ok(Some((uuid, subtype, is_machine)))
}

/// The number in a conversation of the message that a client calls so.
fn seq_of(
    conn: &mut Connection,
    conversation: &Conversation,
    name: &str,
) -> Result<Option<i64>, StoreError> {
    let group: GroupId = conversation.id;
    let values = [Value::Int(conversation.app.get()), Value::Text(name), Value::Int(group.get())];
    let named: Vec<i64> = Statement::<BigInt>::new(SEQ_OF_NAME, &values).load(conn)?;
    if let Some(seq) = named.into_iter().next() {
        return Ok(Some(seq));
    }
    let Some(id) = Uuid::parse(name).and_then(MessageId::of_uuid) else { return Ok(None) };
    let values = [id.get(), group.get()].map(Value::Int);
    let seqs: Vec<i64> = Statement::<BigInt>::new(SEQ_OF_ID, &values).load(conn)?;
    Ok(seqs.into_iter().next())
}
