//! `POST /ppauth/token`: a token for whoever shows a key of an app.

use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, RETRY_AFTER};
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use serde_json::json;

use super::respond;
use crate::http::{State, body, text};
use crate::service::ServiceFault;
use crate::service::apps::{GrantRefusal, Granted};

/// Why nobody got a token, by the words of RFC 6749.
enum GrantError {
    InvalidRequest,
    InvalidClient,
    UnauthorizedClient,
    UnsupportedGrant,
    Fault(ServiceFault),
}

impl From<GrantRefusal> for GrantError {
    fn from(refusal: GrantRefusal) -> Self {
        match refusal {
            GrantRefusal::Key => Self::InvalidClient,
            GrantRefusal::Level => Self::UnauthorizedClient,
            GrantRefusal::Fault(fault) => Self::Fault(fault),
        }
    }
}

impl GrantError {
    fn response(&self) -> HttpResponse {
        let (status, error) = match self {
            Self::InvalidRequest => (StatusCode::BAD_REQUEST, "invalid_request"),
            Self::InvalidClient => (StatusCode::BAD_REQUEST, "invalid_client"),
            Self::UnauthorizedClient => (StatusCode::BAD_REQUEST, "unauthorized_client"),
            Self::UnsupportedGrant => (StatusCode::BAD_REQUEST, "unsupported_grant_type"),
            Self::Fault(ServiceFault::TooMany(over)) => {
                let wait = over.retry_after.as_secs().saturating_add(1);
                return respond(StatusCode::TOO_MANY_REQUESTS)
                    .insert_header((RETRY_AFTER, wait))
                    .json(json!({"error": "too_many_requests"}));
            }
            Self::Fault(ServiceFault::Busy) => {
                (StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable")
            }
            Self::Fault(ServiceFault::Internal) => {
                (StatusCode::INTERNAL_SERVER_ERROR, "server_error")
            }
        };
        respond(status).json(json!({"error": error}))
    }
}

/// Answers a request for a token.
pub async fn grant(request: HttpRequest, payload: Payload, state: Data<State>) -> HttpResponse {
    let error = match granted(&request, payload, &state).await {
        Ok(answer) => return answer,
        Err(error) => error,
    };
    let counted = match error {
        GrantError::InvalidRequest | GrantError::UnsupportedGrant => {
            state.service.apps.wrong_grant(state.address(&request))
        }
        // Counted where keys are looked up.
        GrantError::InvalidClient | GrantError::UnauthorizedClient | GrantError::Fault(_) => Ok(()),
    };
    counted.map_or_else(GrantError::Fault, |()| error).response()
}

/// Any method but those that are served.
pub async fn wrong_method() -> HttpResponse {
    respond(StatusCode::METHOD_NOT_ALLOWED)
        .insert_header((ALLOW, "POST, OPTIONS"))
        .json(json!({"error": "invalid_request"}))
}

/// The fields of a form. Clients write values as they are, so that one may hold a `=`.
struct TokenForm(Vec<(String, String)>);

impl TokenForm {
    fn required(&self, name: &str) -> Result<&str, GrantError> {
        let found = self.0.iter().find(|(key, value)| key == name && !value.is_empty());
        found.map(|(_, value)| value.as_str()).ok_or(GrantError::InvalidRequest)
    }
}

async fn granted(
    request: &HttpRequest,
    payload: Payload,
    state: &State,
) -> Result<HttpResponse, GrantError> {
    let bytes = body::whole(request, payload, state.settings.body_bytes_max).await;
    let bytes = bytes.map_err(|_| GrantError::InvalidRequest)?;
    let form = TokenForm(text::form(&bytes).map_err(|_| GrantError::InvalidRequest)?);
    let (grant, key) = (form.required("grant_type")?, form.required("client_id"));
    let (apps, peer) = (&state.service.apps, state.address(request));
    match grant {
        "client_credentials" => {
            let (key, secret) = (key?, form.required("client_secret")?);
            let granted = apps.grant(key, secret, peer).await?;
            Ok(shown(&granted, &json!({})))
        }
        "password" => {
            let (key, sent) = (key?, form.required("user_password")?);
            // In a form a `+` is a blank, and no address has one.
            let email = form.required("user_email")?.replace(' ', "+");
            Ok(match apps.grant_agent(key, (&email, sent), peer).await? {
                Some((granted, user)) => {
                    let user_uuid = user.uuid().to_string();
                    shown(&granted, &json!({"error_code": 0, "user_uuid": user_uuid}))
                }
                None => respond(StatusCode::OK).json(json!({"error_code": -1})),
            })
        }
        _ => Err(GrantError::UnsupportedGrant),
    }
}

fn shown(granted: &Granted, more: &serde_json::Value) -> HttpResponse {
    #[derive(Serialize)]
    struct Shown<'a> {
        access_token: &'a str,
        token_type: &'static str,
        expires_in: u64,
        #[serde(flatten)]
        more: &'a serde_json::Value,
    }
    let (access_token, expires_in) = (&*granted.token, granted.expires_in_seconds);
    respond(StatusCode::OK).json(Shown { access_token, token_type: "Bearer", expires_in, more })
}
