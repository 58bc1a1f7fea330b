//! Answers to calls: always JSON, with a code, its words and the path that was asked.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use serde::Serialize;
use serde_json::{Map, Value};

use super::code::ApiCode;
use super::respond;

/// What a call is answered with.
pub struct ApiAnswer {
    code: ApiCode,
    fields: Map<String, Value>,
}

/// What a call is answered with, or why nothing was done.
pub type ApiAnswered = Result<ApiAnswer, ApiCode>;

impl ApiAnswer {
    /// Nothing but that it is done.
    pub fn done() -> Self {
        ApiCode::Done.into()
    }

    /// It is done, and these are the fields of it.
    pub fn with(fields: &impl Serialize) -> ApiAnswered {
        match serde_json::to_value(fields) {
            Ok(Value::Object(fields)) => Ok(Self { code: ApiCode::Done, fields }),
            Ok(_) | Err(_) => Err(ApiCode::System),
        }
    }

    /// The same fields under another code.
    pub fn coded(self, code: ApiCode) -> Self {
        Self { code, ..self }
    }

    /// The answer to a request of a path.
    pub fn response(self, path: &str) -> HttpResponse {
        let Self { code, mut fields } = self;
        fields.insert("error_code".to_owned(), code.number().into());
        fields.insert("error_string".to_owned(), code.text().into());
        fields.insert("uri".to_owned(), path.into());
        respond(StatusCode::OK).json(fields)
    }
}

impl From<ApiCode> for ApiAnswer {
    fn from(code: ApiCode) -> Self {
        Self { code, fields: Map::new() }
    }
}
