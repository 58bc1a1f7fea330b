//! What a token of an app says.

use std::time::Duration;

use crate::domain::apps::app::Level;
use crate::domain::clock::Timestamp;
use crate::domain::id::{AppId, UserId};

/// The name of a token, by which it is kept: its SHA-256. It lets nobody in.
pub type TokenHash = [u8; 32];

/// A good token of an app.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AppToken {
    pub hash: TokenHash,
    pub app: AppId,
    pub level: Level,
    /// Whose it is, once it is somebody's.
    pub user: Option<UserId>,
    /// The first moment it is not valid any more, if nobody uses it before.
    pub expires_at: Timestamp,
    /// How long it lives on each time it is used; zero for one that ends when it ends.
    pub slides_by: Duration,
}

/// A token is written again only after so small a part of its lifetime: one that is used all the time costs no
/// write each time.
const RENEWED_AFTER: u32 = 24;

impl AppToken {
    /// Until when it should live, if it is used now and that is worth a write.
    pub fn renewed(&self, now: Timestamp) -> Option<Timestamp> {
        let renewed = now.after(self.slides_by);
        let due = self.expires_at.after(self.slides_by / RENEWED_AFTER);
        (!self.slides_by.is_zero() && due <= renewed).then_some(renewed)
    }

    /// When somebody who uses it all the time has to see to it: it ends, or is due to be renewed.
    pub fn looked_at(&self) -> Timestamp {
        let unused = self.slides_by / RENEWED_AFTER * (RENEWED_AFTER - 1);
        Timestamp::from_micros(
            self.expires_at.micros().saturating_sub(i64::try_from(unused.as_micros()).unwrap_or(0)),
        )
    }
}
