//! What clients of the chatting dialect are told when something is wrong.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::{HttpResponse, ResponseError};
use serde_json::{Map, Value, json};

use crate::domain::error::Refusal;
use crate::http::body::BodyFault;
use crate::http::text::FormFault;
use crate::service::ServiceFault;
use crate::session::NoSeat;

/// Why a request failed.
#[derive(Debug)]
pub enum ChatError {
    /// `{"detail": …}`: the request as a whole.
    Detail(StatusCode, &'static str),
    /// `{"error": …}`.
    Error(StatusCode, &'static str),
    /// `{"error": …}`: nobody can be reached, in the deployment's words.
    Unreachable(String),
    /// `{"<field>": ["…"], …}`: fields, each with what is wrong with it.
    Fields(Vec<(&'static str, Cow<'static, str>)>),
    /// More than the rate of the user allows; when the next request may be made.
    TooMany(Duration),
    /// A method that is not served here; these are.
    Method {
        /// The value of the header `Allow`.
        allow: &'static str,
    },
}

impl ChatError {
    /// Nothing is there.
    pub const NOT_FOUND: Self = Self::Detail(StatusCode::NOT_FOUND, "Not found.");
    /// The server has too much to do.
    pub const BUSY: Self =
        Self::Detail(StatusCode::SERVICE_UNAVAILABLE, "The server is busy, try again later.");

    /// A fault of ours.
    pub const FAILED: Self = Self::Detail(StatusCode::INTERNAL_SERVER_ERROR, "The server failed.");

    /// A request that is wrong as a whole.
    pub const fn bad_request(detail: &'static str) -> Self {
        Self::Detail(StatusCode::BAD_REQUEST, detail)
    }

    /// A request with one wrong field.
    pub fn field(name: &'static str, reason: impl Into<Cow<'static, str>>) -> Self {
        Self::Fields(vec![(name, reason.into())])
    }

    fn body(&self) -> Value {
        match self {
            Self::Detail(_, detail) => json!({"detail": detail}),
            Self::Error(_, error) => json!({"error": error}),
            Self::Unreachable(error) => json!({"error": error}),
            Self::Fields(fields) => {
                let fields = fields.iter().map(|(name, why)| ((*name).to_owned(), json!([why])));
                Value::Object(fields.collect::<Map<_, _>>())
            }
            Self::TooMany(_) => json!({"detail": "Too many requests, try again later."}),
            Self::Method { .. } => json!({"detail": "Method not allowed."}),
        }
    }
}

impl fmt::Display for ChatError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.body().fmt(f)
    }
}

impl ResponseError for ChatError {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::Detail(status, _) | Self::Error(status, _) => *status,
            Self::Unreachable(_) => StatusCode::NOT_FOUND,
            Self::Fields(_) => StatusCode::BAD_REQUEST,
            Self::TooMany(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Method { .. } => StatusCode::METHOD_NOT_ALLOWED,
        }
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        if let Self::Method { allow } = self {
            response.insert_header((ALLOW, *allow));
        }
        if let Self::TooMany(wait) = self {
            response.insert_header((RETRY_AFTER, wait.as_secs().saturating_add(1)));
        }
        if self.status_code() == StatusCode::UNAUTHORIZED {
            response.insert_header((WWW_AUTHENTICATE, "Bearer"));
        }
        response.json(self.body())
    }
}

impl From<BodyFault> for ChatError {
    fn from(fault: BodyFault) -> Self {
        match fault {
            BodyFault::TooLarge => {
                Self::Detail(StatusCode::PAYLOAD_TOO_LARGE, "The body is too large.")
            }
            BodyFault::Late => {
                Self::Detail(StatusCode::REQUEST_TIMEOUT, "The body came too slowly.")
            }
            BodyFault::Broken => Self::bad_request("The body is broken."),
            BodyFault::Encoded => Self::Detail(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "The body must come without an encoding.",
            ),
        }
    }
}

impl From<NoSeat> for ChatError {
    fn from(refused: NoSeat) -> Self {
        match refused {
            NoSeat::Full => Self::BUSY,
            NoSeat::Address => Self::TooMany(NoSeat::RETRY_AFTER),
        }
    }
}

impl From<FormFault> for ChatError {
    fn from(_: FormFault) -> Self {
        Self::bad_request("The query is malformed.")
    }
}

impl From<ServiceFault> for ChatError {
    fn from(fault: ServiceFault) -> Self {
        match fault {
            ServiceFault::TooMany(over) => Self::TooMany(over.retry_after),
            ServiceFault::Busy => Self::BUSY,
            ServiceFault::Internal => Self::FAILED,
        }
    }
}

impl From<Refusal> for ChatError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Busy => Self::BUSY,
            // Nothing is asked here that the rules of an area refuse.
            Refusal::Internal | Refusal::Accounts(_) | Refusal::Chat(_) => Self::FAILED,
        }
    }
}
