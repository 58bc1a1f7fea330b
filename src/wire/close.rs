//! How sessions end on the wire: what dialects have in common, and where they differ.

use crate::domain::close::CloseReason;

/// The codes, and some reasons, in which dialects differ.
#[derive(Clone, Copy, Debug)]
pub struct CloseCodes {
    /// Nobody in time.
    pub not_identified: (u16, &'static str),
    pub unauthorized: (u16, &'static str),
    /// The token has expired, or was revoked.
    pub token_ended: u16,
    pub replaced: u16,
}

impl CloseCodes {
    /// Close code and reason of an ended session.
    pub fn of(self, reason: CloseReason) -> (u16, String) {
        let (code, text) = match reason {
            CloseReason::NotIdentified => self.not_identified,
            CloseReason::Unauthorized => self.unauthorized,
            CloseReason::TokenExpired => (self.token_ended, "token expired"),
            CloseReason::TokenRevoked => (self.token_ended, "token revoked"),
            CloseReason::HeartbeatMissing | CloseReason::HeartbeatOmitted => {
                (1001, "no sign of life")
            }
            CloseReason::Replaced => (self.replaced, "replaced"),
            CloseReason::SlowConsumer => (1013, "slow consumer"),
            CloseReason::Overload => (1013, "overload"),
            CloseReason::Restart { retry_after_ms } => {
                return (1012, format!("retry_after_ms={retry_after_ms}"));
            }
            CloseReason::ProtocolError => (1002, "protocol error"),
            CloseReason::BadText => (1007, "text is not UTF-8"),
            CloseReason::Binary => (1003, "text only"),
            CloseReason::TooBig => (1009, "message too big"),
        };
        (code, text.to_owned())
    }
}
