//! What can be written of visitors, agents and their devices: each a job, for
//! [`Store::run`](crate::store::Store::run).

use std::sync::Arc;

use crate::domain::accounts::user::Email;
use crate::domain::apps::customer::{AGENTS_MAX, AppUser};
use crate::domain::apps::device::DeviceClass;
use crate::domain::apps::token::TokenHash;
use crate::domain::clock::{Clock, Timestamp};
use crate::domain::id::{AppId, DeviceId, DownstreamId, MessageId, UserId};
use crate::domain::mint::IdMint;
use crate::store::accounts::users as accounts;
use crate::store::accounts::writes::UserDraft;
use crate::store::apps::users::{self, FaceChanges, NewVisitor};
use crate::store::apps::{AppsRight, deliveries, devices, job, tokens, unseen_visitors, waits};
use crate::store::engine::Connection;
use crate::store::engine::error::StoreError;
use crate::store::engine::job::{Job, Op};
use crate::store::engine::statement::{Statement, Value};

const FORGET_PUSH: &str = "DELETE FROM pushes WHERE user_id = ? AND message_id = ?";

/// How a visitor is found, or is stored if there is none.
#[derive(Clone, Debug)]
pub struct VisitorDraft {
    pub app: AppId,
    pub key: VisitorKey,
    /// How one who is new is shown; without it by a number.
    pub shown_name: Option<String>,
    pub icon: Option<String>,
}

/// By what a visitor is found.
#[derive(Clone, Debug)]
pub enum VisitorKey {
    /// The SHA-256 of a secret.
    Trace([u8; 32]),
    /// An address that the app vouches for.
    Email(Email),
}

/// What came of a look for a visitor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FoundVisitor {
    Visitor(AppUser),
    /// It is somebody else than the token's user; nobody was stored.
    NotYours,
    /// The address is an agent's.
    Agent,
}

/// Why nobody was made an agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoAgentReason {
    /// Somebody of the app has the address.
    Known,
    /// The address is that of an account, which the asker may not make an agent.
    Account,
    TooMany,
}

/// Finds a visitor or makes him, and makes the token his for good, if it is one that can be somebody's.
pub fn visitor(
    draft: VisitorDraft,
    token: Option<TokenHash>,
    mint: Arc<IdMint>,
    clock: Arc<dyn Clock>,
) -> Job<AppsRight, impl Op<FoundVisitor>> {
    job(move |conn| {
        let now = clock.now();
        let holder = match &token {
            Some(hash) => match tokens::find(conn, hash, now)? {
                Some(token) => token.user,
                None => return Ok(FoundVisitor::NotYours),
            },
            None => None,
        };
        let known = match &draft.key {
            VisitorKey::Trace(hash) => match users::by_trace(conn, draft.app, hash)? {
                Some(user) => users::find(conn, draft.app, user)?,
                None => None,
            },
            VisitorKey::Email(email) => users::by_email(conn, draft.app, email.as_str())?,
        };
        if holder.is_some() && holder != known.as_ref().map(|user| user.id) {
            return Ok(FoundVisitor::NotYours);
        }
        let user = match known {
            Some(user) if user.is_agent => return Ok(FoundVisitor::Agent),
            Some(user) => {
                users::seen(conn, (draft.app, user.id), now)?;
                user
            }
            None => add_visitor(conn, &draft, mint.user()?, now)?,
        };
        if let Some(hash) = &token
            && !tokens::bind(conn, hash, user.id)?
        {
            return Ok(FoundVisitor::NotYours);
        }
        Ok(FoundVisitor::Visitor(user))
    })
}

fn add_visitor(
    conn: &mut Connection,
    draft: &VisitorDraft,
    id: UserId,
    now: Timestamp,
) -> Result<AppUser, StoreError> {
    let (email, trace_hash) = match &draft.key {
        VisitorKey::Trace(hash) => (None, Some(*hash)),
        VisitorKey::Email(email) => (Some(email.as_str().to_owned()), None),
    };
    let by_number = || format!("Visitor {:04}", id.get().div_euclid(2).rem_euclid(10_000));
    let shown_name = draft.shown_name.clone().unwrap_or_else(by_number);
    let (app, icon) = (draft.app, draft.icon.clone());
    let (created_at, updated_at) = (now, now);
    let new = NewVisitor {
        id,
        app,
        shown_name: shown_name.clone(),
        icon: icon.clone(),
        email: email.clone(),
        trace_hash,
        created_at,
    };
    users::add_visitor(conn, &new)?;
    Ok(AppUser { app, id, is_agent: false, shown_name, icon, email, updated_at })
}

/// Changes how a user of an app is shown; see [`users::change`].
pub fn change_user(
    app: AppId,
    user: UserId,
    changes: FaceChanges,
    now: Timestamp,
) -> Job<AppsRight, impl Op<()>> {
    job(move |conn| users::change(conn, (app, user), &changes, now))
}

/// The account that a new agent gets, or has.
#[derive(Clone, Debug)]
pub struct AgentDraft {
    pub app: AppId,
    pub shown_name: String,
    pub icon: Option<String>,
    /// The argon2id hash of what agents' programs send, as a PHC string; without one nobody logs in by it.
    pub password_hash: Option<String>,
    pub email: Email,
    /// An account for one who has none; `None` if there can be none.
    pub account: Option<UserDraft>,
    /// Whether one who has an account already may be made an agent.
    pub takes_account: bool,
    /// Now.
    pub at: Timestamp,
}

/// Makes somebody an agent of an app, with an account, if there is none with the address.
///
/// Fails with [`StoreError::is_unique_violation`] if the name of the account is taken.
pub fn add_agent(draft: AgentDraft) -> Job<AppsRight, impl Op<Result<AppUser, NoAgentReason>>> {
    job(move |conn| {
        let email = &draft.email;
        if users::by_email(conn, draft.app, email.as_str())?.is_some() {
            return Ok(Err(NoAgentReason::Known));
        }
        if users::agents(conn, draft.app)?.len() >= AGENTS_MAX {
            return Ok(Err(NoAgentReason::TooMany));
        }
        let id = match (users::account(conn, email)?, &draft.account) {
            (Some(id), _) if draft.takes_account => id,
            (Some(_), _) | (None, None) => return Ok(Err(NoAgentReason::Account)),
            (None, Some(account)) => {
                accounts::insert(conn, &account.as_new())?;
                account.id
            }
        };
        let agent = AppUser {
            app: draft.app,
            id,
            is_agent: true,
            shown_name: draft.shown_name.clone(),
            icon: draft.icon.clone(),
            email: Some(email.as_str().to_owned()),
            updated_at: draft.at,
        };
        users::add_agent(conn, &agent, draft.password_hash.as_deref())?;
        Ok(Ok(agent))
    })
}

/// Sets at which device of a class an agent has logged in last.
pub fn log_in_at(
    app: AppId,
    agent: UserId,
    (class, device): (DeviceClass, Option<DeviceId>),
) -> Job<AppsRight, impl Op<()>> {
    job(move |conn| users::log_in_at(conn, (app, agent), class, device))
}

/// An agent logs out at a device.
pub fn log_out_at(app: AppId, agent: UserId, device: DeviceId) -> Job<AppsRight, impl Op<()>> {
    job(move |conn| {
        let (browser, mobile) = users::logged_in_at(conn, (app, agent))?;
        for (class, at) in [(DeviceClass::Browser, browser), (DeviceClass::Mobile, mobile)] {
            if at == Some(device) {
                users::log_in_at(conn, (app, agent), class, None)?;
            }
        }
        Ok(())
    })
}

/// Has a visitor wait no more for an agent.
pub fn cancel_wait(app: AppId, visitor: UserId) -> Job<AppsRight, impl Op<()>> {
    job(move |conn| waits::remove(conn, app, visitor))
}

/// A user has these messages. What was not for that user is passed over.
pub fn acknowledge(
    app: AppId,
    user: UserId,
    messages: Vec<MessageId>,
    downstreams: Vec<DownstreamId>,
) -> Job<AppsRight, impl Op<()>> {
    let bytes =
        size_of_val(messages.as_slice()).saturating_add(size_of_val(downstreams.as_slice()));
    job(move |conn| {
        for message in &messages {
            let values = [user.get(), message.get()].map(Value::Int);
            Statement::<()>::new(FORGET_PUSH, &values).run(conn)?;
        }
        if downstreams.is_empty() {
            return Ok(());
        }
        for device in devices::of_owner(conn, app, user)? {
            let had: Vec<_> = downstreams.iter().map(|message| (device.id, *message)).collect();
            deliveries::acknowledge(conn, &had)?;
        }
        Ok(())
    })
    .holding(bytes)
}

/// Forgets visitors whom nobody has seen since a moment, at most so many; see [`unseen_visitors::sweep`].
pub fn sweep_visitors(
    before: Timestamp,
    now: Timestamp,
    visitors_max: i64,
) -> Job<AppsRight, impl Op<usize>> {
    job(move |conn| unseen_visitors::sweep(conn, before, now, visitors_max))
}
