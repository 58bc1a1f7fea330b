//! Who is not let in, and what they are told.

use std::fmt;

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderValue, WWW_AUTHENTICATE};
use actix_web::{HttpResponse, ResponseError};

use crate::http::error::ApiError;
use crate::service::ServiceFault;

/// Why a request to the console is refused.
#[derive(Debug)]
pub enum ConsoleError {
    /// Nothing that is good was shown.
    NoCredential,
    /// What was shown is good, and of a level that has no console.
    Level,
    /// The page that asks is another site's.
    Origin,
    /// What may be wrong with any request.
    Other(ApiError),
}

impl ConsoleError {
    fn answer(&self) -> ApiError {
        match self {
            Self::NoCredential => {
                ApiError::Refused(StatusCode::UNAUTHORIZED, "a console must log in.")
            }
            Self::Level => ApiError::Refused(
                StatusCode::FORBIDDEN,
                "the console is for tokens of the level THIRD_PARTY_CONSOLE.",
            ),
            Self::Origin => ApiError::Refused(StatusCode::FORBIDDEN, "origin is not allowed."),
            Self::Other(error) => *error,
        }
    }
}

impl fmt::Display for ConsoleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.answer().fmt(f)
    }
}

impl ResponseError for ConsoleError {
    fn status_code(&self) -> StatusCode {
        self.answer().status_code()
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = self.answer().error_response();
        if self.status_code() == StatusCode::UNAUTHORIZED {
            let bearer = HeaderValue::from_static("Bearer");
            response.headers_mut().insert(WWW_AUTHENTICATE, bearer);
        }
        response
    }
}

impl From<ApiError> for ConsoleError {
    fn from(error: ApiError) -> Self {
        Self::Other(error)
    }
}

impl From<ServiceFault> for ConsoleError {
    fn from(fault: ServiceFault) -> Self {
        Self::Other(fault.into())
    }
}
