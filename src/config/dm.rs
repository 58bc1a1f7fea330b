//! The section `dm`.

use super::section::section;
use super::value::choice;
use crate::domain::accounts::friendship;

choice! {
    /// Whom a user may write to.
    Audience {
        /// Any user.
        Anyone = "anyone",
        /// Present friends only.
        Friends = "friends",
    }
}

impl From<Audience> for friendship::DmPolicy {
    fn from(audience: Audience) -> Self {
        match audience {
            Audience::Anyone => Self::Anyone,
            Audience::Friends => Self::Friends,
        }
    }
}

section! {
    /// Direct messages.
    Dm {
        /// Whom a user may write to: "anyone", or "friends".
        audience: Audience = Audience::Anyone;
    }
}
