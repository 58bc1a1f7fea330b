//! What a console and a device say.

use crate::rewind::stamp::Stamp;
use crate::wire::Opcode;
use crate::wire::encode::frame;

/// Appends a device's auth frame.
pub fn auth(out: &mut Vec<u8>, key: u32, token: &str, device: &str) {
    let text =
        format!(r#"{{"action":"auth","body":{{"apiToken":"{token}","deviceId":"{device}"}}}}"#);
    said(out, key, &text);
}

/// Appends that a device has messages.
pub fn acknowledge<'a>(out: &mut Vec<u8>, key: u32, messages: impl Iterator<Item = &'a str>) {
    let body = format!(r#"{{"msgIds":[{}]}}"#, quoted(messages));
    said(out, key, &format!(r#"{{"action":"ackMsgs","body":{body}}}"#));
}

/// Appends a frame that is answered by an error, once all before it is done.
pub fn fence(out: &mut Vec<u8>, key: u32) {
    said(out, key, r#"{"action":"fence","body":{}}"#);
}

/// Appends a request for a new group of devices.
pub fn create_group(out: &mut Vec<u8>, key: u32, devices: &[String]) {
    let list = quoted(devices.iter().map(String::as_str));
    let body = format!(r#"{{"groupName":"load","groupDesc":null,"deviceList":[{list}]}}"#);
    said(out, key, &format!(r#"{{"action":"createDeviceGroup","body":{body}}}"#));
}

/// Appends a request for more devices in a group.
pub fn add_to_group(out: &mut Vec<u8>, key: u32, group: &str, devices: &[String]) {
    let list = quoted(devices.iter().map(String::as_str));
    let body = format!(r#"{{"groupId":"{group}","deviceList":[{list}]}}"#);
    said(out, key, &format!(r#"{{"action":"addDeviceGroup","body":{body}}}"#));
}

/// Appends a message of a size to a group.
pub fn send(out: &mut Vec<u8>, key: u32, group: &str, stamp: Stamp, size: usize) {
    frame(out, Opcode::Text, key, |out| {
        out.extend_from_slice(br#"{"action":"sendGroupMsg","body":{"message":""#);
        stamp.write(out, size);
        out.extend_from_slice(format!(r#"","groupId":"{group}"}}}}"#).as_bytes());
    });
}

fn said(out: &mut Vec<u8>, key: u32, text: &str) {
    frame(out, Opcode::Text, key, |out| out.extend_from_slice(text.as_bytes()));
}

fn quoted<'a>(words: impl Iterator<Item = &'a str>) -> String {
    let words: Vec<String> = words.map(|word| format!("\"{word}\"")).collect();
    words.join(",")
}
