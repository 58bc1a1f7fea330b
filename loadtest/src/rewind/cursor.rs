//! The cursor of `load`: a time of Korea in base64.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Before all messages there are or will be.
pub const NOW: &str = "2199-12-31 00:00:00.000000";

/// The cursor just before a message with this `created_at`.
pub fn before(created_at: &str) -> String {
    STANDARD.encode(created_at)
}
