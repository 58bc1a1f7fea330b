//! The section `apps`: how long their tokens live.

use std::time::Duration;

use crate::config::{at_least, section};

const HOUR: Duration = Duration::from_secs(3_600);

section! {
    /// Apps, with their consoles, devices and customer chat.
    AppTokens {
        /// How long a widget's token lives after it was last used, in hours: a widget never asks for
        /// another by itself.
        widget_token_hours: u32 = 720 => at_least(1);
        /// The same for tokens of agents and operators.
        token_hours: u32 = 24 => at_least(1);
        /// How long an operator is logged in at the console's page, in hours.
        cookie_hours: u32 = 8 => at_least(1);
        /// After how many days without being seen a visitor is forgotten.
        visitor_unseen_days: u32 = 90 => at_least(1);
    }
}

impl AppTokens {
    /// The lifetime of a widget's token.
    pub fn widget_token_lifetime(&self) -> Duration {
        HOUR.saturating_mul(self.widget_token_hours)
    }

    /// The lifetime of other tokens.
    pub fn token_lifetime(&self) -> Duration {
        HOUR.saturating_mul(self.token_hours)
    }

    /// The lifetime of an operator's cookie.
    pub fn cookie_lifetime(&self) -> Duration {
        HOUR.saturating_mul(self.cookie_hours)
    }

    /// How long a visitor may be unseen.
    pub fn visitor_unseen(&self) -> Duration {
        HOUR.saturating_mul(24).saturating_mul(self.visitor_unseen_days)
    }
}
