//! `/static/assets/…`: the scripts and the style of the console's pages, or an operator's own in their place.

use std::io;
use std::path::Path;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::{self, Data};
use tokio::fs::File;
use tokio::io::AsyncReadExt as _;

use crate::http::State;
use crate::http::error::ApiError;

/// The longest file of an operator that is served, in bytes.
const ASSET_BYTES_MAX: u64 = 1_048_576;
/// The longest name below `/static/assets/`, in bytes.
const NAME_BYTES_MAX: usize = 256;

const NOT_FOUND: ApiError = ApiError::Refused(StatusCode::NOT_FOUND, "not found.");

/// The console's own.
const FILES: &[(&str, &str)] = &[
    ("rational.js", include_str!("../../../web/console/rational.js")),
    ("device-list.js", include_str!("../../../web/console/device-list.js")),
    ("console.css", include_str!("../../../web/console/console.css")),
];

/// A file by its name.
pub async fn show(name: web::Path<String>, state: Data<State>) -> Result<HttpResponse, ApiError> {
    if !is_asset_name(&name) {
        return Err(NOT_FOUND);
    }
    let kind = media_type(&name);
    let folder = &state.console.assets_dir;
    if !folder.is_empty()
        && let Some(bytes) = replaced(Path::new(folder), &name).await?
    {
        return Ok(HttpResponse::Ok().insert_header((CONTENT_TYPE, kind)).body(bytes));
    }
    let (_, text) = FILES.iter().find(|(own, _)| *own == name.as_str()).ok_or(NOT_FOUND)?;
    Ok(HttpResponse::Ok().insert_header((CONTENT_TYPE, kind)).body(*text))
}

/// An operator's file, if there is one of that name. One that cannot be read, or is too long, is said in the log.
async fn replaced(folder: &Path, name: &str) -> Result<Option<Vec<u8>>, ApiError> {
    let path = folder.join(name);
    match read(&path).await {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => {
            log::warn!("app_server.assets_dir: {} cannot be served: {error}", path.display());
            Err(ApiError::Internal)
        }
    }
}

async fn read(path: &Path) -> io::Result<Vec<u8>> {
    let file = File::open(path).await?;
    if !file.metadata().await?.is_file() {
        return Err(io::ErrorKind::NotFound.into());
    }
    let mut bytes = Vec::new();
    file.take(ASSET_BYTES_MAX.saturating_add(1)).read_to_end(&mut bytes).await?;
    if u64::try_from(bytes.len()).is_ok_and(|len| len <= ASSET_BYTES_MAX) {
        Ok(bytes)
    } else {
        Err(io::Error::other(format!("it has more than {ASSET_BYTES_MAX} bytes")))
    }
}

/// Whether a name leads to nothing but a file below the folder: plain words with slashes between them.
fn is_asset_name(name: &str) -> bool {
    let is_plain = |part: &str| {
        let mut bytes = part.bytes();
        !part.is_empty()
            && !part.starts_with('.')
            && bytes.all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'))
    };
    name.len() <= NAME_BYTES_MAX && name.split('/').all(is_plain)
}

fn media_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, extension)| extension) {
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("json" | "map") => "application/json",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("ico") => "image/x-icon",
        Some("woff2") => "font/woff2",
        Some("txt") => "text/plain; charset=utf-8",
        Some(_) | None => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_nowhere_else() {
        for good in ["rational.js", "lib/jquery-3.2.1.min.js", "a/b/c_d-e.F"] {
            assert!(is_asset_name(good), "{good}");
        }
        let long = "a".repeat(NAME_BYTES_MAX + 1);
        for bad in [
            "", "/", "a/", "/a", "a//b", ".", "..", "../a", "a/../b", "a/./b", ".env", "a/.git/b",
            "a b", "a\\b", "a%2e", "a\0", "C:a", "é", &long,
        ] {
            assert!(!is_asset_name(bad), "{bad}");
        }
    }
}
