//! Users who leave their groups with their accounts.

use crate::domain::accounts::user::User;
use crate::domain::chat::event::ChatEvent;
use crate::domain::chat::group::{Group, GroupChange, GroupVerb, Member, Role};
use crate::domain::news::{Circle, Membership, News, Recipients};
use crate::store::engine::Connection;
use crate::store::engine::error::StoreError;

use crate::store::chat::groups::{self, Head, RosterEntry};

/// Takes a user out of all groups. What he owned passes to the moderator who has been there longest, else
/// to such a member; a group without others ends. Gives what is told of each.
///
/// # Errors
/// [`StoreError::Database`].
pub fn depart(conn: &mut Connection, who: &User) -> Result<Vec<News>, StoreError> {
    let mut news = Vec::new();
    for group in groups::of(conn, who.id)? {
        let all = groups::roster(conn, group)?;
        let mut owner = all.owner();
        if owner == Some(who.id) {
            let others =
                groups::members(conn, group)?.into_iter().filter(|member| member.user.id != who.id);
            let knows = |member: &Member| all.aware.contains(&member.user.id);
            let mut heirs: Vec<Member> = others.filter(knows).collect();
            heirs.sort_by_key(|member| member.role == Role::Member);
            let Some(heir) = heirs.first() else {
                groups::delete(conn, group)?;
                continue;
            };
            owner = Some(heir.user.id);
            let as_owner = RosterEntry { user: heir.user.id, role: Role::Owner, unaware: false };
            groups::seat(conn, group, as_owner, heir.joined_at)?;
        }
        groups::unseat(conn, group, who.id)?;
        groups::touch(conn, group)?;
        if let (Some(owner), Some(Head { title, created_at, version })) =
            (owner, groups::head(conn, group)?)
        {
            let members = all.seats.len().saturating_sub(1);
            let group = Group { id: group, title, owner, members, created_at };
            let (verb, user, by) = (GroupVerb::Leave, Some(who.clone()), who.id);
            let users = all.aware.iter().copied().filter(|other| *other != who.id).collect();
            let members = Membership { group: group.id, version, gone: None, users };
            let event = ChatEvent::GroupChanged(GroupChange { verb, group, user, role: None, by });
            let recipients = Recipients::all(Circle::Group(members));
            news.push(News { event: event.into(), by: None, recipients });
        }
    }
    Ok(news)
}
