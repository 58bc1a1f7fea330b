//! Accounts: what a user alone sees and changes of what is kept of him.

use diesel::dsl::{exists, select};
use diesel::prelude::*;

use crate::domain::clock::Timestamp;
use crate::domain::id::UserId;
use crate::domain::profile::Profile;
use crate::domain::user::{User, UserName};
use crate::store::Connection;
use crate::store::error::StoreError;
use crate::store::schema::users;

use super::users::{FACE, Face, user};

/// What is kept of a user, but for the password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Own {
    /// The public face.
    pub user: User,
    /// The address, lower-cased.
    pub email: String,
    /// When the account was made.
    pub created_at: Timestamp,
}

/// What is to be changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// The name.
    pub name: Option<UserName>,
    /// The profile, or its removal.
    pub profile: Option<Option<Profile>>,
}

/// Somebody else has the name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NameTaken;

/// What is kept of a user.
///
/// # Errors
/// [`StoreError::Database`].
pub fn own(conn: &mut Connection, id: UserId) -> Result<Option<Own>, StoreError> {
    let columns = (FACE, users::email, users::created_at);
    let row = users::table.find(id.get()).select(columns);
    let found: Option<(Face, String, i64)> = row.first(conn).optional()?;
    let own = |(face, email, created_at): (Face, String, i64)| {
        let created_at = Timestamp::from_micros(created_at);
        Ok(Own { user: user(face)?, email, created_at })
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
    if let Some(name) = changes.name.as_ref().map(UserName::as_str) {
        let others = users::table.filter(users::name.eq(name).and(users::id.ne(id.get())));
        if select(exists(others)).get_result(conn)? {
            return Ok(Err(NameTaken));
        }
        diesel::update(users::table.find(id.get())).set(users::name.eq(name)).execute(conn)?;
    }
    if let Some(profile) = &changes.profile {
        let profile = profile.as_ref().map(Profile::as_str);
        diesel::update(users::table.find(id.get()))
            .set(users::profile.eq(profile))
            .execute(conn)?;
    }
    Ok(Ok(()))
}
