//! Accounts: register, verify the address, log in.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::accounts::password::PasswordFault;
use crate::http::State;
use crate::http::body::Fields;
use crate::http::error::{ApiError, Envelope, info};
use crate::http::{linked, page};
use crate::service::accounts::{self, Errand, RegisterRefusal};

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
    /// At least 8 characters, of which a Hangul syllable counts as the two or three letters it is typed with.
    #[schema(format = "password", min_length = 3)]
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
    let (accounts, peer) = (&state.service.accounts, state.address(&request));
    accounts.admit(Errand::Register, peer)?;
    let fields = Fields::read(&request, body, state.settings.body_bytes_max).await?;
    let name = fields.name().ok_or(ApiError::bad_request("kimino namae wa..!"))?;
    let (email, password) = fields.email().zip(fields.password()).ok_or(NO_CREDENTIALS)?;
    accounts.register(accounts::Applicant { name, email, password }, peer).await?;
    Ok(info(StatusCode::CREATED, "successfully created an account creation request."))
}

impl From<RegisterRefusal> for ApiError {
    fn from(refusal: RegisterRefusal) -> Self {
        Self::bad_request(match refusal {
            RegisterRefusal::Password(PasswordFault::Short) => "password is invalid.",
            RegisterRefusal::Password(PasswordFault::Long) => "password is too long.",
            RegisterRefusal::EmailInvalid => "Invalid email address.",
            RegisterRefusal::EmailTaken => "email is already exist.",
            RegisterRefusal::NameInvalid => "name is invalid.",
            RegisterRefusal::NameTaken => "name is already exist.",
            RegisterRefusal::Fault(fault) => return fault.into(),
        })
    }
}

/// Makes the account
///
/// The address of the link in the mail. It works once. Whoever asks for `text/html`, as browsers do, gets a page with a
/// button instead, which makes it.
#[utoipa::path(
    get, path = "/auth/email_verify/{key}", tag = "Accounts", operation_id = "verify", security(()),
    params(("key" = String, Path, description = "The key at the end of the link")),
    responses(
        (status = 201, description = "The account is there", body = Envelope<'_>),
        (status = 404, description = "The link has been followed, has expired, or is none"),
    ),
)]
pub async fn verify(
    request: HttpRequest,
    key: Path<String>,
    state: Data<State>,
) -> Result<HttpResponse, ApiError> {
    if page::is_for_people(&request) {
        return Ok(linked::verify::show(&request, &key, &state));
    }
    state.service.accounts.verify(&key).await?.ok_or(NO_SUCH_KEY)?;
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
    let (accounts, peer) = (&state.service.accounts, state.peer(&request));
    accounts.admit(Errand::LogIn, peer.address)?;
    let fields = Fields::read(&request, body, state.settings.body_bytes_max).await?;
    let (email, password) = fields.email().zip(fields.password()).ok_or(NO_CREDENTIALS)?;
    let token = accounts.log_in(email, password, peer).await?.ok_or(WRONG_CREDENTIALS)?;
    Ok(HttpResponse::Created().json(LoggedIn { r#type: "auth", payload: Issued { token } }))
}
