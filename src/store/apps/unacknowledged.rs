//! What a user of an app has not acknowledged: messages of conversations, and what the app has sent to the user's
//! devices, once there is a conversation in which a widget shows it.
//!
//! Nothing is told again by itself where customer chat comes back: this is where it is found.

use std::collections::HashMap;

use diesel::sql_types::BigInt;

use crate::domain::apps::app::App;
use crate::domain::apps::customer::{ConversationMessage, PageAsked, PageFrom};
use crate::domain::apps::downstream::Downstream;
use crate::domain::chat::room::RoomKey;
use crate::domain::clock::Timestamp;
use crate::domain::id::{GroupId, UserId};
use crate::domain::uuid::{PushId, Uuid};
use crate::store::apps::conversation_history::{self, CountedPage};
use crate::store::apps::{conversations, downstreams};
use crate::store::chat::messages;
use crate::store::engine::Connection;
use crate::store::engine::error::StoreError;
use crate::store::engine::ids::message_id;
use crate::store::engine::statement::{Statement, Value};

/// A message of a conversation.
const MESSAGE: i64 = 0;
/// What the app has sent.
const SENT: i64 = 1;

/// Something that is not acknowledged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unacknowledged {
    Message(ConversationMessage),
    /// What the app has sent, and the conversation in which it is shown.
    Downstream(Downstream, GroupId),
}

/// The ids of all of it, each with [`MESSAGE`] or [`SENT`]. However many devices something waits for, it is one.
macro_rules! all_of {
    ($columns:literal, $rest:literal) => {
        concat!(
            "SELECT ",
            $columns,
            " FROM (SELECT p.message_id AS id, CAST(0 AS BIGINT) AS kind FROM pushes p \
             JOIN messages m ON m.id = p.message_id JOIN conversations c ON c.room_id = m.room_id \
             WHERE p.user_id = ? AND c.app_id = ? \
             UNION SELECT w.message_id, CAST(1 AS BIGINT) FROM devices d \
             JOIN deliveries w ON w.device_id = d.id JOIN downstreams s ON s.id = w.message_id \
             WHERE d.owner_id = ? AND d.app_id = ? AND NOT w.acked AND s.expires_at > ? \
             AND EXISTS (SELECT 1 FROM conversations c WHERE c.app_id = d.app_id \
             AND c.user_id = d.owner_id)) one",
            $rest
        )
    };
}

const COUNT: &str = all_of!("count(*)", "");
const AFTER: &str = all_of!(
    "one.id, one.kind",
    " WHERE (one.id, one.kind) > (?, ?) ORDER BY 1, 2 LIMIT ? OFFSET ?"
);
const BEFORE: &str = all_of!(
    "one.id, one.kind",
    " WHERE (one.id, one.kind) < (?, ?) ORDER BY 1 DESC, 2 DESC LIMIT ? OFFSET ?"
);

/// A page of it, oldest first.
///
/// # Errors
/// [`StoreError::Database`], [`StoreError::Corrupt`].
pub fn page(
    conn: &mut Connection,
    (app, user): (&App, UserId),
    asked: &PageAsked,
    now: Timestamp,
) -> Result<CountedPage<Unacknowledged>, StoreError> {
    let (me, of) = (user.get(), app.id.get());
    let own = [me, of, me, of, now.micros()].map(Value::Int);
    let counts: Vec<i64> = Statement::<BigInt>::new(COUNT, &own).load(conn)?;
    let total = counts.into_iter().next().unwrap_or(0);
    let (sql, bound) = match &asked.from {
        PageFrom::Newest => (AFTER, Some((0, MESSAGE))),
        PageFrom::After(push) => (AFTER, pushed(push, user)),
        PageFrom::Before(push) => (BEFORE, pushed(push, user)),
    };
    let Some((id, kind)) = bound else { return Ok(CountedPage { total, items: Vec::new() }) };
    let place = [id, kind, asked.size.into(), asked.skipped()].map(Value::Int);
    let values: Vec<Value<'_>> = own.into_iter().chain(place).collect();
    let mut ids: Vec<(i64, i64)> = Statement::<(BigInt, BigInt)>::new(sql, &values).load(conn)?;
    if matches!(asked.from, PageFrom::Before(_)) {
        ids.reverse();
    }
    Ok(CountedPage { total, items: shown(conn, (app, user), &ids)? })
}

fn shown(
    conn: &mut Connection,
    (app, user): (&App, UserId),
    ids: &[(i64, i64)],
) -> Result<Vec<Unacknowledged>, StoreError> {
    let sent: Vec<i64> = ids.iter().filter(|(_, kind)| *kind == SENT).map(|(id, _)| *id).collect();
    let mut sent: HashMap<i64, Downstream> = match sent.is_empty() {
        true => HashMap::new(),
        false => {
            let found = downstreams::newest_first(conn, &sent)?;
            found.into_iter().map(|downstream| (downstream.id.get(), downstream)).collect()
        }
    };
    let place = conversations::latest(conn, (app.id, user))?.map(|latest| latest.id);
    let (mut known, mut items) = (HashMap::new(), Vec::with_capacity(ids.len()));
    for (id, kind) in ids {
        if *kind == SENT {
            let found = sent.remove(id).zip(place);
            items.extend(found.map(|(sent, place)| Unacknowledged::Downstream(sent, place)));
            continue;
        }
        let Some(message) = messages::find(conn, message_id(*id)?)? else { continue };
        let RoomKey::Group(group) = message.room else { continue };
        let conversation = match known.get(&group) {
            Some(conversation) => conversation,
            None => {
                let Some(found) = conversations::of_app(conn, app.id, group)? else { continue };
                &*known.entry(group).or_insert(found)
            }
        };
        let shown = conversation_history::shown(conn, app, conversation, vec![message])?;
        items.extend(shown.into_iter().map(Unacknowledged::Message));
    }
    Ok(items)
}

/// What a push to a user is of.
fn pushed(push: &str, user: UserId) -> Option<(i64, i64)> {
    match PushId::of_uuid(Uuid::parse(push)?)? {
        PushId::Message(message, to) if to == user => Some((message.get(), MESSAGE)),
        PushId::Downstream(message, to) if to == user => Some((message.get(), SENT)),
        PushId::Message(..) | PushId::Downstream(..) => None,
    }
}
