//! Accounts: register, verify the address, log in.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use utoipa::ToSchema;

use crate::auth::key;
use crate::domain::accounts::name::UserName;
use crate::domain::accounts::password::PasswordFault;
use crate::domain::accounts::user::Email;
use crate::domain::error::Refusal;
use crate::http::State;
use crate::http::body::Fields;
use crate::http::error::{ApiError, Envelope, info};
use crate::http::logins::{self, NoToken};
use crate::http::proof::{self, Claim};
use crate::store::accounts::registrations::{self, NewRegistration};
use crate::store::accounts::users;
use crate::store::engine::Connection;

const NO_CREDENTIALS: ApiError = ApiError::bad_request("email or password is no provided.");
const WRONG_CREDENTIALS: ApiError =
    ApiError::Refused(StatusCode::UNAUTHORIZED, "email or password incorrect.");
const NO_SUCH_KEY: ApiError =
    ApiError::Refused(StatusCode::NOT_FOUND, "The session has expired or does not exist.");

/// Who wants an account.
#[derive(ToSchema)]
#[expect(dead_code, reason = "`Fields` reads it; here it is described")]
pub struct Registration {
    /// Unique, 1 to 32 characters.
    name: String,
    /// Unique; a mail with a link goes there.
    #[schema(format = "email")]
    email: String,
    #[schema(format = "password", min_length = 8)]
    password: String,
}

/// By what a user logs in.
#[derive(ToSchema)]
#[expect(dead_code, reason = "`Fields` reads it; here it is described")]
pub struct Credentials {
    #[schema(format = "email")]
    email: String,
    #[schema(format = "password", min_length = 8)]
    password: String,
}

/// A log-in.
#[derive(Serialize, ToSchema)]
pub struct LoggedIn {
    /// "auth".
    r#type: &'static str,
    payload: Issued,
}

/// A token.
#[derive(Serialize, ToSchema)]
pub struct Issued {
    /// For the header `Authorization: Bearer …` and the `auth` frame of sockets.
    token: String,
}

/// Asks for an account
///
/// A mail with a link follows; the account is there once the link is followed, for which there are 24 hours.
#[utoipa::path(
    post, path = "/auth/register", tag = "Accounts", operation_id = "register", security(()),
    request_body(content(
        (Registration = "application/json"),
        (Registration = "application/x-www-form-urlencoded"),
    )),
    responses((status = 201, description = "A mail follows", body = Envelope<'_>)),
)]
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

/// Makes the account
///
/// The address of the link in the mail. It works once.
#[utoipa::path(
    get, path = "/auth/email_verify/{key}", tag = "Accounts", operation_id = "verify", security(()),
    params(("key" = String, Path, description = "The key at the end of the link")),
    responses(
        (status = 201, description = "The account is there", body = Envelope<'_>),
        (status = 404, description = "The link has been followed, has expired, or is none"),
    ),
)]
pub async fn verify(key: Path<String>, state: Data<State>) -> Result<HttpResponse, ApiError> {
    let key_hash = key::hash_of(&key);
    let now = state.clock.now();
    // Minted within, since it is done again if somebody has that id.
    let mint = Arc::clone(&state.mint);
    let verify =
        move |conn: &mut Connection| registrations::verify(conn, &key_hash, mint.user()?, now);
    let verified = state.store.write(verify).await?;
    let user = verified.ok_or(NO_SUCH_KEY)?;
    log::info!("user {} registered", user.id);
    Ok(info(StatusCode::CREATED, "account successfully created."))
}

/// Logs in
///
/// The token works for 90 days (`auth.token_days`), or until the log-in is ended.
#[utoipa::path(
    post, path = "/auth/login", tag = "Accounts", operation_id = "login", security(()),
    request_body(content(
        (Credentials = "application/json"),
        (Credentials = "application/x-www-form-urlencoded"),
    )),
    responses(
        (status = 201, description = "The token", body = LoggedIn),
        (status = 401, description = "Address or password is wrong"),
    ),
)]
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
    HttpResponse::Created().json(LoggedIn { r#type: "auth", payload: Issued { token } })
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
