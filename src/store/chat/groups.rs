//! Groups, their members, and who is banned from them.

use std::sync::Arc;

use diesel::dsl::{exists, select};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, SmallInt};

use crate::domain::chat::group::{Group, Member, Role};
use crate::domain::clock::Timestamp;
use crate::domain::id::{GroupId, UserId};
use crate::domain::news::Membership;
use crate::store::engine::Connection;
use crate::store::engine::connection::each_backend;
use crate::store::engine::error::StoreError;
use crate::store::schema::{bans, members, room_groups, rooms};

use crate::store::accounts::users::{self, FACE, user};
use crate::store::engine::ids::user_id;
use crate::store::engine::statement::{Statement, Value};

/// A group without its members.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    pub title: String,
    /// Grows with every change of it or its members.
    pub version: i64,
    pub created_at: Timestamp,
}

/// A member as the rules see him.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RosterEntry {
    pub user: UserId,
    pub role: Role,
    /// Whether he does not know of it, having been added by somebody whom he blocks.
    pub unaware: bool,
}

/// All members of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Roster {
    pub group: GroupId,
    pub version: i64,
    /// In the order of their ids.
    pub seats: Vec<RosterEntry>,
    pub aware: Arc<[UserId]>,
    /// Those who have ever written in it, in the same order.
    pub authors: Vec<UserId>,
}

impl Roster {
    /// The seat of a user.
    pub fn seat(&self, user: UserId) -> Option<RosterEntry> {
        let place = self.seats.binary_search_by_key(&user, |seat| seat.user).ok()?;
        self.seats.get(place).copied()
    }

    /// Whether a member has ever written in the group.
    pub fn has_written(&self, user: UserId) -> bool {
        self.authors.binary_search(&user).is_ok()
    }

    /// Those who hear of what happens in the group, and one who is gone from it.
    pub fn membership(&self, gone: Option<UserId>) -> Membership {
        let users = Arc::clone(&self.aware);
        Membership { group: self.group, version: self.version, gone, users }
    }

    /// The same members in the next version, one of whom has written by now.
    pub fn with_author(&self, user: UserId) -> Self {
        let mut roster = Self { version: self.version.saturating_add(1), ..self.clone() };
        if let Err(place) = roster.authors.binary_search(&user) {
            roster.authors.insert(place, user);
        }
        roster
    }

    /// Whose group it is.
    pub fn owner(&self) -> Option<UserId> {
        self.seats.iter().find(|seat| seat.role == Role::Owner).map(|seat| seat.user)
    }
}

#[derive(Insertable, AsChangeset)]
#[diesel(table_name = members, treat_none_as_default_value = false)]
struct SeatRow {
    room_id: i64,
    user_id: i64,
    role: i16,
    unaware: bool,
    joined_at: i64,
}

const HEAD: &str = "SELECT version FROM room_groups WHERE room_id = ?";
const SEATS: &str = "SELECT m.user_id, m.role, m.unaware, a.user_id IS NOT NULL FROM members m \
    LEFT JOIN authors a ON a.room_id = m.room_id AND a.user_id = m.user_id \
    WHERE m.room_id = ? ORDER BY m.user_id";

const fn code(role: Role) -> i16 {
    match role {
        Role::Owner => 0,
        Role::Moderator => 1,
        Role::Member => 2,
    }
}

fn role(code: i16) -> Result<Role, StoreError> {
    match code {
        0 => Ok(Role::Owner),
        1 => Ok(Role::Moderator),
        2 => Ok(Role::Member),
        other => Err(StoreError::Corrupt { what: "a role", value: other.into() }),
    }
}

/// The version of a group that is; every change of it makes a higher one.
///
/// # Errors
/// [`StoreError::Database`], as for all here.
pub fn version(conn: &mut Connection, group: GroupId) -> Result<Option<i64>, StoreError> {
    let values = [Value::Int(group.get())];
    let versions: Vec<i64> = Statement::<BigInt>::new(HEAD, &values).load(conn)?;
    Ok(versions.into_iter().next())
}

/// A group that is, without its members.
///
/// # Errors
/// As [`version`].
pub fn head(conn: &mut Connection, group: GroupId) -> Result<Option<Head>, StoreError> {
    let row: Option<(String, i64, i64)> = room_groups::table
        .find(group.get())
        .select((room_groups::title, room_groups::version, room_groups::created_at))
        .first(conn)
        .optional()?;
    Ok(row.map(|(title, version, created_at)| Head {
        title,
        version,
        created_at: Timestamp::from_micros(created_at),
    }))
}

/// The members of a group; nobody, if there is no such group.
///
/// # Errors
/// As [`version`].
pub fn roster(conn: &mut Connection, group: GroupId) -> Result<Roster, StoreError> {
    let version = version(conn, group)?.unwrap_or_default();
    roster_in(conn, group, version)
}

/// The members of a group whose version is known.
///
/// # Errors
/// As [`version`].
pub fn roster_in(
    conn: &mut Connection,
    group: GroupId,
    version: i64,
) -> Result<Roster, StoreError> {
    let values = [Value::Int(group.get())];
    let rows: Vec<(i64, i16, bool, bool)> =
        Statement::<(BigInt, SmallInt, Bool, Bool)>::new(SEATS, &values).load(conn)?;
    let (mut seats, mut authors) = (Vec::with_capacity(rows.len()), Vec::new());
    for (user, code, unaware, wrote) in rows {
        let user = user_id(user)?;
        seats.push(RosterEntry { user, role: role(code)?, unaware });
        authors.extend(wrote.then_some(user));
    }
    let aware = seats.iter().filter(|seat| !seat.unaware).map(|seat| seat.user).collect();
    Ok(Roster { group, version, seats, aware, authors })
}

/// A group as members see it, if it is.
///
/// # Errors
/// As [`version`].
pub fn shown(conn: &mut Connection, group: GroupId) -> Result<Option<Group>, StoreError> {
    let Some(Head { title, created_at, .. }) = head(conn, group)? else { return Ok(None) };
    let roster = roster(conn, group)?;
    let members = roster.seats.len();
    Ok(roster.owner().map(|owner| Group { id: group, title, owner, members, created_at }))
}

/// The members of a group as they are shown, oldest first.
///
/// # Errors
/// As [`version`].
pub fn members(conn: &mut Connection, group: GroupId) -> Result<Vec<Member>, StoreError> {
    let rows: Vec<(users::Face, i16, i64)> = members::table
        .inner_join(crate::store::schema::users::table)
        .filter(members::room_id.eq(group.get()))
        .order((members::joined_at.asc(), members::user_id.asc()))
        .select((FACE, members::role, members::joined_at))
        .load(conn)?;
    let member = |(face, code, joined_at)| {
        Ok(Member {
            user: user(face)?,
            role: role(code)?,
            joined_at: Timestamp::from_micros(joined_at),
        })
    };
    rows.into_iter().map(member).collect()
}

/// Whether a user is a member of a group, and knows it.
///
/// # Errors
/// As [`version`].
pub fn is_member(conn: &mut Connection, group: GroupId, user: UserId) -> Result<bool, StoreError> {
    let row = members::table.find((group.get(), user.get())).filter(members::unaware.eq(false));
    Ok(select(exists(row)).get_result(conn)?)
}

/// In how many groups a user is, as far as he knows: nobody whom he blocks can fill his number.
///
/// # Errors
/// As [`version`].
pub fn count_of(conn: &mut Connection, user: UserId) -> Result<i64, StoreError> {
    let known = members::user_id.eq(user.get()).and(members::unaware.eq(false));
    Ok(members::table.filter(known).count().get_result(conn)?)
}

/// The groups a user is in, known to him or not.
///
/// # Errors
/// As [`version`].
pub fn of(conn: &mut Connection, user: UserId) -> Result<Vec<GroupId>, StoreError> {
    let theirs = members::table.filter(members::user_id.eq(user.get()));
    let ids: Vec<i64> = theirs.select(members::room_id).order(members::room_id).load(conn)?;
    ids.into_iter().map(crate::store::engine::ids::group_id).collect()
}

/// Stores a group without members. Its room is there already.
///
/// # Errors
/// As [`version`].
pub fn create(
    conn: &mut Connection,
    group: GroupId,
    title: &str,
    created_at: Timestamp,
) -> Result<(), StoreError> {
    let row = (
        room_groups::room_id.eq(group.get()),
        room_groups::title.eq(title),
        room_groups::version.eq(1_i64),
        room_groups::created_at.eq(created_at.micros()),
    );
    diesel::insert_into(room_groups::table).values(row).execute(conn)?;
    Ok(())
}

/// Notes that something about a group has changed.
///
/// # Errors
/// As [`version`].
pub fn touch(conn: &mut Connection, group: GroupId) -> Result<(), StoreError> {
    let row = room_groups::table.find(group.get());
    diesel::update(row).set(room_groups::version.eq(room_groups::version + 1_i64)).execute(conn)?;
    Ok(())
}

/// Gives a group another title.
///
/// # Errors
/// As [`version`].
pub fn rename(conn: &mut Connection, group: GroupId, title: &str) -> Result<(), StoreError> {
    let row = room_groups::table.find(group.get());
    diesel::update(row).set(room_groups::title.eq(title)).execute(conn)?;
    Ok(())
}

/// Makes a user a member, or changes what he is.
///
/// # Errors
/// As [`version`].
pub fn seat(
    conn: &mut Connection,
    group: GroupId,
    seat: RosterEntry,
    joined_at: Timestamp,
) -> Result<(), StoreError> {
    let row = SeatRow {
        room_id: group.get(),
        user_id: seat.user.get(),
        role: code(seat.role),
        unaware: seat.unaware,
        joined_at: joined_at.micros(),
    };
    each_backend!(conn, inner => {
        diesel::insert_into(members::table)
            .values(&row)
            .on_conflict((members::room_id, members::user_id))
            .do_update()
            .set((members::role.eq(row.role), members::unaware.eq(row.unaware)))
            .execute(inner)
    })?;
    Ok(())
}

/// Makes a user no member any more.
///
/// # Errors
/// As [`version`].
pub fn unseat(conn: &mut Connection, group: GroupId, user: UserId) -> Result<(), StoreError> {
    diesel::delete(members::table.find((group.get(), user.get()))).execute(conn)?;
    Ok(())
}

/// Bans a user; whether he was not banned before.
///
/// # Errors
/// As [`version`].
pub fn ban(
    conn: &mut Connection,
    group: GroupId,
    user: UserId,
    now: Timestamp,
) -> Result<bool, StoreError> {
    if is_banned(conn, group, user)? {
        return Ok(false);
    }
    let row = (
        bans::room_id.eq(group.get()),
        bans::user_id.eq(user.get()),
        bans::created_at.eq(now.micros()),
    );
    diesel::insert_into(bans::table).values(row).execute(conn)?;
    Ok(true)
}

/// Lifts a ban; whether there was one.
///
/// # Errors
/// As [`version`].
pub fn unban(conn: &mut Connection, group: GroupId, user: UserId) -> Result<bool, StoreError> {
    Ok(diesel::delete(bans::table.find((group.get(), user.get()))).execute(conn)? > 0)
}

/// Whether a user is banned.
///
/// # Errors
/// As [`version`].
pub fn is_banned(conn: &mut Connection, group: GroupId, user: UserId) -> Result<bool, StoreError> {
    let row = bans::table.find((group.get(), user.get()));
    Ok(select(exists(row)).get_result(conn)?)
}

/// Ends a group: nobody is in it any more. What was said in it is swept later.
///
/// # Errors
/// As [`version`].
pub fn delete(conn: &mut Connection, group: GroupId) -> Result<(), StoreError> {
    diesel::delete(room_groups::table.find(group.get())).execute(conn)?;
    crate::store::chat::rooms::close(conn, group.room())
}

/// Whether anything is left of a group that has ended.
///
/// # Errors
/// As [`version`].
pub fn has_ended(conn: &mut Connection) -> Result<bool, StoreError> {
    let ended = rooms::table.filter(rooms::closed.eq(true).and(rooms::low.is_null()));
    Ok(select(exists(ended)).get_result(conn)?)
}

/// Deletes at most `rows_max` messages of groups that have ended, and the rooms of those that are empty;
/// returns how many rows.
///
/// # Errors
/// As [`version`].
pub fn sweep(conn: &mut Connection, rows_max: i64) -> Result<usize, StoreError> {
    use crate::store::schema::messages;

    let ended = rooms::table.filter(rooms::closed.eq(true).and(rooms::low.is_null()));
    let room: Option<i64> = ended.select(rooms::id).first(conn).optional()?;
    let Some(room) = room else { return Ok(0) };
    let old: Vec<i64> = messages::table
        .filter(messages::room_id.eq(room))
        .order(messages::seq.asc())
        .limit(rows_max)
        .select(messages::seq)
        .load(conn)?;
    let Some(last) = old.last() else {
        return Ok(diesel::delete(rooms::table.find(room)).execute(conn)?);
    };
    let rows = messages::room_id.eq(room).and(messages::seq.le(last));
    Ok(diesel::delete(messages::table.filter(rows)).execute(conn)?)
}
