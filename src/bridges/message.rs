//! A change of a message of chat as it is published: JSON, with what one may filter by as attributes.

use serde::Serialize;

use crate::domain::chat::following::{RoomChange, RoomChangeKind};
use crate::domain::clock::Timestamp;
use crate::domain::pubsub::bridge::BridgeSource;
use crate::domain::pubsub::message::{Attributes, MessageDraft};

/// How a time is written.
pub type TimeText = fn(Timestamp) -> String;

/// The data of a message. Ids are texts, and nouns as in `/api/v1`.
#[derive(Serialize)]
struct ChangeJson<'a> {
    event: &'a str,
    id: String,
    room: String,
    kind: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    app: Option<String>,
    /// The two whose room it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    users: Option<[String; 2]>,
    author: String,
    seq: i64,
    rev: i64,
    content: &'a str,
    created_at: String,
    edited_at: Option<String>,
}

/// The message for a change in a room of a source.
pub fn draft(source: BridgeSource, change: &RoomChange, time: TimeText) -> MessageDraft {
    let message = &change.message;
    let app = source.app().map(|(app, _)| app.uuid().to_string());
    let kind = match (message.room.pair(), &app) {
        (Some(_), _) => "dm",
        (None, Some(_)) => "conversation",
        (None, None) => "group",
    };
    let (event, room) = (event(change.kind), message.room.address().to_string());
    let json = ChangeJson {
        event,
        id: message.id.to_string(),
        room: room.clone(),
        kind,
        app: app.clone(),
        users: message.room.pair().map(|pair| [pair.low(), pair.high()].map(|id| id.to_string())),
        author: message.author.to_string(),
        seq: message.seq,
        rev: message.rev,
        content: &message.content,
        created_at: time(message.created_at),
        edited_at: message.edited_at.map(time),
    };
    let mut attributes = Attributes::new();
    let texts = [
        ("event", event.to_owned()),
        ("room", room.clone()),
        ("kind", kind.to_owned()),
        ("author", json.author.clone()),
        ("message", json.id.clone()),
    ];
    attributes.extend(texts.map(|(name, value)| (name.to_owned(), value)));
    attributes.extend(app.map(|app| ("app".to_owned(), app)));
    // What is made of texts and numbers alone can be written.
    let data = serde_json::to_vec(&json).unwrap_or_default();
    MessageDraft { data, attributes, ordering_key: room }
}

const fn event(kind: RoomChangeKind) -> &'static str {
    match kind {
        RoomChangeKind::Sent => "sent",
        RoomChangeKind::Edited => "edited",
        RoomChangeKind::Deleted => "deleted",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::chat::message::Message;
    use crate::domain::chat::room::RoomKey;
    use crate::domain::id::{AppId, GroupId, MessageId, UserId};

    fn change(room: RoomKey, kind: RoomChangeKind) -> RoomChange {
        let message = Message {
            id: MessageId::new(12).unwrap(),
            room,
            author: UserId::new(4).unwrap(),
            seq: 3,
            rev: 5,
            content: "a \"b\"".to_owned(),
            created_at: Timestamp::from_millis(7),
            edited_at: None,
            deleted: false,
            hidden: false,
            nonce: None,
        };
        RoomChange { kind, message }
    }

    #[test]
    fn a_change_has_what_one_filters_by_in_attributes_and_all_in_json() {
        let time = |at: Timestamp| at.millis().to_string();
        let (low, high) = (UserId::new(2).unwrap(), UserId::new(4).unwrap());
        let direct = RoomKey::direct(low, high).unwrap();
        let source = BridgeSource::Direct { low, high };
        let draft = super::draft(source, &change(direct, RoomChangeKind::Sent), time);
        let text = String::from_utf8(draft.data).unwrap();
        assert_eq!(
            text,
            r#"{"event":"sent","id":"12","room":"6","kind":"dm","users":["2","4"],"author":"4","seq":3,"rev":5,"content":"a \"b\"","created_at":"7","edited_at":null}"#
        );
        assert_eq!(draft.ordering_key, "6");
        let attributes: Vec<(&str, &str)> =
            draft.attributes.iter().map(|(name, value)| (&**name, &**value)).collect();
        let of_dm =
            [("author", "4"), ("event", "sent"), ("kind", "dm"), ("message", "12"), ("room", "6")];
        assert_eq!(attributes, of_dm);
        let (app, group) = (AppId::new(9).unwrap(), GroupId::new(7).unwrap());
        for (source, kind, of_app) in [
            (BridgeSource::Group { group }, "group", None),
            (BridgeSource::App { app }, "conversation", Some(app.uuid().to_string())),
        ] {
            let change = change(RoomKey::Group(group), RoomChangeKind::Deleted);
            let draft = super::draft(source, &change, time);
            assert_eq!(draft.attributes.get("kind").map(String::as_str), Some(kind));
            assert_eq!(draft.attributes.get("event").map(String::as_str), Some("deleted"));
            assert_eq!(draft.attributes.get("app"), of_app.as_ref());
            assert_eq!(draft.ordering_key, "7");
        }
    }
}
