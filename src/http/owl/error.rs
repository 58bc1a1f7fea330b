//! Why a call failed: `{"error": "…"}`.

use std::fmt;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, RETRY_AFTER};
use actix_web::{HttpResponse, ResponseError};
use serde_json::json;

use crate::auth::limits::TooMany;
use crate::http::body::BodyFault;
use crate::service::ServiceFault;
use crate::service::apps::ServerFault;

/// Why a call failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct OwlError {
    status: StatusCode,
    error: &'static str,
    retry_after: Option<Duration>,
}

impl OwlError {
    pub(super) const NOWHERE: Self = Self::new(StatusCode::NOT_FOUND, "there is no such call");
    pub(super) const METHOD: Self =
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "calls are made by POST");
    pub(super) const NO_OBJECT: Self =
        Self::new(StatusCode::BAD_REQUEST, "the body must be a JSON object");
    pub(super) const FIELDS: Self = Self::new(
        StatusCode::BAD_REQUEST,
        "a field is missing or bad: names have 1 to 128 characters, data 1 byte to 64 KiB, lists at most 2000 ids",
    );
    pub(super) const NO_SERVICE: Self =
        Self::new(StatusCode::FORBIDDEN, "serviceId names no service");
    pub(super) const NO_SERVER: Self =
        Self::new(StatusCode::FORBIDDEN, "serverRegId is no registration of this service");
    pub(super) const NO_GROUP: Self =
        Self::new(StatusCode::NOT_FOUND, "groupId names no group of this service");
    pub(super) const NO_DEVICE: Self =
        Self::new(StatusCode::NOT_FOUND, "deviceRegIds names no device of this service");
    pub(super) const FULL: Self =
        Self::new(StatusCode::CONFLICT, "the service has as many of these as it may");
    pub(super) const BUSY: Self = Self {
        retry_after: Some(Duration::from_secs(1)),
        ..Self::new(StatusCode::SERVICE_UNAVAILABLE, "the hub is busy, try again later")
    };
    pub(super) const INTERNAL: Self =
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "the hub has failed");

    const fn new(status: StatusCode, error: &'static str) -> Self {
        Self { status, error, retry_after: None }
    }
}

impl fmt::Display for OwlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.error)
    }
}

impl ResponseError for OwlError {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status);
        if self.status == StatusCode::METHOD_NOT_ALLOWED {
            response.insert_header((ALLOW, "POST"));
        }
        if let Some(wait) = self.retry_after {
            response.insert_header((RETRY_AFTER, wait.as_secs().max(1)));
        }
        response.json(json!({"error": self.error}))
    }
}

impl From<BodyFault> for OwlError {
    fn from(fault: BodyFault) -> Self {
        match fault {
            BodyFault::TooLarge => {
                Self::new(StatusCode::PAYLOAD_TOO_LARGE, "the body is too large")
            }
            BodyFault::Late => Self::new(StatusCode::REQUEST_TIMEOUT, "the body came too slowly"),
            BodyFault::Broken => Self::new(StatusCode::BAD_REQUEST, "the body broke off"),
            BodyFault::Encoded => {
                Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "the body must not be packed")
            }
        }
    }
}

impl From<ServiceFault> for OwlError {
    fn from(fault: ServiceFault) -> Self {
        match fault {
            ServiceFault::TooMany(over) => over.into(),
            ServiceFault::Busy => Self::BUSY,
            ServiceFault::Internal => Self::INTERNAL,
        }
    }
}

impl From<TooMany> for OwlError {
    fn from(over: TooMany) -> Self {
        let retry_after = Some(over.retry_after);
        Self {
            retry_after,
            ..Self::new(StatusCode::TOO_MANY_REQUESTS, "too many calls, try again later")
        }
    }
}

impl From<ServerFault> for OwlError {
    fn from(fault: ServerFault) -> Self {
        match fault {
            ServerFault::TooFast(over) => over.into(),
            ServerFault::Service(fault) => fault.into(),
        }
    }
}
