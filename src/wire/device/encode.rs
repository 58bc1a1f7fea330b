//! What devices are told.

use std::time::Duration;

use serde::Serialize;

use crate::domain::apps::console::{RequestId, ResultCode};
use crate::domain::apps::downstream::Downstream;
use crate::domain::close::CloseReason;
use crate::domain::id::DeviceId;
use crate::wire::Frame;
use crate::wire::close::CloseCodes;
use crate::wire::console::{code_number, code_text};

/// The number of messages from servers, beside those of other devices.
const FROM_SERVER: u8 = 1;

/// A frame: what it is about, and the rest.
#[derive(Serialize)]
struct DeviceFrame<'a, T: Serialize> {
    action: &'a str,
    body: T,
}

fn said<T: Serialize>(action: &str, body: T) -> Frame {
    Frame::json(&DeviceFrame { action, body })
}

/// How something ended.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ResultBody {
    result_code: i32,
    result_msg: &'static str,
}

impl From<ResultCode> for ResultBody {
    fn from(code: ResultCode) -> Self {
        Self { result_code: code_number(code), result_msg: code_text(code) }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Authenticated {
    #[serde(flatten)]
    result: ResultBody,
    device_reg_id: String,
    /// Seconds between two pings.
    keep_alive: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct UpstreamSent<'a> {
    #[serde(flatten)]
    result: ResultBody,
    request_id: String,
    umi: Option<&'a str>,
}

#[derive(Serialize)]
struct Messages<'a> {
    msgs: Vec<DeviceMessage<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DeviceMessage<'a> {
    msg_id: String,
    #[serde(rename = "type")]
    kind: u8,
    sender: String,
    data: &'a str,
    server_time: i64,
    noti_title: Option<&'a str>,
    noti_body: Option<&'a str>,
}

impl<'a> From<&'a Downstream> for DeviceMessage<'a> {
    fn from(message: &'a Downstream) -> Self {
        Self {
            msg_id: message.id.uuid().hex(),
            kind: FROM_SERVER,
            sender: message.sender.hex(),
            data: &message.data,
            server_time: message.sent_at.millis(),
            noti_title: message.title.as_deref(),
            noti_body: message.body.as_deref(),
        }
    }
}

/// The answer to a good token.
pub fn authenticated(device: DeviceId, ping_interval: Duration) -> Frame {
    let body = Authenticated {
        result: ResultCode::Done.into(),
        device_reg_id: device.uuid().hex(),
        keep_alive: ping_interval.as_secs().max(1),
    };
    said("authResult", body)
}

/// The answer to one that is not good.
pub fn not_authenticated(code: ResultCode) -> Frame {
    said("authResult", ResultBody::from(code))
}

/// What came of something for a server.
pub fn upstream_sent(code: ResultCode, request: RequestId, echo: Option<&str>) -> Frame {
    let request_id = format!("{}{}", request.command.number(), request.ms);
    said("onSendUpstreamMsgResult", UpstreamSent { result: code.into(), request_id, umi: echo })
}

/// Messages, the newest first.
pub fn messages(messages: &[Downstream]) -> Frame {
    let msgs = messages.iter().map(DeviceMessage::from).collect();
    said("onMsgReceived", Messages { msgs })
}

/// Another socket of the device has come.
pub fn logout() -> Frame {
    #[derive(Serialize)]
    struct Nothing {}
    said("logout", Nothing {})
}

/// The answer to what is not understood, or not done.
pub fn error(code: ResultCode) -> Frame {
    said("onError", ResultBody::from(code))
}

/// Close code and reason of an ended session.
pub fn close(reason: CloseReason) -> (u16, String) {
    CLOSE_CODES.of(reason)
}

const CLOSE_CODES: CloseCodes = CloseCodes {
    not_identified: (4408, "no auth in time"),
    unauthorized: (4401, "not authorized"),
    token_ended: 4401,
    replaced: 4001,
};

#[cfg(test)]
#[path = "encode_tests.rs"]
mod tests;
