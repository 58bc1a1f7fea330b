//! Messages as clients read them: in a frame, and as a text in pages of the history.

use serde::{Serialize, Serializer};

use crate::domain::apps::customer::{AppUser, ConversationMessage, MessageDirection};
use crate::domain::apps::downstream::Downstream;
use crate::domain::clock::Timestamp;
use crate::domain::id::{AppId, GroupId, UserId};
use crate::domain::uuid::{PushId, Uuid};
use crate::wire::Frame;

/// The type of all messages that people write, and apps.
pub const NOTIFICATION: &str = "NOTI";
/// A person, as the type of an address.
const PERSON: &str = "DU";
/// The app itself, as the type of an address.
const APP: &str = "AP";

/// A message.
#[derive(Serialize)]
pub struct MsgObject<'a> {
    id: &'a str,
    fi: Uuid,
    ft: &'static str,
    ti: Uuid,
    tt: &'static str,
    mt: &'static str,
    ms: &'static str,
    ci: Uuid,
    ct: &'static str,
    tl: Option<&'a str>,
    bo: &'a str,
    ts: MsgSeconds,
    /// By what name its reader acknowledges it; not in pages of the history.
    #[serde(skip_serializing_if = "Option::is_none")]
    pid: Option<Uuid>,
    from_user: MsgSender<'a>,
}

/// Whoever has written a message.
#[derive(Serialize)]
struct MsgSender<'a> {
    uuid: Uuid,
    user_icon: Option<&'a str>,
    user_email: Option<&'a str>,
    user_fullname: Option<&'a str>,
    updatetime: i64,
}

/// A moment, as seconds with a fraction.
struct MsgSeconds(Timestamp);

impl Serialize for MsgSeconds {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let micros = self.0.micros();
        let (seconds, rest) = (micros.div_euclid(1_000_000), micros.rem_euclid(1_000_000));
        let text = format!("{seconds}.{rest:06}");
        serde_json::value::RawValue::from_string(text)
            .map_err(serde::ser::Error::custom)?
            .serialize(serializer)
    }
}

impl Serialize for Uuid {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'a> MsgSender<'a> {
    fn person(user: &'a AppUser) -> Self {
        Self {
            uuid: user.id.uuid(),
            user_icon: user.icon.as_deref(),
            user_email: user.email.as_deref(),
            user_fullname: Some(&user.shown_name),
            updatetime: user.updated_at.millis().div_euclid(1_000),
        }
    }

    fn app(app: AppId, at: Timestamp) -> Self {
        let updatetime = at.millis().div_euclid(1_000);
        let uuid = app.uuid();
        Self { uuid, user_icon: None, user_email: None, user_fullname: None, updatetime }
    }
}

impl<'a> MsgObject<'a> {
    /// A message of a conversation; `push` names it for one of its readers.
    pub fn of(message: &'a ConversationMessage, push: Option<PushId>) -> Self {
        let app = message.app.uuid();
        let (fi, ft, from_user) = match message.is_machine {
            true => (app, APP, MsgSender::app(message.app, message.at)),
            false => (message.from.id.uuid(), PERSON, MsgSender::person(&message.from)),
        };
        Self {
            id: &message.uuid,
            fi,
            ft,
            ti: app,
            tt: APP,
            mt: NOTIFICATION,
            ms: message.subtype.name(),
            ci: message.conversation.uuid(),
            ct: message.direction.name(),
            tl: None,
            bo: &message.body,
            ts: MsgSeconds(message.at),
            pid: push.map(PushId::uuid),
            from_user,
        }
    }

    /// The text by which pages of the history hold it.
    pub fn text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    fn frame(&self) -> Frame {
        #[derive(Serialize)]
        struct MsgEnvelope<'a> {
            r#type: &'static str,
            msg: &'a MsgObject<'a>,
        }
        Frame::json(&MsgEnvelope { r#type: "MSG", msg: self })
    }
}

/// A message of a conversation, for one of its readers.
pub fn message(message: &ConversationMessage, to: UserId) -> Frame {
    MsgObject::of(message, Some(PushId::Message(message.id, to))).frame()
}

/// What an app sends to a device, as a message in a conversation of the device's owner.
pub fn downstream_text(downstream: &Downstream, place: (AppId, GroupId, UserId)) -> String {
    downstream_object(downstream, place, &downstream.id.uuid().to_string()).text()
}

/// The same as a frame.
pub fn downstream(downstream: &Downstream, place: (AppId, GroupId, UserId)) -> Frame {
    downstream_object(downstream, place, &downstream.id.uuid().to_string()).frame()
}

fn downstream_object<'a>(
    downstream: &'a Downstream,
    (app, conversation, owner): (AppId, GroupId, UserId),
    id: &'a str,
) -> MsgObject<'a> {
    MsgObject {
        id,
        fi: app.uuid(),
        ft: APP,
        ti: app.uuid(),
        tt: APP,
        mt: NOTIFICATION,
        ms: "TEXT",
        ci: conversation.uuid(),
        ct: MessageDirection::ToVisitor.name(),
        tl: downstream.title.as_deref(),
        bo: &downstream.data,
        ts: MsgSeconds(downstream.sent_at),
        pid: Some(PushId::Downstream(downstream.id, owner).uuid()),
        from_user: MsgSender::app(app, downstream.sent_at),
    }
}
