//! Who asks: the user of the token in `Authorization`.

use actix_web::HttpRequest;

use super::problem::{Code, Problem};
use crate::domain::accounts::login::Claims;
use crate::domain::accounts::user::User;
use crate::http::{State, bearer};
use crate::store::Line;
use crate::store::accounts::users;

/// A user who has shown a good token.
pub struct Caller {
    /// Who it is.
    pub user: User,
    /// What the token says.
    pub claims: Claims,
}

impl Caller {
    /// The one who asks, if he may now.
    ///
    /// # Errors
    /// 401 without a good token of somebody, 429 above the rate limit.
    pub async fn of(request: &HttpRequest, state: &State) -> Result<Self, Problem> {
        let invalid = || Problem::new(Code::TokenInvalid);
        let token = bearer(request).ok_or_else(invalid)?;
        let claims = state.claims(token).await?.ok_or_else(invalid)?;
        let id = claims.user;
        state.limits.request_of(id).inspect_err(|_| {
            state.metrics.refusals.with_label_values(&["api"]).inc();
        })?;
        let user =
            state.store.read_for(Line::Light(id), move |conn| users::by_id(conn, id)).await?;
        Ok(Self { user: user.ok_or_else(invalid)?, claims })
    }
}
