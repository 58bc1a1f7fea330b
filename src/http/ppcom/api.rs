//! `POST /api/<NAME>`: a call. What is wrong is found in an order that clients know, and is never said by the status.

use actix_web::http::Method;
use actix_web::http::header::{AUTHORIZATION, ORIGIN};
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};

use super::answer::{ApiAnswer, ApiAnswered};
use super::calls::ApiCall;
use super::code::ApiCode;
use super::fields::ApiFields;
use super::{conversations, devices, messages, users};
use crate::domain::apps::app::Level;
use crate::domain::apps::customer::REQUEST_BYTES_MAX;
use crate::domain::origin::Origin;
use crate::http::{State, body};
use crate::service::apps::{Apps, CustomerAsker};

/// A call, with who makes it.
pub struct ApiRequest<'a> {
    pub apps: &'a Apps,
    pub asker: CustomerAsker,
    pub fields: ApiFields,
    pub peer: std::net::IpAddr,
}

/// Answers a call.
pub async fn call(request: HttpRequest, payload: Payload, state: Data<State>) -> HttpResponse {
    let answer = answered(&request, payload, &state).await;
    answer.unwrap_or_else(ApiAnswer::from).response(request.path())
}

async fn answered(request: &HttpRequest, payload: Payload, state: &State) -> ApiAnswered {
    if request.method() != Method::POST || !body::is(request, body::JSON) {
        return Err(ApiCode::NotJson);
    }
    let bytes = body::whole(request, payload, REQUEST_BYTES_MAX).await;
    let bytes = bytes.map_err(|_| ApiCode::NotJson)?;
    let fields = ApiFields::read(&bytes).ok_or(ApiCode::NotJson)?;
    let token = token(request).ok_or(ApiCode::NoToken)?;
    let apps = &state.service.apps;
    let asker = apps.asker(token).await?.ok_or(ApiCode::WrongToken)?;
    let name = request.match_info().get("name").unwrap_or_default();
    let call = ApiCall::named(name).ok_or(ApiCode::NoAction)?;
    if !call.is_for(asker.level()) {
        return Err(ApiCode::WrongToken);
    }
    if !may_ask(request, &asker) {
        return Err(ApiCode::NotAllowed);
    }
    let is_nobodys = asker.level() == Level::Ppcom && asker.user.is_none();
    if is_nobodys && !call.is_for_nobody() {
        return Err(ApiCode::WrongToken);
    }
    // Of a message, its fields come first.
    if call != ApiCall::SendMessage {
        fields.check_app(&asker, call.names_app())?;
    }
    let peer = state.address(request);
    perform(call, &ApiRequest { apps, asker, fields, peer }).await
}

#[expect(clippy::cognitive_complexity, reason = "it only says which is done where")]
async fn perform(call: ApiCall, request: &ApiRequest<'_>) -> ApiAnswered {
    match call {
        ApiCall::CreateAnonymous => users::create_anonymous(request).await,
        ApiCall::UserUuid => users::uuid_of_email(request).await,
        ApiCall::UpdateUser => users::update(request).await,
        ApiCall::Detail => users::detail(request).await,
        ApiCall::CreateUser => users::create(request).await,
        ApiCall::AppInfo => users::app_info(request),
        ApiCall::CreateDevice => devices::create(request, ApiCode::DeviceExists).await,
        ApiCall::FindDevice => devices::create(request, ApiCode::Done).await,
        ApiCall::UpdateDevice => devices::update(request).await,
        ApiCall::LogIn => devices::log_in(request).await,
        ApiCall::LogOut => devices::log_out(request).await,
        ApiCall::ValidateDevice => devices::validate(request).await,
        ApiCall::DefaultConversation => conversations::default(request).await,
        ApiCall::CreateConversation => conversations::create(request).await,
        ApiCall::Conversations => conversations::list(request).await,
        ApiCall::ConversationInfo => conversations::show(request).await,
        ApiCall::ConversationUsers => conversations::users(request).await,
        ApiCall::QueueLength => conversations::queue(request).await,
        ApiCall::CancelWaiting => conversations::cancel(request).await,
        ApiCall::SendMessage => messages::send(request).await,
        ApiCall::AckMessage => messages::acknowledge(request).await,
        ApiCall::History => messages::history(request).await,
        ApiCall::Unacked => messages::unacknowledged(request).await,
    }
}

/// What comes after `OAuth`, which clients say, or `Bearer`, which tokens say.
fn token(request: &HttpRequest) -> Option<&str> {
    let value = request.headers().get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.trim().split_once(' ')?;
    let token = token.trim();
    let is_known = ["oauth", "bearer"].iter().any(|known| scheme.eq_ignore_ascii_case(known));
    (is_known && !token.is_empty()).then_some(token)
}

/// Whether a request comes from no page, or from one that the app allows.
fn may_ask(request: &HttpRequest, asker: &CustomerAsker) -> bool {
    let allowed = &asker.app.settings.allowed_origins;
    if allowed.is_empty() {
        return true;
    }
    let mut origins = request.headers().get_all(ORIGIN);
    let Some(origin) = origins.next() else { return true };
    let origin = origin.to_str().ok().and_then(Origin::parse);
    let is_alone = origins.next().is_none();
    let is_allowed =
        |origin: Origin| allowed.iter().any(|one| Origin::parse(one).as_ref() == Some(&origin));
    is_alone && origin.is_some_and(is_allowed)
}
