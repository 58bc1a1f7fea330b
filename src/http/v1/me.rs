//! `/me`: one's own account.

use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use super::caller::Caller;
use super::problem::{Code, Problem};
use super::shape::UserJson;
use super::{input, time};
use crate::domain::chat::group::AddedBy;
use crate::http::State;
use crate::service::accounts::{Own, ProfileChange};

/// An account, as its user sees it.
#[derive(Serialize, ToSchema)]
#[schema(as = Account)]
pub struct AccountJson {
    #[serde(flatten)]
    face: UserJson,
    /// The address, lower-cased.
    #[schema(format = "email")]
    email: String,
    /// When the account was made.
    #[schema(format = "date-time")]
    created_at: String,
    added_by: Adders,
}

/// Who may put a user into groups.
#[derive(Clone, Copy, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Adders {
    /// His friends.
    Friends,
    /// Nobody but himself.
    Nobody,
}

impl From<AddedBy> for Adders {
    fn from(added_by: AddedBy) -> Self {
        match added_by {
            AddedBy::Friends => Self::Friends,
            AddedBy::Nobody => Self::Nobody,
        }
    }
}

impl From<Adders> for AddedBy {
    fn from(adders: Adders) -> Self {
        match adders {
            Adders::Friends => Self::Friends,
            Adders::Nobody => Self::Nobody,
        }
    }
}

impl From<Own> for AccountJson {
    fn from(own: Own) -> Self {
        let created_at = time::text(own.created_at);
        let added_by = own.added_by.into();
        Self { face: own.user.into(), email: own.email, created_at, added_by }
    }
}

/// What is to be changed; what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AccountChanges {
    /// The new name: 1 to 32 characters of which something can be seen, without controls, blanks at the
    /// ends or two in a row. It is unique however it is typed: as `Alice` is `alice`.
    #[serde(default, deserialize_with = "there")]
    #[schema(value_type = Option<String>, nullable = false, min_length = 1, max_length = 32)]
    name: Option<String>,
    /// The new profile: up to 500 characters, without controls. `null` removes it.
    #[serde(default, deserialize_with = "there")]
    #[schema(value_type = Option<String>, max_length = 500)]
    profile: Option<Option<String>>,
    /// Who may put one into groups: `friends` (to begin with) or `nobody`.
    #[serde(default, deserialize_with = "there")]
    #[schema(value_type = Option<Adders>, nullable = false)]
    added_by: Option<Adders>,
}

/// What is said, be it `null`, is there.
fn there<'de, D: Deserializer<'de>, T: Deserialize<'de>>(value: D) -> Result<Option<T>, D::Error> {
    T::deserialize(value).map(Some)
}

/// One's own account
#[utoipa::path(
    get, path = "/me", tag = "Account", operation_id = "account",
    responses((status = 200, description = "The account", body = AccountJson)),
)]
pub async fn show(caller: Caller, state: Data<State>) -> Result<HttpResponse, Problem> {
    answer(&state, &caller).await
}

/// Changes name, profile, and who may put one into groups
///
/// Tokens say the name that a user had when they were issued; it is the id that counts.
#[utoipa::path(
    patch, path = "/me", tag = "Account", operation_id = "change_account",
    request_body = AccountChanges,
    responses(
        (status = 200, description = "The account as it is now", body = AccountJson),
        (status = 400, description = "body_invalid, name_invalid, profile_invalid"),
        (status = 409, description = "name_taken"),
    ),
)]
pub async fn change(
    caller: Caller,
    request: HttpRequest,
    body: Payload,
    state: Data<State>,
) -> Result<HttpResponse, Problem> {
    let asked: AccountChanges = input::json(&request, body, &state).await?;
    let AccountChanges { name, profile, added_by } = asked;
    let change = ProfileChange { name, profile, added_by: added_by.map(AddedBy::from) };
    state.service.accounts.change(caller.user.id, change).await?;
    answer(&state, &caller).await
}

async fn answer(state: &State, caller: &Caller) -> Result<HttpResponse, Problem> {
    let own = state.service.accounts.own(caller.user.id).await?;
    let own = own.ok_or(Problem::new(Code::TokenInvalid))?;
    Ok(HttpResponse::Ok().json(AccountJson::from(own)))
}
