//! Why a session is ended. Dialects give each reason its close code and words.

/// A reason to end a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloseReason {
    /// The peer gave no sign of life in time.
    HeartbeatMissing,
    /// The peer identified itself before its first heartbeat.
    HeartbeatOmitted,
    /// The peer did not show who it is: in time, or by a good token of the right user.
    NotIdentified,
    /// What the peer has shown lets it not in, and its dialect gives it no other try.
    Unauthorized,
    /// The token it came with has expired.
    TokenExpired,
    /// The token it came with was revoked, or its user is no more.
    TokenRevoked,
    /// Its user has opened more sessions since than one may have.
    Replaced,
    /// It reads more slowly than it is written to.
    SlowConsumer,
    /// The hub cannot take it now.
    Overload,
    /// The hub stops; come back after so many milliseconds.
    Restart {
        /// The delay, chosen for this session alone.
        retry_after_ms: u32,
    },
    /// The peer broke the WebSocket framing.
    ProtocolError,
    /// Text that is not UTF-8.
    BadText,
    /// A binary frame, for which its dialect has no use.
    Binary,
    /// A frame or message above the size limit.
    TooBig,
}

impl CloseReason {
    /// The reason's name, as metrics and logs show it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::HeartbeatMissing => "heartbeat_missing",
            Self::HeartbeatOmitted => "heartbeat_omitted",
            Self::NotIdentified => "not_identified",
            Self::Unauthorized => "unauthorized",
            Self::TokenExpired => "token_expired",
            Self::TokenRevoked => "token_revoked",
            Self::Replaced => "replaced",
            Self::SlowConsumer => "slow_consumer",
            Self::Overload => "overload",
            Self::Restart { .. } => "restart",
            Self::ProtocolError => "protocol_error",
            Self::BadText => "bad_text",
            Self::Binary => "binary",
            Self::TooBig => "too_big",
        }
    }
}
