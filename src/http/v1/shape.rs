//! What answers are made of.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::user::User;

/// What everybody may see of a user.
#[derive(Serialize, ToSchema)]
#[schema(as = User)]
pub struct Face {
    /// The id, in digits.
    #[schema(example = "284893234847744")]
    id: String,
    /// The unique name.
    #[schema(example = "alice")]
    name: String,
    /// A picture's name, or whatever else the user's client puts there.
    profile: Option<String>,
}

impl From<User> for Face {
    fn from(user: User) -> Self {
        Self { id: user.id.to_string(), name: user.name, profile: user.profile }
    }
}
