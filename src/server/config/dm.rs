//! The section `dm`: a rule that the store applies to who writes, and look-ups to who reads.

use crate::config::{choice, section};
use crate::domain::accounts::friendship::DmPolicy;

choice! {
    for DmPolicy { Anyone = "anyone", Friends = "friends", }
}

section! {
    /// Direct messages.
    Dm {
        /// Whom a user may write to: "anyone", or "friends".
        audience: DmPolicy = DmPolicy::Anyone;
    }
}
