//! Bodies of messages that are files: what a sender says of one, and what its readers get.
//!
//! How either is written is the wire's affair, so whoever stores a message is lent the way to read and write it.

use crate::domain::apps::customer::MessageSubtype;
use crate::domain::uuid::Uuid;

/// What a sender says of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileBody {
    pub file: Uuid,
    pub about: FileAbout,
}

/// What is said of a file besides its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileAbout {
    LongText,
    Image {
        mime: Option<String>,
    },
    File {
        /// Under what name it is shown, if not under its own.
        name: Option<String>,
    },
    Audio {
        mime: Option<String>,
        /// How long it takes, as the sender writes it.
        duration: Option<String>,
    },
}

/// What is known of a file that was sent up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileFacts {
    pub name: String,
    pub mime: String,
    pub size: i64,
    /// Width and height, of an image whose are known.
    pub pixels: Option<(u32, u32)>,
}

/// How bodies are read and written.
#[derive(Clone, Copy, Debug)]
pub struct BodyFormat {
    /// The file that a body names; `None` if it is no body of that subtype, or names no file.
    pub read: fn(MessageSubtype, &str) -> Option<FileBody>,
    /// The body as readers get it.
    pub write: fn(&FileBody, &FileFacts) -> String,
}
