//! How a session shows that its peer is there, and how fast the peer may ask. Each dialect says it, with its own
//! times.

use std::num::NonZeroU32;
use std::time::Duration;

/// The signs of life of a session, and its times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeepAlive {
    pub signs: Signs,
    /// How long a session may take to show whose it is.
    pub identify_timeout: Duration,
    /// How long a session may go without a sign.
    pub silence_max: Duration,
    /// Between two pings of the peer, if it is pinged.
    pub ping_interval: Option<Duration>,
    /// Whether the session ends with the token that it has shown, or only with its log-in.
    pub ends_with_token: bool,
}

/// Signs that a peer is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signs {
    /// Heartbeats of the dialect, from the opening on.
    Heartbeats,
    /// Answers to pings as well: browsers hold back the timers of hidden pages.
    HeartbeatsOrPongs,
    /// Any frame and any pong, waited for once the peer has shown who it is.
    Anything,
}

impl Signs {
    /// Whether a frame is a sign, whatever is in it.
    pub fn include_frames(self) -> bool {
        self == Self::Anything
    }

    /// Whether the answer to a ping is a sign.
    pub fn include_pongs(self) -> bool {
        self != Self::Heartbeats
    }
}

/// How fast one socket may ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Frames a second, in the long run.
    pub per_second: NonZeroU32,
    /// Frames at once.
    pub burst: NonZeroU32,
}
