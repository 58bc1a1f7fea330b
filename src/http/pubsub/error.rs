//! What clients are told when something is wrong: `{"error":{"code","message","status"}}`, whatever it is.

use std::collections::BTreeMap;
use std::fmt;

use actix_web::http::StatusCode;
use actix_web::http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;

use crate::domain::pubsub::refusal::{AckFailure, PubsubRefusal, PubsubStatus};
use crate::http::body::BodyFault;
use crate::http::error::ApiError;
use crate::http::text::FormFault;

/// The type of the details that name ids of acknowledgements.
const ERROR_INFO: &str = "type.googleapis.com/google.rpc.ErrorInfo";
const ERROR_DOMAIN: &str = "pubsub.googleapis.com";
/// When one who is refused for the load may try again, in seconds.
const RETRY_AFTER_S: u64 = 1;

/// Why a request failed.
#[derive(Debug)]
pub struct RestError(PubsubRefusal);

#[derive(Serialize)]
struct ErrorBody<'a> {
    error: ErrorFields<'a>,
}

#[derive(Serialize)]
struct ErrorFields<'a> {
    code: u16,
    message: &'a str,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<[ErrorInfo<'a>; 1]>,
}

/// Which ids of acknowledgements did not work, and why.
#[derive(Serialize)]
struct ErrorInfo<'a> {
    #[serde(rename = "@type")]
    kind: &'static str,
    reason: &'static str,
    domain: &'static str,
    metadata: BTreeMap<&'a str, &'static str>,
}

impl RestError {
    /// Where nothing is.
    pub fn no_route() -> Self {
        PubsubRefusal::new(PubsubStatus::NotFound, "Not found: no such method at this path").into()
    }

    /// Without the token of the interface.
    pub fn unauthenticated() -> Self {
        let what = "Request had no valid API token: send Authorization: Bearer <pubsub.api_token>";
        PubsubRefusal::new(PubsubStatus::Unauthenticated, what).into()
    }

    /// For what is not there.
    pub fn unimplemented(what: &str) -> Self {
        PubsubRefusal::new(PubsubStatus::Unimplemented, format!("{what} is not implemented")).into()
    }
}

/// The word for a status, and its HTTP status.
const fn named(status: PubsubStatus) -> (StatusCode, &'static str) {
    match status {
        PubsubStatus::InvalidArgument => (StatusCode::BAD_REQUEST, "INVALID_ARGUMENT"),
        PubsubStatus::FailedPrecondition => (StatusCode::BAD_REQUEST, "FAILED_PRECONDITION"),
        PubsubStatus::Unauthenticated => (StatusCode::UNAUTHORIZED, "UNAUTHENTICATED"),
        PubsubStatus::PermissionDenied => (StatusCode::FORBIDDEN, "PERMISSION_DENIED"),
        PubsubStatus::NotFound => (StatusCode::NOT_FOUND, "NOT_FOUND"),
        PubsubStatus::AlreadyExists => (StatusCode::CONFLICT, "ALREADY_EXISTS"),
        PubsubStatus::Aborted => (StatusCode::CONFLICT, "ABORTED"),
        PubsubStatus::ResourceExhausted => (StatusCode::TOO_MANY_REQUESTS, "RESOURCE_EXHAUSTED"),
        PubsubStatus::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL"),
        PubsubStatus::Unimplemented => (StatusCode::NOT_IMPLEMENTED, "UNIMPLEMENTED"),
        PubsubStatus::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE"),
        PubsubStatus::DeadlineExceeded => (StatusCode::GATEWAY_TIMEOUT, "DEADLINE_EXCEEDED"),
    }
}

impl fmt::Display for RestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl ResponseError for RestError {
    fn status_code(&self) -> StatusCode {
        named(self.0.status).0
    }

    fn error_response(&self) -> HttpResponse {
        let (code, status) = named(self.0.status);
        let mut response = HttpResponse::build(code);
        if code == StatusCode::UNAUTHORIZED {
            response.insert_header((WWW_AUTHENTICATE, "Bearer"));
        } else if matches!(code, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) {
            response.insert_header((RETRY_AFTER, RETRY_AFTER_S));
        }
        let error = ErrorFields {
            code: code.as_u16(),
            message: &self.0.message,
            status,
            details: details(&self.0),
        };
        response.json(ErrorBody { error })
    }
}

/// The ids of acknowledgements that did not work, if that is the reason.
fn details(refusal: &PubsubRefusal) -> Option<[ErrorInfo<'_>; 1]> {
    let reason = refusal.acks.values().next().copied().map(AckFailure::reason)?;
    let metadata = refusal.acks.iter().map(|(id, failure)| (id.as_str(), failure.reason()));
    let metadata = metadata.collect();
    Some([ErrorInfo { kind: ERROR_INFO, reason, domain: ERROR_DOMAIN, metadata }])
}

impl From<PubsubRefusal> for RestError {
    fn from(refusal: PubsubRefusal) -> Self {
        Self(refusal)
    }
}

impl From<BodyFault> for RestError {
    fn from(fault: BodyFault) -> Self {
        let (status, what) = match fault {
            BodyFault::TooLarge => (PubsubStatus::InvalidArgument, "the request body is too large"),
            BodyFault::Late => (PubsubStatus::DeadlineExceeded, "the request body came too slowly"),
            BodyFault::Broken => (PubsubStatus::InvalidArgument, "the request body is broken"),
            BodyFault::Encoded => {
                (PubsubStatus::InvalidArgument, "of content encodings only gzip is supported")
            }
        };
        PubsubRefusal::new(status, what).into()
    }
}

impl From<FormFault> for RestError {
    fn from(fault: FormFault) -> Self {
        PubsubRefusal::invalid(format!("the query cannot be read: {fault}")).into()
    }
}

/// What is refused before it comes here.
impl From<ApiError> for RestError {
    fn from(error: ApiError) -> Self {
        let status = match error {
            ApiError::Refused(StatusCode::NOT_FOUND, _) => PubsubStatus::NotFound,
            ApiError::Refused(..) => PubsubStatus::InvalidArgument,
            ApiError::Method { .. } => PubsubStatus::NotFound,
            ApiError::TooMany(_) => PubsubStatus::ResourceExhausted,
            ApiError::Busy => PubsubStatus::Unavailable,
            ApiError::Internal => PubsubStatus::Internal,
        };
        PubsubRefusal::new(status, error.to_string()).into()
    }
}
