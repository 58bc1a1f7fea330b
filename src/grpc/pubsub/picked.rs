//! Names that the server picks, since a request has none.

use crate::auth::random;
use crate::domain::pubsub::name::{Kind, ResourceName};
use crate::domain::pubsub::refusal::{PubsubRefusal, PubsubStatus};

/// The name, or, if it is empty, one that nobody else has, in this project.
pub fn or_picked<K: Kind>(name: &str, project: &str) -> Result<ResourceName<K>, PubsubRefusal> {
    if !name.is_empty() {
        return ResourceName::parse(name);
    }
    let random = random::uuid().map_err(|error| {
        log::error!("no name could be picked: {error}");
        PubsubRefusal::new(PubsubStatus::Internal, "no name could be picked")
    })?;
    ResourceName::new(project, &format!("picked-{random}"))
}
