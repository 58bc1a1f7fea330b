//! Who is there: the identified sessions of each user, over all dialects.

use std::collections::HashMap;

use crate::dialect::Kind;
use crate::domain::id::{SessionId, UserId};

/// The users online, with their sessions in the order in which they came.
#[derive(Default)]
pub struct Presence {
    users: HashMap<UserId, Vec<(SessionId, Kind)>>,
}

impl Presence {
    /// A session of a user has come. Coming twice is coming once.
    pub fn join(&mut self, user: UserId, session: SessionId, kind: Kind) {
        let sessions = self.users.entry(user).or_default();
        if !sessions.iter().any(|(other, _)| *other == session) {
            sessions.push((session, kind));
        }
    }

    /// A session of a user has gone.
    pub fn leave(&mut self, user: UserId, session: SessionId) {
        if let Some(sessions) = self.users.get_mut(&user) {
            sessions.retain(|(other, _)| *other != session);
            if sessions.is_empty() {
                self.users.remove(&user);
            }
        }
    }

    /// The sessions of a user, and what they are.
    pub fn sessions(&self, user: UserId) -> &[(SessionId, Kind)] {
        self.users.get(&user).map_or(&[], Vec::as_slice)
    }

    /// How many users are online.
    pub fn len(&self) -> usize {
        self.users.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::rewind::Mode;

    #[test]
    fn a_user_is_online_while_any_session_is() {
        let (user, a, b) = (UserId::new(2).unwrap(), SessionId(1), SessionId(2));
        let mut presence = Presence::default();
        let kind = Kind::Rewind(Mode::Readme);
        for session in [a, b, b] {
            presence.join(user, session, kind);
        }
        assert_eq!(presence.sessions(user), [(a, kind), (b, kind)]);
        presence.leave(user, a);
        presence.leave(user, a);
        assert_eq!((presence.len(), presence.sessions(user)), (1, &[(b, kind)][..]));
        presence.leave(user, b);
        assert_eq!((presence.len(), presence.sessions(user)), (0, &[][..]));
    }
}
