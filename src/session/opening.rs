//! How a session begins, as the door of its dialect says.

use crate::domain::principal::Credential;
use crate::wire::Variant;

/// How a session begins.
pub struct Opening {
    /// The dialect, with its options.
    pub variant: Variant,
    /// The credential in the request for the socket, where the dialect takes one there.
    pub credential: Option<Credential>,
}

impl From<Variant> for Opening {
    /// A session that has to show in a frame who it is.
    fn from(variant: Variant) -> Self {
        Self { variant, credential: None }
    }
}
