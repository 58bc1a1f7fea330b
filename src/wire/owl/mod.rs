//! What servers of apps speak that are made for RationalOwl: objects in JSON, over TCP and over HTTP.
//!
//! The contract is in `docs/protocol/owl.md`. It is no dialect of sockets: whoever asks is answered under the number
//! and the stamp of what was asked, and what nobody waits for must never be answered. So text is read into a
//! [`OwlFrame`], and an answer is written for its [`OwlKey`]; how a connection lives is in `crate::owl`.

mod decode;
mod encode;
mod fields;
mod settings;

pub use decode::{OwlAsk, OwlFrame, OwlKey, frame};
pub use encode::{ChannelAddress, answer, linked, news};
pub use fields::{FieldNames, OwlAction, OwlFields};
pub use settings::Settings;

/// What each frame ends with.
pub const DELIMITER: &[u8] = b"&#|";
