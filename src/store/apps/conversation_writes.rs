//! Conversations that are made: each a job, for [`Store::run`](crate::store::Store::run). They are groups of chat,
//! and so the jobs touch rooms.

use std::sync::Arc;

use crate::domain::apps::customer::{Conversation, ConversationKind};
use crate::domain::clock::{Clock, Timestamp};
use crate::domain::id::{AppId, GroupId, UserId};
use crate::domain::mint::IdMint;
use crate::store::apps::conversations::{self, NewConversation};
use crate::store::apps::{ConversationRight, room_job, users, waits};
use crate::store::engine::Connection;
use crate::store::engine::error::StoreError;
use crate::store::engine::job::{Job, Op};

/// Conversations that one transaction makes.
const SERVED_MAX: i64 = 50;

/// What came of a wish for a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opened {
    Conversation(Box<Conversation>),
    /// There is no agent; the visitor waits.
    Waits,
    /// It is with nobody who is an agent of the app.
    NoAgent,
}

/// The conversation of a visitor that has changed last, or a new one with all agents of the app.
pub fn default_conversation(
    app: AppId,
    visitor: UserId,
    mint: Arc<IdMint>,
    clock: Arc<dyn Clock>,
) -> Job<ConversationRight, impl Op<Opened>> {
    room_job(move |conn| {
        if let Some(latest) = conversations::latest(conn, (app, visitor))? {
            return Ok(Opened::Conversation(Box::new(latest)));
        }
        let now = clock.now();
        let agents = agents(conn, app)?;
        if agents.is_empty() {
            waits::add(conn, app, visitor, now)?;
            return Ok(Opened::Waits);
        }
        let opened = open(conn, (app, visitor), agents, (mint.group()?, now))?;
        Ok(Opened::Conversation(Box::new(opened)))
    })
}

/// The conversation of a visitor with one agent alone.
pub fn conversation_with(
    app: AppId,
    visitor: UserId,
    agent: UserId,
    mint: Arc<IdMint>,
    clock: Arc<dyn Clock>,
) -> Job<ConversationRight, impl Op<Opened>> {
    room_job(move |conn| {
        if !is_agent(conn, app, agent)? {
            return Ok(Opened::NoAgent);
        }
        if let Some(known) = conversations::with_agent(conn, (app, visitor), agent)? {
            return Ok(Opened::Conversation(Box::new(known)));
        }
        let opened = open(conn, (app, visitor), vec![agent], (mint.group()?, clock.now()))?;
        Ok(Opened::Conversation(Box::new(opened)))
    })
}

/// The conversation of two agents.
pub fn conversation_of_agents(
    app: AppId,
    (me, other): (UserId, UserId),
    mint: Arc<IdMint>,
    clock: Arc<dyn Clock>,
) -> Job<ConversationRight, impl Op<Opened>> {
    room_job(move |conn| {
        if me == other || !is_agent(conn, app, other)? {
            return Ok(Opened::NoAgent);
        }
        if let Some(known) = conversations::of_agents(conn, app, (me, other))? {
            return Ok(Opened::Conversation(Box::new(known)));
        }
        let names = users::find_many(conn, app, [me, other])?;
        let mut names: Vec<String> =
            names.into_values().map(|agent| agent.shown_name.chars().take(40).collect()).collect();
        names.sort();
        let new = NewConversation {
            id: mint.group()?,
            app,
            by: me,
            agents: vec![other],
            kind: ConversationKind::Agents,
            title: names.join(", "),
            created_at: clock.now(),
        };
        Ok(Opened::Conversation(Box::new(conversations::create(conn, &new)?)))
    })
}

/// Gives the visitors who have waited longest for an agent of an app their conversations, at most so many that it
/// takes no long; how many it were.
pub fn serve_waits(
    app: AppId,
    mint: Arc<IdMint>,
    clock: Arc<dyn Clock>,
) -> Job<ConversationRight, impl Op<usize>> {
    room_job(move |conn| {
        let agents = agents(conn, app)?;
        if agents.is_empty() {
            return Ok(0);
        }
        let waiting = waits::longest(conn, app, SERVED_MAX)?;
        for visitor in &waiting {
            if conversations::latest(conn, (app, *visitor))?.is_some() {
                waits::remove(conn, app, *visitor)?;
                continue;
            }
            open(conn, (app, *visitor), agents.clone(), (mint.group()?, clock.now()))?;
        }
        Ok(waiting.len())
    })
}

fn agents(conn: &mut Connection, app: AppId) -> Result<Vec<UserId>, StoreError> {
    Ok(users::agents(conn, app)?.into_iter().map(|agent| agent.id).collect())
}

fn is_agent(conn: &mut Connection, app: AppId, user: UserId) -> Result<bool, StoreError> {
    Ok(users::find(conn, app, user)?.is_some_and(|user| user.is_agent))
}

/// A new conversation of a visitor, who waits no more.
fn open(
    conn: &mut Connection,
    (app, visitor): (AppId, UserId),
    agents: Vec<UserId>,
    (id, created_at): (GroupId, Timestamp),
) -> Result<Conversation, StoreError> {
    waits::remove(conn, app, visitor)?;
    let title = users::find(conn, app, visitor)?.map_or_else(String::new, |user| user.shown_name);
    let (by, kind) = (visitor, ConversationKind::Visitor);
    let new = NewConversation { id, app, by, agents, kind, title, created_at };
    conversations::create(conn, &new)
}
