//! How much a user may have, and whom users may write to.

use crate::domain::accounts::friendship::DmPolicy;

/// How much a user may have, and whom users may write to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChatLimits {
    /// Members of a group.
    pub members_max: usize,
    pub groups_per_user_max: i64,
    /// Requests for friendship that one user may make in a day; `None` for any number.
    pub friend_requests_per_day: Option<i64>,
    /// Groups that one user may be put into by others in a day; `None` for any number.
    pub additions_per_day: Option<i64>,
    pub dm_policy: DmPolicy,
}

/// As large as limits are set, and no rates; anybody may write to anybody.
impl Default for ChatLimits {
    fn default() -> Self {
        Self {
            members_max: 1_000,
            groups_per_user_max: 500,
            friend_requests_per_day: None,
            additions_per_day: None,
            dm_policy: DmPolicy::Anyone,
        }
    }
}
