//! What the socket writes, besides acknowledgements and messages: who types, who is there, and the end.

use serde::Serialize;

use crate::domain::apps::customer_request::Visit;
use crate::domain::apps::device::DeviceClass;
use crate::domain::apps::presence::ClassChange;
use crate::domain::close::CloseReason;
use crate::domain::id::{DeviceId, GroupId, UserId};
use crate::domain::uuid::Uuid;
use crate::wire::Frame;
use crate::wire::close::CloseCodes;
use crate::wire::ppcom::time;

/// A user types in a conversation.
pub fn typing(user: UserId, conversation: GroupId) -> Frame {
    #[derive(Serialize)]
    struct TypingFrame {
        r#type: &'static str,
        user_uuid: Uuid,
        conversation_uuid: Uuid,
    }
    let (user_uuid, conversation_uuid) = (user.uuid(), conversation.uuid());
    Frame::json(&TypingFrame { r#type: "TYPING", user_uuid, conversation_uuid })
}

/// The page that a visitor has come from.
#[derive(Serialize)]
struct PageExtra<'a> {
    title: &'a str,
    location: PageLocation<'a>,
}

#[derive(Serialize)]
struct PageLocation<'a> {
    href: &'a str,
}

/// A user has come, or gone.
pub fn presence(change: &ClassChange) -> Frame {
    #[derive(Serialize)]
    struct OnlineFrame<'a> {
        r#type: &'static str,
        user_uuid: Uuid,
        mobile: &'static str,
        browser: &'static str,
        device_uuid: Uuid,
        createtime: String,
        extra_data: Option<PageExtra<'a>>,
    }
    let is = if change.is_online { "ONLINE" } else { "OFFLINE" };
    let state = |class| if change.class == class { is } else { "UNCHANGED" };
    fn extra(visit: &Visit) -> PageExtra<'_> {
        PageExtra { title: &visit.title, location: PageLocation { href: &visit.url } }
    }
    Frame::json(&OnlineFrame {
        r#type: "ONLINE",
        user_uuid: change.user.uuid(),
        mobile: state(DeviceClass::Mobile),
        browser: state(DeviceClass::Browser),
        device_uuid: change.listener.uuid(),
        createtime: time::to_the_second(change.at),
        extra_data: change.visit.as_ref().map(extra),
    })
}

/// The last frame of a session that another one has replaced.
pub fn logout(device: DeviceId) -> Frame {
    #[derive(Serialize)]
    struct LogoutFrame {
        r#type: &'static str,
        msg: LogoutObject,
    }
    #[derive(Serialize)]
    struct LogoutObject {
        mt: &'static str,
        ms: &'static str,
        bo: Uuid,
    }
    let msg = LogoutObject { mt: "SYS", ms: "LOGOUT", bo: device.uuid() };
    Frame::json(&LogoutFrame { r#type: "MSG", msg })
}

/// Close code and reason of an ended session.
pub fn close(reason: CloseReason) -> (u16, String) {
    CLOSE_CODES.of(reason)
}

const CLOSE_CODES: CloseCodes = CloseCodes {
    not_identified: (4408, "no auth in time"),
    unauthorized: (4401, "not let in"),
    token_ended: 4401,
    replaced: 4001,
};
