//! Writing the frames of features.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use crate::domain::accounts::event::Requests;
use crate::domain::accounts::user::Contact;
use crate::domain::chat::event::{Presence, RoomEntry, Status};
use crate::domain::chat::group::{Group, GroupChange, GroupVerb, Member, Role};
use crate::domain::chat::message::Message;
use crate::domain::chat::room::RoomKey;
use crate::domain::clock::Timestamp;
use crate::domain::id::UserId;
use crate::wire::Frame;
use crate::wire::rewind::RewindOptions;
use crate::wire::rewind::features::Features;
use crate::wire::rewind::objects::{ChatObject, Id, UserObject, frame, objects, shown};
use crate::wire::rewind::time::Korean;

/// A room of the auth answer.
#[derive(Serialize)]
pub struct RoomObject<'a> {
    id: Id,
    kind: &'a str,
    user: Option<UserObject<'a>>,
    title: Option<&'a str>,
    seq: i64,
    rev: i64,
    read_seq: i64,
    unread: i64,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    unread_more: bool,
    last: Option<ChatObject<'a>>,
    last_at: Option<String>,
    readers: Numbers<'a>,
}

/// The rooms of a welcome, as far as a session knows what they are.
pub fn rooms(options: RewindOptions, me: UserId, entries: &[RoomEntry]) -> Vec<RoomObject<'_>> {
    let groups = options.features.has(Features::GROUP);
    let known = |entry: &&RoomEntry| groups || entry.state.key.pair().is_some();
    entries.iter().filter(known).map(|entry| room(options, me, entry)).collect()
}

fn room(options: RewindOptions, me: UserId, entry: &RoomEntry) -> RoomObject<'_> {
    let state = &entry.state;
    RoomObject {
        id: state.key.into(),
        kind: match state.key {
            RoomKey::Direct(_) => "dm",
            RoomKey::Group(_) => "group",
        },
        user: entry.peer.as_ref().map(|peer| UserObject::contact(options, me, peer)),
        title: entry.title.as_deref(),
        seq: state.seq,
        rev: state.rev,
        read_seq: state.read_seq,
        unread: state.unread.count,
        unread_more: state.unread.more,
        last: entry.last.as_ref().map(|last| shown(options, last, me)),
        last_at: moment(entry.last_at),
        readers: Numbers(&entry.readers),
    }
}

/// The requests for friendship, to one and by one.
pub fn requests(requests: &Requests) -> Frame {
    #[derive(Serialize)]
    struct Payload<'a> {
        r#type: &'static str,
        incoming: Vec<UserObject<'a>>,
        outgoing: Vec<UserObject<'a>>,
    }
    let (incoming, outgoing) = (objects(&requests.incoming), objects(&requests.outgoing));
    frame("load", Payload { r#type: "requests", incoming, outgoing })
}

/// A number for each of some users.
struct Numbers<'a>(&'a [(UserId, i64)]);

impl Serialize for Numbers<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(Some(self.0.len()))?;
        for (user, number) in self.0 {
            map.serialize_entry(itoa::Buffer::new().format(user.get()), number)?;
        }
        map.end()
    }
}

/// How far the others in a room have read.
pub fn readers(room: RoomKey, marks: &[(UserId, i64)]) -> Frame {
    #[derive(Serialize)]
    struct Payload<'a> {
        r#type: &'static str,
        chat_id: Id,
        readers: Numbers<'a>,
    }
    let (chat_id, readers) = (room.into(), Numbers(marks));
    frame("read", Payload { r#type: "list", chat_id, readers })
}

/// Users whom the user `me` has asked about.
pub fn users(options: RewindOptions, me: UserId, users: &[Contact]) -> Frame {
    #[derive(Serialize)]
    struct Payload<'a> {
        users: Vec<UserObject<'a>>,
    }
    let users = users.iter().map(|user| UserObject::contact(options, me, user)).collect();
    frame("users", Payload { users })
}

/// A page of a room's history, for the user `me`; and whether there is more before it.
pub fn page(
    options: RewindOptions,
    (room, me): (RoomKey, UserId),
    messages: &[Message],
    more: bool,
) -> Frame {
    #[derive(Serialize)]
    struct Payload<'a> {
        r#type: &'static str,
        load_id: Id,
        messages: Vec<ChatObject<'a>>,
        more: bool,
    }
    let messages = messages.iter().map(|message| shown(options, message, me)).collect();
    frame("load", Payload { r#type: "chat", load_id: room.into(), messages, more })
}

/// How far rooms have been brought up to date.
pub fn caught_up(reached: &[(i64, Option<i64>)], complete: bool, epoch: &str) -> Frame {
    struct Reached<'a>(&'a [(i64, Option<i64>)]);

    impl Serialize for Reached<'_> {
        fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
            let mut map = to.serialize_map(Some(self.0.len()))?;
            for (address, rev) in self.0 {
                map.serialize_entry(itoa::Buffer::new().format(*address), rev)?;
            }
            map.end()
        }
    }

    #[derive(Serialize)]
    struct Payload<'a> {
        rooms: Reached<'a>,
        complete: bool,
        epoch: &'a str,
    }
    frame("sync", Payload { rooms: Reached(reached), complete, epoch })
}

/// This is another history than the one that was asked about.
pub fn reset(epoch: &str) -> Frame {
    #[derive(Serialize)]
    struct Payload<'a> {
        epoch: &'a str,
        reset: bool,
    }
    frame("sync", Payload { epoch, reset: true })
}

const fn status_name(status: Status) -> &'static str {
    match status {
        Status::Online => "online",
        Status::Away => "away",
        Status::Offline => "offline",
    }
}

fn moment(at: Option<Timestamp>) -> Option<String> {
    at.map(|at| Korean(at).text())
}

/// How all friends are.
pub fn snapshot(friends: &[Presence]) -> Frame {
    #[derive(Serialize)]
    struct Friend {
        id: Id,
        status: &'static str,
        last_seen: Option<String>,
    }
    #[derive(Serialize)]
    struct Payload {
        r#type: &'static str,
        users: Vec<Friend>,
    }
    let friend = |friend: &Presence| Friend {
        id: Id(friend.user.get()),
        status: status_name(friend.status),
        last_seen: moment(friend.last_seen),
    };
    let users = friends.iter().map(friend).collect();
    frame("presence", Payload { r#type: "snapshot", users })
}

/// How a friend is now.
pub fn presence_changed(friend: &Presence) -> Frame {
    #[derive(Serialize)]
    struct Payload {
        r#type: &'static str,
        user: Id,
        status: &'static str,
        last_seen: Option<String>,
    }
    let payload = Payload {
        r#type: "change",
        user: Id(friend.user.get()),
        status: status_name(friend.status),
        last_seen: moment(friend.last_seen),
    };
    frame("presence", payload)
}

/// The answer to a session that says whether anybody sits at it.
pub fn status_set(status: Status) -> Frame {
    #[derive(Serialize)]
    struct Payload {
        r#type: &'static str,
        status: &'static str,
    }
    frame("presence", Payload { r#type: "set", status: status_name(status) })
}

/// A user types, or does not any more.
pub fn typing(user: UserId, room: RoomKey, typing: bool) -> Frame {
    #[derive(Serialize)]
    struct Payload {
        chat_id: Id,
        user_id: Id,
        state: &'static str,
    }
    let state = if typing { "start" } else { "stop" };
    let payload = Payload { chat_id: room.into(), user_id: Id(user.get()), state };
    frame("typing", payload)
}

/// A user has read.
pub fn read(user: UserId, room: RoomKey, seq: i64) -> Frame {
    #[derive(Serialize)]
    struct Payload {
        chat_id: Id,
        user_id: Id,
        seq: i64,
    }
    frame("read", Payload { chat_id: room.into(), user_id: Id(user.get()), seq })
}

#[derive(Serialize)]
struct GroupObject<'a> {
    id: Id,
    title: &'a str,
    owner: Id,
    members: usize,
    created_at: String,
}

impl<'a> From<&'a Group> for GroupObject<'a> {
    fn from(group: &'a Group) -> Self {
        Self {
            id: Id(group.id.get()),
            title: &group.title,
            owner: Id(group.owner.get()),
            members: group.members,
            created_at: Korean(group.created_at).text(),
        }
    }
}

const fn role_name(role: Role) -> &'static str {
    match role {
        Role::Owner => "owner",
        Role::Moderator => "moderator",
        Role::Member => "member",
    }
}

/// Something was done to a group.
pub fn group_changed(change: &GroupChange) -> Frame {
    #[derive(Serialize)]
    struct Payload<'a> {
        r#type: &'static str,
        group: GroupObject<'a>,
        #[serde(skip_serializing_if = "Option::is_none")]
        user: Option<UserObject<'a>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        role: Option<&'static str>,
        by: Id,
    }
    let payload = Payload {
        r#type: match change.verb {
            GroupVerb::Create => "create",
            GroupVerb::Rename => "rename",
            GroupVerb::Add => "add",
            GroupVerb::Leave => "leave",
            GroupVerb::Kick => "kick",
            GroupVerb::Ban => "ban",
            GroupVerb::Unban => "unban",
            GroupVerb::SetRole => "role",
            GroupVerb::Transfer => "transfer",
            GroupVerb::Offer => "offered",
            GroupVerb::Accept => "accept",
            GroupVerb::Decline => "decline",
            GroupVerb::Delete => "delete",
        },
        group: GroupObject::from(&change.group),
        user: change.user.as_ref().map(UserObject::from),
        role: change.role.map(role_name),
        by: Id(change.by.get()),
    };
    frame("group", payload)
}

/// The members of a group.
pub fn members(group: &Group, members: &[Member]) -> Frame {
    #[derive(Serialize)]
    struct MemberObject<'a> {
        user: UserObject<'a>,
        role: &'static str,
    }
    #[derive(Serialize)]
    struct Payload<'a> {
        r#type: &'static str,
        group: GroupObject<'a>,
        members: Vec<MemberObject<'a>>,
    }
    let members = members
        .iter()
        .map(|member| MemberObject {
            user: UserObject::from(&member.user),
            role: role_name(member.role),
        })
        .collect();
    frame("group", Payload { r#type: "members", group: GroupObject::from(group), members })
}
