//! Who is there: the sessions of each user, over all dialects, and who wants to hear of them. A device
//! counts for its owner, a console for nobody.
//!
//! A session joins when its token is good, and arrives when its user's friends have been read. From
//! joining on it is told what happens to its user; from arriving on its user is online. So the list
//! of friends online that it is welcomed with, and what it is told of them later, fit together
//! without a gap and without a repetition.

use std::mem;

use foldhash::HashMap;

use crate::domain::chat::event::Status;
use crate::domain::id::{SessionId, UserId};
use crate::wire::Variant;

/// The users who have sessions.
#[derive(Default)]
pub struct PresenceTable {
    /// Each in a box: a table that has just grown is half empty.
    users: HashMap<UserId, Box<UserPresence>>,
    online: usize,
}

/// A user with sessions.
#[derive(Default)]
struct UserPresence {
    /// In the order in which they joined.
    sessions: Vec<SessionPresence>,
    /// The user's friends, as of the last arrival and what has changed since.
    friends: Box<[UserId]>,
    /// What has changed since the first of those sessions joined that have not arrived; what they
    /// read may be older.
    changes: Box<[(UserId, Bond)]>,
}

struct SessionPresence {
    session: SessionId,
    variant: Variant,
    arrived: bool,
    /// Whether nobody sits at it.
    away: bool,
}

/// What has become of a friendship.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bond {
    /// They are friends now.
    Made,
    /// They are not any more.
    Ended,
}

/// What a coming or going of a session means for the user's friends.
#[derive(Debug, PartialEq, Eq)]
pub enum Turn {
    Same,
    /// The user has come, or gone; these are to be told.
    Changed(Vec<UserId>),
}

impl UserPresence {
    fn is_online(&self) -> bool {
        self.sessions.iter().any(|seat| seat.arrived)
    }

    fn settle(&mut self) {
        if self.sessions.iter().all(|seat| seat.arrived) {
            self.changes = Box::default();
        }
    }
}

impl PresenceTable {
    /// A session of a user has joined, or speaks another variant from now on.
    pub fn join(&mut self, user: UserId, session: SessionId, variant: Variant) {
        let here = self.users.entry(user).or_default();
        match here.sessions.iter_mut().find(|seat| seat.session == session) {
            Some(seat) => seat.variant = variant,
            None => {
                if here.sessions.is_empty() {
                    // Hardly any user has more.
                    here.sessions.reserve_exact(1);
                }
                here.sessions.push(SessionPresence {
                    session,
                    variant,
                    arrived: false,
                    away: false,
                });
            }
        }
    }

    /// Whether anybody sits at a session.
    pub fn set_away(&mut self, user: UserId, session: SessionId, away: bool) {
        let here = self.users.get_mut(&user);
        let mut seats = here.into_iter().flat_map(|here| &mut here.sessions);
        if let Some(seat) = seats.find(|seat| seat.session == session) {
            seat.away = away;
        }
    }

    /// How a user is.
    pub fn status(&self, user: UserId) -> Status {
        let arrived = self.seats(user).filter(|seat| seat.arrived);
        let status = |seat: &SessionPresence| if seat.away { Status::Away } else { Status::Online };
        arrived.map(status).fold(Status::Offline, |all, one| match (all, one) {
            (Status::Online, _) | (_, Status::Online) => Status::Online,
            (Status::Away | Status::Offline, _) => one,
        })
    }

    /// The friends of a user who is here.
    pub fn friends(&self, user: UserId) -> &[UserId] {
        self.users.get(&user).map_or(&[], |here| &here.friends)
    }

    /// A session that has joined arrives, with the user's friends as they were read after its
    /// joining. Arriving again changes nothing: what has been kept up to date since is newer.
    pub fn arrive(&mut self, user: UserId, session: SessionId, friends: Vec<UserId>) -> Turn {
        let Some(here) = self.users.get_mut(&user).map(Box::as_mut) else { return Turn::Same };
        let was_online = here.is_online();
        let Some(seat) = here.sessions.iter_mut().find(|seat| seat.session == session) else {
            return Turn::Same;
        };
        if seat.arrived {
            return Turn::Same;
        }
        seat.arrived = true;
        here.friends = friends.into();
        for (other, bond) in &here.changes {
            change(&mut here.friends, *other, *bond);
        }
        here.settle();
        if was_online {
            return Turn::Same;
        }
        self.online = self.online.saturating_add(1);
        Turn::Changed(here.friends.to_vec())
    }

    /// A session of a user has gone.
    pub fn leave(&mut self, user: UserId, session: SessionId) -> Turn {
        let Some(here) = self.users.get_mut(&user) else { return Turn::Same };
        let was_online = here.is_online();
        here.sessions.retain(|seat| seat.session != session);
        here.settle();
        let went = was_online && !here.is_online();
        let friends = if went { here.friends.to_vec() } else { Vec::new() };
        if here.sessions.is_empty() {
            self.users.remove(&user);
        }
        if !went {
            return Turn::Same;
        }
        self.online = self.online.saturating_sub(1);
        Turn::Changed(friends)
    }

    /// A friendship was made or ended.
    pub fn bond(&mut self, (a, b): (UserId, UserId), bond: Bond) {
        for (user, other) in [(a, b), (b, a)] {
            if let Some(here) = self.users.get_mut(&user) {
                change(&mut here.friends, other, bond);
                if here.sessions.iter().any(|seat| !seat.arrived) {
                    append(&mut here.changes, (other, bond));
                }
            }
        }
    }

    /// The sessions of a user that have joined, and what they speak.
    pub fn sessions(&self, user: UserId) -> impl Iterator<Item = (SessionId, Variant)> {
        self.seats(user).map(|seat| (seat.session, seat.variant))
    }

    /// The sessions of a user that have arrived.
    pub fn arrived(&self, user: UserId) -> impl Iterator<Item = SessionId> {
        self.seats(user).filter(|seat| seat.arrived).map(|seat| seat.session)
    }

    /// Whether no session of a user is still on its way.
    pub fn is_settled(&self, user: UserId) -> bool {
        self.seats(user).all(|seat| seat.arrived)
    }

    fn seats(&self, user: UserId) -> impl Iterator<Item = &SessionPresence> {
        self.users.get(&user).into_iter().flat_map(|here| &here.sessions)
    }

    /// Whether a user is online.
    pub fn is_online(&self, user: UserId) -> bool {
        self.users.get(&user).is_some_and(|here| here.is_online())
    }

    /// The friends of an online user who are online too.
    pub fn friends_online(&self, user: UserId) -> Vec<UserId> {
        let friends = self.users.get(&user).into_iter().flat_map(|here| &here.friends);
        friends.copied().filter(|friend| self.is_online(*friend)).collect()
    }

    /// How many users are online.
    pub fn len(&self) -> usize {
        self.online
    }
}

fn change(friends: &mut Box<[UserId]>, other: UserId, bond: Bond) {
    match bond {
        Bond::Made if friends.contains(&other) => {}
        Bond::Made => append(friends, other),
        Bond::Ended => {
            let kept = friends.iter().copied().filter(|friend| *friend != other);
            *friends = kept.collect();
        }
    }
}

/// Adds one to a list that keeps no room for more.
fn append<T>(list: &mut Box<[T]>, one: T) {
    let mut longer = mem::take(list).into_vec();
    longer.reserve_exact(1);
    longer.push(one);
    *list = longer.into_boxed_slice();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::fixtures::PLAIN;

    const A: SessionId = SessionId(1);
    const B: SessionId = SessionId(2);

    fn user(raw: i64) -> UserId {
        UserId::new(raw).unwrap()
    }

    #[test]
    fn a_user_is_online_while_any_session_is() {
        let (me, friend) = (user(2), user(4));
        let mut presence = PresenceTable::default();
        presence.join(me, A, PLAIN);
        presence.join(me, B, PLAIN);
        presence.join(me, B, PLAIN);
        assert_eq!((presence.len(), presence.is_online(me)), (0, false));
        assert_eq!(presence.arrive(me, A, vec![friend]), Turn::Changed(vec![friend]));
        assert_eq!(presence.arrive(me, A, vec![friend]), Turn::Same);
        assert!(presence.sessions(me).eq([(A, PLAIN), (B, PLAIN)]) && presence.arrived(me).eq([A]));
        assert_eq!(presence.arrive(me, B, vec![friend]), Turn::Same);
        assert_eq!(presence.leave(me, A), Turn::Same);
        assert_eq!(presence.leave(me, A), Turn::Same);
        assert_eq!((presence.len(), presence.is_online(me)), (1, true));
        assert_eq!(presence.leave(me, B), Turn::Changed(vec![friend]));
        assert_eq!((presence.len(), presence.sessions(me).count()), (0, 0));
    }

    #[test]
    fn a_session_that_never_arrives_makes_nobody_online() {
        let me = user(2);
        let mut presence = PresenceTable::default();
        presence.join(me, A, PLAIN);
        assert_eq!(presence.leave(me, A), Turn::Same);
        assert_eq!(presence.arrive(me, A, Vec::new()), Turn::Same);
        assert_eq!((presence.len(), presence.is_online(me)), (0, false));
        // One that is still on its way keeps nobody online either.
        presence.join(me, A, PLAIN);
        presence.join(me, B, PLAIN);
        presence.arrive(me, A, vec![user(4)]);
        assert_eq!(presence.leave(me, A), Turn::Changed(vec![user(4)]));
        assert_eq!(presence.arrive(me, B, vec![user(6)]), Turn::Changed(vec![user(6)]));
    }

    #[test]
    fn a_friendship_of_the_meantime_is_not_lost() {
        let (me, old, new) = (user(2), user(4), user(6));
        let mut presence = PresenceTable::default();
        presence.join(me, A, PLAIN);
        presence.bond((new, me), Bond::Made);
        presence.bond((me, old), Bond::Ended);
        // Read before both.
        assert_eq!(presence.arrive(me, A, vec![old]), Turn::Changed(vec![new]));
        presence.bond((me, old), Bond::Made);
        presence.bond((me, old), Bond::Made);
        presence.bond((me, new), Bond::Ended);
        // A second login of a session may have read before that, too.
        assert_eq!(presence.arrive(me, A, vec![new]), Turn::Same);
        presence.join(old, B, PLAIN);
        presence.arrive(old, B, vec![me]);
        assert_eq!(presence.friends_online(me), [old]);
        assert_eq!(presence.leave(me, A), Turn::Changed(vec![old]));
    }
}
