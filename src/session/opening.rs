//! How a session begins, as the door of its dialect says.

use crate::domain::principal::Credential;
use crate::wire::Variant;

/// How a session begins.
pub struct Opening {
    /// What it speaks.
    pub variant: Variant,
    /// What the request for its socket has shown, where the dialect takes that.
    pub credential: Option<Credential>,
}

impl From<Variant> for Opening {
    /// One that has to show in a frame who it is.
    fn from(variant: Variant) -> Self {
        Self { variant, credential: None }
    }
}
