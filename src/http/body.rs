//! Request bodies: read whole, and those of accounts as a form or a JSON object of the same text fields.

use std::io::ErrorKind;

use actix_web::error::PayloadError;
use actix_web::http::header::CONTENT_ENCODING;
use actix_web::web::{Bytes, BytesMut, Payload};
use actix_web::{HttpMessage, HttpRequest};
use futures_util::StreamExt as _;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::error::ApiError;
use super::exchange::announced;
use super::text::{self, FormFault};

/// The media type of JSON.
pub const JSON: &str = "application/json";
/// The media type of a form without files.
pub const FORM: &str = "application/x-www-form-urlencoded";
/// U+FEFF in UTF-8, which some editors put before a text; the mark is no part of the text.
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// Why a body cannot be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyFault {
    TooLarge,
    Late,
    Broken,
    /// The body is compressed, or otherwise encoded.
    Encoded,
}

/// The whole body of a request.
///
/// # Errors
/// Each variant of [`BodyFault`].
pub async fn whole(
    request: &HttpRequest,
    body: Payload,
    bytes_max: usize,
) -> Result<Bytes, BodyFault> {
    let codings = request.headers().get_all(CONTENT_ENCODING);
    let mut codings = codings.flat_map(|line| line.as_bytes().split(|byte| *byte == b','));
    let is_known = |coding: &[u8]| coding.is_empty() || coding.eq_ignore_ascii_case(b"identity");
    if !codings.all(|coding| is_known(coding.trim_ascii())) {
        return Err(BodyFault::Encoded);
    }
    let announced = announced(request.headers()).unwrap_or(0);
    if usize::try_from(announced).is_ok_and(|bytes| bytes > bytes_max) {
        return Err(BodyFault::TooLarge);
    }
    let mut bytes = collect(body, bytes_max).await?;
    if bytes.starts_with(BYTE_ORDER_MARK) {
        bytes = bytes.slice(BYTE_ORDER_MARK.len()..);
    }
    Ok(bytes)
}

/// All that comes of a body, as it comes.
///
/// # Errors
/// Each variant of [`BodyFault`] but the last.
pub async fn collect(mut body: Payload, bytes_max: usize) -> Result<Bytes, BodyFault> {
    let mut whole = BytesMut::new();
    while let Some(piece) = body.next().await {
        whole.extend_from_slice(&piece?);
        if whole.len() > bytes_max {
            return Err(BodyFault::TooLarge);
        }
    }
    Ok(whole.freeze())
}

impl From<PayloadError> for BodyFault {
    fn from(error: PayloadError) -> Self {
        match error {
            PayloadError::Io(error) if error.kind() == ErrorKind::TimedOut => Self::Late,
            _ => Self::Broken,
        }
    }
}

/// Whether a request says that its body is of this media type, whatever its case and parameters.
pub fn is(request: &HttpRequest, media_type: &str) -> bool {
    request.content_type().eq_ignore_ascii_case(media_type)
}

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
    /// 413 for one above the limit; 415 for one that is encoded; 400 for one that breaks off, or is
    /// no form and no such object.
    pub async fn read(
        request: &HttpRequest,
        body: Payload,
        bytes_max: usize,
    ) -> Result<Self, ApiError> {
        let bytes = whole(request, body, bytes_max).await?;
        if is(request, JSON) {
            // An object, and not the array of its values that serde would take for it.
            let object = serde_json::from_slice(&bytes).map_err(|_| ApiError::MALFORMED)?;
            let object: Map<String, Value> = object;
            Self::deserialize(object).map_err(|_| ApiError::MALFORMED)
        } else if is(request, FORM) {
            text::form(&bytes).map_err(|_: FormFault| ApiError::MALFORMED)
        } else {
            // As the original does: a body of another kind has no fields.
            Ok(Self::default())
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
