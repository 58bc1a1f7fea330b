//! What came of a call, as JSON.

use actix_web::HttpResponse;
use serde_json::{Value, json};

use super::error::OwlError;
use crate::domain::apps::console::{ConsoleAction, ConsoleLine, DeviceGroupChange, ResultCode};
use crate::domain::apps::server::ServerAnswer;
use crate::domain::uuid::Uuid;

/// The answer to a call that asked for something.
///
/// # Errors
/// Why nothing was done.
pub(super) fn answer(
    answer: ServerAnswer,
    asked: &ConsoleAction,
    channel: &str,
) -> Result<HttpResponse, OwlError> {
    let ServerAnswer { line, message } = answer;
    let code = line.code();
    if !matches!(code, ResultCode::Done | ResultCode::NameKnown) {
        return Err(refusal(code, asked));
    }
    let body = match line {
        ConsoleLine::GroupCreated { group, size, failed, .. } => {
            json!({"groupId": group, "deviceSize": size, "failedDevice": failed})
        }
        ConsoleLine::DevicesAdded(change) => changed("addedDeviceSize", &change),
        ConsoleLine::DevicesSubtracted(change) => changed("removedDeviceSize", &change),
        ConsoleLine::Sent { .. } => json!({"mId": message.map(|id| id.uuid().hex())}),
        ConsoleLine::Registered { server, .. } => {
            json!({"serverRegId": server.map(Uuid::hex), "channelServer": channel})
        }
        ConsoleLine::GroupDeleted { .. }
        | ConsoleLine::Unregistered { .. }
        | ConsoleLine::Upstream { .. }
        | ConsoleLine::Published { .. } => json!({}),
    };
    Ok(HttpResponse::Ok().json(body))
}

/// The total under both of its spellings: the original's guide has both.
fn changed(counted: &str, change: &DeviceGroupChange) -> Value {
    json!({
        "groupId": change.group,
        "totalDeviceSize": change.total,
        "totaldeviceSize": change.total,
        counted: change.changed,
        "failedDevice": change.failed,
    })
}

/// Why nothing was done. Fields are good by then: what is wrong is what they name.
fn refusal(code: ResultCode, asked: &ConsoleAction) -> OwlError {
    match (code, asked) {
        (ResultCode::ServerIdWrong | ResultCode::NotRegistered, _) => OwlError::NO_SERVER,
        (ResultCode::Argument, ConsoleAction::SendMulticast { .. }) => OwlError::NO_DEVICE,
        (ResultCode::Argument, _) => OwlError::NO_GROUP,
        (ResultCode::Unknown, _) => OwlError::FULL,
        (ResultCode::NoChannel | ResultCode::Done | ResultCode::NameKnown, _) => OwlError::INTERNAL,
    }
}
