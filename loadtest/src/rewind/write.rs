//! What the tester says.

use std::io::Write as _;

use crate::rewind::stamp::Stamp;
use crate::wire::Opcode;
use crate::wire::encode::frame;

/// Appends a heartbeat; it comes back with the same count.
pub fn heartbeat(out: &mut Vec<u8>, key: u32, count: u64) {
    frame(out, Opcode::Text, key, |out| {
        out.extend_from_slice(br#"{"type":"heartbeat","payload":{"count":"#);
        decimal(out, count);
        out.extend_from_slice(b"}}");
    });
}

/// Appends an auth frame, which may ask to hear of groups.
pub fn auth(out: &mut Vec<u8>, key: u32, token: &str, groups: bool) {
    frame(out, Opcode::Text, key, |out| {
        out.extend_from_slice(br#"{"type":"auth","payload":{"auth":""#);
        out.extend_from_slice(token.as_bytes());
        out.extend_from_slice(if groups { br#"","features":["group"]}}"# } else { br#""}}"# });
    });
}

/// Appends a request for a new group.
pub fn create_group(out: &mut Vec<u8>, key: u32) {
    frame(out, Opcode::Text, key, |out| {
        let create = br#"{"type":"group","payload":{"type":"create","title":"load"}}"#;
        out.extend_from_slice(create);
    });
}

/// Appends a request to add a friend to a group.
pub fn add_member(out: &mut Vec<u8>, key: u32, group: u64, name: &str) {
    frame(out, Opcode::Text, key, |out| {
        out.extend_from_slice(br#"{"type":"group","payload":{"type":"add","chat_id":""#);
        decimal(out, group);
        out.extend_from_slice(br#"","name":""#);
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(br#""}}"#);
    });
}

/// Appends a message of a size.
pub fn send(out: &mut Vec<u8>, key: u32, room: u64, stamp: Stamp, size: usize) {
    frame(out, Opcode::Text, key, |out| {
        out.extend_from_slice(br#"{"type":"chat","payload":{"type":"send","chat_id":""#);
        decimal(out, room);
        out.extend_from_slice(br#"","content":""#);
        stamp.write(out, size);
        out.extend_from_slice(br#""}}"#);
    });
}

/// Appends a request for a page of history.
pub fn load(out: &mut Vec<u8>, key: u32, room: u64, cursor: &str, count: u32) {
    frame(out, Opcode::Text, key, |out| {
        out.extend_from_slice(br#"{"type":"load","payload":{"type":"chat","load_id":""#);
        decimal(out, room);
        out.extend_from_slice(br#"","datetime":""#);
        out.extend_from_slice(cursor.as_bytes());
        out.extend_from_slice(br#"","count":"#);
        decimal(out, u64::from(count));
        out.extend_from_slice(b"}}");
    });
}

/// Appends a request for the friends.
pub fn load_friends(out: &mut Vec<u8>, key: u32) {
    frame(out, Opcode::Text, key, |out| {
        out.extend_from_slice(br#"{"type":"load","payload":{"type":"mutual_users"}}"#);
    });
}

/// Appends a Close 1000.
pub fn close(out: &mut Vec<u8>, key: u32) {
    frame(out, Opcode::Close, key, |out| out.extend_from_slice(&1000_u16.to_be_bytes()));
}

fn decimal(out: &mut Vec<u8>, value: u64) {
    // Writing to a vector cannot fail.
    drop(write!(out, "{value}"));
}
