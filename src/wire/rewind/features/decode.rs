//! Reading the frames of features.

use std::borrow::Cow;
use std::collections::HashSet;

use serde_json::value::RawValue;

use crate::domain::accounts::command::AccountsQuery;
use crate::domain::accounts::user::Who;
use crate::domain::chat::command::{ChatQuery, ChatWrite, Known};
use crate::domain::chat::event::Status;
use crate::domain::chat::group::{GroupStep, Role, Title};
use crate::domain::command::{Query, Write};
use crate::domain::id::{GroupId, UserId};
use crate::wire::rewind::decode::{Read, key, object, room};
use crate::wire::rewind::features::Features;
use crate::wire::rewind::{RewindOptions, encode};
use crate::wire::{Decoded, json};

/// Rooms that can be named in one request.
const ROOMS_MAX: usize = 1_000;
/// Users that can be asked about in one request.
const USERS_MAX: usize = 100;
/// Messages in one answer.
const LIMIT_MAX: u32 = 500;

/// The features that are asked for at auth; absent or `null` is none.
pub fn asked(raw: Option<&RawValue>) -> Read<Features> {
    let Some(raw) = raw.filter(|raw| !json::is_null(raw)) else { return Ok(Features::NONE) };
    let names: Vec<Cow<'_, str>> = serde_json::from_str(raw.get()).map_err(|_| encode::INVALID)?;
    Ok(Features::named(names.iter().map(AsRef::as_ref)))
}

/// A frame of a type that a session with these features has.
pub fn frame(
    options: RewindOptions,
    kind: &str,
    payload: Option<&RawValue>,
    me: UserId,
) -> Option<Read<Decoded>> {
    let has = |feature| options.features.has(feature);
    match kind {
        "sync" if has(Features::SYNC) => Some(sync(options, payload, me).map(look_up)),
        "presence" if has(Features::PRESENCE) => Some(presence(payload).map(Decoded::Write)),
        "typing" if has(Features::TYPING) => Some(typing(options, payload, me).map(write)),
        "read" if has(Features::READ) => Some(read(options, payload, me)),
        "users" if options.features.is_any() => Some(users(payload).map(look_up)),
        "group" if has(Features::GROUP) => Some(group(payload)),
        _ => None,
    }
}

fn write(write: ChatWrite) -> Decoded {
    Decoded::Write(write.into())
}

fn look_up(query: impl Into<Query>) -> Decoded {
    Decoded::Query(query.into())
}

fn sync(options: RewindOptions, payload: Option<&RawValue>, me: UserId) -> Read<ChatQuery> {
    let [rooms, limit, epoch] = object(payload, ["rooms", "limit", "epoch"])?;
    let rooms = rooms.and_then(|raw| json::entries(raw.get())).ok_or(encode::INVALID)?;
    let limit = match limit {
        Some(limit) => json::count(limit).filter(|limit| *limit > 0).ok_or(encode::INVALID)?,
        None => LIMIT_MAX,
    };
    let known = |(name, rev): &(Cow<'_, str>, &RawValue)| {
        let address = json::digits(name).ok_or(encode::INVALID)?;
        let rev = json::number(rev).ok_or(encode::INVALID)?;
        Ok(Known { address, room: key(options, address, me), rev })
    };
    let rooms: Vec<Known> = rooms.iter().map(known).collect::<Read<_>>()?;
    let mut named = HashSet::new();
    let once = rooms.iter().all(|known| named.insert(known.address));
    if !once || rooms.len() > ROOMS_MAX {
        return Err(encode::INVALID);
    }
    let epoch = match epoch.filter(|raw| !json::is_null(raw)) {
        Some(epoch) => Some(json::string(epoch).ok_or(encode::INVALID)?.into_owned()),
        None => None,
    };
    Ok(ChatQuery::Changes { rooms, limit: limit.min(LIMIT_MAX), epoch })
}

fn presence(payload: Option<&RawValue>) -> Read<Write> {
    let [kind, status] = object(payload, ["type", "status"])?;
    if kind.and_then(json::string).as_deref() != Some("set") {
        return Err(encode::UNKNOWN_PRESENCE);
    }
    match status.and_then(json::string).as_deref() {
        Some("online") => Ok(Write::Status(Status::Online)),
        Some("away") => Ok(Write::Status(Status::Away)),
        Some(_) | None => Err(encode::INVALID),
    }
}

fn typing(options: RewindOptions, payload: Option<&RawValue>, me: UserId) -> Read<ChatWrite> {
    let [address, state] = object(payload, ["chat_id", "state"])?;
    let typing = match state.and_then(json::string).as_deref() {
        Some("start") => true,
        Some("stop") => false,
        Some(_) | None => return Err(encode::INVALID),
    };
    Ok(ChatWrite::Type { room: room(options, address, me)?, typing })
}

fn read(options: RewindOptions, payload: Option<&RawValue>, me: UserId) -> Read<Decoded> {
    let [kind, address, seq] = object(payload, ["type", "chat_id", "seq"])?;
    if kind.and_then(json::string).as_deref() == Some("list") {
        return Ok(look_up(ChatQuery::Readers { room: room(options, address, me)? }));
    }
    let seq = seq.and_then(json::number).ok_or(encode::INVALID)?;
    Ok(write(ChatWrite::Read { room: room(options, address, me)?, seq }))
}

fn users(payload: Option<&RawValue>) -> Read<AccountsQuery> {
    let [ids] = object(payload, ["ids"])?;
    let ids: Vec<&RawValue> = ids
        .and_then(|ids| serde_json::from_str(ids.get()).ok())
        .filter(|ids: &Vec<_>| ids.len() <= USERS_MAX)
        .ok_or(encode::INVALID)?;
    let ids = ids.into_iter().map(|id| json::id(id).ok_or(encode::INVALID));
    let ids: Vec<i64> = ids.collect::<Read<_>>()?;
    // What can be nobody's id is nobody's whom one may look up.
    Ok(AccountsQuery::Users { ids: ids.into_iter().filter_map(UserId::new).collect() })
}

/// Whether a page of history is to come in one frame, which sessions with `sync` may ask for.
pub fn is_page(options: RewindOptions, raw: Option<&RawValue>) -> Read<bool> {
    let Some(raw) = raw.filter(|_| options.features.has(Features::SYNC)) else { return Ok(false) };
    let asked: Option<bool> = serde_json::from_str(raw.get()).map_err(|_| encode::INVALID)?;
    Ok(asked.unwrap_or(false))
}

fn group(payload: Option<&RawValue>) -> Read<Decoded> {
    let [kind, address, title, name, role] =
        object(payload, ["type", "chat_id", "title", "name", "role"])?;
    let title = || title.and_then(json::string).and_then(|text| Title::new(text.into_owned()));
    let title = || title().ok_or(encode::INVALID);
    let kind = kind.and_then(json::string);
    if kind.as_deref() == Some("create") {
        let step = GroupStep::Create(title()?);
        return Ok(write(ChatWrite::Group { group: None, step }));
    }
    let who = || {
        let name = name.and_then(json::string).filter(|name| !name.is_empty());
        Ok(Who::Named(name.ok_or(encode::NAME_MISSING)?.into_owned()))
    };
    let role = || match role.and_then(json::string).as_deref() {
        Some("moderator") => Ok(Role::Moderator),
        Some("member") => Ok(Role::Member),
        Some(_) | None => Err(encode::INVALID),
    };
    let id = || address.and_then(json::id).map(GroupId::new).ok_or(encode::INVALID);
    let step = match kind.as_deref() {
        Some("members") => return Ok(look_up(ChatQuery::Members { group: id()? })),
        Some("rename") => GroupStep::Rename(title()?),
        Some("add") => GroupStep::Add(who()?),
        Some("leave") => GroupStep::Leave,
        Some("kick") => GroupStep::Kick(who()?),
        Some("ban") => GroupStep::Ban(who()?),
        Some("unban") => GroupStep::Unban(who()?),
        Some("role") => GroupStep::SetRole(who()?, role()?),
        Some("accept") => GroupStep::Accept,
        Some("decline") => GroupStep::Decline,
        Some("transfer") => GroupStep::Transfer(who()?),
        Some("delete") => GroupStep::Delete,
        Some(_) | None => return Err(encode::UNKNOWN_GROUP),
    };
    Ok(write(ChatWrite::Group { group: id()?, step }))
}
