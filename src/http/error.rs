//! What HTTP clients are told when something is wrong: one envelope, one place that shapes it.

use std::fmt;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, RETRY_AFTER};
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;
use utoipa::ToSchema;

use super::body::BodyFault;
use super::text::FormFault;
use crate::auth::limits::TooMany;
use crate::service::ServiceFault;
use crate::session::NoSeat;

/// What REWIND's requests about accounts say.
#[derive(Serialize, ToSchema)]
#[schema(as = Envelope)]
pub struct Envelope<'a> {
    /// "info", or "error" for a request that was refused.
    r#type: &'a str,
    payload: EnvelopeText<'a>,
}

/// A text for people.
#[derive(Serialize, ToSchema)]
#[schema(as = EnvelopeText)]
pub struct EnvelopeText<'a> {
    message: &'a str,
}

/// A success that says something.
pub fn info(status: StatusCode, message: &str) -> HttpResponse {
    HttpResponse::build(status).json(Envelope { r#type: "info", payload: EnvelopeText { message } })
}

/// Why a request failed.
#[derive(Clone, Copy, Debug)]
pub enum ApiError {
    /// The client's fault, with what it is told.
    Refused(StatusCode, &'static str),
    /// A method that is not served here; these are.
    Method {
        /// The value of the header `Allow`.
        allow: &'static str,
    },
    /// Too often; try again later.
    TooMany(Duration),
    Busy,
    /// A fault of ours, logged where it was mapped.
    Internal,
}

impl ApiError {
    /// A body that cannot be read as what it should be.
    pub const MALFORMED: Self = Self::bad_request("body is malformed.");

    /// A request that is wrong.
    pub const fn bad_request(message: &'static str) -> Self {
        Self::Refused(StatusCode::BAD_REQUEST, message)
    }

    fn message(&self) -> &'static str {
        match self {
            Self::Refused(_, message) => message,
            Self::Method { .. } => "method not allowed.",
            Self::TooMany(_) => "too many requests.",
            Self::Busy => "server is busy, try again later.",
            Self::Internal => "unexpected error was occurred.",
        }
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message())
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::Refused(status, _) => *status,
            Self::Method { .. } => StatusCode::METHOD_NOT_ALLOWED,
            Self::TooMany(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Busy => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        match self {
            Self::Method { allow } => {
                response.insert_header((ALLOW, *allow));
            }
            Self::TooMany(wait) => {
                response.insert_header((RETRY_AFTER, wait.as_secs().saturating_add(1)));
            }
            Self::Refused(..) | Self::Busy | Self::Internal => {}
        }
        let payload = EnvelopeText { message: self.message() };
        response.json(Envelope { r#type: "error", payload })
    }
}

impl From<BodyFault> for ApiError {
    fn from(fault: BodyFault) -> Self {
        match fault {
            BodyFault::TooLarge => {
                Self::Refused(StatusCode::PAYLOAD_TOO_LARGE, "body is too large.")
            }
            BodyFault::Late => Self::Refused(StatusCode::REQUEST_TIMEOUT, "body came too slowly."),
            BodyFault::Broken => Self::bad_request("body is broken."),
            BodyFault::Encoded => Self::Refused(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "content encoding is not supported.",
            ),
        }
    }
}

impl From<FormFault> for ApiError {
    fn from(_: FormFault) -> Self {
        Self::bad_request("address is malformed.")
    }
}

impl From<NoSeat> for ApiError {
    fn from(refused: NoSeat) -> Self {
        match refused {
            NoSeat::Full => Self::Busy,
            NoSeat::Address => Self::TooMany(NoSeat::RETRY_AFTER),
        }
    }
}

impl From<ServiceFault> for ApiError {
    fn from(fault: ServiceFault) -> Self {
        match fault {
            ServiceFault::TooMany(over) => over.into(),
            ServiceFault::Busy => Self::Busy,
            ServiceFault::Internal => Self::Internal,
        }
    }
}

impl From<TooMany> for ApiError {
    fn from(over: TooMany) -> Self {
        Self::TooMany(over.retry_after)
    }
}

/// What is at no address of ours.
pub const NOT_FOUND: ApiError = ApiError::Refused(StatusCode::NOT_FOUND, "not found.");

/// The answer where nothing is.
pub async fn not_found() -> Result<HttpResponse, ApiError> {
    Err(NOT_FOUND)
}
