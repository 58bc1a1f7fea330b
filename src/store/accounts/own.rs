//! What a user alone sees of the account, and changes of it.

use diesel::dsl::{exists, select};
use diesel::prelude::*;

use crate::domain::accounts::login::{LoginId, Revocation, Which};
use crate::domain::accounts::name::{NameKey, UserName};
use crate::domain::accounts::profile::Profile;
use crate::domain::accounts::user::User;
use crate::domain::chat::group::AddedBy;
use crate::domain::clock::Timestamp;
use crate::domain::id::UserId;
use crate::store::accounts::users::{FACE, Face, user};
use crate::store::accounts::{logins, name_keys, resets};
use crate::store::engine::Connection;
use crate::store::engine::error::StoreError;
use crate::store::schema::users;

/// What is kept of a user, but for the password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Own {
    /// The public face.
    pub user: User,
    /// The address, lower-cased.
    pub email: String,
    pub created_at: Timestamp,
    pub added_by: AddedBy,
}

/// What is to be changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    pub name: Option<UserName>,
    /// The profile, or its removal.
    pub profile: Option<Option<Profile>>,
    pub added_by: Option<AddedBy>,
}

/// Somebody else has the name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NameTaken;

/// The password is not any more what it was found to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outdated;

/// What is kept of a user.
///
/// # Errors
/// [`StoreError::Database`].
pub fn own(conn: &mut Connection, id: UserId) -> Result<Option<Own>, StoreError> {
    let columns = (FACE, users::email, users::created_at, users::added_by);
    let row = users::table.find(id.get()).filter(users::deleted_at.is_null()).select(columns);
    let found: Option<(Face, String, i64, i16)> = row.first(conn).optional()?;
    let own = |(face, email, created_at, code): (Face, String, i64, i16)| {
        let created_at = Timestamp::from_micros(created_at);
        Ok(Own { user: user(face)?, email, created_at, added_by: adders(code)? })
    };
    found.map(own).transpose()
}

/// Changes the public face of a user.
///
/// # Errors
/// [`StoreError::Database`].
pub fn change(
    conn: &mut Connection,
    id: UserId,
    changes: &Changes,
) -> Result<Result<(), NameTaken>, StoreError> {
    if let Some(name) = &changes.name
        && let Err(taken) = rename(conn, id, name)?
    {
        return Ok(Err(taken));
    }
    if let Some(profile) = &changes.profile {
        let profile = profile.as_ref().map(Profile::as_str);
        diesel::update(users::table.find(id.get()))
            .set(users::profile.eq(profile))
            .execute(conn)?;
    }
    if let Some(added_by) = changes.added_by {
        let code: i16 = match added_by {
            AddedBy::Friends => 0,
            AddedBy::Nobody => 1,
        };
        diesel::update(users::table.find(id.get())).set(users::added_by.eq(code)).execute(conn)?;
    }
    Ok(Ok(()))
}

fn rename(
    conn: &mut Connection,
    id: UserId,
    name: &UserName,
) -> Result<Result<(), NameTaken>, StoreError> {
    let me = users::table.find(id.get());
    let had: Option<String> = me.select(users::name).first(conn).optional()?;
    let Some(had) = had.filter(|had| had != name.as_str()) else { return Ok(Ok(())) };
    let same = users::name_key.eq(name.key().as_str());
    let others = users::table.filter(same.and(users::id.ne(id.get())));
    if select(exists(others)).get_result(conn)? {
        return Ok(Err(NameTaken));
    }
    let named = (users::name.eq(name.as_str()), same, users::name_clash.eq(0));
    diesel::update(me).set(named).execute(conn)?;
    name_keys::pass_on(conn, &NameKey::of(&had))?;
    Ok(Ok(()))
}

fn adders(code: i16) -> Result<AddedBy, StoreError> {
    match code {
        0 => Ok(AddedBy::Friends),
        1 => Ok(AddedBy::Nobody),
        other => Err(StoreError::Corrupt { what: "who adds a user", value: other.into() }),
    }
}

/// Who may put a user into groups.
///
/// # Errors
/// [`StoreError::Database`].
pub fn added_by(conn: &mut Connection, id: UserId) -> Result<AddedBy, StoreError> {
    let row = users::table.find(id.get());
    let code: Option<i16> = row.select(users::added_by).first(conn).optional()?;
    code.map_or(Ok(AddedBy::Nobody), adders)
}

/// Changes the password of a user from `old` to `new` (both hashes), and ends all log-ins but one.
///
/// # Errors
/// [`StoreError::Database`].
pub fn change_password(
    conn: &mut Connection,
    id: UserId,
    (old, new): (&str, &str),
    (kept, now): (Option<LoginId>, Timestamp),
) -> Result<Result<Revocation, Outdated>, StoreError> {
    let with_old = users::table.find(id.get()).filter(users::password_hash.eq(old));
    if diesel::update(with_old).set(users::password_hash.eq(new)).execute(conn)? == 0 {
        return Ok(Err(Outdated));
    }
    resets::forget(conn, id)?;
    logins::revoke(conn, id, &Which::AllBut(kept), now).map(Ok)
}

/// Keeps another hash (`new`) of the password that a user has.
///
/// # Errors
/// [`StoreError::Database`].
pub fn renew_hash(
    conn: &mut Connection,
    id: UserId,
    (old, new): (&str, &str),
) -> Result<(), StoreError> {
    let with_old = users::table.find(id.get()).filter(users::password_hash.eq(old));
    diesel::update(with_old).set(users::password_hash.eq(new)).execute(conn)?;
    Ok(())
}
