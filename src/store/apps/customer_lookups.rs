//! What can be looked up of customer chat: each for [`Store::read`](crate::store::Store::read).

use std::collections::HashMap;

use crate::domain::apps::app::App;
use crate::domain::apps::customer::{
    AppUser, Conversation, ConversationMessage, LIST_MAX, PageAsked,
};
use crate::domain::apps::device::Device;
use crate::domain::clock::Timestamp;
use crate::domain::id::{AppId, DeviceId, GroupId, UserId};
use crate::store::apps::conversation_history::{self, CountedPage};
pub use crate::store::apps::unacknowledged::Unacknowledged;
use crate::store::apps::users::AgentLogin;
use crate::store::apps::{
    conversations, directory, removed, terminals, unacknowledged, unseen_visitors, users, waits,
};
use crate::store::chat::groups;
use crate::store::engine::Connection;
use crate::store::engine::error::StoreError;
use crate::store::engine::job::ReadOp;

/// A conversation with its newest message, and with those who are named in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedConversation {
    pub conversation: Conversation,
    /// As somebody sees it who is in it.
    pub latest: Option<ConversationMessage>,
    /// Who has opened it: the visitor, or an agent.
    pub opener: Option<AppUser>,
    pub assigned: Option<AppUser>,
}

/// Where a visitor stands who may wait for an agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueuePlace {
    /// How many wait in the app.
    pub length: i64,
    /// From 1; 0 for one who does not wait.
    pub place: i64,
    /// The conversation that the visitor has.
    pub conversation: Option<Conversation>,
    /// Whether the app has an agent by now.
    pub has_agents: bool,
}

/// A user of an app.
pub fn user(app: AppId, user: UserId) -> impl ReadOp<Option<AppUser>> {
    move |conn| users::find(conn, app, user)
}

/// The user of an app with this address.
pub fn user_by_email(app: AppId, email: String) -> impl ReadOp<Option<AppUser>> {
    move |conn| users::by_email(conn, app, &email)
}

/// The visitor with a secret of this SHA-256.
pub fn visitor_by_trace(app: AppId, trace_hash: [u8; 32]) -> impl ReadOp<Option<UserId>> {
    move |conn| users::by_trace(conn, app, &trace_hash)
}

/// How many visitors an app has.
pub fn visitors(app: AppId) -> impl ReadOp<i64> {
    move |conn| users::count_visitors(conn, app)
}

/// The agents of an app.
pub fn agents(app: AppId) -> impl ReadOp<Vec<AppUser>> {
    move |conn| users::agents(conn, app)
}

/// What the agent with an address needs to log in.
pub fn agent_login(app: AppId, email: String) -> impl ReadOp<Option<AgentLogin>> {
    move |conn| users::agent_login(conn, app, &email)
}

/// At which devices an agent has logged in last: a browser, and something mobile.
pub fn logged_in_at(
    app: AppId,
    agent: UserId,
) -> impl ReadOp<(Option<DeviceId>, Option<DeviceId>)> {
    move |conn| users::logged_in_at(conn, (app, agent))
}

/// The device of a user with this SHA-256 of what it is told apart by.
pub fn terminal(app: AppId, owner: UserId, terminal_hash: [u8; 32]) -> impl ReadOp<Option<Device>> {
    move |conn| terminals::find(conn, (app, owner), &terminal_hash)
}

/// The conversation of a visitor that has changed last.
pub fn latest_conversation(app: AppId, visitor: UserId) -> impl ReadOp<Option<Conversation>> {
    move |conn| conversations::latest(conn, (app, visitor))
}

/// A conversation that a user is in, with what a list shows of it.
pub fn conversation_of_member(
    app: App,
    user: UserId,
    id: GroupId,
) -> impl ReadOp<Option<ListedConversation>> {
    move |conn| {
        let found = conversations::of_member(conn, (app.id, user), id)?;
        let Some(found) = found else { return Ok(None) };
        Ok(listed(conn, (&app, user), vec![found])?.into_iter().next())
    }
}

/// The open conversations that a user is in, those first that have changed last.
pub fn open_conversations(app: App, user: UserId) -> impl ReadOp<Vec<ListedConversation>> {
    move |conn| {
        let found = conversations::open_of_member(conn, (app.id, user), LIST_MAX)?;
        listed(conn, (&app, user), found)
    }
}

/// The users who are in a conversation, in the order of their ids; `None` if `me` is not in it.
pub fn conversation_users(
    app: AppId,
    me: UserId,
    id: GroupId,
) -> impl ReadOp<Option<Vec<AppUser>>> {
    move |conn| {
        if conversations::of_member(conn, (app, me), id)?.is_none() {
            return Ok(None);
        }
        let roster = groups::roster(conn, id)?;
        let members = users::find_many(conn, app, roster.seats.iter().map(|seat| seat.user))?;
        let mut members: Vec<AppUser> = members.into_values().collect();
        members.sort_by_key(|member| member.id);
        Ok(Some(members))
    }
}

/// A page of a conversation; `None` if there is no such conversation of the app, or `member` is not in it. Nothing is
/// hidden from who is no member, but an operator.
pub fn conversation_page(
    app: App,
    member: Option<UserId>,
    id: GroupId,
    asked: PageAsked,
) -> impl ReadOp<Option<CountedPage<ConversationMessage>>> {
    move |conn| {
        let found = match member {
            Some(member) => conversations::of_member(conn, (app.id, member), id)?,
            None => conversations::of_app(conn, app.id, id)?,
        };
        let Some(conversation) = found else { return Ok(None) };
        let Some(reader) = member.or(UserId::new(i64::MAX.saturating_sub(1))) else {
            return Ok(None);
        };
        conversation_history::page(conn, (&app, reader), &conversation, &asked).map(Some)
    }
}

/// What a user has not acknowledged, oldest first.
pub fn unacknowledged(
    app: App,
    user: UserId,
    asked: PageAsked,
    now: Timestamp,
) -> impl ReadOp<CountedPage<Unacknowledged>> {
    move |conn| unacknowledged::page(conn, (&app, user), &asked, now)
}

/// A user of an app, if `me` may see him: himself, an agent, or one who is in a conversation with `me`.
pub fn seen_user(app: AppId, me: UserId, whom: UserId) -> impl ReadOp<Option<AppUser>> {
    move |conn| {
        let found = users::find(conn, app, whom)?;
        let Some(found) = found else { return Ok(None) };
        let is_seen =
            found.is_agent || whom == me || conversations::is_shared(conn, app, (me, whom))?;
        Ok(is_seen.then_some(found))
    }
}

/// Where a visitor stands who may wait for an agent.
pub fn queue_place(app: AppId, visitor: UserId) -> impl ReadOp<QueuePlace> {
    move |conn| {
        let (length, place) = waits::place(conn, app, visitor)?;
        let conversation = conversations::latest(conn, (app, visitor))?;
        let has_agents = !users::agents(conn, app)?.is_empty();
        Ok(QueuePlace { length, place, conversation, has_agents })
    }
}

/// The app with an id, and the user of it.
pub fn app_and_user(app: AppId, user: UserId) -> impl ReadOp<Option<(App, AppUser)>> {
    move |conn| {
        let app_found = directory::by_id(conn, app)?;
        let user_found = users::find(conn, app, user)?;
        Ok(app_found.zip(user_found))
    }
}

/// Whether there are visitors whom nobody has seen since a moment.
pub fn has_unseen_visitors(before: Timestamp, now: Timestamp) -> impl ReadOp<bool> {
    move |conn| unseen_visitors::are_there(conn, before, now)
}

/// Whether anything can be forgotten of apps that were removed.
pub fn has_removed_apps() -> impl ReadOp<bool> {
    removed::are_left
}

fn listed(
    conn: &mut Connection,
    (app, reader): (&App, UserId),
    found: Vec<Conversation>,
) -> Result<Vec<ListedConversation>, StoreError> {
    let mut listed = Vec::with_capacity(found.len());
    for conversation in found {
        let latest = conversation_history::latest(conn, (app, reader), &conversation)?;
        let opener = match conversation.visitor {
            Some(visitor) => Some(visitor),
            None => groups::roster(conn, conversation.id)?.owner(),
        };
        let named = [opener, conversation.assigned].into_iter().flatten();
        let named: HashMap<UserId, AppUser> = users::find_many(conn, app.id, named)?;
        let of = |user: Option<UserId>| user.and_then(|user| named.get(&user).cloned());
        let (opener, assigned) = (of(opener), of(conversation.assigned));
        listed.push(ListedConversation { conversation, latest, opener, assigned });
    }
    Ok(listed)
}

/// A page of conversations; see [`conversations::page`].
pub fn app_conversations(
    of: (AppId, Option<UserId>),
    after: i64,
    max: u32,
) -> impl ReadOp<Vec<GroupId>> {
    move |conn| conversations::page(conn, of, after, max)
}

/// The conversation that a group is, if it is one.
pub fn conversation_of(group: GroupId) -> impl ReadOp<Option<Conversation>> {
    move |conn| conversations::find(conn, group)
}

/// Whether a conversation is one of an app, and a user is in it if one is named.
pub fn is_conversation_of(
    (app, member): (AppId, Option<UserId>),
    group: GroupId,
) -> impl ReadOp<bool> {
    move |conn| match member {
        Some(member) => Ok(conversations::of_member(conn, (app, member), group)?.is_some()),
        None => Ok(conversations::of_app(conn, app, group)?.is_some()),
    }
}
