//! Log-ins: one row from the first token to the end of the last.

use diesel::dsl::{exists, select};
use diesel::prelude::*;

use crate::domain::accounts::login::{Claims, LoginId, Network, Revocation, Void, Which};
use crate::domain::clock::Timestamp;
use crate::domain::id::UserId;
use crate::store::engine::Connection;
use crate::store::engine::connection::each_backend;
use crate::store::engine::error::StoreError;
use crate::store::schema::{logins, token_voids, users};

use crate::store::engine::ids::user_id;
use crate::store::engine::statement::INSERT_ROWS_MAX;

/// A log-in to be stored.
#[derive(Clone, Debug)]
pub struct NewLogin {
    pub id: LoginId,
    pub user: UserId,
    /// What the peer calls itself.
    pub agent: Option<String>,
    /// Where the peer is; `None` for the command line.
    pub network: Option<Network>,
    /// Now.
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
}

/// A log-in that goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    pub id: LoginId,
    /// What the peer called itself.
    pub agent: Option<String>,
    /// Where the peer was, such as `192.0.2.0/24`.
    pub network: Option<String>,
    pub created_at: Timestamp,
    /// When it got its newest token.
    pub renewed_at: Timestamp,
    /// When that expires.
    pub expires_at: Timestamp,
}

/// What came of a try to begin or renew a log-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begun {
    /// It is stored; its token must be issued after this moment.
    Stored(Option<Timestamp>),
    /// It may not be: the user is gone, his password is another, or the log-in was revoked.
    Refused,
}

#[derive(Insertable)]
#[diesel(table_name = logins, treat_none_as_default_value = false)]
struct Row<'a> {
    id: &'a str,
    user_id: i64,
    created_at: i64,
    renewed_at: i64,
    expires_at: i64,
    agent: Option<&'a str>,
    network: Option<&'a str>,
}

impl<'a> From<&'a NewLogin> for Row<'a> {
    fn from(new: &'a NewLogin) -> Self {
        Self {
            id: new.id.as_str(),
            user_id: new.user.get(),
            created_at: new.created_at.micros(),
            renewed_at: new.created_at.micros(),
            expires_at: new.expires_at.micros(),
            agent: new.agent.as_deref(),
            network: new.network.as_ref().map(Network::as_str),
        }
    }
}

/// Stores a log-in of a user whose password has been found good: if it still has this hash, since
/// whoever has just changed it has ended all log-ins.
///
/// # Errors
/// [`StoreError::Database`].
pub fn begin(
    conn: &mut Connection,
    new: &NewLogin,
    password_hash: &str,
) -> Result<Begun, StoreError> {
    let user = users::table.find(new.user.get()).select(users::password_hash);
    let found: Option<String> = user.first(conn).optional()?;
    if found.is_none_or(|found| found != password_hash) {
        return Ok(Begun::Refused);
    }
    insert(conn, new).map(Begun::Stored)
}

/// Stores a log-in of a user, whatever his password; the moment after which its token must be issued.
///
/// # Errors
/// [`StoreError::Database`], also if there is no such user.
pub fn insert(conn: &mut Connection, new: &NewLogin) -> Result<Option<Timestamp>, StoreError> {
    diesel::insert_into(logins::table).values(Row::from(new)).execute(conn)?;
    void_through(conn, new.user)
}

/// Stores log-ins of users who had none, fast.
///
/// # Errors
/// As [`insert`]; then none of them is stored.
pub fn insert_many(conn: &mut Connection, new: &[NewLogin]) -> Result<(), StoreError> {
    for some in new.chunks(INSERT_ROWS_MAX) {
        let rows: Vec<Row<'_>> = some.iter().map(Row::from).collect();
        each_backend!(conn, inner => {
            diesel::insert_into(logins::table).values(&rows).execute(inner)
        })?;
    }
    Ok(())
}

/// Goes on with the log-in of a token that was good: `renewed` has its new times. One is begun for a
/// token that belongs to none.
///
/// # Errors
/// [`StoreError::Database`].
pub fn renew(
    conn: &mut Connection,
    claims: &Claims,
    renewed: &NewLogin,
) -> Result<Begun, StoreError> {
    let void = void_of(conn, renewed.user)?;
    let begins = claims.login.is_none() && !void.as_ref().is_some_and(|void| void.covers(claims));
    let through = void.map(|void| void.through);
    let row = logins::table.find(renewed.id.as_str());
    let found: Option<(i64, Option<i64>)> =
        row.select((logins::user_id, logins::revoked_at)).first(conn).optional()?;
    match found {
        Some((user, None)) if user == renewed.user.get() => {
            let times = (
                logins::renewed_at.eq(renewed.created_at.micros()),
                logins::expires_at.eq(renewed.expires_at.micros()),
            );
            diesel::update(row).set(times).execute(conn)?;
        }
        None if begins => {
            diesel::insert_into(logins::table).values(Row::from(renewed)).execute(conn)?;
        }
        Some(_) | None => return Ok(Begun::Refused),
    }
    Ok(Begun::Stored(through))
}

fn void_through(conn: &mut Connection, user: UserId) -> Result<Option<Timestamp>, StoreError> {
    Ok(void_of(conn, user)?.map(|void| void.through))
}

fn void_of(conn: &mut Connection, user: UserId) -> Result<Option<Void>, StoreError> {
    let row = token_voids::table.find(user.get());
    let columns = (token_voids::through, token_voids::kept);
    let found: Option<(i64, Option<String>)> = row.select(columns).first(conn).optional()?;
    let void = |(through, kept): (i64, Option<String>)| Void {
        through: Timestamp::from_micros(through),
        kept: kept.as_deref().map(LoginId::new),
    };
    Ok(found.map(void))
}

/// The log-ins of a user that go on, the one renewed last first.
///
/// # Errors
/// [`StoreError::Database`].
pub fn of(conn: &mut Connection, user: UserId, now: Timestamp) -> Result<Vec<Login>, StoreError> {
    type Columns = (String, (Option<String>, Option<String>), i64, i64, i64);
    let live = logins::user_id
        .eq(user.get())
        .and(logins::revoked_at.is_null())
        .and(logins::expires_at.gt(now.micros()));
    let peer = (logins::agent, logins::network);
    let columns = (logins::id, peer, logins::created_at, logins::renewed_at, logins::expires_at);
    let rows: Vec<Columns> = logins::table
        .filter(live)
        .order((logins::renewed_at.desc(), logins::id.asc()))
        .select(columns)
        .load(conn)?;
    let login = |(id, (agent, network), created_at, renewed_at, expires_at): Columns| Login {
        id: LoginId::new(&id),
        agent,
        network,
        created_at: Timestamp::from_micros(created_at),
        renewed_at: Timestamp::from_micros(renewed_at),
        expires_at: Timestamp::from_micros(expires_at),
    };
    Ok(rows.into_iter().map(login).collect())
}

/// Whether a user has logged in from a network before, as long as a token of then might live.
///
/// # Errors
/// [`StoreError::Database`].
pub fn came_from(
    conn: &mut Connection,
    user: UserId,
    network: &Network,
) -> Result<bool, StoreError> {
    let here = logins::user_id.eq(user.get()).and(logins::network.eq(network.as_str()));
    Ok(select(exists(logins::table.filter(here))).get_result(conn)?)
}

/// Ends the log-ins of a user beyond so many, those renewed longest ago, but not the one that has just
/// been stored; `None` if there are none.
///
/// # Errors
/// [`StoreError::Database`].
pub fn trim(
    conn: &mut Connection,
    stored: &NewLogin,
    max: usize,
) -> Result<Option<Revocation>, StoreError> {
    let (user, now) = (stored.user, stored.created_at);
    let live = of(conn, user, now)?;
    let others = live.iter().filter(|login| login.id != stored.id);
    let old: Vec<&Login> = others.skip(max.saturating_sub(1)).collect();
    for login in &old {
        diesel::update(logins::table.find(login.id.as_str()))
            .set(logins::revoked_at.eq(Some(now.micros())))
            .execute(conn)?;
    }
    let logins: Vec<_> = old.iter().map(|it| (it.id.clone(), it.expires_at)).collect();
    Ok((!logins.is_empty()).then_some(Revocation { user, logins, void: None }))
}

/// Revokes log-ins of a user. All but one, or all, also ends tokens that no log-in is known of.
///
/// # Errors
/// [`StoreError::Database`].
pub fn revoke(
    conn: &mut Connection,
    user: UserId,
    which: &Which,
    now: Timestamp,
) -> Result<Revocation, StoreError> {
    let live = logins::user_id.eq(user.get()).and(logins::revoked_at.is_null());
    let live: Vec<(String, i64)> = logins::table
        .filter(live.and(logins::expires_at.gt(now.micros())))
        .select((logins::id, logins::expires_at))
        .load(conn)?;
    let is_meant = |id: &str| match which {
        Which::One(one) => one.as_str() == id,
        Which::AllBut(kept) => kept.as_ref().is_none_or(|kept| kept.as_str() != id),
    };
    let meant: Vec<(String, i64)> = live.into_iter().filter(|(id, _)| is_meant(id)).collect();
    for (id, _) in &meant {
        diesel::update(logins::table.find(id))
            .set(logins::revoked_at.eq(Some(now.micros())))
            .execute(conn)?;
    }
    let void = match which {
        Which::One(_) => None,
        Which::AllBut(kept) => {
            let void = Void { through: now, kept: kept.clone() };
            set_void(conn, user, &void)?;
            Some(void)
        }
    };
    let ended =
        |(id, expires_at): (String, i64)| (LoginId::new(&id), Timestamp::from_micros(expires_at));
    Ok(Revocation { user, logins: meant.into_iter().map(ended).collect(), void })
}

/// Forgets what the peers of a user called themselves, and where they were.
///
/// # Errors
/// [`StoreError::Database`].
pub fn forget_peers(conn: &mut Connection, user: UserId) -> Result<(), StoreError> {
    diesel::update(logins::table.filter(logins::user_id.eq(user.get())))
        .set((logins::agent.eq(None::<String>), logins::network.eq(None::<String>)))
        .execute(conn)?;
    Ok(())
}

/// Ends the log-in of a token that was good, also one that the table does not know.
///
/// # Errors
/// [`StoreError::Database`].
pub fn end(
    conn: &mut Connection,
    login: &LoginId,
    claims: &Claims,
    now: Timestamp,
) -> Result<Revocation, StoreError> {
    let revocation = revoke(conn, claims.user, &Which::One(login.clone()), now)?;
    let known = logins::table.find(login.as_str()).select(logins::user_id);
    if known.first::<i64>(conn).optional()?.is_some() {
        return Ok(revocation);
    }
    let (user, expires_at) = (claims.user, claims.expires_at);
    let (id, agent, network) = (login.clone(), None, None);
    let new = NewLogin { id, user, agent, network, created_at: now, expires_at };
    diesel::insert_into(logins::table)
        .values((Row::from(&new), logins::revoked_at.eq(Some(now.micros()))))
        .execute(conn)?;
    Ok(Revocation { logins: vec![(login.clone(), expires_at)], ..revocation })
}

fn set_void(conn: &mut Connection, user: UserId, void: &Void) -> Result<(), StoreError> {
    let values = (
        token_voids::through.eq(void.through.micros()),
        token_voids::kept.eq(void.kept.as_ref().map(LoginId::as_str)),
    );
    let row = token_voids::table.find(user.get());
    if diesel::update(row).set(values).execute(conn)? == 0 {
        let values = (token_voids::user_id.eq(user.get()), values.0, values.1);
        diesel::insert_into(token_voids::table).values(values).execute(conn)?;
    }
    Ok(())
}

/// The revoked log-ins with tokens that have not expired, each with the moment at which they do.
///
/// # Errors
/// [`StoreError::Database`].
pub fn revoked(
    conn: &mut Connection,
    now: Timestamp,
) -> Result<Vec<(LoginId, Timestamp)>, StoreError> {
    let rows: Vec<(String, i64)> = logins::table
        .filter(logins::revoked_at.is_not_null().and(logins::expires_at.gt(now.micros())))
        .select((logins::id, logins::expires_at))
        .load(conn)?;
    let entry = |(id, at): (String, i64)| (LoginId::new(&id), Timestamp::from_micros(at));
    Ok(rows.into_iter().map(entry).collect())
}

/// All voids.
///
/// # Errors
/// [`StoreError::Database`].
pub fn voids(conn: &mut Connection) -> Result<Vec<(UserId, Void)>, StoreError> {
    let rows: Vec<(i64, i64, Option<String>)> = token_voids::table.load(conn)?;
    let entry = |(user, through, kept): (i64, i64, Option<String>)| {
        let kept = kept.as_deref().map(LoginId::new);
        Ok((user_id(user)?, Void { through: Timestamp::from_micros(through), kept }))
    };
    rows.into_iter().map(entry).collect()
}

/// Whether the tokens of any log-in have expired.
///
/// # Errors
/// [`StoreError::Database`].
pub fn has_expired(conn: &mut Connection, now: Timestamp) -> Result<bool, StoreError> {
    let expired = logins::table.filter(logins::expires_at.le(now.micros()));
    Ok(select(exists(expired)).get_result(conn)?)
}

/// Forgets log-ins whose tokens have expired, at most so many; returns which.
///
/// # Errors
/// [`StoreError::Database`].
pub fn sweep(
    conn: &mut Connection,
    now: Timestamp,
    rows_max: i64,
) -> Result<Vec<LoginId>, StoreError> {
    let expired = logins::table.filter(logins::expires_at.le(now.micros()));
    let some: Vec<String> = expired.select(logins::id).limit(rows_max).load(conn)?;
    diesel::delete(logins::table.filter(logins::id.eq_any(&some))).execute(conn)?;
    Ok(some.iter().map(|id| LoginId::new(id)).collect())
}
