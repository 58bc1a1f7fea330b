//! Request bodies: a form or a JSON object of the same text fields.

use actix_web::http::StatusCode;
use actix_web::{HttpMessage, HttpRequest, web};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::error::ApiError;

/// The fields of the account forms. Blank ones count as missing.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Fields {
    name: Option<String>,
    email: Option<String>,
    password: Option<String>,
}

impl Fields {
    /// Reads a body.
    ///
    /// # Errors
    /// 413 for one above the limit; 400 for one that breaks off, or is no form and no such object.
    pub async fn read(
        request: &HttpRequest,
        body: web::Payload,
        bytes_max: usize,
    ) -> Result<Self, ApiError> {
        let bytes = body.to_bytes_limited(bytes_max).await;
        let bytes = bytes
            .map_err(|_| ApiError::Refused(StatusCode::PAYLOAD_TOO_LARGE, "body is too large."))?
            .map_err(|_| ApiError::bad_request("body is broken."))?;
        match request.content_type() {
            "application/json" => {
                // An object, and not the array of its values that serde would take for it.
                let object: Map<String, Value> = parse(serde_json::from_slice(&bytes))?;
                parse(Self::deserialize(object))
            }
            "application/x-www-form-urlencoded" => parse(serde_urlencoded::from_bytes(&bytes)),
            // As the original does: a body of another kind has no fields.
            _ => Ok(Self::default()),
        }
    }

    /// The name, if there is more than white space in it.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref().filter(|name| !name.trim().is_empty())
    }

    /// The address, if there is more than white space in it.
    pub fn email(&self) -> Option<&str> {
        self.email.as_deref().filter(|email| !email.trim().is_empty())
    }

    /// The password, if there is anything in it.
    pub fn password(&self) -> Option<&str> {
        self.password.as_deref().filter(|password| !password.is_empty())
    }
}

fn parse<T, E>(parsed: Result<T, E>) -> Result<T, ApiError> {
    parsed.map_err(|_| ApiError::bad_request("body is malformed."))
}
