//! Messages of conversations. Each is a message of a group of chat, stored by chat's own rules; here is what comes of
//! it beyond that: its sender's name for it, a push to each who is to get it, and what all are told.

use std::sync::Arc;

use diesel::sql_types::{BigInt, Bool, Text};

use crate::domain::apps::app::App;
use crate::domain::apps::body::BodyFormat;
use crate::domain::apps::customer::{
    Conversation, ConversationKind, CustomerMessage, MessageSubtype, SendOutcome,
};
use crate::domain::apps::customer_request::CustomerSender;
use crate::domain::apps::event::AppsEvent;
use crate::domain::chat::command::{Absent, ChatWrite};
use crate::domain::chat::event::ChatEvent;
use crate::domain::chat::message::{Content, Message, Nonce};
use crate::domain::chat::room::RoomKey;
use crate::domain::clock::Timestamp;
use crate::domain::event::Event;
use crate::domain::id::{DeviceId, GroupId, UserId};
use crate::domain::news::{News, Recipients};
use crate::domain::principal::Mailbox;
use crate::store::apps::{conversation_history, conversations, devices, directory, files, pushes};
use crate::store::chat::command::{ChatCommand, ChatOutcome};
use crate::store::chat::groups;
use crate::store::chat::member_cache::MemberCache;
use crate::store::chat::room_cache::RoomCache;
use crate::store::chat::rules::Rules;
use crate::store::chat::unit_of_work::UnitOfWork;
use crate::store::engine::Connection;
use crate::store::engine::error::StoreError;
use crate::store::engine::job::Yield;
use crate::store::engine::statement::{Statement, Value};

/// The type of all messages that people write.
const NOTIFICATION: &str = "NOTI";
/// Devices of a sender that are told of a message: no more are told of one at a time.
const OWN_DEVICES_MAX: usize = 100;

const NAMED: &str = "SELECT m.author_id, m.room_id, c.subtype, m.content, m.edited_at IS NOT NULL \
    FROM conversation_messages c JOIN messages m ON m.id = c.message_id \
    WHERE c.app_id = ? AND c.uuid = ?";
const INSERT: &str = "INSERT INTO conversation_messages \
    (message_id, app_id, uuid, subtype, is_machine, device_id) VALUES (?, ?, ?, ?, ? = 1, ?)";
const INSERT_NOWHERE: &str = "INSERT INTO conversation_messages \
    (message_id, app_id, uuid, subtype, is_machine) VALUES (?, ?, ?, ?, ? = 1)";
const OPEN: &str = "UPDATE conversations SET status = 1, updated_at = ? WHERE room_id = ?";
const OFFLINE_TOLD: &str =
    "SELECT COALESCE(offline_told_at, 0) FROM conversations WHERE room_id = ?";
const TELL_OFFLINE: &str = "UPDATE conversations SET offline_told_at = ? WHERE room_id = ?";

/// What came of a message, and who is to be asked whether the app has to answer in the agents' place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentMessage {
    pub outcome: SendOutcome,
    /// The agents who might be there, if it matters.
    pub agents: Vec<UserId>,
}

impl From<SendOutcome> for SentMessage {
    fn from(outcome: SendOutcome) -> Self {
        Self { outcome, agents: Vec::new() }
    }
}

/// Stores a message that a client sends, and tells all who are to get it.
///
/// # Errors
/// [`StoreError::Mint`], [`StoreError::Database`], [`StoreError::Corrupt`]; so for all here.
pub fn send(
    conn: &mut Connection,
    (sender, sent): (&CustomerSender, &CustomerMessage),
    rules: &Rules,
    format: BodyFormat,
) -> Result<Yield<SentMessage>, StoreError> {
    let no = |outcome: SendOutcome| Ok(Yield::from(SentMessage::from(outcome)));
    let Some((app, conversation)) = place(conn, sender, sent)? else {
        return no(SendOutcome::NoConversation);
    };
    let subtype = match sent.message_type.as_str() {
        NOTIFICATION => MessageSubtype::parse(&sent.subtype),
        _ => None,
    };
    let Some(subtype) = subtype else { return no(SendOutcome::Illegal) };
    let content = content(conn, (&conversation, subtype), &sent.body, format)?;
    if let Some(known) = named(conn, &app, &sent.uuid)? {
        let same =
            content.is_some_and(|content| known.is(sender.user, &conversation, subtype, &content));
        return no(if same { SendOutcome::Sent } else { SendOutcome::Illegal });
    }
    let Some(content) = content else { return no(SendOutcome::Illegal) };
    let nonce = Nonce::new(sent.uuid.clone());
    let posted = post(conn, rules, (sender.user, conversation.id), content.clone(), nonce)?;
    let (news, before) = match posted {
        ChatOutcome::Told { news, before } => (news, before),
        // By another dialect, under the same name.
        ChatOutcome::Answered(Event::Chat(ChatEvent::MessageRepeated(first))) => {
            let room = RoomKey::Group(conversation.id);
            let same = first.room == room && first.content == content.as_str();
            return no(if same { SendOutcome::Sent } else { SendOutcome::Illegal });
        }
        ChatOutcome::Answered(_) | ChatOutcome::Allowed(..) | ChatOutcome::Refused(_) => {
            return no(SendOutcome::NoConversation);
        }
    };
    let Event::Chat(ChatEvent::MessagePosted(message)) = &news.event else {
        return no(SendOutcome::NoConversation);
    };
    let beyond = Beyond { uuid: &sent.uuid, subtype, is_machine: false, device: sender.device };
    let told = tell(conn, (&app, &conversation), (message, Some(&beyond)), &news.recipients)?;
    let agents = agents_missed(&app, &conversation, &news);
    let news = before.into_iter().chain([news]).chain(told).collect();
    Ok(Yield { answer: SentMessage { outcome: SendOutcome::Sent, agents }, news })
}

/// What a message of a conversation has beyond one of chat.
struct Beyond<'a> {
    uuid: &'a str,
    subtype: MessageSubtype,
    is_machine: bool,
    device: Option<DeviceId>,
}

/// A message that is stored under the name that somebody gives another one.
struct NamedMessage {
    author: i64,
    room: i64,
    subtype: String,
    content: String,
    edited: bool,
}

impl NamedMessage {
    /// Whether it is the same that is sent again. What has been edited since may have been.
    fn is(
        &self,
        author: UserId,
        conversation: &Conversation,
        subtype: MessageSubtype,
        content: &Content,
    ) -> bool {
        let is_there = self.author == author.get() && self.room == conversation.id.get();
        let is_alike = self.content == content.as_str() || self.edited;
        is_there && is_alike && self.subtype == subtype.name()
    }
}

fn named(conn: &mut Connection, app: &App, uuid: &str) -> Result<Option<NamedMessage>, StoreError> {
    let values = [Value::Int(app.id.get()), Value::Text(uuid)];
    let query = Statement::<(BigInt, BigInt, Text, Text, Bool)>::new(NAMED, &values);
    let rows: Vec<(i64, i64, String, String, bool)> = query.load(conn)?;
    let named = |(author, room, subtype, content, edited)| NamedMessage {
        author,
        room,
        subtype,
        content,
        edited,
    };
    Ok(rows.into_iter().next().map(named))
}

/// The conversation that a message is for, if the sender is in it, by the app of token or device.
fn place(
    conn: &mut Connection,
    sender: &CustomerSender,
    message: &CustomerMessage,
) -> Result<Option<(App, Conversation)>, StoreError> {
    let Some(group) = message.conversation else { return Ok(None) };
    let own = match (sender.app, sender.device) {
        (Some(app), _) => Some(app),
        (None, Some(device)) => devices::find(conn, device)?.map(|(device, _)| device.app),
        (None, None) => None,
    };
    let named = sender.names_app;
    let Some(app) = own.filter(|own| named.is_none_or(|named| named == *own)) else {
        return Ok(None);
    };
    let Some(app) = directory::by_id(conn, app)? else { return Ok(None) };
    let conversation = conversations::of_member(conn, (app.id, sender.user), group)?;
    Ok(conversation.map(|conversation| (app, conversation)))
}

/// The text that is stored for a body; `None` if it is none, or names a file that is not of the conversation.
fn content(
    conn: &mut Connection,
    (conversation, subtype): (&Conversation, MessageSubtype),
    body: &str,
    format: BodyFormat,
) -> Result<Option<Content>, StoreError> {
    let text = match subtype {
        MessageSubtype::Text => body.to_owned(),
        MessageSubtype::LongText
        | MessageSubtype::Image
        | MessageSubtype::File
        | MessageSubtype::Audio => {
            let Some(named) = (format.read)(subtype, body) else { return Ok(None) };
            let found = files::facts(conn, conversation, named.file)?;
            let Some(facts) = found else { return Ok(None) };
            (format.write)(&named, &facts)
        }
    };
    Ok(Content::new(text).ok().filter(|content| !content.as_str().is_empty()))
}

/// Posts a message by the rules of chat.
fn post(
    conn: &mut Connection,
    rules: &Rules,
    (by, group): (UserId, GroupId),
    content: Content,
    nonce: Option<Nonce>,
) -> Result<ChatOutcome, StoreError> {
    let room = Some(RoomKey::Group(group));
    let write = ChatWrite::Post { room, content, nonce, absent: Absent::Kept };
    let command = ChatCommand { by, change: write.into(), id: None };
    let (mut cache, members) = (RoomCache::default(), MemberCache::default());
    let mut unit = UnitOfWork::begin(conn, &mut cache, &members, [&command].into_iter())?;
    let outcome = rules.apply(&mut unit, &command)?;
    unit.write()?;
    Ok(outcome)
}

/// What comes of a message of a group that was posted otherwise than here, if the group is a conversation.
pub fn posted(
    conn: &mut Connection,
    message: &Message,
    recipients: &Recipients,
) -> Result<Vec<News>, StoreError> {
    let RoomKey::Group(group) = message.room else { return Ok(Vec::new()) };
    let Some(conversation) = conversations::find(conn, group)? else { return Ok(Vec::new()) };
    let Some(app) = directory::by_id(conn, conversation.app)? else { return Ok(Vec::new()) };
    tell(conn, (&app, &conversation), (message, None), recipients)
}

/// Stores what a message has beyond one of chat, and gives what is told of it.
fn tell(
    conn: &mut Connection,
    (app, conversation): (&App, &Conversation),
    (message, beyond): (&Message, Option<&Beyond<'_>>),
    recipients: &Recipients,
) -> Result<Vec<News>, StoreError> {
    if let Some(beyond) = beyond {
        insert(conn, app, message, beyond)?;
    }
    let values = [message.created_at.micros(), conversation.id.get()].map(Value::Int);
    Statement::<()>::new(OPEN, &values).run(conn)?;
    let is_machine = beyond.is_some_and(|beyond| beyond.is_machine);
    // What the app says in an agent's name is news to that agent, too.
    let by = (!is_machine).then_some(message.author);
    let users = recipients.others(by).filter_map(|mailbox| match mailbox {
        Mailbox::User(user) => Some(user),
        Mailbox::Device(_) | Mailbox::Console(_) => None,
    });
    let users: Vec<UserId> = users.collect();
    pushes::insert(conn, message.id, &users)?;
    let shown = conversation_history::shown(conn, app, conversation, vec![message.clone()])?;
    let Some(shown) = shown.into_iter().next() else { return Ok(Vec::new()) };
    let shown = Arc::new(shown);
    let event = |to| AppsEvent::Message { message: Arc::clone(&shown), to };
    let mut news: Vec<News> =
        users.iter().map(|user| News::to(vec![Mailbox::User(*user)], event(*user))).collect();
    if let Some(by) = by {
        let own = match beyond.and_then(|beyond| beyond.device) {
            None => vec![Mailbox::User(by)],
            Some(from) => {
                let own = devices::of_owner(conn, app.id, by)?.into_iter().rev();
                let others = own.map(|device| device.id).filter(|device| *device != from);
                others.take(OWN_DEVICES_MAX).map(Mailbox::Device).collect()
            }
        };
        if !own.is_empty() {
            news.push(News::to(own, event(by)));
        }
    }
    Ok(news)
}

fn insert(
    conn: &mut Connection,
    app: &App,
    message: &Message,
    beyond: &Beyond<'_>,
) -> Result<(), StoreError> {
    let values = [
        Value::Int(message.id.get()),
        Value::Int(app.id.get()),
        Value::Text(beyond.uuid),
        Value::Text(beyond.subtype.name()),
        Value::Int(beyond.is_machine.into()),
    ];
    match beyond.device {
        None => Statement::<()>::new(INSERT_NOWHERE, &values).run(conn),
        Some(device) => {
            let [id, app, uuid, subtype, is_machine] = values;
            let values = [id, app, uuid, subtype, is_machine, Value::Int(device.get())];
            Statement::<()>::new(INSERT, &values).run(conn)
        }
    }
}

/// The agents of whom one should be there, when a visitor has written and the app answers otherwise.
fn agents_missed(app: &App, conversation: &Conversation, news: &News) -> Vec<UserId> {
    let answers = app.settings.return_offline && !app.settings.offline_text.is_empty();
    let is_visitor = conversation.visitor.is_some() && conversation.visitor == news.by;
    if !answers || !is_visitor || conversation.kind != ConversationKind::Visitor {
        return Vec::new();
    }
    let others = news.recipients.others(news.by);
    others
        .filter_map(|mailbox| match mailbox {
            Mailbox::User(user) => Some(user),
            Mailbox::Device(_) | Mailbox::Console(_) => None,
        })
        .collect()
}

/// Says in a conversation that no agent is there, unless that was said since `told_before`.
///
/// # Errors
/// As [`send`].
pub fn say_offline(
    conn: &mut Connection,
    group: GroupId,
    rules: &Rules,
    told_before: Timestamp,
) -> Result<Vec<News>, StoreError> {
    let Some(conversation) = conversations::find(conn, group)? else { return Ok(Vec::new()) };
    let Some(app) = directory::by_id(conn, conversation.app)? else { return Ok(Vec::new()) };
    let values = [Value::Int(group.get())];
    let told: Vec<i64> = Statement::<BigInt>::new(OFFLINE_TOLD, &values).load(conn)?;
    let is_due = told.first().is_some_and(|told| *told <= told_before.micros());
    let text = Content::new(app.settings.offline_text.clone()).ok();
    let Some(text) = text.filter(|text| is_due && !text.as_str().is_empty()) else {
        return Ok(Vec::new());
    };
    let roster = groups::roster(conn, group)?;
    let mut agents = roster.aware.iter().filter(|user| Some(**user) != conversation.visitor);
    let Some(agent) = agents.next().copied() else { return Ok(Vec::new()) };
    let posted = post(conn, rules, (agent, group), text, None)?;
    let ChatOutcome::Told { news, before } = posted else { return Ok(Vec::new()) };
    let Event::Chat(ChatEvent::MessagePosted(message)) = &news.event else {
        return Ok(Vec::new());
    };
    let uuid = message.id.uuid().to_string();
    let subtype = MessageSubtype::Text;
    let beyond = Beyond { uuid: &uuid, subtype, is_machine: true, device: None };
    let told = tell(conn, (&app, &conversation), (message, Some(&beyond)), &news.recipients)?;
    let values = [message.created_at.micros(), group.get()].map(Value::Int);
    Statement::<()>::new(TELL_OFFLINE, &values).run(conn)?;
    Ok(before.into_iter().chain([news]).chain(told).collect())
}
