//! Who asks: the user of the token in `Authorization`.

use actix_web::dev::Payload;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest};

use super::problem::{Code, Problem};
use crate::domain::accounts::login::Claims;
use crate::domain::accounts::user::User;
use crate::http::{Extracted, State, bearer};
use crate::service::accounts::Bearer;

/// A user who has shown a good token, and may ask now. A handler that has one as an argument is for users only:
/// others get 401, and who is above the rate limit 429, before anything else is looked at.
pub struct Caller {
    pub user: User,
    pub claims: Claims,
}

impl FromRequest for Caller {
    type Error = Problem;
    type Future = Extracted<Self, Problem>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let state = request.app_data::<Data<State>>().ok_or(Problem::new(Code::Internal))?;
            let token = bearer(&request).ok_or(Problem::new(Code::TokenInvalid))?;
            let found = state.service.accounts.bearer(token).await?;
            let Bearer { user, claims } = found.ok_or(Problem::new(Code::TokenInvalid))?;
            Ok(Self { user, claims })
        })
    }
}
