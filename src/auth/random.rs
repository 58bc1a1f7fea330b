//! Random text, from the operating system's generator.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::AuthError;
use crate::domain::uuid::Uuid;

/// `BYTES` random bytes in the URL-safe base64 alphabet, without padding.
pub fn url_safe_text<const BYTES: usize>() -> Result<String, AuthError> {
    let mut bytes = [0; BYTES];
    getrandom::fill(&mut bytes).map_err(AuthError::Random)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// A UUID of version 4.
pub fn uuid() -> Result<Uuid, AuthError> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(AuthError::Random)?;
    Ok(Uuid::random_from(bytes))
}
