//! Friendship: one state per unordered pair of users, changed by four verbs.

use crate::domain::accounts::refusal::AccountsRefusal;
use crate::domain::accounts::user::UserPair;
use crate::domain::id::UserId;

/// What stands between two users. No row at all means nothing does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Friendship {
    /// The one with the smaller id has asked.
    RequestedByLow,
    /// The one with the larger id has asked.
    RequestedByHigh,
    /// Both agreed.
    Friends,
}

impl Friendship {
    /// The state after `who` of `pair` has asked.
    pub fn requested_by(who: UserId, pair: UserPair) -> Self {
        if who == pair.low() { Self::RequestedByLow } else { Self::RequestedByHigh }
    }

    /// What of this one of `pair` knows who blocks `unheard`, the other: not his request.
    pub fn without_request_of(self, unheard: UserId, pair: UserPair) -> Option<Self> {
        (self != Self::requested_by(unheard, pair)).then_some(self)
    }
}

impl FriendVerb {
    /// Whether somebody who blocks the one who does it hears nothing of it. Whatever else is done about a
    /// friendship answers something that the other one has done.
    pub fn is_unheard(self) -> bool {
        match self {
            Self::Request | Self::Withdraw => true,
            Self::Accept | Self::Discard | Self::End => false,
        }
    }
}

/// What a user can do about another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FriendVerb {
    /// Ask for friendship.
    Request,
    /// Accept the other's request.
    Accept,
    /// Discard the other's request.
    Discard,
    /// Take back one's own request.
    Withdraw,
    /// End the friendship, on both sides.
    End,
}

/// What a verb does to the pair's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FriendStep {
    /// It is so already: nothing changes and nobody is told.
    Keep,
    /// The pair now stands like this.
    Set(Friendship),
    /// Nothing stands between them any more.
    Clear,
}

/// The rule: what `actor` of `pair` does by `verb` in the present `state`.
///
/// # Errors
/// [`AccountsRefusal::AlreadyRequested`], [`AccountsRefusal::AlreadyFriend`],
/// [`AccountsRefusal::NotRequested`], [`AccountsRefusal::NotFriend`].
pub fn step(
    state: Option<Friendship>,
    pair: UserPair,
    actor: UserId,
    verb: FriendVerb,
) -> Result<FriendStep, AccountsRefusal> {
    let mine = Friendship::requested_by(actor, pair);
    let theirs = Friendship::requested_by(pair.other(actor), pair);
    match verb {
        FriendVerb::Request => match state {
            None => Ok(FriendStep::Set(mine)),
            Some(Friendship::Friends) => Err(AccountsRefusal::AlreadyFriend),
            Some(asked) if asked == mine => Ok(FriendStep::Keep),
            Some(_) => Err(AccountsRefusal::AlreadyRequested),
        },
        FriendVerb::Accept if state == Some(theirs) => Ok(FriendStep::Set(Friendship::Friends)),
        FriendVerb::Discard if state == Some(theirs) => Ok(FriendStep::Clear),
        FriendVerb::Withdraw if state == Some(mine) => Ok(FriendStep::Clear),
        FriendVerb::Accept | FriendVerb::Discard | FriendVerb::Withdraw => {
            Err(AccountsRefusal::NotRequested)
        }
        FriendVerb::End if state == Some(Friendship::Friends) => Ok(FriendStep::Clear),
        FriendVerb::End => Err(AccountsRefusal::NotFriend),
    }
}

/// Whom a user may write to (`dm.audience`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DmPolicy {
    Anyone,
    /// Present friends only.
    Friends,
}

impl DmPolicy {
    /// Whether one may write to the other, given what stands between them.
    pub fn may_write(self, between: Option<Friendship>) -> bool {
        match self {
            Self::Anyone => true,
            Self::Friends => between == Some(Friendship::Friends),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::domain::accounts::friendship::*;

    #[test]
    fn every_verb_in_every_state() {
        use AccountsRefusal::{AlreadyFriend, AlreadyRequested, NotFriend, NotRequested};
        use FriendStep::{Clear, Keep, Set};
        use FriendVerb::{Accept, Discard, End, Request, Withdraw};
        use Friendship::{Friends, RequestedByHigh, RequestedByLow};

        let pair = UserPair::new(UserId::new(2).unwrap(), UserId::new(4).unwrap()).unwrap();
        // Columns: nothing, I have asked, they have asked, friends; "I" am the low one.
        let table = [
            (
                Request,
                [Ok(Set(RequestedByLow)), Ok(Keep), Err(AlreadyRequested), Err(AlreadyFriend)],
            ),
            (Accept, [Err(NotRequested), Err(NotRequested), Ok(Set(Friends)), Err(NotRequested)]),
            (Discard, [Err(NotRequested), Err(NotRequested), Ok(Clear), Err(NotRequested)]),
            (Withdraw, [Err(NotRequested), Ok(Clear), Err(NotRequested), Err(NotRequested)]),
            (End, [Err(NotFriend), Err(NotFriend), Err(NotFriend), Ok(Clear)]),
        ];
        let states = [None, Some(RequestedByLow), Some(RequestedByHigh), Some(Friends)];
        for (verb, row) in table {
            for (state, expected) in states.into_iter().zip(row) {
                assert_eq!(step(state, pair, pair.low(), verb), expected, "low {verb:?} {state:?}");
            }
        }
        assert_eq!(step(None, pair, pair.high(), Request), Ok(Set(RequestedByHigh)));
        assert_eq!(step(Some(RequestedByLow), pair, pair.high(), Accept), Ok(Set(Friends)));
        assert_eq!(step(Some(RequestedByLow), pair, pair.high(), Request), Err(AlreadyRequested));
    }

    #[test]
    fn who_blocks_knows_nothing_of_a_request() {
        let pair = UserPair::new(UserId::new(2).unwrap(), UserId::new(4).unwrap()).unwrap();
        use Friendship::{Friends, RequestedByHigh, RequestedByLow};
        for (state, of_low, of_high) in [
            (RequestedByLow, None, Some(RequestedByLow)),
            (RequestedByHigh, Some(RequestedByHigh), None),
            (Friends, Some(Friends), Some(Friends)),
        ] {
            assert_eq!(state.without_request_of(pair.low(), pair), of_low, "{state:?}");
            assert_eq!(state.without_request_of(pair.high(), pair), of_high, "{state:?}");
        }
    }

    #[test]
    fn only_friends_may_write_when_the_policy_is_friends() {
        assert!(DmPolicy::Anyone.may_write(None));
        assert!(!DmPolicy::Friends.may_write(None));
        assert!(!DmPolicy::Friends.may_write(Some(Friendship::RequestedByLow)));
        assert!(DmPolicy::Friends.may_write(Some(Friendship::Friends)));
    }
}
