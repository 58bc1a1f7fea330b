//! `/users`: who somebody is, for whoever may see anything of him.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::caller::Caller;
use super::input;
use super::problem::{Code, Problem};
use super::shape::UserJson;
use crate::domain::id::UserId;
use crate::http::State;

/// Whom to look up.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct UsersQuery {
    /// Ids, with commas between, at most 100
    #[param(example = "284893234847744,284893234847746")]
    ids: String,
}

/// Users.
#[derive(Serialize, ToSchema)]
#[schema(as = Users)]
pub struct UsersJson {
    /// In the order of the request. Those whom one may not know of, and those who are nobody, are left out.
    users: Vec<UserJson>,
}

/// Who some users are
///
/// One may look up oneself, friends, who has asked for one's friendship or was asked for his, who is in a
/// room with one, and who has written in a group that one is in.
#[utoipa::path(
    get, path = "/users", tag = "Users", operation_id = "users",
    params(UsersQuery),
    responses(
        (status = 200, description = "The users", body = UsersJson),
        (status = 400, description = "parameter_invalid"),
    ),
)]
pub async fn list(
    caller: Caller,
    request: HttpRequest,
    state: Data<State>,
) -> Result<HttpResponse, Problem> {
    let me = caller.user.id;
    let asked: UsersQuery = input::query(&request)?;
    let users = state.service.chat.contacts(me, input::ids("ids", &asked.ids)?).await?;
    let users = users.into_iter().map(|user| UserJson::contact(user, me)).collect();
    Ok(HttpResponse::Ok().json(UsersJson { users }))
}

/// Who a user is
///
/// As for many. Whoever may not be looked up, and whoever is nobody, is answered alike.
#[utoipa::path(
    get, path = "/users/{user}", tag = "Users", operation_id = "user",
    params(("user" = String, Path, description = "An id")),
    responses(
        (status = 200, description = "The user", body = UserJson),
        (status = 404, description = "no_such_user"),
    ),
)]
pub async fn show(
    caller: Caller,
    user: Path<String>,
    state: Data<State>,
) -> Result<HttpResponse, Problem> {
    let me = caller.user.id;
    let id = input::digits(&user).and_then(UserId::new);
    let users = state.service.chat.contacts(me, id.into_iter().collect()).await?;
    let user = users.into_iter().next().ok_or(Problem::new(Code::NoSuchUser))?;
    Ok(HttpResponse::Ok().json(UserJson::contact(user, me)))
}
