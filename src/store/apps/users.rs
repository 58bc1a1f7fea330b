//! Users of apps: visitors and agents, as those see who talk to them.
//!
//! Each is a user, too. A visitor has a name that nobody can choose there, no address and no password.

use std::collections::{BTreeSet, HashMap};

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Nullable, Text};

use crate::domain::accounts::user::Email;
use crate::domain::apps::customer::{AGENTS_MAX, AppUser};
use crate::domain::apps::device::DeviceClass;
use crate::domain::clock::Timestamp;
use crate::domain::id::{AppId, DeviceId, UserId};
use crate::store::accounts::users as accounts;
use crate::store::engine::Connection;
use crate::store::engine::error::StoreError;
use crate::store::engine::ids::{app_id, device_id, user_id};
use crate::store::engine::statement::{Statement, Value};
use crate::store::schema::{app_users, users};

/// A visitor to be stored.
#[derive(Clone, Debug)]
pub struct NewVisitor {
    /// Minted.
    pub id: UserId,
    pub app: AppId,
    pub shown_name: String,
    pub icon: Option<String>,
    /// Vouched for by the app.
    pub email: Option<String>,
    /// The SHA-256 of the secret in the widget's cookie.
    pub trace_hash: Option<[u8; 32]>,
    pub created_at: Timestamp,
}

/// What an agent needs to log in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentLogin {
    pub user: UserId,
    /// The argon2id hash of what agents' programs send, as a PHC string.
    pub password_hash: Option<String>,
}

/// What is changed of a user; what is `None` stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FaceChanges {
    pub shown_name: Option<String>,
    pub icon: Option<String>,
    /// Vouched for by the app; `None` inside is no address.
    pub email: Option<Option<String>>,
}

/// Users of apps as they are shown; those who have no account any more are shown as nobody.
macro_rules! faces {
    ($rest:literal) => {
        concat!(
            "SELECT a.app_id, a.user_id, a.is_agent, \
             CASE WHEN u.deleted_at IS NULL THEN a.shown_name ELSE 'deleted user' END, \
             CASE WHEN u.deleted_at IS NULL THEN a.icon END, \
             CASE WHEN u.deleted_at IS NULL THEN a.email END, a.updated_at \
             FROM app_users a JOIN users u ON u.id = a.user_id WHERE a.app_id = ? AND ",
            $rest
        )
    };
}

const ONE: &str = faces!("a.user_id = ?");
const MANY: &str = faces!("a.user_id = ANY(?)");
const LIVING: &str = faces!("a.user_id = ? AND u.deleted_at IS NULL");
const AGENTS: &str = faces!("a.is_agent AND u.deleted_at IS NULL ORDER BY a.user_id LIMIT ?");
const SEEN: &str =
    "UPDATE app_users SET seen_at = ? WHERE app_id = ? AND user_id = ? AND seen_at < ?";

/// How long a user of an app may have been seen ago before it is worth a write.
const SEEN_EVERY_MICROS: i64 = 60 * 60 * 1_000_000;

type FaceType = (BigInt, BigInt, Bool, Text, Nullable<Text>, Nullable<Text>, BigInt);
type FaceRow = (i64, i64, bool, String, Option<String>, Option<String>, i64);

fn face(row: FaceRow) -> Result<AppUser, StoreError> {
    let (app, user, is_agent, shown_name, icon, email, updated_at) = row;
    let (app, id) = (app_id(app)?, user_id(user)?);
    let updated_at = Timestamp::from_micros(updated_at);
    Ok(AppUser { app, id, is_agent, shown_name, icon, email, updated_at })
}

fn faces(
    conn: &mut Connection,
    sql: &'static str,
    values: &[Value<'_>],
) -> Result<Vec<AppUser>, StoreError> {
    let rows: Vec<FaceRow> = Statement::<FaceType>::new(sql, values).load(conn)?;
    rows.into_iter().map(face).collect()
}

/// A user of an app who has an account still.
///
/// # Errors
/// [`StoreError::Database`], [`StoreError::Corrupt`]; so for all here.
pub fn find(
    conn: &mut Connection,
    app: AppId,
    user: UserId,
) -> Result<Option<AppUser>, StoreError> {
    let values = [app.get(), user.get()].map(Value::Int);
    Ok(faces(conn, LIVING, &values)?.into_iter().next())
}

/// Users of an app, with those who have no account any more; others are left out.
///
/// # Errors
/// As [`find`].
pub fn find_many(
    conn: &mut Connection,
    app: AppId,
    ids: impl IntoIterator<Item = UserId>,
) -> Result<HashMap<UserId, AppUser>, StoreError> {
    let ids: BTreeSet<i64> = ids.into_iter().map(UserId::get).collect();
    let mut found = Vec::new();
    match conn {
        Connection::Sqlite(_) => {
            for id in ids {
                found.extend(faces(conn, ONE, &[app.get(), id].map(Value::Int))?);
            }
        }
        Connection::Postgres(_) => {
            let ids = Vec::from_iter(ids);
            found = faces(conn, MANY, &[Value::Int(app.get()), Value::Ints(&ids)])?;
        }
    }
    Ok(found.into_iter().map(|user| (user.id, user)).collect())
}

/// The agents of an app, in the order of their ids.
///
/// # Errors
/// As [`find`].
pub fn agents(conn: &mut Connection, app: AppId) -> Result<Vec<AppUser>, StoreError> {
    let limit = i64::try_from(AGENTS_MAX).unwrap_or(i64::MAX);
    faces(conn, AGENTS, &[app.get(), limit].map(Value::Int))
}

/// The visitor with a secret of this SHA-256.
///
/// # Errors
/// As [`find`].
pub fn by_trace(
    conn: &mut Connection,
    app: AppId,
    trace_hash: &[u8; 32],
) -> Result<Option<UserId>, StoreError> {
    let known = app_users::app_id.eq(app.get()).and(app_users::trace_hash.eq(&trace_hash[..]));
    let user: Option<i64> =
        app_users::table.filter(known).select(app_users::user_id).first(conn).optional()?;
    user.map(user_id).transpose()
}

/// The user of an app with this address.
///
/// # Errors
/// As [`find`].
pub fn by_email(
    conn: &mut Connection,
    app: AppId,
    email: &str,
) -> Result<Option<AppUser>, StoreError> {
    let known = app_users::app_id.eq(app.get()).and(app_users::email.eq(email));
    let user: Option<i64> =
        app_users::table.filter(known).select(app_users::user_id).first(conn).optional()?;
    let user = user.map(user_id).transpose()?;
    user.map(|user| find(conn, app, user)).transpose().map(Option::flatten)
}

/// What the agent with an address needs to log in.
///
/// # Errors
/// As [`find`].
pub fn agent_login(
    conn: &mut Connection,
    app: AppId,
    email: &str,
) -> Result<Option<AgentLogin>, StoreError> {
    let agent = by_email(conn, app, email)?.filter(|user| user.is_agent);
    let Some(agent) = agent else { return Ok(None) };
    let row = app_users::table.find((app.get(), agent.id.get()));
    let password_hash = row.select(app_users::password_hash).first(conn)?;
    Ok(Some(AgentLogin { user: agent.id, password_hash }))
}

/// How many visitors an app has.
///
/// # Errors
/// As [`find`].
pub fn count_visitors(conn: &mut Connection, app: AppId) -> Result<i64, StoreError> {
    let theirs = app_users::app_id.eq(app.get()).and(app_users::is_agent.eq(false));
    Ok(app_users::table.filter(theirs).count().get_result(conn)?)
}

/// Stores a visitor.
///
/// # Errors
/// [`StoreError::is_unique_violation`] if the secret or the address is known.
pub fn add_visitor(conn: &mut Connection, new: &NewVisitor) -> Result<(), StoreError> {
    let row = (
        users::id.eq(new.id.get()),
        // Longer than a name may be, and no address.
        users::name.eq(format!("visitor {:025}", new.id.get())),
        users::name_key.eq(None::<String>),
        users::email.eq(format!("visitor {}", new.id.get())),
        users::password_hash.eq(""),
        users::imported.eq(false),
        users::created_at.eq(new.created_at.micros()),
    );
    diesel::insert_into(users::table).values(row).execute(conn)?;
    let row = (
        app_users::app_id.eq(new.app.get()),
        app_users::user_id.eq(new.id.get()),
        app_users::is_agent.eq(false),
        app_users::shown_name.eq(&new.shown_name),
        app_users::icon.eq(&new.icon),
        app_users::email.eq(&new.email),
        app_users::trace_hash.eq(new.trace_hash.map(Vec::from)),
        app_users::updated_at.eq(new.created_at.micros()),
        app_users::seen_at.eq(new.created_at.micros()),
    );
    diesel::insert_into(app_users::table).values(row).execute(conn)?;
    Ok(())
}

/// Makes a user, who has an account, an agent of an app.
///
/// # Errors
/// [`StoreError::is_unique_violation`] if the user or the address is known in the app.
pub fn add_agent(
    conn: &mut Connection,
    agent: &AppUser,
    password_hash: Option<&str>,
) -> Result<(), StoreError> {
    let row = (
        app_users::app_id.eq(agent.app.get()),
        app_users::user_id.eq(agent.id.get()),
        app_users::is_agent.eq(true),
        app_users::shown_name.eq(&agent.shown_name),
        app_users::icon.eq(&agent.icon),
        app_users::email.eq(&agent.email),
        app_users::password_hash.eq(password_hash),
        app_users::updated_at.eq(agent.updated_at.micros()),
        app_users::seen_at.eq(agent.updated_at.micros()),
    );
    diesel::insert_into(app_users::table).values(row).execute(conn)?;
    Ok(())
}

/// Changes how a user of an app is shown.
///
/// # Errors
/// [`StoreError::is_unique_violation`] if the address is another's.
pub fn change(
    conn: &mut Connection,
    (app, user): (AppId, UserId),
    changes: &FaceChanges,
    now: Timestamp,
) -> Result<(), StoreError> {
    let row = || app_users::table.find((app.get(), user.get()));
    if let Some(name) = &changes.shown_name {
        diesel::update(row()).set(app_users::shown_name.eq(name)).execute(conn)?;
    }
    if let Some(icon) = &changes.icon {
        let icon = (!icon.is_empty()).then_some(icon);
        diesel::update(row()).set(app_users::icon.eq(icon)).execute(conn)?;
    }
    if let Some(email) = &changes.email {
        diesel::update(row()).set(app_users::email.eq(email)).execute(conn)?;
    }
    diesel::update(row()).set(app_users::updated_at.eq(now.micros())).execute(conn)?;
    Ok(())
}

/// Notes that a user of an app is there, if that was not noted lately.
///
/// # Errors
/// As [`find`].
pub fn seen(
    conn: &mut Connection,
    (app, user): (AppId, UserId),
    now: Timestamp,
) -> Result<(), StoreError> {
    let before = now.micros().saturating_sub(SEEN_EVERY_MICROS);
    let values = [now.micros(), app.get(), user.get(), before].map(Value::Int);
    Statement::<()>::new(SEEN, &values).run(conn)
}

/// Sets at which device of a class an agent has logged in last; `None` for no more.
///
/// # Errors
/// As [`find`].
pub fn log_in_at(
    conn: &mut Connection,
    (app, agent): (AppId, UserId),
    class: DeviceClass,
    device: Option<DeviceId>,
) -> Result<(), StoreError> {
    let row = app_users::table.find((app.get(), agent.get()));
    let device = device.map(DeviceId::get);
    match class {
        DeviceClass::Browser => {
            diesel::update(row).set(app_users::browser_device_id.eq(device)).execute(conn)?
        }
        DeviceClass::Mobile => {
            diesel::update(row).set(app_users::mobile_device_id.eq(device)).execute(conn)?
        }
    };
    Ok(())
}

/// At which devices an agent has logged in last: a browser, and something mobile.
///
/// # Errors
/// As [`find`].
pub fn logged_in_at(
    conn: &mut Connection,
    (app, agent): (AppId, UserId),
) -> Result<(Option<DeviceId>, Option<DeviceId>), StoreError> {
    let row = app_users::table.find((app.get(), agent.get()));
    let columns = (app_users::browser_device_id, app_users::mobile_device_id);
    let found: Option<(Option<i64>, Option<i64>)> = row.select(columns).first(conn).optional()?;
    let (browser, mobile) = found.unwrap_or_default();
    Ok((browser.map(device_id).transpose()?, mobile.map(device_id).transpose()?))
}

/// The account with an address, if somebody has one.
///
/// # Errors
/// As [`find`].
pub fn account(conn: &mut Connection, email: &Email) -> Result<Option<UserId>, StoreError> {
    Ok(accounts::by_email(conn, email)?.map(|account| account.user.id))
}
