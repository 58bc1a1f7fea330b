//! Accounts: register, verify the address, log in.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;

use crate::auth::key;
use crate::domain::error::Refusal;
use crate::domain::name::UserName;
use crate::domain::password::PasswordFault;
use crate::domain::user::Email;
use crate::http::body::Fields;
use crate::http::error::{ApiError, info};
use crate::http::logins::NoToken;
use crate::http::proof::{self, Claim};
use crate::http::{State, logins};
use crate::store::Connection;
use crate::store::tables::registrations::{self, NewRegistration};
use crate::store::tables::users;

const NO_CREDENTIALS: ApiError = ApiError::bad_request("email or password is no provided.");
const WRONG_CREDENTIALS: ApiError =
    ApiError::Refused(StatusCode::UNAUTHORIZED, "email or password incorrect.");
const NO_SUCH_KEY: ApiError =
    ApiError::Refused(StatusCode::NOT_FOUND, "The session has expired or does not exist.");

/// `POST /api/v1/auth/register`.
pub async fn register(
    request: HttpRequest,
    body: Payload,
    state: Data<State>,
) -> Result<HttpResponse, ApiError> {
    let peer = state.peer(&request);
    state.limits.register_from(peer).inspect_err(|_| state.limited("register", peer))?;
    let fields = Fields::read(&request, body, state.settings.body_bytes_max).await?;
    let name = fields.name().ok_or(ApiError::bad_request("kimino namae wa..!"))?;
    let (email, password) = fields.email().zip(fields.password()).ok_or(NO_CREDENTIALS)?;

    state.settings.passwords.check(password).map_err(|fault| match fault {
        PasswordFault::Short => ApiError::bad_request("password is invalid."),
        PasswordFault::Long => ApiError::bad_request("password is too long."),
    })?;
    let email = available_email(&state, email).await?;
    let name = available_name(&state, name).await?;
    state.limits.register_as(&email).inspect_err(|_| state.limited("register", peer))?;
    let password_hash = state.passwords.hash(password.to_owned()).await?;
    let created_at = state.clock.now();
    let expires_at = created_at.after(state.settings.verification_lifetime);
    let mail = state.settings.registration_mail;
    let create = move |conn: &mut Connection| {
        let (name, email, password_hash) = (&name, &email, password_hash.as_str());
        let new = NewRegistration { name, email, password_hash, created_at, expires_at };
        registrations::create(conn, &new, mail)
    };
    state.store.write(create).await?;
    state.mail.wake();
    Ok(info(StatusCode::CREATED, "successfully created an account creation request."))
}

/// `GET /api/v1/auth/email_verify/<key>`.
pub async fn verify(key: Path<String>, state: Data<State>) -> Result<HttpResponse, ApiError> {
    let key_hash = key::hash_of(&key);
    let now = state.clock.now();
    let id = state.mint.user().map_err(|error| {
        log::error!("no user id: {error}");
        ApiError::Busy
    })?;
    let verified =
        state.store.write(move |conn| registrations::verify(conn, &key_hash, id, now)).await?;
    let user = verified.ok_or(NO_SUCH_KEY)?;
    log::info!("user {} registered", user.id);
    Ok(info(StatusCode::CREATED, "account successfully created."))
}

/// `POST /api/v1/auth/login`.
pub async fn login(
    request: HttpRequest,
    body: Payload,
    state: Data<State>,
) -> Result<HttpResponse, ApiError> {
    let peer = state.peer(&request);
    state.limits.login_from(peer).inspect_err(|_| state.limited("login", peer))?;
    let fields = Fields::read(&request, body, state.settings.body_bytes_max).await?;
    let (email, password) = fields.email().zip(fields.password()).ok_or(NO_CREDENTIALS)?;

    let claim = Claim::by_address(&state, email, peer).await?;
    let account = proof::prove(&state, claim, password.to_owned()).await?;
    let account = account.ok_or(WRONG_CREDENTIALS)?;
    match logins::begin(&state, &request, account).await {
        Ok(token) => Ok(answer(token)),
        Err(NoToken::Outdated) => Err(WRONG_CREDENTIALS),
        Err(NoToken::Refused(Refusal::Busy)) => Err(ApiError::Busy),
        Err(NoToken::Refused(_)) => Err(ApiError::Internal),
        Err(NoToken::Auth(error)) => Err(error.into()),
    }
}

fn answer(token: String) -> HttpResponse {
    #[derive(Serialize)]
    struct Answer {
        r#type: &'static str,
        payload: Payload,
    }
    #[derive(Serialize)]
    struct Payload {
        token: String,
    }
    HttpResponse::Created().json(Answer { r#type: "auth", payload: Payload { token } })
}

/// The address, if it is well formed, allowed, and nobody's yet.
async fn available_email(state: &State, text: &str) -> Result<Email, ApiError> {
    const INVALID: ApiError = ApiError::bad_request("Invalid email address.");
    let email = Email::parse(text).ok_or(INVALID)?;
    let wanted = email.clone();
    if state.store.read(move |conn| users::email_taken(conn, &wanted)).await? {
        return Err(ApiError::bad_request("email is already exist."));
    }
    let domains = &state.settings.allowed_email_domains;
    let allowed = |domain: &String| domain.eq_ignore_ascii_case(email.domain());
    if domains.is_empty() || domains.iter().any(allowed) { Ok(email) } else { Err(INVALID) }
}

/// The name, if it is valid and nobody's yet.
async fn available_name(state: &State, text: &str) -> Result<UserName, ApiError> {
    let name = state.settings.names.name(text).ok_or(ApiError::bad_request("name is invalid."))?;
    let wanted = name.clone();
    if state.store.read(move |conn| users::name_taken(conn, &wanted)).await? {
        return Err(ApiError::bad_request("name is already exist."));
    }
    Ok(name)
}
