//! `/blocks`: whom one wants to hear nothing of.

use actix_web::HttpResponse;
use actix_web::web::{Data, Path};
use serde::Serialize;
use utoipa::ToSchema;

use super::caller::Caller;
use super::input;
use super::problem::{Code, Problem};
use super::shape::UserJson;
use crate::domain::accounts::block::BlockVerb;
use crate::domain::id::UserId;
use crate::http::State;

/// Blocked users.
#[derive(Serialize, ToSchema)]
#[schema(as = Blocks)]
pub struct BlocksJson {
    /// Oldest block first.
    users: Vec<UserJson>,
}

/// Whom one blocks
#[utoipa::path(
    get, path = "/blocks", tag = "Blocks", operation_id = "blocks",
    responses((status = 200, description = "The blocked users", body = BlocksJson)),
)]
pub async fn list(caller: Caller, state: Data<State>) -> Result<HttpResponse, Problem> {
    let me = caller.user.id;
    let users = state.service.accounts.blocked_users(me).await?;
    Ok(HttpResponse::Ok()
        .json(BlocksJson { users: users.into_iter().map(UserJson::from).collect() }))
}

/// Whether one blocks a user
#[utoipa::path(
    get, path = "/blocks/{user}", tag = "Blocks", operation_id = "block",
    params(("user" = String, Path, description = "An id, a name, or `@` and a name")),
    responses(
        (status = 200, description = "The blocked user", body = UserJson),
        (status = 404, description = "no_such_user, not_blocked"),
    ),
)]
pub async fn show(
    caller: Caller,
    user: Path<String>,
    state: Data<State>,
) -> Result<HttpResponse, Problem> {
    let me = caller.user.id;
    let target = input::user(&user, &state).await?;
    if state.service.accounts.is_blocked(me, target.id).await? {
        Ok(HttpResponse::Ok().json(UserJson::from(target)))
    } else {
        Err(Code::NotBlocked.into())
    }
}

/// Blocks a user
///
/// From now on nothing he writes, types, or invites to is shown or told, also not once the block has
/// been lifted; he cannot tell. His request for friendship is hidden until then. What is done already is
/// done.
#[utoipa::path(
    put, path = "/blocks/{user}", tag = "Blocks", operation_id = "make_block",
    params(("user" = String, Path, description = "An id, a name, or `@` and a name")),
    responses(
        (status = 204, description = "Blocked"),
        (status = 400, description = "oneself"),
        (status = 404, description = "no_such_user"),
    ),
)]
pub async fn make(
    caller: Caller,
    user: Path<String>,
    state: Data<State>,
) -> Result<HttpResponse, Problem> {
    change(caller.user.id, &user, &state, BlockVerb::Block).await
}

/// Lifts a block
///
/// If the user has asked for friendship meanwhile, one is told now.
#[utoipa::path(
    delete, path = "/blocks/{user}", tag = "Blocks", operation_id = "lift_block",
    params(("user" = String, Path, description = "An id, a name, or `@` and a name")),
    responses(
        (status = 204, description = "Lifted"),
        (status = 400, description = "oneself"),
        (status = 404, description = "no_such_user, not_blocked"),
    ),
)]
pub async fn lift(
    caller: Caller,
    user: Path<String>,
    state: Data<State>,
) -> Result<HttpResponse, Problem> {
    change(caller.user.id, &user, &state, BlockVerb::Unblock).await
}

async fn change(
    me: UserId,
    user: &str,
    state: &State,
    verb: BlockVerb,
) -> Result<HttpResponse, Problem> {
    let target = input::user(user, state).await?;
    state.service.accounts.block(me, Some(target.id), verb).await??;
    Ok(HttpResponse::NoContent().finish())
}
