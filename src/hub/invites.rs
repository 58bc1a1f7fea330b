//! Invitations that are neither taken back nor too old. They are in memory only.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use crate::domain::chat::invite::InviteId;
use crate::domain::id::UserId;

/// InviteBounds of the table.
#[derive(Clone, Copy, Debug)]
pub struct InviteBounds {
    /// How long an invitation is known.
    pub timeout: Duration,
    /// How many of one user are known; of more the oldest are forgotten.
    pub per_user_max: usize,
}

/// An invitation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Invite {
    pub id: InviteId,
    /// Whether the invited user was not to hear of it; then neither of its end.
    pub hidden: bool,
}

/// The pending invitations of each user, oldest first.
pub struct Invites {
    bounds: InviteBounds,
    of: HashMap<UserId, VecDeque<Pending>>,
}

struct Pending {
    to: UserId,
    invite: Invite,
    /// On the steady clock.
    ends_at: Duration,
}

impl Invites {
    /// No invitations.
    pub fn new(bounds: InviteBounds) -> Self {
        Self { bounds, of: HashMap::new() }
    }

    /// A user invites another; an earlier invitation of the two is forgotten.
    pub fn open(&mut self, (from, to): (UserId, UserId), invite: Invite, now: Duration) {
        let ends_at = now.saturating_add(self.bounds.timeout);
        let pending = self.of.entry(from).or_default();
        pending.retain(|invite| invite.to != to && invite.ends_at > now);
        if pending.len() >= self.bounds.per_user_max {
            pending.pop_front();
        }
        pending.push_back(Pending { to, invite, ends_at });
    }

    /// A user takes back the invitation of another, which is returned if it is known.
    pub fn cancel(&mut self, (from, to): (UserId, UserId), now: Duration) -> Option<Invite> {
        let pending = self.of.get_mut(&from)?;
        let place = pending.iter().position(|invite| invite.to == to && invite.ends_at > now);
        let invite = place.and_then(|place| pending.remove(place));
        if pending.is_empty() {
            self.of.remove(&from);
        }
        invite.map(|pending| pending.invite)
    }

    /// A user has gone, and his invitations with him.
    pub fn forget(&mut self, from: UserId) {
        self.of.remove(&from);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn user(raw: i64) -> UserId {
        UserId::new(raw).unwrap()
    }

    fn id(byte: u8) -> Invite {
        Invite { id: InviteId::from_random([byte; 16]), hidden: byte == 2 }
    }

    fn invites() -> Invites {
        Invites::new(InviteBounds { timeout: 10 * SECOND, per_user_max: 3 })
    }

    #[test]
    fn the_latest_invitation_of_a_pair_is_taken_back_once() {
        let (a, b) = (user(2), user(4));
        let mut invites = invites();
        assert_eq!(invites.cancel((a, b), SECOND), None);
        invites.open((a, b), id(1), SECOND);
        invites.open((b, a), id(2), SECOND);
        invites.open((a, b), id(3), SECOND);
        assert_eq!(invites.cancel((a, b), SECOND), Some(id(3)));
        assert_eq!(invites.cancel((a, b), SECOND), None);
        assert_eq!(invites.cancel((b, a), SECOND), Some(id(2)));
        assert!(invites.of.is_empty());
    }

    #[test]
    fn they_end_with_the_time_and_with_the_user() {
        let (a, b) = (user(2), user(4));
        let mut invites = invites();
        invites.open((a, b), id(1), SECOND);
        assert_eq!(invites.cancel((a, b), 11 * SECOND), None);
        invites.open((a, b), id(2), SECOND);
        assert_eq!(invites.cancel((a, b), 10 * SECOND), Some(id(2)));
        invites.open((a, b), id(3), SECOND);
        invites.forget(a);
        assert_eq!(invites.cancel((a, b), SECOND), None);
    }

    #[test]
    fn a_user_has_so_many_and_no_more() {
        let a = user(2);
        let mut invites = invites();
        for number in 1..=4 {
            invites.open((a, user(i64::from(number) * 2 + 2)), id(number), SECOND);
        }
        assert_eq!(invites.of[&a].len(), 3);
        assert_eq!(invites.cancel((a, user(4)), SECOND), None);
        assert_eq!(invites.cancel((a, user(6)), SECOND), Some(id(2)));
    }
}
