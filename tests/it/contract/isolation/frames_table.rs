//! The table of frames: whose things they name, and what comes of it for each who sends them.

/// Where a frame is sent, and with it who sends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A new socket of customer chat.
    ChatDoor,
    /// A new socket of a device.
    DeviceDoor,
    /// Customer chat: the other visitor of the app, a visitor and an agent of the other app, the agent, the visitor.
    Chat,
    /// The console: the operator of the other app, and that of the app.
    Console,
    /// A device's socket: that of the other visitor, that of the other app's visitor, the visitor's.
    Device,
}

impl Place {
    /// Whether each frame has a socket of its own.
    pub fn is_door(self) -> bool {
        matches!(self, Self::ChatDoor | Self::DeviceDoor)
    }
}

/// The last one is whose things they are. Outcomes are codes; `-` is no answer, and `1 failed` a good line with devices
/// in its list of those for which nothing was done.
pub struct FrameRow {
    pub at: Place,
    /// The type or the action.
    pub name: &'static str,
    /// The whole frame. `{my …}` is the sender's own; all else is of the first app and its visitor.
    pub frame: &'static str,
    pub outcomes: &'static [&'static str],
}

const fn row(
    at: Place,
    name: &'static str,
    frame: &'static str,
    outcomes: &'static [&'static str],
) -> FrameRow {
    FrameRow { at, name, frame, outcomes }
}

use Place::{Chat, ChatDoor, Console, Device, DeviceDoor};

/// The table.
pub const ROWS: &[FrameRow] = &[
    row(
        ChatDoor,
        "auth",
        r#"{"type":"auth","api_token":"{my token}","app_uuid":"{app}","user_uuid":"{vic}","device_uuid":"{device}","is_service_user":"{my role}","extra_data":{}}"#,
        &["10", "10", "10", "10", "0"],
    ),
    row(
        ChatDoor,
        "auth",
        r#"{"type":"auth","api_token":"{my token}","app_uuid":"{my app}","user_uuid":"{vic}","device_uuid":"{device}","is_service_user":"{my role}","extra_data":{}}"#,
        &["10", "10", "10", "10", "0"],
    ),
    row(
        ChatDoor,
        "auth",
        r#"{"type":"auth","api_token":"{my token}","app_uuid":"{my app}","user_uuid":"{my user}","device_uuid":"{device}","is_service_user":"{my role}","extra_data":{}}"#,
        &["10", "10", "10", "10", "0"],
    ),
    row(
        ChatDoor,
        "auth",
        r#"{"type":"auth","api_token":"{my token}","app_uuid":"{app}","user_uuid":"{my user}","device_uuid":"{my device}","is_service_user":"{my role}","extra_data":{}}"#,
        &["0", "10", "10", "0", "0"],
    ),
    row(
        DeviceDoor,
        "auth",
        r#"{"action":"auth","body":{"apiToken":"{my token}","deviceId":"{box}"}}"#,
        &["-304", "-304", "1"],
    ),
    row(
        Chat,
        "send",
        r#"{"type":"send","send":{"uuid":"{new}","conversation_uuid":"{room}","message_type":"NOTI","message_subtype":"TEXT","message_body":"by {my name}","from_uuid":"{my user}","from_type":"DU","to_uuid":"{room}","to_type":"DU"}}"#,
        &["4", "4", "4", "0", "0"],
    ),
    row(
        Chat,
        "send",
        r#"{"type":"send","send":{"uuid":"{new}","app_uuid":"{app}","conversation_uuid":"{room}","message_type":"NOTI","message_subtype":"TEXT","message_body":"by {my name}","from_uuid":"{vic}","from_type":"DU","to_uuid":"{room}","to_type":"DU"}}"#,
        &["4", "4", "4", "4", "0"],
    ),
    // The name of a message that is there, with what is in it.
    row(
        Chat,
        "send",
        r#"{"type":"send","send":{"uuid":"m-1","conversation_uuid":"{room}","message_type":"NOTI","message_subtype":"TEXT","message_body":"my secret","from_uuid":"{my user}","from_type":"DU","to_uuid":"{room}","to_type":"DU"}}"#,
        &["4", "4", "4", "7", "0"],
    ),
    row(
        Chat,
        "typing_watch",
        r#"{"type":"typing_watch","conversation_uuid":"{room}"}"#,
        &["4", "4", "4", "-", "-"],
    ),
    row(Chat, "typing", r#"{"type":"typing"}"#, &["-", "-", "-", "-", "-"]),
    row(Chat, "typing_unwatch", r#"{"type":"typing_unwatch"}"#, &["-", "-", "-", "-", "-"]),
    // Once is for life.
    row(
        Chat,
        "auth",
        r#"{"type":"auth","api_token":"{my token}","app_uuid":"{app}","user_uuid":"{vic}","device_uuid":"{device}","is_service_user":false,"extra_data":{}}"#,
        &["4", "4", "4", "4", "4"],
    ),
    row(
        Console,
        "createDeviceGroup",
        r#"{"action":"createDeviceGroup","body":{"groupName":"g","deviceList":["{box}"]}}"#,
        &["1 failed", "1"],
    ),
    row(
        Console,
        "addDeviceGroup",
        r#"{"action":"addDeviceGroup","body":{"groupId":"{group}","deviceList":["{my box}"]}}"#,
        &["-304", "1"],
    ),
    row(
        Console,
        "addDeviceGroup",
        r#"{"action":"addDeviceGroup","body":{"groupId":"{my group}","deviceList":["{box of the other}"]}}"#,
        &["1 failed", "1"],
    ),
    row(
        Console,
        "subtractDeviceGroup",
        r#"{"action":"subtractDeviceGroup","body":{"groupId":"{group}","deviceList":["{box of the other}"]}}"#,
        &["-304", "1"],
    ),
    row(
        Console,
        "subtractDeviceGroup",
        r#"{"action":"subtractDeviceGroup","body":{"groupId":"{my group}","deviceList":["{box}"]}}"#,
        &["1 failed", "1"],
    ),
    row(
        Console,
        "sendUnicastMsg",
        r#"{"action":"sendUnicastMsg","body":{"message":"by {my name}","deviceId":"{box}"}}"#,
        &["-304", "1"],
    ),
    row(
        Console,
        "sendMulticastMsg",
        r#"{"action":"sendMulticastMsg","body":{"message":"by {my name}","deviceList":["{box}"]}}"#,
        &["-304", "1"],
    ),
    // Among one's own: it is passed over, and not told.
    row(
        Console,
        "sendMulticastMsg",
        r#"{"action":"sendMulticastMsg","body":{"message":"by {my name}","deviceList":["{my box}","{box of the other}"]}}"#,
        &["1", "1"],
    ),
    row(
        Console,
        "sendGroupMsg",
        r#"{"action":"sendGroupMsg","body":{"message":"by {my name}","groupId":"{group}"}}"#,
        &["-304", "1"],
    ),
    row(
        Console,
        "sendBroadcastMsg",
        r#"{"action":"sendBroadcastMsg","body":{"message":"by {my name}"}}"#,
        &["1", "1"],
    ),
    row(
        Console,
        "registerAppServer",
        r#"{"action":"registerAppServer","body":{"serviceId":"{service}","regName":"n"}}"#,
        &["-304", "1"],
    ),
    row(
        Console,
        "registerAppServer",
        r#"{"action":"registerAppServer","body":{"serviceId":"{app}","regName":"n"}}"#,
        &["-304", "-102"],
    ),
    row(
        Console,
        "deleteDeviceGroup",
        r#"{"action":"deleteDeviceGroup","body":{"groupId":"{group}"}}"#,
        &["-304", "1"],
    ),
    row(
        Device,
        "sendUpstreamMsg",
        r#"{"action":"sendUpstreamMsg","body":{"data":"by {my name}"}}"#,
        &["1", "1", "1"],
    ),
    row(
        Device,
        "sendUpstreamMsg",
        r#"{"action":"sendUpstreamMsg","body":{"data":"by {my name}","serverRegId":"{server}"}}"#,
        &["1", "-104", "1"],
    ),
    // What is passed over says nothing; `frames` looks what it has done.
    row(
        Device,
        "ackMsgs",
        r#"{"action":"ackMsgs","body":{"msgIds":["{message}"]}}"#,
        &["-", "-", "-"],
    ),
    row(
        Device,
        "auth",
        r#"{"action":"auth","body":{"apiToken":"{my token}","deviceId":"{box}"}}"#,
        &["-304", "-304", "-304"],
    ),
];
